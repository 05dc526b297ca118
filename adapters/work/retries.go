// What waits after failures, for whoever looks after it.

package work

import (
	"context"
	"time"

	"github.com/google/uuid"

	"imprint/domain/digest"
)

// TroubledAfter lists those for whom something waits after a failure, by person,
// behind one of them.
func (d *Digests) TroubledAfter(ctx context.Context, after uuid.UUID, limit int) ([]digest.Standing, error) {
	return d.list(ctx, `SELECT `+standingColumns+` FROM digest_standings WHERE troubled = 1 AND person > $1 ORDER BY person LIMIT $2`, after.String(), limit)
}

// Hasten makes due what waits after a failure of persons whom no worker holds
// (digest.Standing.Hasten), all in one transaction, and answers for each why it was
// not done, if it was not. If we crash in it, nothing is changed.
func (d *Digests) Hasten(ctx context.Context, persons []uuid.UUID, now time.Time) (refused []error, err error) {
	clock, err := d.db.Clock(ctx)
	if err != nil {
		return nil, err
	}
	err = d.db.Write(ctx, func(tx Tx) error {
		refused = make([]error, len(persons))
		rows, err := load(ctx, tx, persons)
		if err != nil {
			return err
		}
		for i, person := range persons {
			r, found := rows[person]
			if !found {
				r.Person = person
			}
			if refused[i], err = hasten(ctx, tx, r, clock, now); err != nil {
				return err
			}
		}
		return nil
	})
	return refused, err
}

func hasten(ctx context.Context, tx Tx, r row, clock, now time.Time) (refused, err error) {
	if r.lease > micros(clock) {
		return r.UnderWay(), nil
	}
	if r.Standing, refused = r.Hasten(now); refused != nil {
		return refused, nil
	}
	return nil, r.save(ctx, tx)
}
