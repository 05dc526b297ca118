// Package work keeps the work tables of an embedded data folder: everything that
// is neither in the log nor built from it, and therefore can not be made again:
// data keys, tokens, cursors, the outbox. Each concern has a file of its own here
// and a migration of its own under migrations/sqlite/work; this one only opens
// the database.
//
// The file is durable: a commit that has returned survives a power cut. No
// transaction spans it and another file.
package work

import (
	"context"
	"fmt"
	"io/fs"

	"imprint/adapters/sqlite"
	"imprint/migrations"
)

// DB is the open file of work tables.
type DB struct{ *sqlite.DB }

// Open opens or creates the file and brings its tables up to date. The caller
// holds the folder's lock.
func Open(ctx context.Context, path string) (*DB, error) {
	tables, err := fs.Sub(migrations.SQLite, "sqlite/work")
	if err != nil {
		return nil, fmt.Errorf("migrations of the work tables: %w", err)
	}
	db, err := sqlite.Open(ctx, path, sqlite.Durable)
	if err != nil {
		return nil, err
	}
	if err := sqlite.Migrate(ctx, db, tables); err != nil {
		_ = db.Close() // the first error tells more
		return nil, err
	}
	return &DB{db}, nil
}
