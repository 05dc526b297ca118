package views

// The one writing connection: transactions and prepared statements.

import (
	"context"
	"database/sql"
	"errors"
	"sync"

	"imprint/adapters/sqlite"
	"imprint/domain"
)

// writer owns the connection. mu is held for the whole of a transaction or a
// load; stmts and relations are only touched under it.
type writer struct {
	db        *sqlite.DB
	mu        sync.Mutex
	conn      *sql.Conn
	stmts     map[string]*sql.Stmt // of the registry: a fixed few texts
	relations map[string]*relation // by name of the table
	building  int                  // generations made here and not indexed yet
}

func newWriter(ctx context.Context, db *sqlite.DB) (*writer, error) {
	conn, err := db.Write.Conn(ctx)
	if err != nil {
		return nil, sqlite.ExplainRebuildable(db.Path, err)
	}
	w := &writer{db: db, conn: conn, stmts: map[string]*sql.Stmt{}, relations: map[string]*relation{}}
	if err := w.built(ctx, 0); err != nil {
		return nil, errors.Join(sqlite.ExplainRebuildable(db.Path, err), conn.Close())
	}
	return w, nil
}

// built notes generations that begin to be built, or are, and gives the connection
// the memory that this takes. One that is given up before its end keeps it until the
// file is closed.
func (w *writer) built(ctx context.Context, more int) error {
	w.building = max(0, w.building+more)
	if w.building > 0 {
		return w.define(ctx, "PRAGMA "+sqlite.LoadingCache)
	}
	return w.define(ctx, "PRAGMA "+sqlite.WritingCache)
}

func (w *writer) close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	errs := []error{w.forget(func(string) bool { return true })}
	for _, stmt := range w.stmts {
		errs = append(errs, stmt.Close())
	}
	return errors.Join(append(errs, w.conn.Close())...)
}

// do runs f in one transaction. If we crash before its end, nothing of it is in
// the file.
func (s *Store) do(ctx context.Context, f func(w *writer) error) error {
	w := s.write
	if w == nil {
		return domain.Refuse(domain.Unavailable, "read-only", "%s was opened for reading only", s.db.Path)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	// A context that ends must not leave a transaction of which nobody knows
	// whether it is open.
	whole := context.WithoutCancel(ctx)
	if err := w.exec(whole, "BEGIN IMMEDIATE"); err != nil {
		return sqlite.ExplainRebuildable(w.db.Path, err)
	}
	err := f(w)
	if err == nil {
		err = w.exec(whole, "COMMIT")
	}
	if err != nil {
		if back := w.exec(whole, "ROLLBACK"); back != nil {
			err = errors.Join(err, back)
		}
		for _, r := range w.relations {
			r.keyed = false // its key may have been made in this transaction
		}
		return sqlite.ExplainRebuildable(w.db.Path, err)
	}
	return nil
}

// stmt answers a prepared statement of the registry.
func (w *writer) stmt(ctx context.Context, text string) (*sql.Stmt, error) {
	if stmt, ok := w.stmts[text]; ok {
		return stmt, nil
	}
	stmt, err := w.conn.PrepareContext(ctx, text)
	if err == nil {
		w.stmts[text] = stmt
	}
	return stmt, err
}

func (w *writer) exec(ctx context.Context, text string, args ...any) error {
	_, err := w.changed(ctx, text, args...)
	return err
}

// changed executes a registry statement and counts the rows it changed.
func (w *writer) changed(ctx context.Context, text string, args ...any) (int64, error) {
	stmt, err := w.stmt(ctx, text)
	if err != nil {
		return 0, err
	}
	result, err := stmt.ExecContext(ctx, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// define executes statements that change the schema; they are not kept.
func (w *writer) define(ctx context.Context, texts ...string) error {
	for _, text := range texts {
		if _, err := w.conn.ExecContext(ctx, text); err != nil {
			return err
		}
	}
	return nil
}

// forget closes the statements of tables that are about to go.
func (w *writer) forget(gone func(table string) bool) error {
	var errs []error
	for name, r := range w.relations {
		if gone(name) {
			errs = append(errs, r.close())
			delete(w.relations, name)
		}
	}
	return errors.Join(errs...)
}
