package digest

// Here: the reader that folds the log's facts into the standings.

import (
	"context"
	"errors"
	"fmt"

	"imprint/domain/digest"
	"imprint/domain/event"
)

// factsPage bounds the events of one fold.
const factsPage = 1000

// CatchUp folds the log to its end and answers the checkpoint there. It raises
// every cursor to what DigestSent, DigestWithheld and DigestFailed say, and closes
// what they closed: after a restore, this alone makes the work rows safe to use.
func (s *Service) CatchUp(ctx context.Context) (event.Checkpoint, error) {
	for {
		from, err := s.work.Checkpoint(ctx)
		if err != nil {
			return from, err
		}
		to, err := s.fold(ctx, from)
		switch {
		case errors.Is(err, digest.ErrMoved):
			continue // another process has done this page
		case err != nil:
			return from, fmt.Errorf("digest: read the log: %w", err)
		case to == from:
			return from, nil
		}
	}
}

// fold takes in one page. If we crash around its commit, the page is folded wholly
// or not at all: standings and checkpoint are one transaction.
func (s *Service) fold(ctx context.Context, from event.Checkpoint) (event.Checkpoint, error) {
	page, err := s.log.ReadAll(ctx, from, factsPage)
	if err != nil || len(page) == 0 {
		return from, err
	}
	var facts []digest.Fact
	for _, e := range page {
		if !s.folds[e.Type] {
			continue
		}
		// A newer schema stops the reader, and with it the mails: it would
		// misread settings, of which one may be an unsubscription.
		p, err := s.codec.Registry().Decode(e)
		if err != nil {
			return from, err
		}
		if f, ok := digest.FactOf(e, p); ok {
			facts = append(facts, f)
		}
	}
	to := page[len(page)-1].Checkpoint()
	return to, s.work.Fold(ctx, from, to, facts)
}
