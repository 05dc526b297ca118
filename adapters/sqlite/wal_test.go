package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// filled is a file whose write-ahead log has taken some commits.
func filled(t *testing.T) *DB {
	t.Helper()
	db, err := Open(t.Context(), filepath.Join(t.TempDir(), "log.db"), Durable)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if _, err := db.Write.Exec("CREATE TABLE x (a)"); err != nil {
		t.Fatal(err)
	}
	write(t, db, 1000)
	return db
}

func write(t *testing.T, db *DB, bytes int) {
	t.Helper()
	if _, err := db.Write.Exec("INSERT INTO x VALUES (zeroblob($1))", bytes); err != nil {
		t.Fatal(err)
	}
}

func walSize(t *testing.T, db *DB) int64 {
	t.Helper()
	info, err := os.Stat(db.Path + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

// holding is a snapshot that a reader holds.
func holding(t *testing.T, db *DB) *sql.Tx {
	t.Helper()
	tx, err := begin(db)
	if err != nil {
		t.Fatal(err)
	}
	return tx
}

func begin(db *DB) (*sql.Tx, error) {
	tx, err := db.Read.Begin()
	if err == nil {
		var n int
		err = tx.QueryRow("SELECT count(*) FROM x").Scan(&n)
	}
	return tx, err
}

func end(t *testing.T, tx *sql.Tx) {
	t.Helper()
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
}

// Readers that overlap for ever: SQLite alone never begins the log anew.
func TestTheWriteAheadLogIsEmptiedUnderOverlappingReaders(t *testing.T) {
	db := filled(t)
	const limit = 1 << 19
	tx := holding(t, db)
	for walSize(t, db) <= walPages*4096*5/4 { // beyond where SQLite tries by itself
		write(t, db, limit/4)
		next := holding(t, db)
		end(t, tx)
		tx = next
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	overlapping := make(chan struct{})
	go func() {
		defer close(overlapping)
		for ctx.Err() == nil {
			next, err := begin(db)
			if err = errors.Join(err, tx.Rollback()); err != nil {
				t.Error(err)
				return
			}
			tx = next
		}
		_ = tx.Rollback()
	}()
	emptied := false
	for range 20 { // it gives up after a moment, and comes again
		done, err := db.trimmer.once(t.Context(), limit)
		if err != nil {
			t.Fatal(err)
		}
		emptied = emptied || done
	}
	stop()
	<-overlapping
	if size := walSize(t, db); !emptied || size > limit {
		t.Errorf("emptied: %v; it has %d bytes", emptied, size)
	}
}

// A long reader keeps what it needs, and what it reads.
func TestALongReaderHoldsTheWriteAheadLog(t *testing.T) {
	db := filled(t)
	tx := holding(t, db)
	write(t, db, 10<<20) // 2,560 pages
	before := walSize(t, db)
	if done, err := db.trimmer.once(t.Context(), 1<<20); done || err != nil {
		t.Fatalf("emptied under a reader: %v, %v", done, err)
	}
	var n int
	if err := tx.QueryRow("SELECT count(*) FROM x").Scan(&n); err != nil || n != 1 {
		t.Errorf("the reader finds %d rows, not 1 (%v)", n, err)
	}
	end(t, tx)
	if done, err := db.trimmer.once(t.Context(), before); done || err != nil {
		t.Errorf("emptied though small enough: %v, %v", done, err)
	}
	if done, err := db.trimmer.once(t.Context(), 1<<20); !done || err != nil || walSize(t, db) != 0 {
		t.Errorf("not emptied after the reader: %v, %v, %d bytes", done, err, walSize(t, db))
	}
}

func TestCloseLeavesOneFile(t *testing.T) {
	db := filled(t)
	if size := walSize(t, db); size == 0 {
		t.Fatal("there is nothing to move")
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if found, err := filepath.Glob(db.Path + "*"); err != nil || len(found) != 1 {
		t.Errorf("after Close there are %v (%v)", found, err)
	}
}

// A reader of another program, such as a backup, does not keep Close.
func TestCloseBesideAReader(t *testing.T) {
	db := filled(t)
	other, err := OpenReadOnly(t.Context(), db.Path)
	if err != nil {
		t.Fatal(err)
	}
	tx := holding(t, other)
	write(t, db, 1000)
	if err := db.Close(); err != nil {
		t.Errorf("beside a reader: %v", err)
	}
	end(t, tx)
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := OpenReadOnly(t.Context(), db.Path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = again.Close() })
	var n int
	if err := again.Read.QueryRow("SELECT count(*) FROM x").Scan(&n); err != nil || n != 2 {
		t.Errorf("it comes back with %d rows, not 2 (%v)", n, err)
	}
}
