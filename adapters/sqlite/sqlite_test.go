package sqlite

import (
	"os"
	"path/filepath"
	"testing"
)

func TestOpenSetsTheDurability(t *testing.T) {
	for d, want := range map[Durability]int{Durable: 2, Rebuildable: 1, Scratch: 0} {
		db, err := Open(t.Context(), filepath.Join(t.TempDir(), "a b%?#.db"), d)
		if err != nil {
			t.Fatal(err)
		}
		var mode string
		var sync, pages int
		if err := db.Write.QueryRow("PRAGMA journal_mode").Scan(&mode); err != nil {
			t.Fatal(err)
		}
		if err := db.Write.QueryRow("PRAGMA synchronous").Scan(&sync); err != nil {
			t.Fatal(err)
		}
		if err := db.Write.QueryRow("PRAGMA wal_autocheckpoint").Scan(&pages); err != nil {
			t.Fatal(err)
		}
		if mode != "wal" || sync != want || (pages == walPages) != (d == Durable) {
			t.Errorf("%s: journal %s, synchronous %d (want wal, %d), %d pages gather", d, mode, sync, want, pages)
		}
		if _, err := db.Read.Exec("CREATE TABLE x (a)"); err == nil {
			t.Error("the reading pool wrote")
		}
		if _, err := db.Write.Exec("CREATE TABLE x (a)"); err != nil {
			t.Fatal(err)
		}
		for _, suffix := range []string{"", "-wal", "-shm"} {
			info, err := os.Stat(db.Path + suffix)
			if err != nil {
				t.Fatalf("the file is not where it was asked for: %v", err)
			}
			if info.Mode().Perm() != 0o600 {
				t.Errorf("%s%s is %s: not its owner's alone", d, suffix, info.Mode())
			}
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
}
