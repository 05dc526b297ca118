package views

// Loading the rows of keys and committing batches.

import (
	"context"
	"database/sql"

	"imprint/adapters/sqlite"
	"imprint/domain"
	"imprint/projections"
)

// Load implements projections.Store. It reads on the writing connection, whose
// cache holds what was just written.
func (s *Store) Load(ctx context.Context, g projections.Generation, t *projections.Table, keys []projections.Key) ([]projections.Values, error) {
	if t.Kind == projections.Facts {
		return nil, nil
	}
	w := s.write
	if w == nil {
		return nil, domain.Refuse(domain.Unavailable, "read-only", "%s was opened for reading only", s.db.Path)
	}
	width := len(t.KeyColumns())
	wanted := make([]projections.Values, len(keys))
	for i, k := range keys {
		for _, part := range k.Parts[:width] {
			wanted[i] = append(wanted[i], part)
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	ctx = context.WithoutCancel(ctx) // as in Commit
	w.mu.Lock()
	defer w.mu.Unlock()
	r := w.relation(g, t)
	if err := w.key(ctx, g, r); err != nil {
		return nil, sqlite.ExplainRebuildable(s.db.Path, err)
	}
	var loaded []projections.Values
	err := w.each(ctx, r, load, wanted, func(stmt *sql.Stmt, args []any) error {
		rows, err := stmt.QueryContext(ctx, args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			row, err := scanRow(rows, t)
			if err != nil {
				return err
			}
			loaded = append(loaded, row)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, sqlite.ExplainRebuildable(s.db.Path, err)
	}
	return loaded, nil
}

// Commit implements projections.Store.
func (s *Store) Commit(ctx context.Context, b projections.Batch) error {
	return s.do(ctx, func(w *writer) error {
		// A batch is short. To watch the context would cost a goroutine for every
		// statement, about as much as the statement.
		ctx := context.WithoutCancel(ctx)
		const move = `UPDATE generations SET position = $1, ordinal = $2, log_time = $3 WHERE generation = $4 AND epoch = $5 AND position = $6`
		n, err := w.changed(ctx, move, string(b.To.Position), b.To.Ordinal, projections.Micros(b.To.LogTime), b.Generation.Number, b.Epoch, string(b.From.Position))
		if err != nil {
			return err
		}
		if n == 0 {
			return projections.ErrLost
		}
		exec := func(stmt *sql.Stmt, args []any) error {
			_, err := stmt.ExecContext(ctx, args...)
			return err
		}
		for _, c := range b.Changes {
			r := w.relation(b.Generation, c.Table)
			if len(c.Deletes)+len(c.Upserts) > 0 {
				if err := w.key(ctx, b.Generation, r); err != nil {
					return err
				}
			}
			if err := w.each(ctx, r, remove, c.Deletes, exec); err != nil {
				return err
			}
			if err := w.each(ctx, r, upsert, c.Upserts, exec); err != nil {
				return err
			}
			if err := w.each(ctx, r, insert, c.Inserts, exec); err != nil {
				return err
			}
		}
		return w.parking(ctx, b)
	})
}

// parking writes what the batch parks and unparks.
func (w *writer) parking(ctx context.Context, b projections.Batch) error {
	for _, k := range b.Unpark {
		const unpark = `DELETE FROM parked WHERE generation = $1 AND kind = $2 AND first_part = $3 AND second_part = $4`
		if err := w.exec(ctx, unpark, b.Generation.Number, k.Kind, k.Parts[0], k.Parts[1]); err != nil {
			return err
		}
	}
	for _, p := range b.Park {
		const park = `INSERT INTO parked (generation, kind, first_part, second_part, ordinal, position, log_time, event_id, event_type, reason)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`
		err := w.exec(ctx, park, b.Generation.Number, p.Key.Kind, p.Key.Parts[0], p.Key.Parts[1], p.Ordinal(),
			string(p.Before.Position), projections.Micros(p.Before.LogTime), projections.ID(p.EventID), p.Type, p.Reason)
		if err != nil {
			return err
		}
	}
	return nil
}

// scanRow reads one row in the form that projections.Values states.
func scanRow(rows *sql.Rows, t *projections.Table) (projections.Values, error) {
	row := make(projections.Values, len(t.Columns))
	into := make([]any, len(row))
	for i := range row {
		into[i] = &row[i]
	}
	if err := rows.Scan(into...); err != nil {
		return nil, err
	}
	for i, c := range t.Columns {
		switch v := row[i].(type) {
		case int64:
			if c.Type == projections.TypeBool {
				row[i] = v != 0
			}
		case []byte:
			if len(v) == 0 {
				row[i] = []byte{} // the driver gives nil, which would be written as NULL
			}
		}
	}
	return row, nil
}
