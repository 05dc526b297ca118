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

// Hasten makes due what waits after a failure of a person whom no worker holds
// (digest.Standing.Hasten). If we crash in it, nothing is changed.
func (d *Digests) Hasten(ctx context.Context, person uuid.UUID, now time.Time) error {
	clock, err := d.db.Clock(ctx)
	if err != nil {
		return err
	}
	return d.db.Write(ctx, func(tx Tx) error {
		s, _, err := find(ctx, tx, person)
		if err != nil {
			return err
		}
		var until int64
		if _, err := one(ctx, tx, into(&until), `SELECT lease_until FROM digest_standings WHERE person = $1`, person.String()); err != nil {
			return err
		}
		if until > micros(clock) {
			return s.UnderWay()
		}
		if s, err = s.Hasten(now); err != nil {
			return err
		}
		return save(ctx, tx, s)
	})
}
