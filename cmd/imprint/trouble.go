package main

// Here: the log says what is wrong with a read model; /readyz, which anybody may
// ask, says only that something is.

import (
	"cmp"
	"context"
	"time"
)

// troubleEvery is how often the read models are looked at; what is over sooner is
// not told.
const troubleEvery = time.Second

// tellTrouble logs why a read model is not fed, or has stopped, whenever that
// changes, until the context ends.
func (in *opened) tellTrouble(ctx context.Context) error {
	told := map[string]string{}
	tick := time.NewTicker(troubleEvery)
	defer tick.Stop()
	for {
		for _, s := range in.readModels.Status() {
			why := cmp.Or(s.Stopped, s.Trouble)
			if why == told[s.Projection] {
				continue
			}
			told[s.Projection] = why
			logger := in.logger.With("readModel", s.Projection, "ordinal", s.Checkpoint.Ordinal)
			switch {
			case s.Stopped != "":
				logger.ErrorContext(ctx, "a read model has stopped", "error", why)
			case s.Trouble != "":
				logger.WarnContext(ctx, "a read model is not fed; it is tried again", "error", why)
			default:
				logger.InfoContext(ctx, "a read model is fed again")
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}
