package workfile_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"imprint/adapters/sqlite/workfile"
	"imprint/adapters/work"
	"imprint/domain/event"
)

// TestErasedBytesLeaveTheFiles: the row of a destroyed key is overwritten, and so
// must be what lies beneath.
func TestErasedBytesLeaveTheFiles(t *testing.T) {
	ctx, path := t.Context(), filepath.Join(t.TempDir(), "work.db")
	db, err := workfile.Open(ctx, path, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	keys, err := work.NewKeys(db, bytes.Repeat([]byte{7}, event.KeySize), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := keys.Ensure(ctx, "person-1"); err != nil {
		t.Fatal(err)
	}
	var wrapped []byte
	rows, err := db.Query(ctx, `SELECT wrapped FROM data_keys`)
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		if err := rows.Scan(&wrapped); err != nil {
			t.Fatal(err)
		}
	}
	rows.Close()
	if !held(t, path, wrapped) {
		t.Fatal("the wrapped key is not found in the files; the search below would prove nothing")
	}
	if err := keys.Destroy(ctx, "person-1"); err != nil {
		t.Fatal(err)
	}
	if held(t, path, wrapped) {
		t.Error("the destroyed key is still in the file")
	}
}

// held searches the file and its write-ahead log.
func held(t *testing.T, path string, needle []byte) bool {
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
