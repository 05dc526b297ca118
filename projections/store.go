package projections

// What the engine asks of the database that keeps read models. Adapters
// implement Store; conformance/storetest says exactly what that means.

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/google/uuid"

	"imprint/domain/event"
)

var (
	// ErrLost: the generation is no longer at the position or epoch that the batch
	// was folded from. Someone else has moved it: load it again.
	ErrLost = errors.New("another runner has moved this projection")
	// ErrHeld: someone else holds the lease.
	ErrHeld = errors.New("another runner holds this projection")
	// ErrBehind: the generation has folded less than the live one.
	ErrBehind = errors.New("the generation is behind the live one")
)

// Generation names one build of a projection's tables. Numbers are never used
// twice in one store.
type Generation struct {
	Projection string
	Version    int
	Number     int64
}

// Build is a generation and how far it has come.
type Build struct {
	Generation
	Live       bool // the views show it
	Indexed    bool // its secondary and full-text indexes have been made
	Checkpoint event.Checkpoint
	Epoch      int64 // of the newest lease
	// Unfed is for how long no lease has run, by the database's clock; 0 while one
	// does, and where an older program has given it back without noting when.
	Unfed time.Duration
}

// Change is what a batch does to one table.
type Change struct {
	Table   *Table
	Inserts []Values // whole rows that are not there yet, in primary-key order
	Upserts []Values // whole rows that may be there, in primary-key order; none twice, nor in Inserts
	Deletes []Values // primary keys, in primary-key order
}

// Parked is one event that waits for a key to be mended. The first of a key is
// the one that could not be folded; those after it were not tried.
type Parked struct {
	Key     Key
	Before  event.Checkpoint // reading one event after it gives this event again
	EventID uuid.UUID
	Type    string
	Reason  string // of the first; "" for those that wait behind it
}

// Ordinal is the ordinal of the event that waits.
func (p Parked) Ordinal() int64 { return p.Before.Ordinal + 1 }

// Batch is everything that one commit changes.
type Batch struct {
	Generation Generation
	Epoch      int64
	From, To   event.Checkpoint
	Changes    []Change
	Park       []Parked
	Unpark     []Key // all their parked events
}

// Store keeps the tables of read models, their generations, checkpoints, leases
// and parked keys in one database.
type Store interface {
	// Live answers the live generation of the projection's version and makes the
	// first one, with its views, where there is none.
	Live(ctx context.Context, p Projection) (Build, error)
	// Create makes an empty generation beside the live one: tables with their
	// columns, and without what Index makes.
	Create(ctx context.Context, p Projection) (Build, error)
	// Index makes the secondary and full-text indexes, and marks the generation
	// Indexed, in one transaction. Done twice it changes nothing.
	Index(ctx context.Context, p Projection, g Generation) error
	// Switch points the views at next instead of former, in one transaction. It
	// fences the runner of former, and ends the lease of next, so that the next
	// runner finds it free even if the caller dies now. ErrLost, and nothing is
	// changed, if former is not the live one any more or one of them is not under the
	// epoch given; ErrBehind if former has come further.
	Switch(ctx context.Context, p Projection, former, next Build) error
	// Retire takes the views of a live generation away, in one transaction, and
	// fences its runner: it is not live from then on. The version is then without
	// a live one, until Live makes it anew. Done twice it changes nothing.
	Retire(ctx context.Context, g Generation) error
	// Drop removes a generation that is not live, with its tables and parked keys.
	Drop(ctx context.Context, g Generation) error

	// Acquire takes the lease of a generation for ttl by the database's clock, under
	// the next epoch: every older one is fenced. ErrHeld while another holder's
	// lease runs, unless force is set; ErrLost if the generation is gone, or has
	// become live or ceased to be since b was read. A lease that would run for longer
	// than ttl was taken by a clock that has been set back since, and is over: so
	// nobody waits longer than the longest ttl.
	Acquire(ctx context.Context, b Build, holder string, ttl time.Duration, force bool) (Build, error)
	// Renew prolongs the lease; ErrLost if the epoch is no longer the newest.
	Renew(ctx context.Context, g Generation, epoch int64, ttl time.Duration) error
	// Release ends the lease now, if the epoch is still the newest.
	Release(ctx context.Context, g Generation, epoch int64) error

	// Load answers the rows of keys: the open ones of an Interval table, none of a
	// Facts table, all of the others. Their order is not stated.
	Load(ctx context.Context, g Generation, t *Table, keys []Key) ([]Values, error)
	// Commit writes a batch in one transaction, if generation, epoch and From are
	// still what they were; ErrLost otherwise, and then nothing was written.
	Commit(ctx context.Context, b Batch) error

	// Read gives one consistent moment of the whole store.
	Read(ctx context.Context, read func(Reader) error) error
}

// CheckSwitch tells whether a store may do Switch, by the builds of both
// generations that it has found in the transaction.
func CheckSwitch(found []Build, former, next Build) error {
	var was, becomes *Build
	for i, b := range found {
		switch {
		case b.Generation == former.Generation && b.Epoch == former.Epoch && b.Live:
			was = &found[i]
		case b.Generation == next.Generation && b.Epoch == next.Epoch && !b.Live:
			becomes = &found[i]
		}
	}
	switch {
	case was == nil || becomes == nil:
		return ErrLost
	case !becomes.Indexed:
		return fmt.Errorf("generation %d of %s has no indexes yet", next.Number, next.Projection)
	case was.Checkpoint.Ordinal > becomes.Checkpoint.Ordinal:
		return ErrBehind
	}
	return nil
}

// Hinter is a store that hears of the commits of other processes. A hint may come
// late, twice or for nothing; who needs to know looks at the store, and does so now
// and then without a hint too.
type Hinter interface {
	// Changed gives a channel that is closed after the next commit.
	Changed() <-chan struct{}
}

// Reader is one moment of a store.
type Reader interface {
	// Builds lists all generations by projection, version and number.
	Builds(ctx context.Context) ([]Build, error)
	// Parked lists parked events in log order.
	Parked(ctx context.Context, g Generation) ([]Parked, error)
	// Scan walks the rows of a table, parked ones included, in primary-key order,
	// text and bytes by their bytes.
	Scan(ctx context.Context, g Generation, t *Table) iter.Seq2[Values, error]
}
