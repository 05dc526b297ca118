package work_test

// Copies of rows that others go on writing.

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"

	"imprint/adapters/postgres"
	"imprint/adapters/postgres/postgrestest"
	"imprint/adapters/postgres/worktables"
	"imprint/adapters/sqlite/workfile"
	"imprint/adapters/work"
	"imprint/domain/access"
	"imprint/domain/event"
	"imprint/domain/person"
)

// backupFile is a new file for copied rows, with its path.
func backupFile(t *testing.T) (*workfile.DB, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "copy.db")
	file, err := workfile.Open(t.Context(), path, time.Now)
	must(t, err)
	t.Cleanup(func() { _ = file.Close() })
	return file, path
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestRenewTakesWhatEventsRelyOnAndRevivesNothing(t *testing.T) {
	onEach(t, func(t *testing.T, live work.Database, _ *clock) {
		ctx := t.Context()
		master := bytes.Repeat([]byte{7}, event.KeySize)
		keys, err := work.NewKeys(live, master, time.Now)
		must(t, err)
		names, tokens, requests := work.NewNames(live), work.NewTokens(live), work.NewRequests(live)
		token := func(n byte) person.Token {
			return person.Token{ID: uuid.UUID{n}, Person: uuid.UUID{9}, Role: access.Auditor, Expires: time.UnixMicro(1)}
		}
		for _, id := range []event.KeyID{"stays", "erased"} {
			_, err := keys.Ensure(ctx, id)
			must(t, err)
		}
		_, err = names.Claim(ctx, []byte("given up since"), uuid.UUID{4})
		must(t, err)
		must(t, tokens.Put(ctx, []byte("holds"), token(1)))
		must(t, tokens.Put(ctx, []byte("revoked"), token(2)))
		at := event.Checkpoint{Position: "a place", Ordinal: 7, LogTime: monday}
		must(t, work.Finish(ctx, live, at))
		log, err := work.NewServed(live).Claim(ctx, uuid.New())
		must(t, err)

		copied, path := backupFile(t)
		rows := work.Copy{From: live, To: copied}
		if n, err := rows.Mirror(ctx); n != 5 || err != nil {
			t.Errorf("%d rows are copied, not 5: %v", n, err)
		}
		if has, err := work.NewDigests(copied).Checkpoint(ctx); has != at || err != nil {
			t.Errorf("the digests' place is %+v, not %+v: %v", has, at, err)
		}
		if bound, known, err := work.NewServed(copied).Log(ctx); bound != log || !known || err != nil {
			t.Errorf("the copy goes with the log %s, and the rows with %s: %v", bound, log, err)
		}
		var wrapped []byte
		must(t, first(ctx, copied, &wrapped, `SELECT wrapped FROM data_keys WHERE id = 'erased'`))

		made, err := keys.Ensure(ctx, "made since")
		must(t, err)
		must(t, keys.Destroy(ctx, "erased"))
		_, err = names.Claim(ctx, []byte("joined since"), uuid.UUID{3})
		must(t, err)
		must(t, change(ctx, live, `DELETE FROM names WHERE hash = $1`, []byte("given up since")))
		must(t, tokens.End(ctx, uuid.UUID{2}))
		must(t, tokens.Put(ctx, []byte("issued since"), token(3)))
		_, _, err = requests.Claim(ctx, uuid.UUID{5}, "document-a", "print", monday)
		must(t, err)
		_, err = rows.Renew(ctx)
		must(t, err)

		restored, err := work.NewKeys(copied, master, time.Now)
		must(t, err)
		if key, err := restored.Key(ctx, "made since"); err != nil || !bytes.Equal(key, made) {
			t.Errorf("a key made after the rows were copied: %v", err)
		}
		if _, err := restored.Key(ctx, "erased"); !errors.Is(err, event.ErrKeyDestroyed) {
			t.Errorf("a destroyed key has come back: %v", err)
		}
		if n, err := restored.Check(ctx, 10); err != nil || n != 2 {
			t.Errorf("%d keys open, not 2: %v", n, err)
		}
		for hash, want := range map[string]bool{"joined since": true, "given up since": false} {
			if _, found, err := work.NewNames(copied).Find(ctx, []byte(hash)); err != nil || found != want {
				t.Errorf("name %q: found %v (%v)", hash, found, err)
			}
		}
		for hash, want := range map[string]bool{"holds": true, "revoked": false, "issued since": false} {
			if _, found, err := work.NewTokens(copied).Find(ctx, []byte(hash)); err != nil || found != want {
				t.Errorf("token %q: found %v (%v)", hash, found, err)
			}
		}
		if stream, _, err := work.NewRequests(copied).Claim(ctx, uuid.UUID{5}, "document-b", "print", monday); err != nil || stream != "document-a" {
			t.Errorf("the id of a request made after the rows were copied is free again, for %s: %v", stream, err)
		}
		for _, suffix := range []string{"", "-wal"} {
			if text, err := os.ReadFile(path + suffix); err != nil && !errors.Is(err, os.ErrNotExist) || bytes.Contains(text, wrapped) {
				t.Errorf("the copy still holds the destroyed bytes (%v)", err)
			}
		}
	})
}

func first(ctx context.Context, db work.Database, to any, query string) error {
	rows, err := db.Query(ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	if !rows.Next() {
		return errors.Join(errors.New("no row"), rows.Err())
	}
	return rows.Scan(to)
}

func change(ctx context.Context, db work.Database, text string, args ...any) error {
	return db.Write(ctx, func(tx work.Tx) error {
		_, err := tx.Exec(ctx, text, args...)
		return err
	})
}

// What is copied of rows that change meanwhile is as of one moment, across tables.
func TestRowsAreMirroredAsOfOneMoment(t *testing.T) {
	ctx := t.Context()
	db, err := postgres.Open(ctx, postgres.Options{URL: postgrestest.Database(t), MaxConns: 4})
	must(t, err)
	t.Cleanup(db.Close)
	live, err := worktables.Open(ctx, db)
	must(t, err)
	names := work.NewNames(live)
	_, err = names.Claim(ctx, []byte("before"), uuid.UUID{1})
	must(t, err)
	copied, _ := backupFile(t)
	must(t, live.Frozen(ctx, func(at work.Source) error {
		if _, err := (work.Copy{From: at, To: copied}).Renew(ctx); err != nil { // the moment is that of the first query
			return err
		}
		if _, err := names.Claim(ctx, []byte("after"), uuid.UUID{2}); err != nil {
			return err
		}
		if err := work.Finish(ctx, live, event.Checkpoint{Position: "later", Ordinal: 9, LogTime: monday}); err != nil {
			return err
		}
		_, err := work.Copy{From: at, To: copied}.Mirror(ctx)
		return err
	}))
	if n := count(t, copied, `SELECT count(*) FROM names`); n != 1 {
		t.Errorf("%d names were copied, not 1", n)
	}
	if at, err := work.NewDigests(copied).Checkpoint(ctx); at.Ordinal != 0 || err != nil {
		t.Errorf("the digests' place is that of another moment: %+v, %v", at, err)
	}
}
