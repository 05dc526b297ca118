package views

// The store over an open database.

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"imprint/adapters/postgres"
	"imprint/adapters/queries"
	"imprint/domain/event"
	"imprint/projections"
)

// Store keeps read models in one database. Any number of them may work on it at
// once, in any number of processes: nothing that is decided depends on what one has
// in memory.
type Store struct {
	db      *postgres.DB
	changes event.Signal
	known   known
	keyed   keyed
}

var (
	_ projections.Store  = (*Store)(nil)
	_ projections.Hinter = (*Store)(nil)
	_ queries.Database   = (*Store)(nil)
)

// Open refuses a database whose schema does not fit this program (see
// postgres.Check). The caller closes the database when nobody uses the store.
func Open(ctx context.Context, db *postgres.DB) (*Store, error) {
	if err := postgres.Check(ctx, db); err != nil {
		return nil, err
	}
	return &Store{db: db, known: known{ordinals: map[model]int64{}}, keyed: keyed{tables: map[string]bool{}}}, nil
}

// answerTime bounds a statement from here, for a server that vanished with its
// network; statement_timeout bounds it there.
const answerTime = 45 * time.Second

// do runs f in one transaction. If we crash before its end, nothing of it is in
// the database.
func (s *Store) do(ctx context.Context, f func(tx pgx.Tx) error) error {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	return s.transact(ctx, f)
}

func (s *Store) transact(ctx context.Context, f func(tx pgx.Tx) error) error {
	return postgres.Explain(pgx.BeginFunc(ctx, s.db.Write, f))
}

// define executes statements that change the schema.
func define(ctx context.Context, tx pgx.Tx, texts ...string) error {
	for _, text := range texts {
		if _, err := tx.Exec(ctx, text); err != nil {
			return err
		}
	}
	return nil
}
