package views

// Reading: one transaction per snapshot, on a connection that keeps its prepared
// statements.

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/google/uuid"

	"imprint/adapters/queries"
	"imprint/adapters/sqlite"
	"imprint/domain"
	"imprint/domain/event"
	"imprint/projections"
)

// maxStatements bounds what one reading connection keeps prepared.
const maxStatements = 256

// reader is a connection with an open snapshot; one goroutine has it at a time.
type reader struct {
	path  string
	clock domain.Clock
	conn  *sql.Conn
	stmts map[string]*sql.Stmt
	open  []*sql.Rows // of the present snapshot
}

// Snapshot implements queries.Database. The Querier is valid during the call.
func (s *Store) Snapshot(ctx context.Context, read func(queries.Querier) error) error {
	return s.snapshot(ctx, func(r *reader) error { return read(r) })
}

// Read implements projections.Store.
func (s *Store) Read(ctx context.Context, read func(projections.Reader) error) error {
	return s.snapshot(ctx, func(r *reader) error { return read(r) })
}

// snapshot waits for a free connection and reads in one transaction on it.
func (s *Store) snapshot(ctx context.Context, read func(*reader) error) error {
	r, err := s.readers.take(ctx)
	if err != nil {
		return err
	}
	defer func() { s.readers.give(r) }()
	if r == nil {
		conn, err := s.db.Read.Conn(ctx)
		if err != nil {
			return sqlite.ExplainRebuildable(s.db.Path, err)
		}
		r = &reader{path: s.db.Path, clock: s.clock, conn: conn, stmts: map[string]*sql.Stmt{}}
	}
	defer func() {
		// A connection that cannot end its transaction is given up.
		if err := r.end(ctx); err != nil {
			_ = r.close()
			r = nil
		}
	}()
	if err := r.exec(context.WithoutCancel(ctx), "BEGIN"); err != nil {
		return sqlite.ExplainRebuildable(s.db.Path, err)
	}
	return read(r)
}

// end closes what the caller left open and ends the transaction.
func (r *reader) end(ctx context.Context) error {
	for _, rows := range r.open {
		_ = rows.Close()
	}
	r.open = r.open[:0]
	return r.exec(context.WithoutCancel(ctx), "ROLLBACK")
}

func (r *reader) close() error {
	var errs []error
	for _, stmt := range r.stmts {
		errs = append(errs, stmt.Close())
	}
	return errors.Join(append(errs, r.conn.Close())...)
}

func (r *reader) exec(ctx context.Context, text string) error {
	stmt, err := r.stmt(ctx, text)
	if err != nil {
		return err
	}
	_, err = stmt.ExecContext(ctx)
	return err
}

func (r *reader) stmt(ctx context.Context, text string) (*sql.Stmt, error) {
	if stmt, ok := r.stmts[text]; ok {
		return stmt, nil
	}
	stmt, err := r.conn.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	if len(r.stmts) >= maxStatements {
		for _, old := range r.stmts {
			_ = old.Close() // rows still open on it keep it until they are closed
		}
		clear(r.stmts)
	}
	r.stmts[text] = stmt
	return stmt, nil
}

// Query implements queries.Querier.
func (r *reader) Query(ctx context.Context, text string, args ...any) (queries.Rows, error) {
	found, err := r.query(ctx, text, args...)
	if err != nil {
		return nil, sqlite.ExplainRebuildable(r.path, err)
	}
	return rows{found}, nil
}

func (r *reader) query(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	stmt, err := r.stmt(ctx, text)
	if err != nil {
		return nil, err
	}
	found, err := stmt.QueryContext(ctx, args...)
	if err != nil {
		return nil, err
	}
	r.open = append(r.open, found)
	return found, nil
}

// rows is *sql.Rows as queries.Rows.
type rows struct{ *sql.Rows }

// Close implements queries.Rows; what went wrong is told by Err.
func (r rows) Close() { _ = r.Rows.Close() }

// Builds implements projections.Reader.
func (r *reader) Builds(ctx context.Context) ([]projections.Build, error) {
	return builds(ctx, r.conn, r.clock(), `ORDER BY projection, version, generation`)
}

// Which builds to read.
const (
	liveOf = `WHERE live AND projection = $1 AND version = $2`
	one    = `WHERE generation = $1`
)

func builds(ctx context.Context, conn *sql.Conn, now time.Time, which string, args ...any) ([]projections.Build, error) {
	found, err := conn.QueryContext(ctx, `SELECT projection, version, generation, live, indexed, position, ordinal, log_time, epoch, expires FROM generations `+which, args...)
	if err != nil {
		return nil, err
	}
	defer found.Close()
	var all []projections.Build
	for found.Next() {
		var b projections.Build
		var logTime, expires int64
		if err := found.Scan(&b.Projection, &b.Version, &b.Number, &b.Live, &b.Indexed, &b.Checkpoint.Position, &b.Checkpoint.Ordinal, &logTime, &b.Epoch, &expires); err != nil {
			return nil, err
		}
		b.Checkpoint.LogTime = projections.Time(logTime)
		if expires != 0 {
			b.Unfed = max(0, now.Sub(time.UnixMicro(expires)))
		}
		all = append(all, b)
	}
	return all, found.Err()
}

// Parked implements projections.Reader.
func (r *reader) Parked(ctx context.Context, g projections.Generation) ([]projections.Parked, error) {
	found, err := r.query(ctx, `SELECT kind, first_part, second_part, ordinal, position, log_time, event_id, event_type, reason
		FROM parked WHERE generation = $1 ORDER BY ordinal, kind, first_part, second_part`, g.Number)
	if err != nil {
		return nil, sqlite.ExplainRebuildable(r.path, err)
	}
	defer found.Close()
	var all []projections.Parked
	for found.Next() {
		var p projections.Parked
		var ordinal, logTime int64
		var position, id string
		if err := found.Scan(&p.Key.Kind, &p.Key.Parts[0], &p.Key.Parts[1], &ordinal, &position, &logTime, &id, &p.Type, &p.Reason); err != nil {
			return nil, sqlite.ExplainRebuildable(r.path, err)
		}
		p.Before = event.Checkpoint{Position: event.Position(position), Ordinal: ordinal - 1, LogTime: projections.Time(logTime)}
		if p.EventID, err = uuid.Parse(id); err != nil {
			return nil, fmt.Errorf("parked event %d: %w", ordinal, err)
		}
		all = append(all, p)
	}
	return all, found.Err()
}

// Scan implements projections.Reader.
func (r *reader) Scan(ctx context.Context, g projections.Generation, t *projections.Table) iter.Seq2[projections.Values, error] {
	return func(yield func(projections.Values, error) bool) {
		text := fmt.Sprintf("SELECT %s FROM %s ORDER BY %s", list(t.ColumnNames()), tableName(g, t), list(t.PrimaryKey()))
		found, err := r.conn.QueryContext(ctx, text)
		if err != nil {
			yield(nil, sqlite.ExplainRebuildable(r.path, err))
			return
		}
		defer found.Close()
		for found.Next() {
			row, err := scanRow(found, t)
			if !yield(row, err) || err != nil {
				return
			}
		}
		if err := found.Err(); err != nil {
			yield(nil, sqlite.ExplainRebuildable(r.path, err))
		}
	}
}
