package workfile

// What a backup of the file needs.

import (
	"context"

	"imprint/adapters/sqlite"
)

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
