package work_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"imprint/adapters/queries"
	"imprint/adapters/work"
	"imprint/domain"
	"imprint/domain/event"
)

var master = bytes.Repeat([]byte{7}, event.KeySize)

// openKeys opens a key store with a cache of its own.
func openKeys(t *testing.T, db work.Database, master []byte) *work.Keys {
	t.Helper()
	keys, err := work.NewKeys(db, master, func() time.Time { return time.UnixMicro(1) })
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func TestKeysAreMadeOnceAndKept(t *testing.T) {
	onEach(t, func(t *testing.T, db work.Database, _ *clock) {
		ctx, keys := t.Context(), openKeys(t, db, master)
		if _, err := keys.Key(ctx, "person-1"); !errors.Is(err, event.ErrKeyDestroyed) {
			t.Errorf("a key that never was: %v", err)
		}
		made, err := keys.Ensure(ctx, "person-1")
		if err != nil || len(made) != event.KeySize {
			t.Fatalf("%d bytes, %v", len(made), err)
		}
		other, err := keys.Ensure(ctx, "person-2")
		if err != nil || bytes.Equal(made, other) {
			t.Errorf("two keys are the same (%v)", err)
		}
		again := openKeys(t, db, master)
		for name, ask := range map[string]func() ([]byte, error){
			"Key":    func() ([]byte, error) { return again.Key(ctx, "person-1") },
			"Ensure": func() ([]byte, error) { return again.Ensure(ctx, "person-1") },
		} {
			if got, err := ask(); err != nil || !bytes.Equal(got, made) {
				t.Errorf("%s gives another key (%v)", name, err)
			}
		}
		// What a caller does to its copy does not reach the store.
		clear(made)
		if got, err := keys.Key(ctx, "person-1"); err != nil || bytes.Equal(got, made) {
			t.Errorf("the caller's copy is the store's (%v)", err)
		}
	})
}

func TestDestroyedKeyIsGoneForGood(t *testing.T) {
	onEach(t, func(t *testing.T, db work.Database, _ *clock) {
		ctx, keys := t.Context(), openKeys(t, db, master)
		if _, err := keys.Ensure(ctx, "person-1"); err != nil {
			t.Fatal(err)
		}
		for _, id := range []event.KeyID{"person-1", "person-1", "never-made"} { // twice is once
			if err := keys.Destroy(ctx, id); err != nil {
				t.Fatal(err)
			}
		}
		for _, store := range []*work.Keys{keys, openKeys(t, db, master)} {
			for _, id := range []event.KeyID{"person-1", "never-made"} {
				if _, err := store.Key(ctx, id); !errors.Is(err, event.ErrKeyDestroyed) {
					t.Errorf("Key(%s): %v", id, err)
				}
				if _, err := store.Ensure(ctx, id); !errors.Is(err, event.ErrKeyDestroyed) {
					t.Errorf("Ensure(%s): %v", id, err)
				}
			}
		}
		if n := count(t, db, `SELECT count(*) FROM data_keys WHERE wrapped <> $1`, []byte{}); n != 0 {
			t.Errorf("%d destroyed keys still have their bytes", n)
		}
	})
}

func TestKeysAreWrappedAndBoundToTheirID(t *testing.T) {
	onEach(t, func(t *testing.T, db work.Database, _ *clock) {
		ctx, keys := t.Context(), openKeys(t, db, master)
		made, err := keys.Ensure(ctx, "person-1")
		if err != nil {
			t.Fatal(err)
		}
		if n := count(t, db, `SELECT count(*) FROM data_keys WHERE wrapped = $1`, made); n != 0 {
			t.Error("the key stands in the table in the clear")
		}
		err = db.Write(ctx, func(tx work.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO data_keys (id, wrapped, created) SELECT 'person-2', wrapped, 1 FROM data_keys`)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := keys.Key(ctx, "person-2"); domain.KindOf(err) != domain.Internal {
			t.Errorf("a row copied to another id opens: %v", err)
		}
		stranger := openKeys(t, db, bytes.Repeat([]byte{8}, event.KeySize))
		if _, err := stranger.Ensure(ctx, "person-1"); domain.KindOf(err) != domain.Internal {
			t.Errorf("another master key opens it, or a new key was made: %v", err)
		}
		if _, err := work.NewKeys(db, master[1:], time.Now); err == nil {
			t.Error("a short master key was taken")
		}
	})
}

func TestManyAskForOneNewKey(t *testing.T) {
	onEach(t, func(t *testing.T, db work.Database, _ *clock) {
		stores := []*work.Keys{openKeys(t, db, master), openKeys(t, db, master)}
		got := make([][]byte, 16)
		var wg sync.WaitGroup
		for i := range got {
			wg.Go(func() {
				key, err := stores[i%2].Ensure(t.Context(), "person-1")
				if err != nil {
					t.Error(err)
				}
				got[i] = key
			})
		}
		wg.Wait()
		for i := range got {
			if !bytes.Equal(got[i], got[0]) {
				t.Fatal("two callers were given different keys for one id")
			}
		}
	})
}

// counting counts the queries that reach a database.
type counting struct {
	work.Database
	queries int
}

func (c *counting) Query(ctx context.Context, sql string, args ...any) (queries.Rows, error) {
	c.queries++
	return c.Database.Query(ctx, sql, args...)
}

func TestKeysAreLoadedTogether(t *testing.T) {
	onEach(t, func(t *testing.T, db work.Database, _ *clock) {
		ctx, writer := t.Context(), openKeys(t, db, master)
		ids := make([]event.KeyID, 100)
		made := make([][]byte, len(ids))
		for i := range ids {
			ids[i] = event.KeyID(fmt.Sprint("person-", i))
			var err error
			if made[i], err = writer.Ensure(ctx, ids[i]); err != nil {
				t.Fatal(err)
			}
		}
		if err := writer.Destroy(ctx, ids[1]); err != nil {
			t.Fatal(err)
		}
		if err := db.Write(ctx, func(tx work.Tx) error { // as a damaged disk might leave it
			_, err := tx.Exec(ctx, `UPDATE data_keys SET wrapped = $1 WHERE id = $2`, []byte("x"), string(ids[2]))
			return err
		}); err != nil {
			t.Fatal(err)
		}
		asked := &counting{Database: db}
		keys := openKeys(t, asked, master)
		if err := keys.Load(ctx, append(ids, "person-unknown")); err != nil {
			t.Fatal(err)
		}
		if asked.queries > 3 {
			t.Errorf("%d queries for %d keys", asked.queries, len(ids))
		}
		asked.queries = 0
		for i, id := range ids {
			key, err := keys.Key(ctx, id)
			switch {
			case i == 1 && errors.Is(err, event.ErrKeyDestroyed):
			case i == 2 && err != nil && !errors.Is(err, event.ErrKeyDestroyed):
			case i == 1, i == 2, err != nil, !bytes.Equal(key, made[i]):
				t.Errorf("key %d: %v", i, err)
			}
		}
		if asked.queries != 2 { // for the one that is gone, and the damaged one
			t.Errorf("%d queries for keys that were loaded", asked.queries)
		}
		if _, err := keys.Key(ctx, "person-unknown"); !errors.Is(err, event.ErrKeyDestroyed) {
			t.Errorf("a key that never was: %v", err)
		}
	})
}

func TestTheCacheIsBounded(t *testing.T) {
	onEach(t, func(t *testing.T, db work.Database, _ *clock) {
		keys := openKeys(t, db, master)
		keys.FillCache()
		if _, err := keys.Ensure(t.Context(), "person-1"); err != nil {
			t.Fatal(err)
		}
		if keys.Overfull() {
			t.Error("more keys are cached than may be")
		}
	})
}
