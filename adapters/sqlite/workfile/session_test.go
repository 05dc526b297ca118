package workfile_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"imprint/adapters/sqlite/workfile"
	"imprint/adapters/work"
)

// TestATransactionIsWholeOrNothing: whatever ends it in the middle, the next one
// begins on the file as it was before, and statements stay usable.
func TestATransactionIsWholeOrNothing(t *testing.T) {
	db, err := workfile.Open(t.Context(), filepath.Join(t.TempDir(), "work.db"), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	put := func(ctx context.Context, tx work.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO names (hash, person) VALUES ($1, $1)`, []byte("x"))
		return err
	}
	names := func() (n int) {
		t.Helper()
		rows, err := db.Query(t.Context(), `SELECT count(*) FROM names`)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		for rows.Next() {
			if err := rows.Scan(&n); err != nil {
				t.Fatal(err)
			}
		}
		return n
	}
	refused := errors.New("the caller has changed its mind")
	for name, end := range map[string]func(ctx context.Context, tx work.Tx) error{
		"the caller's own error": func(context.Context, work.Tx) error { return refused },
		"a statement that fails": put, // the same hash twice
		"one that does not parse": func(ctx context.Context, tx work.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO nothing`)
			return err
		},
		"an end from below": func(ctx context.Context, tx work.Tx) error {
			_, err := tx.Exec(ctx, `ROLLBACK`) // as SQLite does itself when the disk is full
			return errors.Join(err, refused)
		},
	} {
		if err := db.Write(t.Context(), func(tx work.Tx) error {
			return errors.Join(put(t.Context(), tx), end(t.Context(), tx))
		}); err == nil {
			t.Errorf("%s: no error", name)
		}
		if n := names(); n != 0 {
			t.Errorf("%s: %d names are left", name, n)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	err = db.Write(ctx, func(tx work.Tx) error {
		err := put(ctx, tx)
		cancel()
		return err
	})
	if n := names(); err != nil || n != 1 {
		t.Errorf("what was done when the context ended: %v, %d names", err, n)
	}
	if err := db.Write(ctx, func(tx work.Tx) error { return put(ctx, tx) }); !errors.Is(err, context.Canceled) {
		t.Errorf("after its end: %v", err)
	}
}
