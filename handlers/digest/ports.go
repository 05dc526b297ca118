package digest

// Here: what the worker needs from outside. Each port is small, and owned here.

import (
	"context"
	"time"

	"github.com/google/uuid"

	"imprint/domain/digest"
	"imprint/domain/event"
	"imprint/domain/mail"
	"imprint/domain/person"
)

// Standings keeps where people's digests stand, durably.
type Standings interface {
	// Checkpoint is how far facts have been folded.
	Checkpoint(ctx context.Context) (event.Checkpoint, error)
	// Fold evolves the standings by facts and moves the checkpoint, in one
	// transaction; digest.ErrMoved if it is not `from` any more.
	Fold(ctx context.Context, from, to event.Checkpoint, facts []digest.Fact) error
}

// Work keeps the standings, and gives them to one worker at a time.
type Work interface {
	Standings
	// Claim leases persons whose time has come, each under a new epoch.
	Claim(ctx context.Context, c digest.Claim) ([]digest.Standing, error)
	// Commit applies changes in one transaction; false where the lease was lost or
	// the change declined.
	Commit(ctx context.Context, changes []digest.Change) ([]bool, error)
	// Release gives back all leases of a holder.
	Release(ctx context.Context, holder string) error
	// Right sets anew what is due farther ahead than can be, for a clock was wrong.
	Right(ctx context.Context, now time.Time) (righted int, err error)
	// Immediate is the lowest cursor of those who want their digests at once.
	Immediate(ctx context.Context) (cursor int64, any bool, err error)

	Find(ctx context.Context, person uuid.UUID) (digest.Standing, bool, error)
	// FindAll answers the standings of persons; of one who has never had settings
	// there is none.
	FindAll(ctx context.Context, persons []uuid.UUID) ([]digest.Standing, error)
	Due(ctx context.Context, now time.Time, limit int) ([]digest.Standing, error)
	DueAtOnce(ctx context.Context, end int64, limit int) ([]digest.Standing, error)
	Troubled(ctx context.Context, limit int) ([]digest.Standing, error)
	// PutOff lists those whose mail waits for its turn at a mail domain, the next
	// turn first.
	PutOff(ctx context.Context, limit int) ([]digest.Standing, error)
}

// Rates are kept for all programs at one database.
type Rates interface {
	// Take takes turns of several rates and answers, for each, how long it is until
	// each turn comes.
	Take(ctx context.Context, asks []digest.Ask) (waits [][]time.Duration, err error)
}

// Keys holds the persons' keys.
type Keys interface {
	event.Keys
	// Load brings keys into memory, those that there are, for those who are about to
	// ask for many.
	Load(ctx context.Context, ids []event.KeyID) error
}

// Encoder writes a mail down; equal drafts give equal bytes.
type Encoder interface {
	Encode(d mail.Draft) ([]byte, error)
}

// Mailer sends one mail over a route.
type Mailer interface {
	Send(ctx context.Context, m mail.Message) mail.Outcome
}

// Attempt is one sending of a mail, for those who watch.
type Attempt struct {
	// Digest is digest.ID, which is also the correlation id of the fact that closes
	// it; or digest.ConfirmationID for a mail that asks for a confirmation.
	Digest uuid.UUID
	Causes []uuid.UUID // the events that it tells of, newest first
}

// Watch is told of an attempt before it is made, and by what it answers of the
// outcome. It must not take long: a lease runs.
type Watch func(ctx context.Context, a Attempt) (ended func(mail.Outcome))

// Bounced takes in that an address refused a mail for good, so that its person
// learns of it.
type Bounced func(ctx context.Context, id uuid.UUID, f person.Failure) error

// Sent shows mails that were kept instead of sent; newest first.
type Sent interface {
	List(ctx context.Context, limit int) ([]mail.Kept, error)
	Read(ctx context.Context, id string) ([]byte, error)
}

// Passed waits until the read models have passed a position; projections.Group
// does.
type Passed interface {
	Wait(ctx context.Context, position event.Position, names ...string) error
}
