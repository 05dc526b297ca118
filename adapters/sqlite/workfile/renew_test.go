package workfile_test

import (
	"bytes"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"

	"imprint/adapters/sqlite"
	"imprint/adapters/sqlite/workfile"
	"imprint/adapters/work"
	"imprint/domain/access"
	"imprint/domain/event"
	"imprint/domain/person"
)

func TestRenewTakesWhatEventsRelyOnAndRevivesNothing(t *testing.T) {
	ctx, dir := t.Context(), t.TempDir()
	live, err := workfile.Open(ctx, filepath.Join(dir, "work.db"), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = live.Close() }()
	master := bytes.Repeat([]byte{7}, event.KeySize)
	keys, err := work.NewKeys(live, master, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	names, tokens := work.NewNames(live), work.NewTokens(live)
	token := func(n byte) person.Token {
		return person.Token{ID: uuid.UUID{n}, Person: uuid.UUID{9}, Role: access.Auditor, Expires: time.UnixMicro(1)}
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, id := range []event.KeyID{"stays", "erased"} {
		_, err := keys.Ensure(ctx, id)
		must(err)
	}
	must(tokens.Put(ctx, []byte("holds"), token(1)))
	must(tokens.Put(ctx, []byte("revoked"), token(2)))
	snapshot := filepath.Join(dir, "copy.db")
	must(sqlite.Snapshot(ctx, live.Path, snapshot))

	made, err := keys.Ensure(ctx, "made since")
	must(err)
	must(keys.Destroy(ctx, "erased"))
	_, err = names.Claim(ctx, []byte("joined since"), uuid.UUID{3})
	must(err)
	must(tokens.End(ctx, uuid.UUID{2}))
	must(tokens.Put(ctx, []byte("issued since"), token(3)))
	must(workfile.Renew(ctx, snapshot, live.Path))

	copied, err := workfile.OpenReadOnly(ctx, snapshot)
	must(err)
	defer func() { _ = copied.Close() }()
	restored, err := work.NewKeys(copied, master, time.Now)
	must(err)
	if key, err := restored.Key(ctx, "made since"); err != nil || !bytes.Equal(key, made) {
		t.Errorf("a key made after the snapshot: %v", err)
	}
	if _, err := restored.Key(ctx, "erased"); !errors.Is(err, event.ErrKeyDestroyed) {
		t.Errorf("a destroyed key has come back: %v", err)
	}
	if n, err := restored.Check(ctx, 10); err != nil || n != 2 {
		t.Errorf("%d keys open, not 2: %v", n, err)
	}
	if who, found, err := work.NewNames(copied).Find(ctx, []byte("joined since")); err != nil || !found || who != (uuid.UUID{3}) {
		t.Errorf("whoever joined after the snapshot is lost: %v %v", found, err)
	}
	for hash, want := range map[string]bool{"holds": true, "revoked": false, "issued since": false} {
		if _, found, err := work.NewTokens(copied).Find(ctx, []byte(hash)); err != nil || found != want {
			t.Errorf("token %q: found %v (%v)", hash, found, err)
		}
	}
	stranger, err := work.NewKeys(copied, bytes.Repeat([]byte{8}, event.KeySize), time.Now)
	must(err)
	if _, err := stranger.Check(ctx, 10); err == nil {
		t.Error("another master key passed the check")
	}
}
