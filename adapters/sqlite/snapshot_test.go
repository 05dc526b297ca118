package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"imprint/domain"
)

// numbers makes a file in which every commit leaves two tables with equal sums.
func numbers(t *testing.T) *DB {
	t.Helper()
	db, err := Open(t.Context(), filepath.Join(t.TempDir(), "a b%?#.db"), Durable)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	for _, text := range []string{
		`CREATE TABLE a (id INTEGER PRIMARY KEY, n bigint NOT NULL, words text NOT NULL)`,
		`CREATE TABLE b (id INTEGER PRIMARY KEY, n bigint NOT NULL)`,
		`CREATE VIRTUAL TABLE a_fts USING fts5(words, content='a', content_rowid='id')`,
		`CREATE TRIGGER a_added AFTER INSERT ON a BEGIN INSERT INTO a_fts(rowid, words) VALUES (new.id, new.words); END`,
	} {
		if _, err := db.Write.Exec(text); err != nil {
			t.Fatal(err)
		}
	}
	return db
}

func add(ctx context.Context, db *DB, n int) error {
	tx, err := db.Write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	// Row ids with gaps: a copy that numbers rows anew would lose the full text.
	_, err = tx.Exec(`INSERT INTO a (id, n, words) VALUES ($1, $2, $3)`, 10*n, n, fmt.Sprintf("word%d", n))
	if err == nil {
		_, err = tx.Exec(`INSERT INTO b (n) VALUES ($1)`, n)
	}
	if err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

func TestSnapshotIsOneMomentOfAFileBeingWritten(t *testing.T) {
	db := numbers(t)
	if err := add(t.Context(), db, 1); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var writer sync.WaitGroup
	writer.Go(func() {
		for n := 2; ctx.Err() == nil; n++ {
			if err := add(context.WithoutCancel(ctx), db, n); err != nil {
				t.Error(err)
				return
			}
		}
	})
	for i := range 5 {
		to := filepath.Join(t.TempDir(), "copy.db")
		if err := Snapshot(t.Context(), db.Path, to); err != nil {
			t.Fatal(err)
		}
		copied, err := OpenReadOnly(t.Context(), to)
		if err != nil {
			t.Fatal(err)
		}
		var a, b, last, found int64
		if err := copied.Read.QueryRow(`SELECT (SELECT sum(n) FROM a), (SELECT sum(n) FROM b), (SELECT max(n) FROM a)`).Scan(&a, &b, &last); err != nil {
			t.Fatal(err)
		}
		if a != b || a != last*(last+1)/2 {
			t.Errorf("copy %d holds %d and %d up to %d: not one moment", i, a, b, last)
		}
		if err := copied.Read.QueryRow(`SELECT a.n FROM a_fts JOIN a ON a.id = a_fts.rowid WHERE a_fts MATCH $1`, fmt.Sprintf("word%d", last)).Scan(&found); err != nil || found != last {
			t.Errorf("the full text leads to %d, not %d: %v", found, last, err)
		}
		if info, err := os.Stat(to); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("the copy can be read by others: %v %v", info.Mode(), err)
		}
		if err := copied.Close(); err != nil {
			t.Error(err)
		}
	}
	stop()
	writer.Wait()
}

func TestSnapshotOfAClosedFile(t *testing.T) {
	db := numbers(t)
	if err := add(t.Context(), db, 1); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil { // no write-ahead log is left beside it
		t.Fatal(err)
	}
	if err := Snapshot(t.Context(), db.Path, filepath.Join(t.TempDir(), "copy.db")); err != nil {
		t.Fatal(err)
	}
}

func TestCheckNamesWhatIsDamaged(t *testing.T) {
	db := numbers(t)
	for n := range 2000 {
		if err := add(t.Context(), db, n+1); err != nil {
			t.Fatal(err)
		}
	}
	if err := Check(t.Context(), db.Path); err != nil {
		t.Fatalf("a sound file: %v", err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(db.Path)
	if err != nil {
		t.Fatal(err)
	}
	overwritten := append([]byte(nil), whole...)
	copy(overwritten[len(whole)/2&^4095:], make([]byte, 8192))
	for name, damaged := range map[string][]byte{"truncated": whole[:len(whole)/2], "overwritten": overwritten, "foreign": []byte("a letter, not a database; and long enough to be told from an empty file")} {
		path := filepath.Join(t.TempDir(), "damaged.db")
		if err := os.WriteFile(path, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		var refused *domain.Error
		if err := Check(t.Context(), path); !errors.As(err, &refused) || refused.Code != "damaged-file" {
			t.Errorf("%s: %v", name, err)
		}
		if err := Snapshot(t.Context(), path, filepath.Join(t.TempDir(), "copy.db")); err == nil {
			t.Errorf("%s: copied as if it were whole", name)
		}
	}
	if err := Check(t.Context(), filepath.Join(t.TempDir(), "none.db")); domain.KindOf(err) != domain.NotFound {
		t.Errorf("a missing file: %v", err)
	}
}
