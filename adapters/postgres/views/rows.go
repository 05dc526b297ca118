package views

// Loading the rows of keys and committing batches.

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"imprint/adapters/postgres"
	"imprint/projections"
)

// copyRows is from how many new rows on COPY is worth its round trips. On wide
// tables it writes 1.3 to 2 times the rows of an upsert by unnest.
const copyRows = 200

// The codes of answers that mean ErrLost: raised by imprint_views.move, and a
// table that is gone, as it goes with its generation only.
const (
	codeMoved = "IM001"
	codeGone  = "42P01"
)

// lost turns those answers into ErrLost.
func lost(err error) error {
	if postgres.Is(err, codeMoved) || postgres.Is(err, codeGone) {
		return projections.ErrLost
	}
	return postgres.Explain(err)
}

// Load implements projections.Store.
func (s *Store) Load(ctx context.Context, g projections.Generation, t *projections.Table, keys []projections.Key) ([]projections.Values, error) {
	if t.Kind == projections.Facts {
		return nil, nil
	}
	r := relationOf(g, t)
	if err := s.key(ctx, g, t); err != nil {
		return nil, lost(err)
	}
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	columns := r.columns(t.KeyColumns())
	wanted := make([]projections.Values, len(keys))
	for i, k := range keys {
		for _, part := range k.Parts[:len(columns)] {
			wanted[i] = append(wanted[i], part)
		}
	}
	rows, err := s.db.Write.Query(ctx, r.load(), arrays(columns, wanted)...)
	if err != nil {
		return nil, lost(err)
	}
	loaded, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (projections.Values, error) { return scanRow(rows, t) })
	return loaded, lost(err)
}

// Commit implements projections.Store. The statements of a batch are one
// transaction without being told so: the server commits when the last is done and
// undoes them all where one fails. If we crash, or the answer is lost, it has done
// either; the next load tells which.
func (s *Store) Commit(ctx context.Context, b projections.Batch) error {
	for _, c := range b.Changes {
		if len(c.Deletes)+len(c.Upserts) == 0 {
			continue
		}
		if err := s.key(ctx, b.Generation, c.Table); err != nil {
			return lost(err)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	batch := &pgx.Batch{}
	batch.Queue(`SELECT imprint_views.move($1, $2, $3, $4, $5, $6)`, b.Generation.Number, b.Epoch, string(b.From.Position),
		string(b.To.Position), b.To.Ordinal, projections.Micros(b.To.LogTime))
	var copies []projections.Change
	for _, c := range b.Changes {
		r := relationOf(b.Generation, c.Table)
		if len(c.Deletes) > 0 {
			batch.Queue(r.remove(), arrays(r.columns(c.Table.PrimaryKey()), c.Deletes)...)
		}
		switch {
		case len(c.Inserts) >= copyRows:
			copies = append(copies, c)
		case len(c.Upserts) > 0:
			c.Upserts = slices.Concat(c.Upserts, c.Inserts) // in one statement
		case len(c.Inserts) > 0:
			batch.Queue(r.insert(), arrays(c.Table.Columns, c.Inserts)...)
		}
		if len(c.Upserts) > 0 {
			batch.Queue(r.upsert(), arrays(c.Table.Columns, c.Upserts)...)
		}
	}
	parking(batch, b)
	err := s.send(ctx, batch, b.Generation, copies)
	if err != nil {
		return lost(err)
	}
	s.known.learn(b.Generation, b.To.Ordinal)
	return nil
}

// send sends the statements, and then the rows to copy, in one transaction.
func (s *Store) send(ctx context.Context, batch *pgx.Batch, g projections.Generation, copies []projections.Change) error {
	if len(copies) == 0 {
		return s.db.Write.SendBatch(ctx, batch).Close()
	}
	return pgx.BeginFunc(ctx, s.db.Write, func(tx pgx.Tx) error {
		if err := tx.SendBatch(ctx, batch).Close(); err != nil {
			return err
		}
		for _, c := range copies {
			r := relationOf(g, c.Table)
			if _, err := tx.Conn().PgConn().CopyFrom(ctx, newCopyReader(c.Table, c.Inserts), r.copyInto()); err != nil {
				return fmt.Errorf("table %s: %w", r.name, err)
			}
		}
		return nil
	})
}

// parking adds what the batch parks and unparks.
func parking(batch *pgx.Batch, b projections.Batch) {
	for _, k := range b.Unpark {
		batch.Queue(`DELETE FROM imprint_views.parked WHERE generation = $1 AND kind = $2 AND first_part = $3 AND second_part = $4`,
			b.Generation.Number, k.Kind, k.Parts[0], k.Parts[1])
	}
	for _, p := range b.Park {
		batch.Queue(`INSERT INTO imprint_views.parked (generation, kind, first_part, second_part, ordinal, position, log_time, event_id, event_type, reason)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`, b.Generation.Number, p.Key.Kind, p.Key.Parts[0], p.Key.Parts[1], p.Ordinal(),
			string(p.Before.Position), projections.Micros(p.Before.LogTime), projections.ID(p.EventID), p.Type, p.Reason)
	}
}
