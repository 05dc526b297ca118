package work_test

// The engines that every test runs on.

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"imprint/adapters/postgres"
	"imprint/adapters/postgres/postgrestest"
	"imprint/adapters/postgres/worktables"
	"imprint/adapters/sqlite/workfile"
	"imprint/adapters/work"
)

// clock is the database's.
type clock struct{ now time.Time }

// onEach runs a test on every engine, each with empty tables.
func onEach(t *testing.T, test func(t *testing.T, db work.Database, c *clock)) {
	t.Run("sqlite", func(t *testing.T) {
		c := &clock{now: monday}
		db, err := workfile.Open(t.Context(), filepath.Join(t.TempDir(), "work.db"), func() time.Time { return c.now })
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = db.Close() })
		test(t, db, c)
	})
	t.Run("postgres", func(t *testing.T) {
		c := &clock{now: monday}
		db, err := postgres.Open(t.Context(), postgres.Options{URL: postgrestest.Database(t), MaxConns: 8})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(db.Close)
		tables, err := worktables.Open(t.Context(), db)
		if err != nil {
			t.Fatal(err)
		}
		test(t, timed{tables, c}, c)
	})
}

// timed is a database with another clock.
type timed struct {
	work.Database
	clock *clock
}

func (d timed) Clock(context.Context) (time.Time, error) { return d.clock.now, nil }

// count answers a query for one number.
func count(t *testing.T, db work.Database, query string, args ...any) (n int) {
	t.Helper()
	rows, err := db.Query(t.Context(), query, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(&n); err != nil {
			t.Fatal(err)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return n
}
