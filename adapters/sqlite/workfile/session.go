package workfile

// The one writing connection, with the statements that it keeps prepared: parsing
// them anew costs as much as running them.

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"sync"

	"imprint/adapters/queries"
	"imprint/adapters/sqlite"
	"imprint/adapters/work"
)

// maxStatements bounds what a session keeps prepared.
const maxStatements = 256

// writer hands the session out, to one transaction at a time.
type writer struct {
	db *sqlite.DB
	mu sync.Mutex // held for the whole of a transaction
	s  *session   // nil: none yet, or the last one ended in doubt
}

// session is one connection.
type session struct {
	path  string
	conn  *sql.Conn
	stmts map[string]*sql.Stmt
}

var _ work.Tx = (*session)(nil)

// transact runs f in one transaction. If we crash before its end, nothing of it is
// in the file.
func (w *writer) transact(ctx context.Context, f func(*session) error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	if w.s == nil {
		conn, err := w.db.Write.Conn(ctx)
		if err != nil {
			return sqlite.Explain(w.db.Path, err)
		}
		w.s = &session{path: w.db.Path, conn: conn, stmts: map[string]*sql.Stmt{}}
	}
	// A context that ends must not leave a transaction of which nobody knows whether
	// it is open.
	whole := context.WithoutCancel(ctx)
	if _, err := w.s.Exec(whole, "BEGIN IMMEDIATE"); err != nil {
		return err
	}
	err := f(w.s)
	if err == nil {
		if _, err = w.s.Exec(whole, "COMMIT"); err == nil {
			return nil
		}
	}
	if _, back := w.s.Exec(whole, "ROLLBACK"); back != nil {
		// SQLite may have rolled back by itself; whether or not, nobody goes on here.
		w.s.discard()
		w.s = nil
	}
	return err
}

// pragma runs outside of any transaction.
func (w *writer) pragma(ctx context.Context, text string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.s == nil {
		_, err := w.db.Write.ExecContext(ctx, `PRAGMA `+text)
		return sqlite.Explain(w.db.Path, err)
	}
	_, err := w.s.conn.ExecContext(ctx, `PRAGMA `+text)
	return sqlite.Explain(w.db.Path, err)
}

func (w *writer) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.s != nil {
		w.s.discard()
	}
}

// discard closes the connection, its statements first: it would stay open else.
func (s *session) discard() {
	for _, stmt := range s.stmts {
		_ = stmt.Close()
	}
	_ = s.conn.Raw(func(any) error { return driver.ErrBadConn })
}

func (s *session) stmt(ctx context.Context, text string) (*sql.Stmt, error) {
	if stmt, ok := s.stmts[text]; ok {
		return stmt, nil
	}
	stmt, err := s.conn.PrepareContext(ctx, text)
	if err != nil {
		return nil, sqlite.Explain(s.path, err)
	}
	if len(s.stmts) >= maxStatements {
		for _, old := range s.stmts {
			_ = old.Close() // rows still open on it keep it until they are closed
		}
		clear(s.stmts)
	}
	s.stmts[text] = stmt
	return stmt, nil
}

// Query implements queries.Querier.
func (s *session) Query(ctx context.Context, text string, args ...any) (queries.Rows, error) {
	stmt, err := s.stmt(ctx, text)
	if err != nil {
		return nil, err
	}
	rows, err := stmt.QueryContext(ctx, args...)
	if err != nil {
		return nil, sqlite.Explain(s.path, err)
	}
	return answer{rows, s.path}, nil
}

// Exec implements work.Tx.
func (s *session) Exec(ctx context.Context, text string, args ...any) (int64, error) {
	stmt, err := s.stmt(ctx, text)
	if err != nil {
		return 0, err
	}
	result, err := stmt.ExecContext(ctx, args...)
	if err != nil {
		return 0, sqlite.Explain(s.path, err)
	}
	return result.RowsAffected()
}
