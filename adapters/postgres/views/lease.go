package views

// Leases: columns of a generation's row, by the database's clock.

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"imprint/projections"
)

// Acquire implements projections.Store. Two at once wait for each other at the
// row, and the second finds what the first has written.
func (s *Store) Acquire(ctx context.Context, b projections.Build, holder string, ttl time.Duration, force bool) (build projections.Build, err error) {
	err = s.do(ctx, func(tx pgx.Tx) error {
		const take = `UPDATE imprint_views.generations SET epoch = epoch + 1, holder = $1, expires = imprint_views.clock() + $2
			WHERE generation = $3 AND live = $5 AND (expires NOT BETWEEN imprint_views.clock() + 1 AND imprint_views.clock() + $2 OR holder IN ('', $1) OR $4)`
		done, err := tx.Exec(ctx, take, holder, ttl.Microseconds(), b.Number, force, b.Live)
		if err != nil {
			return err
		}
		found, err := builds(ctx, tx, one, b.Number)
		switch {
		case err != nil:
			return err
		case len(found) == 0, found[0].Live != b.Live:
			return projections.ErrLost
		case done.RowsAffected() == 0:
			return projections.ErrHeld
		}
		build = found[0]
		return nil
	})
	return build, err
}

// Renew implements projections.Store.
func (s *Store) Renew(ctx context.Context, g projections.Generation, epoch int64, ttl time.Duration) error {
	return s.do(ctx, func(tx pgx.Tx) error {
		done, err := tx.Exec(ctx, `UPDATE imprint_views.generations SET expires = imprint_views.clock() + $1 WHERE generation = $2 AND epoch = $3`, ttl.Microseconds(), g.Number, epoch)
		if err == nil && done.RowsAffected() == 0 {
			return projections.ErrLost
		}
		return err
	})
}

// Release implements projections.Store. It is asked for at the end of a program, which
// a server that does not answer must not hold up: the lease runs out anyway.
func (s *Store) Release(ctx context.Context, g projections.Generation, epoch int64) error {
	ctx, cancel := context.WithTimeout(ctx, endTime)
	defer cancel()
	return s.do(ctx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, free, g.Number, epoch)
		return err
	})
}

// free ends a lease: nobody holds it, and when that began is noted.
const free = `UPDATE imprint_views.generations SET holder = '', expires = imprint_views.clock() WHERE generation = $1 AND epoch = $2`
