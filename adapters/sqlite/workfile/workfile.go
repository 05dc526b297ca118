// Package workfile keeps the work tables of an embedded data folder in a file of
// their own: work.Database on SQLite.
//
// The file is durable: a commit that has returned survives a power cut. No
// transaction spans it and another file.
package workfile

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"imprint/adapters/queries"
	"imprint/adapters/sqlite"
	"imprint/adapters/work"
	"imprint/domain"
	"imprint/migrations"
)

// DB is the open file.
type DB struct {
	Path  string
	db    *sqlite.DB
	clock domain.Clock
	write *writer // nil when opened for reading
}

var _ work.Database = (*DB)(nil)

// Open opens or creates the file and brings its tables up to date. The caller
// holds the folder's lock. clock is the database's clock, by which leases end: the
// machine's, but in tests.
func Open(ctx context.Context, path string, clock domain.Clock) (*DB, error) {
	tables, err := tables()
	if err != nil {
		return nil, err
	}
	db, err := sqlite.Open(ctx, path, sqlite.Durable)
	if err != nil {
		return nil, err
	}
	if err := sqlite.Migrate(ctx, db, tables); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	d := newDB(db, clock)
	d.write = &writer{db: db}
	return d, nil
}

func newDB(db *sqlite.DB, clock domain.Clock) *DB {
	return &DB{Path: db.Path, db: db, clock: clock}
}

// Close closes all connections.
func (db *DB) Close() error {
	if db.write != nil {
		db.write.close()
	}
	return db.db.Close()
}

// OpenReadOnly opens an existing file beside the program that writes it. The
// stores over it can read; what they would write fails.
func OpenReadOnly(ctx context.Context, path string) (*DB, error) {
	tables, err := tables()
	if err != nil {
		return nil, err
	}
	db, err := sqlite.OpenReadOnly(ctx, path)
	if err != nil {
		return nil, err
	}
	if err := sqlite.CheckMigrated(ctx, db, tables); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return newDB(db, time.Now), nil
}

func tables() (fs.FS, error) {
	sub, err := fs.Sub(migrations.SQLite, "sqlite/work")
	if err != nil {
		return nil, fmt.Errorf("migrations of the work tables: %w", err)
	}
	return sub, nil
}

// Name implements work.Database.
func (db *DB) Name() string { return db.Path }

// Clock implements work.Database.
func (db *DB) Clock(context.Context) (time.Time, error) { return db.clock(), nil }

// Query implements queries.Querier.
func (db *DB) Query(ctx context.Context, text string, args ...any) (queries.Rows, error) {
	rows, err := db.db.Query(ctx, text, args...)
	return answer{rows, db.Path}, sqlite.Explain(db.Path, err)
}

// Write implements work.Database. There is one writing connection, so transactions
// follow each other and none is ever asked to start over.
func (db *DB) Write(ctx context.Context, f func(work.Tx) error) error {
	if db.write == nil {
		return domain.Refuse(domain.Unavailable, "read-only", "%s was opened for reading only", db.Path)
	}
	return db.write.transact(ctx, func(s *session) error { return f(s) })
}

// Erase implements work.Database: overwritten bytes are zeroed in the file
// (secure_delete) and leave the write-ahead log with its truncation.
func (db *DB) Erase(ctx context.Context, f func(work.Tx) error) error {
	if db.write == nil {
		return db.Write(ctx, f)
	}
	if err := db.write.pragma(ctx, `secure_delete = ON`); err != nil {
		return err
	}
	if err := db.Write(ctx, f); err != nil {
		return err
	}
	// What was erased can not be asked for from here on. A reader at work keeps the
	// write-ahead log from being truncated; the next checkpoint does it then.
	return db.write.pragma(ctx, `wal_checkpoint(TRUNCATE)`)
}

// answer is queries.Rows over database/sql.
type answer struct {
	*sql.Rows
	path string
}

func (a answer) Close() { _ = a.Rows.Close() } // only read

func (a answer) Err() error { return sqlite.Explain(a.path, a.Rows.Err()) }
