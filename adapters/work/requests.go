// What requests of late have written where.

package work

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"imprint/domain/event"
)

// Requests keeps stream and fingerprint of requests by the id of their first event.
// Nothing in it tells what was asked.
type Requests struct{ db Database }

// NewRequests makes the record over the tables.
func NewRequests(db Database) *Requests { return &Requests{db: db} }

// Claim notes where a request writes unless something is noted for its id, durably,
// and answers what is noted now.
func (r *Requests) Claim(ctx context.Context, first uuid.UUID, stream event.Stream, fingerprint string, at time.Time) (event.Stream, string, error) {
	const insert = `INSERT INTO requests (first, stream, fingerprint, claimed) VALUES ($1, $2, $3, $4) ON CONFLICT (first) DO NOTHING`
	if err := exec(ctx, r.db, insert, first[:], string(stream), fingerprint, micros(at)); err != nil {
		return "", "", err
	}
	var noted, print string
	found, err := one(ctx, r.db, into(&noted, &print), `SELECT stream, fingerprint FROM requests WHERE first = $1`, first[:])
	if err == nil && !found {
		err = errors.New("a request was forgotten while it was claimed") // it had been old; the caller may try again
	}
	return event.Stream(noted), print, err
}

// Forget removes up to limit of the oldest claims made before a time, and answers
// how many. If we crash in between, the rest is removed the next time.
func (r *Requests) Forget(ctx context.Context, before time.Time, limit int) (removed int64, err error) {
	const remove = `DELETE FROM requests WHERE first IN (SELECT first FROM requests WHERE claimed < $1 ORDER BY claimed LIMIT $2)`
	err = r.db.Write(ctx, func(tx Tx) error {
		removed, err = tx.Exec(ctx, remove, micros(before), limit)
		return err
	})
	return removed, err
}
