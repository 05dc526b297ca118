package reactions

// Here: the end of grace periods. A notice is released if what it tells still
// holds, and if what it takes back has been told.

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/document"
	"imprint/domain/event"
	"imprint/domain/notice"
)

const (
	releasePage = 100
	// releasePoll bounds how long a clock that jumped forwards stays unnoticed.
	releasePoll = 2 * time.Second
)

// release releases notices as their grace periods end, until ctx ends.
func (r *Reactions) release(ctx context.Context) {
	for ctx.Err() == nil {
		wait, err := r.releaseDue(ctx)
		if err != nil && ctx.Err() == nil {
			slog.ErrorContext(ctx, "notices cannot be released; trying again", "error", err)
			wait = releasePoll
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-r.wake:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// releaseDue deals with all notices that are due and answers how long to wait
// for the next.
func (r *Reactions) releaseDue(ctx context.Context) (time.Duration, error) {
	for {
		due, err := r.store.Held(ctx, r.clock(), releasePage)
		if err != nil {
			return 0, err
		}
		if len(due) == 0 {
			break
		}
		for _, p := range due {
			if err := r.conclude(ctx, p); err != nil {
				return 0, fmt.Errorf("notice of %s: %w", p.Notice.Cause, err)
			}
		}
	}
	next, held, err := r.store.NextRelease(ctx)
	if err != nil || !held {
		return releasePoll, err
	}
	return min(max(next.Sub(r.clock()), 0), releasePoll), nil
}

// conclude releases a notice or lets it go, and forgets it. If we crash between
// the append and the forgetting, the append is repeated and found done.
func (r *Reactions) conclude(ctx context.Context, p notice.Pending) error {
	holds, err := r.holds(ctx, p.Notice)
	if err != nil {
		return err
	}
	if holds {
		if err := r.appendReleased(ctx, p); err != nil {
			return err
		}
	}
	return r.store.Drop(ctx, p.Notice.Cause)
}

func (r *Reactions) appendReleased(ctx context.Context, p notice.Pending) error {
	stream := notice.Stream(p.Notice.Cause)
	encoded, err := r.codec.Encode(ctx, event.Draft{
		Stream: stream, ID: domain.Derive(namespace, "notice", p.Notice.Cause.String()), Payload: p.Notice,
		Meta: r.consequence(p.Notice.Cause, p.Correlation),
	})
	if err != nil {
		return err
	}
	_, err = r.log.Append(ctx, stream, event.NoStream, []event.Event{encoded})
	var conflict *event.ConflictError
	if errors.As(err, &conflict) {
		return nil // another program has released it
	}
	return err
}

// holds tells whether a notice may be released.
func (r *Reactions) holds(ctx context.Context, n notice.Released) (bool, error) {
	if n.Kind == notice.Discontinued {
		return true, nil
	}
	state, events, err := r.documentAt(ctx, n.Document, -1)
	if err != nil {
		return false, err
	}
	switch n.Kind {
	case notice.NewDocument, notice.NewVersion:
		return state.Standing(n.Version), nil
	case notice.VersionWithdrawn:
		if state.Standing(n.Version) {
			return false, nil
		}
		return r.wasTold(ctx, publications(events, n.Version))
	case notice.DocumentWithdrawn:
		if !state.Withdrawn() {
			return false, nil
		}
		return r.wasTold(ctx, publications(events, 0))
	case notice.Reinstated:
		if state.Withdrawn() {
			return false, nil
		}
		return r.wasTold(ctx, lastWithdrawal(events, n.Cause))
	case notice.SeriesChanged:
		return !state.Withdrawn() && state.Details().Series == n.Series, nil
	}
	return false, nil
}

// wasTold tells whether readers can know of any of these events: its notice has
// been released, or it states the past, which readers found in the catalog.
func (r *Reactions) wasTold(ctx context.Context, causes []event.Recorded) (bool, error) {
	for _, c := range causes {
		payload, err := r.codec.Registry().Decode(c)
		if err != nil {
			return false, err
		}
		if origin(payload) != nil {
			return true, nil
		}
		released, err := r.log.ReadStreamBack(ctx, notice.Stream(c.ID), 1)
		if err != nil || len(released) > 0 {
			return err == nil, err
		}
	}
	return false, nil
}

// publications are the events that brought a version (0: any major version).
func publications(events []event.Recorded, number int) []event.Recorded {
	var found []event.Recorded
	version := 0
	for _, e := range events {
		if e.Type != (document.Published{}).EventType() && e.Type != (document.Versioned{}).EventType() {
			continue
		}
		version++ // numbers have no gap
		if number == 0 || number == version {
			found = append(found, e)
		}
	}
	return found
}

// lastWithdrawal is the newest withdrawal of the document before an event.
func lastWithdrawal(events []event.Recorded, before uuid.UUID) []event.Recorded {
	var found []event.Recorded
	for _, e := range events {
		if e.ID == before {
			break
		}
		if e.Type == (document.Withdrawn{}).EventType() {
			found = []event.Recorded{e}
		}
	}
	return found
}

// origin is where an event that states the past comes from; nil for others.
func origin(p event.Payload) *document.Origin {
	switch p := p.(type) {
	case document.Published:
		return p.Origin
	case document.Versioned:
		return p.Origin
	case document.Withdrawn:
		return p.Origin
	}
	return nil
}
