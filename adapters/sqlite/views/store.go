package views

// Opening and closing the file.

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"imprint/adapters/queries"
	"imprint/adapters/sqlite"
	"imprint/domain"
	"imprint/migrations"
	"imprint/projections"
)

// Store is one open file of read models.
type Store struct {
	db      *sqlite.DB
	clock   domain.Clock // decides about leases: the database's clock
	write   *writer      // nil when opened for reading
	readers *pool
}

var (
	_ projections.Store = (*Store)(nil)
	_ queries.Database  = (*Store)(nil)
)

// Open opens or creates the file for writing, with its registry brought up to
// date. The caller holds the folder's lock. clock is the database's clock, by
// which leases end: the machine's, but in tests.
func Open(ctx context.Context, path string, clock domain.Clock) (*Store, error) {
	return open(ctx, path, sqlite.Rebuildable, clock)
}

// OpenScratch opens a file that is thrown away after use, as Verify needs one. It
// is never synced.
func OpenScratch(ctx context.Context, path string) (*Store, error) {
	return open(ctx, path, sqlite.Scratch, time.Now)
}

func open(ctx context.Context, path string, d sqlite.Durability, clock domain.Clock) (*Store, error) {
	db, err := sqlite.Open(ctx, path, d)
	if err != nil {
		return nil, sqlite.ExplainRebuildable(path, err)
	}
	s, err := prepare(ctx, db, clock)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return s, nil
}

func prepare(ctx context.Context, db *sqlite.DB, clock domain.Clock) (*Store, error) {
	if err := sqlite.Migrate(ctx, db, registry()); err != nil {
		return nil, sqlite.ExplainRebuildable(db.Path, err)
	}
	w, err := newWriter(ctx, db)
	if err != nil {
		return nil, err
	}
	return &Store{db: db, clock: clock, write: w, readers: newPool()}, nil
}

// OpenReadOnly opens an existing file beside the program that writes it. Reading
// works, everything else is refused.
func OpenReadOnly(ctx context.Context, path string) (*Store, error) {
	db, err := sqlite.OpenReadOnly(ctx, path)
	if err != nil {
		return nil, sqlite.ExplainRebuildable(path, err)
	}
	if err := sqlite.CheckMigrated(ctx, db, registry()); err != nil {
		return nil, errors.Join(sqlite.ExplainRebuildable(path, err), db.Close())
	}
	return &Store{db: db, clock: time.Now, readers: newPool()}, nil
}

// Close closes the file; it waits for snapshots that are being read.
func (s *Store) Close() error {
	errs := s.readers.close()
	if s.write != nil {
		errs = append(errs, s.write.close())
	}
	return errors.Join(append(errs, s.db.Close())...)
}

func registry() fs.FS {
	sub, err := fs.Sub(migrations.SQLite, "sqlite/views")
	if err != nil {
		panic(fmt.Sprintf("the embedded migrations: %v", err)) // a constant path: cannot happen
	}
	return sub
}
