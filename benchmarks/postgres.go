package main

// Rebuilding all read models in PostgreSQL: against COPY of exactly the rows that
// the rebuild ends with. The server is a private one with the settings it is
// installed with: fsync on.

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"imprint/adapters/postgres"
	"imprint/adapters/postgres/postgrestest"
	"imprint/adapters/postgres/views"
	"imprint/domain/event"
	"imprint/projections"
)

// measurePostgres holds the rebuild of the imported corpus against COPY, or adds one
// plain line where there is no server.
func measurePostgres(ctx context.Context, r *report, in *installation, dir string, e extent) error {
	return onPostgres(r, func(server *postgrestest.Server) error {
		s, err := openReadSide(ctx, server, "rebuilds", in.log, in.registry)
		if err != nil {
			return err
		}
		defer s.db.Close()
		f := againstCopy{figure: "rebuild of all read models, PostgreSQL"}
		for range e.copies {
			if err := f.round(ctx, r, s, dir, silent); err != nil {
				return err
			}
		}
		f.add(r)
		return nil
	})
}

// onPostgres runs what needs a server of its own, where there can be one.
func onPostgres(r *report, do func(*postgrestest.Server) error) error {
	server, err := postgrestest.Launch(postgrestest.Options{Durable: true})
	if errors.Is(err, postgrestest.ErrNone) {
		r.note("the rows about PostgreSQL are left out: %v", err)
		return nil
	}
	if err != nil {
		return err
	}
	defer server.Close()
	return do(server)
}

// readSide is the read models of one log in a database of their own.
type readSide struct {
	db     *postgres.DB
	store  *views.Store
	engine projections.Engine
}

func openReadSide(ctx context.Context, server *postgrestest.Server, name string, log event.Log, registry *event.Registry) (*readSide, error) {
	conn, err := pgx.Connect(ctx, server.URL("postgres"))
	if err != nil {
		return nil, err
	}
	_, err = conn.Exec(ctx, "CREATE DATABASE "+name)
	if err := errors.Join(err, conn.Close(ctx)); err != nil {
		return nil, err
	}
	if err := postgrestest.Migrate(ctx, server.URL(name)); err != nil {
		return nil, err
	}
	// Reading millions of rows out again may take longer than a query may.
	s := &readSide{}
	if s.db, err = postgres.Open(ctx, postgres.Options{URL: server.URL(name), StatementTimeout: time.Hour}); err != nil {
		return nil, err
	}
	if s.store, err = views.Open(ctx, s.db); err != nil {
		s.db.Close()
		return nil, err
	}
	s.engine = projections.Engine{Log: log, Registry: registry, Store: s.store, Holder: "benchmarks"}
	return s, nil
}

// rebuild builds all read models anew. The caller drops them.
func (s *readSide) rebuild(ctx context.Context, told func(projections.Progress)) (builds []projections.Build, took time.Duration, err error) {
	if err := s.settle(ctx); err != nil {
		return nil, 0, err
	}
	took, err = timed(func() (err error) {
		builds, err = s.engine.RebuildAll(ctx, readModels(), told)
		return err
	})
	return builds, took, err
}

// settle has the server write out what it has put off, so that nobody pays for what
// was measured before.
func (s *readSide) settle(ctx context.Context) error {
	_, err := s.db.Write.Exec(ctx, "CHECKPOINT")
	return err
}

func (s *readSide) drop(ctx context.Context, builds []projections.Build) error {
	for _, b := range builds {
		if err := s.store.Drop(ctx, b.Generation); err != nil {
			return err
		}
	}
	return nil
}

// againstCopy is one figure: rounds of rebuild and COPY.
type againstCopy struct {
	figure      string
	ours, bares []time.Duration
	ratios      []float64
}

// round rebuilds, and copies what the rebuild ends with. What either made is dropped.
func (f *againstCopy) round(ctx context.Context, r *report, s *readSide, dir string, told tell) error {
	builds, took, err := s.rebuild(ctx, told.rebuilt("rebuild on PostgreSQL"))
	if err != nil {
		return err
	}
	told("COPY …")
	bare, rows, err := s.copyAll(ctx, builds, dir)
	if err != nil {
		return err
	}
	f.ours, f.bares, f.ratios = append(f.ours, took), append(f.bares, bare), append(f.ratios, float64(took)/float64(bare))
	events := builds[0].Checkpoint.Ordinal
	r.note("%s, round %d\tours %s\tCOPY %s\tratio %.2f\t%d events\t%.0f events/s\t%d final rows", f.figure, len(f.ours), millis(took), millis(bare),
		float64(took)/float64(bare), events, float64(events)/took.Seconds(), rows)
	return s.drop(ctx, builds)
}

func (f *againstCopy) add(r *report) {
	r.atMost(f.figure, millis(median(f.ours)), millis(median(f.bares)), median(f.ratios), rebuildGoal)
}

// copied is one table of a generation and what COPY needs to make it again.
type copied struct {
	name    string
	primary string // the columns of its primary key
	file    string // its rows in the binary form of COPY, in primary-key order
	indexes []string
	rows    int64
}

// copyAll makes the tables again in a schema of their own: one transaction whose
// commit, like ours, is not waited for; COPY of rows that are encoded already;
// indexes when the rows are in, with as much memory as ours; statistics. It tells how long that took.
func (s *readSide) copyAll(ctx context.Context, builds []projections.Build, dir string) (took time.Duration, rows int64, err error) {
	conn, err := s.db.Write.Acquire(ctx)
	if err != nil {
		return 0, 0, err
	}
	defer conn.Release()
	var tables []*copied
	defer func() {
		for _, t := range tables {
			err = errors.Join(err, os.Remove(t.file))
		}
	}()
	for i, p := range readModels() {
		for _, t := range p.Tables {
			c := &copied{name: fmt.Sprintf("%s_%s_v%d_g%d", p.Name, t.Name, p.Version, builds[i].Number), primary: strings.Join(t.PrimaryKey(), ", ")}
			c.file = filepath.Join(dir, c.name)
			if err := c.take(ctx, conn.Conn()); err != nil {
				return 0, 0, fmt.Errorf("table %s: %w", c.name, err)
			}
			tables = append(tables, c)
			rows += c.rows
		}
	}
	if err := define(ctx, conn.Conn(), "CREATE SCHEMA copied"); err != nil {
		return 0, 0, err
	}
	if err := s.settle(ctx); err != nil {
		return 0, 0, err
	}
	took, err = timed(func() error {
		return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
			if err := define(ctx, tx.Conn(), "SET LOCAL synchronous_commit = off", "SET LOCAL maintenance_work_mem = '256MB'"); err != nil {
				return err
			}
			for _, t := range tables {
				if err := t.put(ctx, tx.Conn()); err != nil {
					return fmt.Errorf("table %s: %w", t.name, err)
				}
			}
			return nil
		})
	})
	return took, rows, errors.Join(err, define(ctx, conn.Conn(), "DROP SCHEMA copied CASCADE"))
}

// take writes the rows to the file and reads how the indexes are made.
func (c *copied) take(ctx context.Context, conn *pgx.Conn) (err error) {
	f, err := os.Create(c.file)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	tag, err := conn.PgConn().CopyTo(ctx, f, fmt.Sprintf("COPY (SELECT * FROM imprint_views.%s ORDER BY %s) TO STDOUT (FORMAT binary)", c.name, c.primary))
	if err != nil {
		return err
	}
	c.rows = tag.RowsAffected()
	found, err := conn.Query(ctx, `SELECT replace(indexdef, ' ON imprint_views.', ' ON copied.') FROM pg_indexes WHERE schemaname = 'imprint_views' AND tablename = $1`, c.name)
	if err != nil {
		return err
	}
	c.indexes, err = pgx.CollectRows(found, pgx.RowTo[string])
	if err == nil && len(c.indexes) == 0 {
		err = errors.New("it has no index")
	}
	return err
}

func (c *copied) put(ctx context.Context, conn *pgx.Conn) (err error) {
	if err := define(ctx, conn, fmt.Sprintf("CREATE TABLE copied.%[1]s (LIKE imprint_views.%[1]s)", c.name)); err != nil {
		return err
	}
	f, err := os.Open(c.file)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	tag, err := conn.PgConn().CopyFrom(ctx, f, fmt.Sprintf("COPY copied.%s FROM STDIN (FORMAT binary)", c.name))
	if err != nil {
		return err
	}
	if tag.RowsAffected() != c.rows {
		return fmt.Errorf("%d of %d rows copied", tag.RowsAffected(), c.rows)
	}
	return define(ctx, conn, append(c.indexes, "ANALYZE copied."+c.name)...)
}

func define(ctx context.Context, conn *pgx.Conn, texts ...string) error {
	for _, text := range texts {
		if _, err := conn.Exec(ctx, text); err != nil {
			return err
		}
	}
	return nil
}
