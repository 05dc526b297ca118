// Persons whose next digest lies farther ahead than can be.

package work

import (
	"context"
	"time"

	"github.com/google/uuid"

	"imprint/adapters/queries"
	"imprint/domain/digest"
)

// maxRighted bounds the rows of one transaction.
const maxRighted = 500

// Right sets anew what is due farther ahead than can be (digest.Standing.Righted), of
// persons whom no worker holds, and answers of how many. If we crash in it, the next
// call goes on.
func (d *Digests) Right(ctx context.Context, now time.Time) (righted int, err error) {
	end := micros(now.Add(digest.Farthest))
	for more := true; more; {
		clock, err := d.db.Clock(ctx)
		if err != nil {
			return righted, err
		}
		// Looked for outside a writing transaction: there is hardly ever anybody.
		var astray []uuid.UUID
		err = queries.Each(ctx, d.db, func(scan func(...any) error) error {
			var text string
			if err := scan(&text); err != nil {
				return err
			}
			person, err := uuid.Parse(text)
			astray = append(astray, person)
			return err
		}, `SELECT person FROM digest_standings WHERE wake_at > $1 AND lease_until <= $2 ORDER BY wake_at DESC LIMIT $3`, end, micros(clock), maxRighted)
		if err != nil || len(astray) == 0 {
			return righted, err
		}
		done := 0
		err = d.db.Write(ctx, func(tx Tx) error {
			done = 0 // it may be run again
			rows, err := load(ctx, tx, astray)
			if err != nil {
				return err
			}
			for _, r := range rows {
				if at, _ := r.Wake(); r.lease > micros(clock) || micros(at) <= end {
					continue // somebody was here meanwhile
				}
				r.Standing = r.Righted(now)
				if at, _ := r.Wake(); micros(at) > end {
					continue // it waits for its turn at a mail domain
				}
				if err := r.save(ctx, tx); err != nil {
					return err
				}
				done++
			}
			return nil
		})
		if err != nil {
			return righted, err
		}
		righted, more = righted+done, done > 0
	}
	return righted, nil
}
