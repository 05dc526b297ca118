package postgrestest_test

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"imprint/adapters/postgres"
	"imprint/adapters/postgres/postgrestest"
)

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func exec1(t *testing.T, conn *pgx.Conn, text string) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), text); err != nil {
		t.Fatal(err)
	}
}

func TestDatabasesAreMigratedAndApart(t *testing.T) {
	var urls []string
	t.Run("two", func(t *testing.T) {
		for range 2 {
			url := postgrestest.Database(t)
			urls = append(urls, url)
			db, err := postgres.Open(t.Context(), postgres.Options{URL: url})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(db.Close)
			if err := postgres.Check(t.Context(), db); err != nil {
				t.Error(err)
			}
		}
		exec1(t, connect(t, urls[0]), `CREATE TABLE mine (x bigint)`)
		exec1(t, connect(t, urls[1]), `CREATE TABLE mine (x bigint)`)
		var ofALanguage bool
		if err := connect(t, urls[0]).QueryRow(t.Context(), `SELECT 'a' < 'B'`).Scan(&ofALanguage); err != nil || os.Getenv("IMPRINT_TEST_POSTGRES") == "" && !ofALanguage {
			t.Errorf("text sorts by bytes, which would hide a forgotten collation: %v", err)
		}
	})
	for _, url := range urls {
		if conn, err := pgx.Connect(t.Context(), url); err == nil {
			_ = conn.Close(t.Context())
			t.Error("a database outlived its test")
		}
	}
}

func TestADurableServerKeepsWhatItCommittedThroughAKill(t *testing.T) {
	s := postgrestest.Start(t, postgrestest.Options{Durable: true, Loopback: true})
	conn := connect(t, s.LoopbackURL("postgres"))
	exec1(t, conn, `CREATE TABLE kept (x bigint)`)
	exec1(t, conn, `INSERT INTO kept VALUES (7)`)
	s.Kill(t)
	if _, err := pgx.Connect(t.Context(), s.LoopbackURL("postgres")); err == nil {
		t.Error("a killed server answers")
	}
	s.Restart(t)
	var x int64
	if err := connect(t, s.LoopbackURL("postgres")).QueryRow(t.Context(), `SELECT x FROM kept`).Scan(&x); err != nil || x != 7 {
		t.Errorf("after the restart: %d, %v", x, err)
	}
	s.Stop(t)
	s.Restart(t)
	connect(t, s.URL("postgres"))
}

// TestNoServerOutlivesAKilledTest kills a test process that has a server, and
// waits until the server's folder is gone.
func TestNoServerOutlivesAKilledTest(t *testing.T) {
	if os.Getenv("IMPRINT_TEST_VICTIM") != "" {
		s := postgrestest.Start(t, postgrestest.Options{})
		_, _ = os.Stdout.WriteString("server " + s.URL("postgres") + "\n")
		select {}
	}
	postgrestest.Start(t, postgrestest.Options{}) // or is skipped
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	victim := exec.Command(self, "-test.run=^TestNoServerOutlivesAKilledTest$")
	victim.Env = append(os.Environ(), "IMPRINT_TEST_VICTIM=1")
	out, err := victim.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	url := ""
	for lines := bufio.NewScanner(out); url == "" && lines.Scan(); {
		url, _ = strings.CutPrefix(lines.Text(), "server ")
	}
	config, err := pgx.ParseConfig(url)
	if err != nil || !filepath.IsAbs(config.Host) {
		t.Fatalf("the child said %q: %v", url, err)
	}
	if _, err := os.Stat(config.Host); err != nil {
		t.Fatal(err)
	}
	if err := victim.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = victim.Wait()
	for _, err = os.Stat(config.Host); err == nil; _, err = os.Stat(config.Host) {
		select {
		case <-t.Context().Done():
			t.Fatal("the server's folder is still there")
		case <-time.After(20 * time.Millisecond):
		}
	}
}
