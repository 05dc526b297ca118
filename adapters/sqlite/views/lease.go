package views

// Leases: columns of a generation's row, by the database's clock. One process
// has the file, so that its clock is the database's.

import (
	"context"
	"time"

	"imprint/projections"
)

// Acquire implements projections.Store.
func (s *Store) Acquire(ctx context.Context, b projections.Build, holder string, ttl time.Duration, force bool) (build projections.Build, err error) {
	err = s.do(ctx, func(w *writer) error {
		now := s.clock()
		const take = `UPDATE generations SET epoch = epoch + 1, holder = $1, expires = $2
			WHERE generation = $3 AND live = $6 AND (expires <= $4 OR expires > $2 OR holder IN ('', $1) OR $5)`
		n, err := w.changed(ctx, take, holder, now.Add(ttl).UnixMicro(), b.Number, now.UnixMicro(), force, b.Live)
		if err != nil {
			return err
		}
		found, err := builds(ctx, w.conn, now, one, b.Number)
		switch {
		case err != nil:
			return err
		case len(found) == 0, found[0].Live != b.Live:
			return projections.ErrLost
		case n == 0:
			return projections.ErrHeld
		}
		build = found[0]
		return nil
	})
	return build, err
}

// Renew implements projections.Store.
func (s *Store) Renew(ctx context.Context, g projections.Generation, epoch int64, ttl time.Duration) error {
	return s.do(ctx, func(w *writer) error {
		n, err := w.changed(ctx, `UPDATE generations SET expires = $1 WHERE generation = $2 AND epoch = $3`,
			s.clock().Add(ttl).UnixMicro(), g.Number, epoch)
		if err == nil && n == 0 {
			return projections.ErrLost
		}
		return err
	})
}

// Release implements projections.Store.
func (s *Store) Release(ctx context.Context, g projections.Generation, epoch int64) error {
	return s.do(ctx, func(w *writer) error {
		return w.exec(ctx, free, s.clock().UnixMicro(), g.Number, epoch)
	})
}

// free ends a lease: nobody holds it, and when that began is noted.
const free = `UPDATE generations SET holder = '', expires = $1 WHERE generation = $2 AND epoch = $3`
