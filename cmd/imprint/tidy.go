package main

// Here: what a serving program clears away now and then, by itself.

import (
	"context"
	"time"

	"imprint/adapters/work"
)

const (
	tidyEvery = time.Hour

	// requestsKept is how long the id of a request is known on a log that does not
	// know it itself.
	requestsKept = 90 * 24 * time.Hour
	forgetAtOnce = 1000

	// unfedKept is how long a generation that this program does not read is there for
	// another program to come back to, or for a switch back.
	unfedKept = 30 * 24 * time.Hour
)

// tidy clears away until the context ends. A failure costs nothing but room: the
// next time removes more.
func (in *opened) tidy(ctx context.Context) error {
	tick := time.NewTicker(tidyEvery)
	defer tick.Stop()
	for {
		if err := in.forget(ctx); err != nil && ctx.Err() == nil {
			in.logger.WarnContext(ctx, "old requests were not forgotten; it is tried again", "error", err)
		}
		if err := in.prune(ctx); err != nil && ctx.Err() == nil {
			in.logger.WarnContext(ctx, "generations that nobody reads were not removed; it is tried again", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// forget removes all that was noted of old requests, a bounded number at a time.
func (in *opened) forget(ctx context.Context) error {
	if in.flags.logInFile() {
		return nil // nothing is noted
	}
	requests := work.NewRequests(in.work)
	for {
		n, err := requests.Forget(ctx, in.clock().Add(-requestsKept), forgetAtOnce)
		if err != nil || n < forgetAtOnce {
			return err
		}
	}
}

// prune removes the generations of read models that nobody has come back to.
func (in *opened) prune(ctx context.Context) error {
	gone, err := in.engine.Prune(ctx, readModels(), unfedKept)
	for _, b := range gone {
		in.logger.InfoContext(ctx, "a generation that nobody reads was removed", "readModel", b.Projection, "version", b.Version, "generation", b.Number, "unfed", b.Unfed)
	}
	return err
}
