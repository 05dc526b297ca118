package sqlite

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"imprint/domain"
)

// use opens a file as the program does and reads it to the end.
func use(ctx context.Context, path string) error {
	db, err := Open(ctx, path, Durable)
	if err != nil {
		return err
	}
	if err = Migrate(ctx, db, older); err == nil {
		var n int
		err = Explain(path, db.Read.QueryRowContext(ctx, "SELECT count(*) FROM a WHERE x > 0").Scan(&n))
	}
	return errors.Join(err, db.Close())
}

func TestDamagedFilesAreNamedWithTheirRemedy(t *testing.T) {
	good := filepath.Join(t.TempDir(), "good.db")
	db, err := Open(t.Context(), good, Durable)
	if err != nil {
		t.Fatal(err)
	}
	if err := Migrate(t.Context(), db, older); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Write.Exec(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) INSERT INTO a SELECT i FROM n`); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	garbage := append([]byte(nil), whole...)
	for i := 4096; i < len(garbage); i++ {
		garbage[i] = byte(i * 7)
	}
	for name, text := range map[string][]byte{
		"cut in the middle":     whole[:len(whole)/2],
		"cut within a page":     whole[:len(whole)-1000],
		"cut within the header": whole[:50],
		"garbage inside":        garbage,
		"another kind of file":  []byte(strings.Repeat("this is not a database. ", 20)),
		"another program's":     foreign(t),
	} {
		path := filepath.Join(t.TempDir(), "x.db")
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		err := use(t.Context(), path)
		told(t, name, err, path, "imprint restore")
		told(t, name, ExplainRebuildable(path, err), path, "rm -f ", path+"-wal", path+"-shm", "builds it anew")
		if kept := ExplainRebuildable(filepath.Join(t.TempDir(), "views.db"), err); kept != err {
			t.Errorf("%s: the remedy of one file is told of another: %v", name, kept)
		}
	}
	if err := use(t.Context(), good); err != nil {
		t.Errorf("the good file: %v", err)
	}
}

// foreign is a database of another program.
func foreign(t *testing.T) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "foreign.db")
	db, err := Open(t.Context(), path, Durable)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Write.Exec("CREATE TABLE bookmarks (url)"); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// told wants a refusal of a damaged file that names all of these.
func told(t *testing.T, name string, err error, names ...string) {
	t.Helper()
	var refused *domain.Error
	if !errors.As(err, &refused) || refused.Kind != domain.Unavailable || refused.Code != DamagedFile {
		t.Errorf("%s: %v", name, err)
		return
	}
	for _, n := range names {
		if !strings.Contains(refused.Message, n) {
			t.Errorf("%s: %q does not name %q", name, refused.Message, n)
		}
	}
}
