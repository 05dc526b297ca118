// Migrations: the tables of a durable file are brought up to date when it is
// opened for writing, and are checked when it is opened for reading.

package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"

	"imprint/domain"
)

// Migrate applies the migrations that the file lacks, each in a transaction of
// its own; if we crash between two, the next start goes on. A file written by a
// newer program is refused (Unavailable), for this one would misread it.
func Migrate(ctx context.Context, db *DB, migrations fs.FS) error {
	has, newest, err := versions(ctx, db, migrations)
	switch {
	case err != nil:
		return err
	case has == newest:
		return nil
	case has > newest:
		return newerFile(db.Path, has, newest)
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db.Write, migrations, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("migrations of %s: %w", db.Path, err)
	}
	if _, err := p.Up(ctx); err != nil {
		return Explain(db.Path, err)
	}
	return nil
}

// CheckMigrated refuses to read a file whose tables are older or newer than
// this program's, or that holds none at all. It writes nothing.
func CheckMigrated(ctx context.Context, db *DB, migrations fs.FS) error {
	has, newest, err := versions(ctx, db, migrations)
	switch {
	case err != nil:
		return err
	case has > newest:
		return newerFile(db.Path, has, newest)
	case has == 0:
		return domain.Refuse(domain.Unavailable, "empty-file", "%s is empty; if it never held anything, start imprint serve on its folder once, else restore it from a backup (imprint restore)", db.Path)
	case has < newest:
		return domain.Refuse(domain.Unavailable, "older-file", "%s has tables of version %d and this program reads %d; start imprint serve on it once to bring it up to date", db.Path, has, newest)
	}
	return nil
}

// versions answers the file's version, 0 for an empty one, and the newest that
// there is. It asks the file itself: goose takes a version table that cannot be
// read for a missing one.
func versions(ctx context.Context, db *DB, migrations fs.FS) (has, newest int64, err error) {
	names, err := fs.Glob(migrations, "*.sql") // sorted
	if err != nil {
		return 0, 0, fmt.Errorf("migrations of %s: %w", db.Path, err)
	}
	if len(names) == 0 {
		return 0, 0, fmt.Errorf("migrations of %s: none found", db.Path)
	}
	if newest, err = goose.NumericComponent(names[len(names)-1]); err != nil {
		return 0, 0, fmt.Errorf("migrations of %s: %w", db.Path, err)
	}
	var all, ours int64
	const tableSQL = `SELECT count(*), count(*) FILTER (WHERE name = 'goose_db_version') FROM sqlite_schema WHERE type = 'table'`
	if err := db.Read.QueryRowContext(ctx, tableSQL).Scan(&all, &ours); err != nil {
		return 0, 0, Explain(db.Path, err)
	}
	if all == 0 {
		return 0, newest, nil
	}
	if ours == 0 {
		return 0, 0, Damaged(db.Path).Because(errors.New("it has the tables of another program"))
	}
	const versionSQL = `SELECT coalesce(max(version_id), 0) FROM goose_db_version`
	if err := db.Read.QueryRowContext(ctx, versionSQL).Scan(&has); err != nil {
		return 0, 0, Explain(db.Path, err)
	}
	return has, newest, nil
}

func newerFile(path string, has, knows int64) error {
	return domain.Refuse(domain.Unavailable, "newer-file", "%s was written by a newer program (tables of version %d, this one knows %d); run the newer program", path, has, knows)
}
