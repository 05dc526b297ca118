// Rates of mails, shared by all programs at one database.

package work

import (
	"cmp"
	"context"
	"slices"
	"time"

	"imprint/domain/digest"
)

// idleRate is how long nothing must have been taken of a rate before its row goes.
const idleRate = time.Hour

// Rates keeps what was taken of each rate.
type Rates struct{ db Database }

// NewRates makes the store.
func NewRates(db Database) *Rates { return &Rates{db: db} }

// Take takes turns of several rates, in one transaction, and answers for each how
// long it is until each turn comes, by the database's clock. If we crash after it,
// the turns are lost: fewer mails leave than might, never more.
func (r *Rates) Take(ctx context.Context, asks []digest.Ask) (waits [][]time.Duration, err error) {
	clock, err := r.db.Clock(ctx)
	if err != nil {
		return nil, err
	}
	order := make([]int, len(asks)) // by name, so that two programs never wait for each other
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(asks[a].Name, asks[b].Name) })
	err = r.db.Write(ctx, func(tx Tx) error {
		waits = make([][]time.Duration, len(asks))
		for _, i := range order {
			if waits[i], err = take(ctx, tx, asks[i], clock); err != nil {
				return err
			}
		}
		return nil
	})
	return waits, err
}

func take(ctx context.Context, tx Tx, a digest.Ask, clock time.Time) ([]time.Duration, error) {
	var taken int64
	known, err := one(ctx, tx, into(&taken), `SELECT taken FROM mail_rates WHERE name = $1`, a.Name)
	if err != nil {
		return nil, err
	}
	turns, after := a.Rate.Take(moment(taken), clock, a.Count, a.Ahead)
	waits := make([]time.Duration, len(turns))
	for i, turn := range turns {
		waits[i] = turn.Sub(clock)
	}
	if len(turns) == 0 {
		return nil, nil
	}
	if !known { // the one moment at which there come to be more rows
		if _, err := tx.Exec(ctx, `DELETE FROM mail_rates WHERE taken < $1`, micros(clock.Add(-idleRate))); err != nil {
			return nil, err
		}
	}
	_, err = tx.Exec(ctx, `INSERT INTO mail_rates (name, taken) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET taken = excluded.taken`, a.Name, micros(after.Add(time.Microsecond-1)))
	return waits, err
}
