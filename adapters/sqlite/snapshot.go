// Snapshots: copies of a file as it was at one moment, taken beside the program
// that writes it.

package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"

	"imprint/domain"
)

// Snapshot copies a file into a new one, as of one commit, while another program
// may be writing it: VACUUM INTO reads in one transaction, and readers hold no
// writer up. The copy has no free pages, so nothing that was deleted before is in
// it. Row ids stay, for every table of ours names its own. The copy is durable
// and has been checked (Check) when Snapshot returns; after an error, or if we
// die, a part of it may lie there and is the caller's to remove.
func Snapshot(ctx context.Context, from, to string) error {
	db, err := reading(ctx, from)
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, `VACUUM INTO ?`, to)
	switch err = errors.Join(err, db.Close()); {
	case isFull(err):
		return Explain(to, err)
	case err != nil:
		return Explain(from, err)
	}
	if err := makeDurable(to); err != nil {
		return err
	}
	return Check(ctx, to)
}

// Check reads a file from end to end and refuses a damaged one (PRAGMA
// quick_check, which tests everything but that indexes and tables agree). It
// writes nothing.
func Check(ctx context.Context, path string) error {
	db, err := reading(ctx, path)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }() // only read
	var found []string
	rows, err := db.QueryContext(ctx, `PRAGMA quick_check(5)`)
	if err != nil {
		return Explain(path, err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			return Explain(path, err)
		}
		found = append(found, line)
	}
	if err := rows.Err(); err != nil {
		return Explain(path, err)
	}
	if len(found) != 1 || found[0] != "ok" {
		return Damaged(path).Because(errors.New(strings.Join(found, "; ")))
	}
	return nil
}

// reading opens a file so that SQLite itself refuses to write it.
func reading(ctx context.Context, path string) (*sql.DB, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, domain.Refuse(domain.NotFound, "no-data", "%s does not exist; is --data the folder of an installation?", path).Because(err)
	}
	return connect(ctx, path, url.Values{"mode": {"ro"}, "_pragma": {"busy_timeout(10000)"}})
}

// makeDurable syncs a finished copy, for VACUUM INTO does not, and leaves it to
// its owner alone.
func makeDurable(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("the copy %s: %w", path, err)
	}
	if err := errors.Join(f.Chmod(0o600), f.Sync(), f.Close()); err != nil {
		return domain.Refuse(domain.Unavailable, "disk", "%s cannot be written: the disk is full or failing; free some space", path).Because(err)
	}
	return nil
}
