package main

// Rebuilding all read models in PostgreSQL: against COPY of exactly the rows that
// the rebuild ends with, and over ten times the events. The server is a private
// one with the settings it is installed with: fsync on.

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
	"imprint/adapters/sqlite/eventlog"
	"imprint/domain/event"
	"imprint/projections"
)

const (
	growthGoal = 11
	growth     = 10 // times the events
)

// measurePostgres adds its figures, or one plain line where there is no server.
func measurePostgres(ctx context.Context, r *report, in *installation, dir string, e extent) error {
	server, err := postgrestest.Launch(postgrestest.Options{Durable: true})
	if errors.Is(err, postgrestest.ErrNone) {
		r.note("the rows about PostgreSQL are left out: %v", err)
		return nil
	}
	if err != nil {
		return err
	}
	defer server.Close()
	if err := measureCopy(ctx, r, server, in, dir, e); err != nil {
		return fmt.Errorf("against COPY: %w", err)
	}
	if err := measureGrowth(ctx, r, server, in, dir, e); err != nil {
		return fmt.Errorf("growth: %w", err)
	}
	return nil
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
func (s *readSide) rebuild(ctx context.Context) (builds []projections.Build, took time.Duration, err error) {
	took, err = timed(func() (err error) {
		builds, err = s.engine.RebuildAll(ctx, readModels(), nil)
		return err
	})
	return builds, took, err
}

func (s *readSide) drop(ctx context.Context, builds []projections.Build) error {
	for _, b := range builds {
		if err := s.store.Drop(ctx, b.Generation); err != nil {
			return err
		}
	}
	return nil
}

func measureCopy(ctx context.Context, r *report, server *postgrestest.Server, in *installation, dir string, e extent) error {
	s, err := openReadSide(ctx, server, "rebuilds", in.log, in.registry)
	if err != nil {
		return err
	}
	defer s.db.Close()
	return s.againstCopy(ctx, r, "rebuild of all read models, PostgreSQL", dir, e.copies)
}

// againstCopy runs rounds of rebuild and COPY.
func (s *readSide) againstCopy(ctx context.Context, r *report, figure, dir string, rounds int) error {
	var ours, bares []time.Duration
	var ratios []float64
	for round := range rounds {
		builds, took, err := s.rebuild(ctx)
		if err != nil {
			return err
		}
		bare, rows, err := s.copyAll(ctx, builds, dir)
		if err != nil {
			return err
		}
		r.note("%s, round %d\tours %s\tCOPY %s\tratio %.2f\t%d events\t%d final rows", figure, round+1, millis(took), millis(bare), float64(took)/float64(bare), builds[0].Checkpoint.Ordinal, rows)
		ours, bares, ratios = append(ours, took), append(bares, bare), append(ratios, float64(took)/float64(bare))
		if err := s.drop(ctx, builds); err != nil {
			return err
		}
	}
	r.atMost(figure, millis(median(ours)), millis(median(bares)), median(ratios), rebuildGoal)
	return nil
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
// indexes when the rows are in; statistics. It tells how long that took.
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
	took, err = timed(func() error {
		return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
			if err := define(ctx, tx.Conn(), "SET LOCAL synchronous_commit = off"); err != nil {
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

// measureGrowth rebuilds from a tenth of the version records and from all of
// them, in turns. At the full size of the issue it also holds the larger rebuild
// against COPY.
func measureGrowth(ctx context.Context, r *report, server *postgrestest.Server, in *installation, dir string, e extent) (err error) {
	sides := make([]*readSide, 2)
	events := make([]int64, 2)
	for i, versions := range []int{e.versions / growth, e.versions} {
		log, err := eventlog.Open(ctx, filepath.Join(dir, fmt.Sprintf("grown-%d.db", i)), eventlog.Options{})
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, log.Close()) }()
		filling, err := timed(func() (err error) {
			events[i], err = readAgain(ctx, in.log, log, versions)
			return err
		})
		if err != nil {
			return fmt.Errorf("the corpus again: %w", err)
		}
		r.note("growth\t%d version records\t%d events\tread again under new ids in %s", versions, events[i], millis(filling))
		if sides[i], err = openReadSide(ctx, server, fmt.Sprintf("grown_%d", i), log, in.registry); err != nil {
			return err
		}
		defer sides[i].db.Close()
	}
	var small, large []time.Duration
	var ratios []float64
	for round := range e.growths {
		var took [2]time.Duration
		for i, s := range sides {
			var builds []projections.Build
			if builds, took[i], err = s.rebuild(ctx); err != nil {
				return err
			}
			if err := s.drop(ctx, builds); err != nil {
				return err
			}
		}
		// The larger log has ten times the versions; its events are counted, for a
		// tenth of a corpus need not have a tenth of its categories and series.
		ratio := float64(took[1]) / float64(took[0]) / (float64(events[1]) / float64(events[0])) * growth
		r.note("growth round %d\t%d events %s\t%d events %s\tratio for ten times %.2f", round+1, events[0], millis(took[0]), events[1], millis(took[1]), ratio)
		small, large, ratios = append(small, took[0]), append(large, took[1]), append(ratios, ratio)
	}
	r.atMost(fmt.Sprintf("growth: rebuild on PostgreSQL, %d version records", e.versions), millis(median(large)), millis(median(small)), median(ratios), growthGoal)
	if e.versions < fullSize {
		return nil
	}
	return sides[1].againstCopy(ctx, r, fmt.Sprintf("rebuild of all read models, PostgreSQL, %d version records", e.versions), dir, 1)
}
