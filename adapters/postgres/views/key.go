package views

// Primary keys, made when they are first needed. While a table is loaded most of its
// rows are new and are looked for by nobody; to keep an index of keys in random order
// for them costs more than to make it at the end. So a table begins without, and gets
// its key before the first row of it is looked for, replaced or deleted: at once where
// rows change, as those of documents do, and with the other indexes where they never do.

import (
	"context"
	"sync"

	"github.com/jackc/pgx/v5"

	"imprint/projections"
)

// keyed are tables that are known to have their key. It is never taken away.
type keyed struct {
	mu     sync.Mutex
	tables map[string]bool
}

func (k *keyed) has(table string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.tables[table]
}

func (k *keyed) learn(table string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.tables[table] = true
}

// key makes the key of a table where it is missing; of several callers one does.
// It is a transaction of its own: if we crash behind it, a key is there.
func (s *Store) key(ctx context.Context, g projections.Generation, t *projections.Table) error {
	name := tableName(g, t)
	if s.keyed.has(name) {
		return nil
	}
	err := pgx.BeginFunc(ctx, s.db.Write, func(tx pgx.Tx) error {
		// An index that is there is found without a lock that writers wait for.
		there := false
		err := tx.QueryRow(ctx, `SELECT to_regclass($1) IS NOT NULL`, "imprint_views."+name+keySuffix).Scan(&there)
		if err != nil || there {
			return err
		}
		if err := define(ctx, tx, unhurried...); err != nil {
			return err
		}
		return define(ctx, tx, createKey(g, t))
	})
	if err == nil {
		s.keyed.learn(name)
	}
	return err
}
