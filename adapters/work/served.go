// Whose log the work tables go with.

package work

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"imprint/adapters/queries"
)

// Served keeps the identity of the one log that these tables belong to.
type Served struct{ db Database }

// NewServed makes the record over the tables.
func NewServed(db Database) *Served { return &Served{db: db} }

// Log answers the log's identity; false if none has been claimed yet.
func (s *Served) Log(ctx context.Context) (uuid.UUID, bool, error) { return servedLog(ctx, s.db) }

func servedLog(ctx context.Context, q queries.Querier) (uuid.UUID, bool, error) {
	var log []byte
	found, err := one(ctx, q, into(&log), `SELECT log FROM served_log`)
	if err != nil || !found {
		return uuid.Nil, false, err
	}
	id, err := uuid.FromBytes(log)
	return id, err == nil, err
}

// Claim binds the tables to a log for ever unless they are bound already, durably,
// and answers which log they are bound to now.
func (s *Served) Claim(ctx context.Context, log uuid.UUID) (uuid.UUID, error) {
	if err := exec(ctx, s.db, `INSERT INTO served_log (one, log) VALUES (1, $1) ON CONFLICT (one) DO NOTHING`, log[:]); err != nil {
		return uuid.Nil, err
	}
	bound, found, err := s.Log(ctx)
	if err == nil && !found {
		err = errors.New("the served log is not on record after it was claimed")
	}
	return bound, err
}
