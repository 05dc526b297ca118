package postgres_test

// A server that takes statements and does not answer.

import (
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"imprint/adapters/postgres"
	"imprint/adapters/postgres/postgrestest"
)

// line passes bytes between a pool and a server until it falls silent.
type line struct {
	net.Listener
	silent atomic.Bool
}

func (l *line) pass(to string) {
	for {
		client, err := l.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", to)
		if err != nil {
			_ = client.Close()
			continue
		}
		go l.copy(server, client)
		go l.copy(client, server)
	}
}

// copy swallows what comes while the line is silent, and ends with it.
func (l *line) copy(to, from net.Conn) {
	defer func() { _ = to.Close() }()
	piece := make([]byte, 4096)
	for {
		n, err := from.Read(piece)
		if !l.silent.Load() {
			_, _ = to.Write(piece[:n])
		}
		if err != nil {
			return
		}
	}
}

func TestAFrozenServerHangsNobody(t *testing.T) {
	s := postgrestest.Start(t, postgrestest.Options{Loopback: true})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	ok(t, err)
	between := &line{Listener: listener}
	go between.pass(s.Address())
	t.Cleanup(func() { _ = listener.Close() })
	db, err := postgres.Open(t.Context(), postgres.Options{URL: "postgres://postgres@" + listener.Addr().String() + "/postgres?sslmode=disable", StatementTimeout: 500 * time.Millisecond})
	ok(t, err)
	defer db.Close()
	_, err = db.Write.Exec(t.Context(), `SELECT pg_sleep(60)`)
	told(t, postgres.Explain(err), "database-busy") // the server ends it, where it can

	for name, ask := range map[string]func(conn *pgx.Conn) error{
		"Exec":  func(conn *pgx.Conn) error { _, err := conn.Exec(t.Context(), `SELECT 1`); return err },
		"Query": func(conn *pgx.Conn) error { var n int; return conn.QueryRow(t.Context(), `SELECT 1`).Scan(&n) },
		"in a transaction": func(conn *pgx.Conn) error {
			tx, err := conn.Begin(t.Context())
			if err == nil {
				_, err = tx.Exec(t.Context(), `SELECT 1`)
			}
			return err
		},
		"in the midst of rows": func(conn *pgx.Conn) error {
			between.silent.Store(false)
			rows, err := conn.Query(t.Context(), `SELECT repeat('x', 1000) FROM generate_series(1, 100000)`)
			if err != nil {
				return err
			}
			defer rows.Close()
			rows.Next()
			between.silent.Store(true)
			for rows.Next() {
			}
			return rows.Err()
		},
	} {
		conn, err := db.Write.Acquire(t.Context())
		ok(t, err)
		between.silent.Store(true)
		t.Log(name)
		told(t, postgres.Explain(ask(conn.Conn())), "database-slow")
		between.silent.Store(false)
		conn.Release()
	}
	// What takes as long as it takes.
	ok(t, pgx.BeginFunc(t.Context(), db.Write, func(tx pgx.Tx) error {
		_, err := tx.Exec(t.Context(), `SET LOCAL statement_timeout = 0`)
		if err == nil {
			_, err = tx.Exec(postgres.Unbounded(t.Context()), `SELECT pg_sleep(2)`)
		}
		return err
	}))
}

// A program that ends is not held up by a server that never lets go of a connection.
func TestClosingWaitsForNobodyForEver(t *testing.T) {
	db, err := postgres.Open(t.Context(), postgres.Options{URL: postgrestest.Database(t)})
	ok(t, err)
	conn, err := db.Write.Acquire(t.Context())
	ok(t, err)
	db.Close()
	conn.Release()
}
