package reactions

import (
	"context"
	"time"

	"github.com/google/uuid"

	"imprint/domain/event"
	"imprint/domain/notice"
	"imprint/domain/reaction"
)

// Accounts completes the end of accounts; Commands does.
type Accounts interface {
	// CompleteEnd does what is left to do of the end of a person's account that an
	// event has recorded. Again is no error.
	CompleteEnd(ctx context.Context, cause event.Recorded, person uuid.UUID) error
}

// Store keeps what the reactions must not forget. Every write is durable when it
// returns.
type Store interface {
	// Checkpoint answers how far a reaction has read; zero if it never has.
	Checkpoint(ctx context.Context, name string) (event.Checkpoint, error)
	// Advance moves it forwards, never back.
	Advance(ctx context.Context, name string, to event.Checkpoint) error

	// Hold keeps a notice until its grace period ends; a cause is held once.
	Hold(ctx context.Context, p notice.Pending) error
	// Held lists notices due by a time, by due time and cause.
	Held(ctx context.Context, until time.Time, limit int) ([]notice.Pending, error)
	// NextRelease is when the next one is due; false if none is held.
	NextRelease(ctx context.Context) (time.Time, bool, error)
	// Drop forgets a held notice.
	Drop(ctx context.Context, cause uuid.UUID) error

	// Park keeps an event that a reaction failed on; an event is parked once.
	Park(ctx context.Context, p reaction.Parked) error
	Parked(ctx context.Context) ([]reaction.Parked, error)
	Unpark(ctx context.Context, name string, id uuid.UUID) error
}
