package web

// Law 9 for lists, search and pages: read models that lag hide, they never show.

import (
	"context"
	"time"

	"imprint/domain"
	"imprint/domain/event"
)

// StaleHeader is "true" on answers that hide what is not for everyone, because
// the read models are behind the log.
const StaleHeader = "Imprint-Stale"

// DefaultLag is how old an event may be that the read models have not taken in,
// before they count as stale: a minute.
const DefaultLag = time.Minute

// Freshness tells whether the read models that hold audiences keep up with the
// log. While they do not, an audience that was narrowed may still stand in them
// as it was. (Downloads need no such measure: they wait for the log's end.)
type Freshness struct {
	Log interface {
		Head(context.Context) (event.Checkpoint, error)
		ReadAll(ctx context.Context, after event.Checkpoint, limit int) ([]event.Recorded, error)
	}
	// Applied is how far the slowest of them has come, and whether one has stopped
	// for good.
	Applied func() (at event.Checkpoint, stopped bool)
	Lag     time.Duration
	Clock   domain.Clock
}

// Stale is true if one of the read models has stopped, or if the oldest event
// that one of them has not applied was recorded longer than Lag ago. It costs a
// look at the end of the log, and one event more only while they are behind. A
// log that cannot be read leaves it open, and then the answer is true.
func (f Freshness) Stale(ctx context.Context) bool {
	at, stopped := f.Applied()
	if stopped {
		return true
	}
	head, err := f.Log.Head(ctx)
	if err != nil {
		return true
	}
	if at.Ordinal >= head.Ordinal {
		return false
	}
	next, err := f.Log.ReadAll(ctx, at, 1)
	return err != nil || len(next) > 0 && f.Clock().Sub(next[0].LogTime) > f.Lag
}
