package sqlite

// Reading statements that stay prepared: parsing one anew costs as much as running
// it.

import (
	"context"
	"database/sql"
	"errors"
	"sync"
)

// maxPrepared bounds the statements kept; what comes after them is prepared anew
// each time.
const maxPrepared = 256

// prepared are the statements kept, each on the connections that it has run on. It
// is safe for concurrent use.
type prepared struct {
	mu    sync.Mutex
	stmts map[string]*sql.Stmt
}

// Query runs a reading statement, and keeps it prepared. Texts are constants, or
// of few forms.
func (db *DB) Query(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	stmt, err := db.prepared.stmt(ctx, db.Read, text)
	switch {
	case err != nil:
		return nil, err
	case stmt == nil:
		return db.Read.QueryContext(ctx, text, args...)
	}
	return stmt.QueryContext(ctx, args...)
}

// stmt answers a statement, nil where there is no room for another one.
func (p *prepared) stmt(ctx context.Context, db *sql.DB, text string) (*sql.Stmt, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if stmt, known := p.stmts[text]; known || len(p.stmts) >= maxPrepared {
		return stmt, nil
	}
	stmt, err := db.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	if p.stmts == nil {
		p.stmts = map[string]*sql.Stmt{}
	}
	p.stmts[text] = stmt
	return stmt, nil
}

func (p *prepared) close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var errs []error
	for _, stmt := range p.stmts {
		errs = append(errs, stmt.Close())
	}
	p.stmts = nil
	return errors.Join(errs...)
}
