package postgres_test

// An address that leads to another database than before.

import (
	"context"
	"errors"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"imprint/adapters/postgres"
	"imprint/adapters/postgres/postgrestest"
	"imprint/domain"
)

// serving makes a database that serves a log, and answers its address and name.
func serving(t *testing.T, log uuid.UUID) (address, database string) {
	t.Helper()
	address = postgrestest.Database(t)
	conn, err := pgx.Connect(t.Context(), address)
	ok(t, err)
	_, err = conn.Exec(t.Context(), `INSERT INTO imprint_work.served_log (one, log) VALUES (1, $1)`, log[:])
	ok(t, err)
	ok(t, conn.Close(t.Context()))
	return address, conn.Config().Database
}

func TestAnotherDatabaseIsRefused(t *testing.T) {
	ours, theirs := uuid.New(), uuid.New()
	address, mine := serving(t, ours)
	strange, other := serving(t, theirs)

	mixed, err := postgres.Open(t.Context(), postgres.Options{URL: address, ReadURL: strange})
	ok(t, err)
	defer mixed.Close()
	if err := mixed.Read.Ping(t.Context()); err != nil { // before anybody said whose it is
		t.Error(err)
	}
	err = mixed.Expect(t.Context(), ours)
	told(t, err, "another-database")
	told(t, postgres.Explain(mixed.Read.Ping(t.Context())), "another-database")
	ok(t, mixed.Write.Ping(t.Context()))

	db, err := postgres.Open(t.Context(), postgres.Options{URL: address, ReadURL: address})
	ok(t, err)
	defer db.Close()
	ok(t, db.Expect(t.Context(), ours))
	ok(t, db.CheckReplica(t.Context()))
	away, err := postgres.Open(t.Context(), postgres.Options{URL: address, ReadURL: "postgres://writer:hunter2@127.0.0.1:1/absent"})
	ok(t, err)
	defer away.Close()
	ok(t, away.Expect(t.Context(), ours)) // it may come later
	told(t, away.CheckReplica(t.Context()), "database-unreachable")

	// While the program runs, the two databases take each other's names.
	admin, err := pgx.Connect(t.Context(), strange)
	ok(t, err)
	swap := func() {
		t.Helper()
		_, err := admin.Exec(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname IN ($1, $2) AND pid <> pg_backend_pid()`, mine, other)
		ok(t, err)
		ok(t, admin.Close(t.Context()))
		config := admin.Config()
		config.Database = "postgres"
		admin, err = pgx.ConnectConfig(t.Context(), config)
		ok(t, err)
		for _, names := range [][2]string{{mine, mine + "_between"}, {other, mine}, {mine + "_between", other}} {
			_, err := admin.Exec(t.Context(), "ALTER DATABASE "+names[0]+" RENAME TO "+names[1])
			ok(t, err)
		}
	}
	swap()
	for _, pool := range []interface {
		Exec(context.Context, string, ...any) (pgconn.CommandTag, error)
	}{db.Write, db.Read} {
		for code := ""; code != "another-database"; {
			_, err := pool.Exec(t.Context(), `SELECT 1`)
			var said *domain.Error
			if !errors.As(postgres.Explain(err), &said) || said.Kind != domain.Unavailable {
				t.Fatalf("the other database answered: %v", err)
			}
			code = said.Code // at first, that the connection was ended
		}
	}
	swap()
	for code := "-"; code != ""; {
		_, err := db.Write.Exec(t.Context(), `SELECT 1`)
		code = ""
		if said := (*domain.Error)(nil); errors.As(postgres.Explain(err), &said) {
			code = said.Code
		} else {
			ok(t, err)
		}
	}
	ok(t, admin.Close(t.Context()))
}
