package work

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"imprint/domain"
	"imprint/domain/event"
)

var master = bytes.Repeat([]byte{7}, event.KeySize)

func openKeys(t *testing.T, path string, master []byte) *Keys {
	t.Helper()
	db, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	keys, err := NewKeys(db, master, func() time.Time { return time.UnixMicro(1) })
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func TestKeysAreMadeOnceAndKept(t *testing.T) {
	ctx, path := t.Context(), filepath.Join(t.TempDir(), "work.db")
	keys := openKeys(t, path, master)
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

	// Another opening of the file, with a cache of its own, finds the same key.
	again := openKeys(t, path, master)
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
}

func TestDestroyedKeyIsGoneForGood(t *testing.T) {
	ctx, path := t.Context(), filepath.Join(t.TempDir(), "work.db")
	keys := openKeys(t, path, master)
	if _, err := keys.Ensure(ctx, "person-1"); err != nil {
		t.Fatal(err)
	}
	var wrapped []byte
	if err := keys.db.Read.QueryRow(`SELECT wrapped FROM data_keys`).Scan(&wrapped); err != nil {
		t.Fatal(err)
	}
	if !fileHolds(t, path, wrapped) {
		t.Fatal("the wrapped key is not found in the files; the search below would prove nothing")
	}
	for _, id := range []event.KeyID{"person-1", "person-1", "never-made"} { // twice is once
		if err := keys.Destroy(ctx, id); err != nil {
			t.Fatal(err)
		}
	}
	for _, store := range []*Keys{keys, openKeys(t, path, master)} {
		for _, id := range []event.KeyID{"person-1", "never-made"} {
			if _, err := store.Key(ctx, id); !errors.Is(err, event.ErrKeyDestroyed) {
				t.Errorf("Key(%s): %v", id, err)
			}
			if _, err := store.Ensure(ctx, id); !errors.Is(err, event.ErrKeyDestroyed) {
				t.Errorf("Ensure(%s): %v", id, err)
			}
		}
	}
	if fileHolds(t, path, wrapped) {
		t.Error("the destroyed key is still in the file")
	}
}

func fileHolds(t *testing.T, path string, needle []byte) bool {
	t.Helper()
	for _, suffix := range []string{"", "-wal"} {
		text, err := os.ReadFile(path + suffix)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		if bytes.Contains(text, needle) {
			return true
		}
	}
	return false
}

func TestKeysAreWrappedAndBoundToTheirID(t *testing.T) {
	ctx, path := t.Context(), filepath.Join(t.TempDir(), "work.db")
	keys := openKeys(t, path, master)
	made, err := keys.Ensure(ctx, "person-1")
	if err != nil {
		t.Fatal(err)
	}
	if fileHolds(t, path, made) {
		t.Error("the key stands in the file in the clear")
	}
	if _, err := keys.db.Write.Exec(`INSERT INTO data_keys (id, wrapped, created) SELECT 'person-2', wrapped, 1 FROM data_keys`); err != nil {
		t.Fatal(err)
	}
	if _, err := keys.Key(ctx, "person-2"); domain.KindOf(err) != domain.Internal {
		t.Errorf("a row copied to another id opens: %v", err)
	}
	stranger := openKeys(t, path, bytes.Repeat([]byte{8}, event.KeySize))
	if _, err := stranger.Ensure(ctx, "person-1"); domain.KindOf(err) != domain.Internal {
		t.Errorf("another master key opens it, or a new key was made: %v", err)
	}
	if _, err := NewKeys(keys.db, master[1:], time.Now); err == nil {
		t.Error("a short master key was taken")
	}
}

func TestManyAskForOneNewKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "work.db")
	stores := []*Keys{openKeys(t, path, master), openKeys(t, path, master)}
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
}

func TestTheCacheIsBounded(t *testing.T) {
	keys := openKeys(t, filepath.Join(t.TempDir(), "work.db"), master)
	for i := range maxCachedKeys {
		keys.cache[event.KeyID(rune(i))] = nil
	}
	if _, err := keys.Ensure(t.Context(), "person-1"); err != nil {
		t.Fatal(err)
	}
	if len(keys.cache) > maxCachedKeys {
		t.Errorf("%d keys are cached", len(keys.cache))
	}
}
