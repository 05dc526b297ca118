// Leases: which of several programs does what only one needs to do at a time.

package work

import (
	"context"
	"time"

	"imprint/adapters/queries"
)

// Lease is one name that a holder asks for, by the database's clock. It spares
// work; whoever relies on it alone for correctness is wrong, for a holder may be
// slow and not know that its time is over.
type Lease struct {
	db           Database
	name, holder string
	ttl          time.Duration
}

// NewLease makes the lease of a name. Names of holders are never shared by two
// living processes.
func NewLease(db Database, name, holder string, ttl time.Duration) *Lease {
	return &Lease{db: db, name: name, holder: holder, ttl: ttl}
}

// Acquire takes the lease for its ttl, or prolongs it, and tells whether it is the
// holder's now. One that would run longer than twice the ttl was taken by a clock
// that has been set back since, and is over. Not once the ttl: the clock is asked
// before the row, and the holder may prolong the lease between the two.
func (l *Lease) Acquire(ctx context.Context) (held bool, err error) {
	clock, err := l.db.Clock(ctx)
	if err != nil {
		return false, err
	}
	now, until, never := micros(clock), micros(clock.Add(l.ttl)), micros(clock.Add(2*l.ttl))
	err = l.db.Write(ctx, func(tx Tx) error {
		n, err := tx.Exec(ctx, `INSERT INTO leases (name, holder, epoch, expires) VALUES ($1, $2, 1, $3)
			ON CONFLICT (name) DO UPDATE SET epoch = leases.epoch + CASE WHEN leases.holder = excluded.holder THEN 0 ELSE 1 END,
				holder = excluded.holder, expires = excluded.expires
			WHERE leases.holder = excluded.holder OR leases.expires <= $4 OR leases.expires > $5`,
			l.name, l.holder, until, now, never)
		held = err == nil && n == 1
		return err
	})
	return held && err == nil, err
}

// Release gives the lease back, if it is still the holder's.
func (l *Lease) Release(ctx context.Context) error {
	return exec(ctx, l.db, `UPDATE leases SET expires = 0 WHERE name = $1 AND holder = $2`, l.name, l.holder)
}

// Held is a lease as it stands.
type Held struct {
	Name, Holder string
	Epoch        int64 // counts the changes of the holder
	Until        time.Time
}

// Leases lists those that are held now, by name.
func Leases(ctx context.Context, db Database) (all []Held, err error) {
	clock, err := db.Clock(ctx)
	if err != nil {
		return nil, err
	}
	err = queries.Each(ctx, db, func(scan func(...any) error) error {
		var h Held
		var until int64
		err := scan(&h.Name, &h.Holder, &h.Epoch, &until)
		h.Until = moment(until)
		all = append(all, h)
		return err
	}, `SELECT name, holder, epoch, expires FROM leases WHERE expires > $1 ORDER BY name`, micros(clock))
	return all, err
}
