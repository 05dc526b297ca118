// What a backup and a check of the work tables need.

package work

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"imprint/adapters/sqlite"
	"imprint/domain/event"
	"imprint/migrations"
)

// OpenReadOnly opens an existing file beside the program that writes it. The
// stores over it can read; what they would write fails.
func OpenReadOnly(ctx context.Context, path string) (*DB, error) {
	tables, err := fs.Sub(migrations.SQLite, "sqlite/work")
	if err != nil {
		return nil, fmt.Errorf("migrations of the work tables: %w", err)
	}
	db, err := sqlite.OpenReadOnly(ctx, path)
	if err != nil {
		return nil, err
	}
	if err := sqlite.CheckMigrated(ctx, db, tables); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &DB{db}, nil
}

// Renew makes a snapshot fit for a log that was copied after it. Cursors and
// checkpoints may be older than the log, for its facts move them on; what is
// committed before the events that rely on it may not:
//
//	data_keys  as they are now: an event never lacks its key, and a key that was
//	           destroyed meanwhile does not come back
//	names      as they are now: a person who joined meanwhile is found again
//	tokens     those that still hold: one revoked meanwhile does not work again.
//	           One issued meanwhile is left out, for its event may be missing
func Renew(ctx context.Context, snapshot, live string) error {
	return sqlite.Overlay(ctx, snapshot, live,
		`INSERT INTO main.data_keys (id, wrapped, created, destroyed) SELECT id, wrapped, created, destroyed FROM live.data_keys WHERE true
		 ON CONFLICT (id) DO UPDATE SET wrapped = excluded.wrapped, destroyed = excluded.destroyed WHERE data_keys.destroyed <> excluded.destroyed`,
		`DELETE FROM main.names WHERE hash NOT IN (SELECT hash FROM live.names)`,
		`INSERT INTO main.names (hash, person) SELECT hash, person FROM live.names WHERE true
		 ON CONFLICT (hash) DO UPDATE SET person = excluded.person`,
		`UPDATE main.tokens SET ended = TRUE WHERE hash NOT IN (SELECT hash FROM live.tokens WHERE NOT ended)`)
}

// Check opens the newest data keys, at most limit, and answers how many there
// are. It fails where the master key is not the one that wrapped them.
func (k *Keys) Check(ctx context.Context, limit int) (opened int, err error) {
	ids, err := k.newest(ctx, limit)
	if err != nil {
		return 0, sqlite.Explain(k.db.Path, err)
	}
	for _, id := range ids {
		if _, err := k.Key(ctx, id); errors.Is(err, event.ErrKeyDestroyed) {
			continue // since it was listed
		} else if err != nil {
			return opened, err
		}
		opened++
	}
	return opened, nil
}

func (k *Keys) newest(ctx context.Context, limit int) ([]event.KeyID, error) {
	rows, err := k.db.Read.QueryContext(ctx, `SELECT id FROM data_keys WHERE destroyed = 0 ORDER BY created DESC LIMIT $1`, limit)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var ids []event.KeyID
	for rows.Next() {
		var id event.KeyID
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}
