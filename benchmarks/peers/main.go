// Program peers compares the embedded log and the read-model engine with the
// libraries a Go team might take instead, on one machine, in one run:
// `make bench-peers`. It is a module of its own, so that what the peers need stays
// out of the program's go.mod.
//
// Everybody gets the same event (about 405 bytes of JSON), answers only after
// fsync, and folds into a table of the same columns. How each library is set up
// stands in the raw lines: the fastest way its own documentation offers. Where a
// library leaves writing the table to its user, the user here is a careful one
// (batches of 4,000 events, one statement per batch).
//
// Standard output has one line per figure, its columns separated by tabs,
//
//	figure  ours  peer  ratio  goal  ok|short
//
// and below them, each beginning with "#", the machine, the settings and the raw
// rounds. A peer without such an operation says so in place of its figure. Rounds
// go through the contenders forwards and backwards by turns; ratios are taken
// within a round and the median is reported.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"

	"imprint/adapters/postgres/postgrestest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	quick := flag.Bool("quick", false, "shows that everything runs, measures nothing")
	flag.Parse()
	e := extent{appends: 5, span: 400 * time.Millisecond, folds: 3, streams: 2000, perStream: 10, writing: 1500 * time.Millisecond}
	if *quick {
		e = brief
	}
	if err := run(ctx, e, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
}

// extent is how much is run.
type extent struct {
	appends            int           // rounds of appending
	span               time.Duration // of appending by one contender with one number of callers
	folds              int           // rounds of catching up
	streams, perStream int           // of the log that is folded
	writing            time.Duration // beside a reader
}

// brief shows that everything runs.
var brief = extent{appends: 1, span: 20 * time.Millisecond, folds: 1, streams: 20, perStream: 10, writing: 50 * time.Millisecond}

// contender is one library on an empty store of its own.
type contender interface {
	// append makes the next event of a stream durable. Its number is its place in
	// the stream, from 1. Streams have one writer each.
	append(ctx context.Context, e versioned) error
	// fill makes the events of one stream durable in the quickest way.
	fill(ctx context.Context, es []versioned) error
	// project folds all events, of which there are count, into a fresh table. It
	// fails with errNone where the library cannot read events again.
	project(ctx context.Context, count int) error
	// folded reads the table that project has made.
	folded(ctx context.Context) (map[string]row, error)
	// follow shows each event as it comes until the context ends, which is no error.
	follow(ctx context.Context, seen func(versioned)) error
	close() error
}

// errNone: the library has no such operation.
var errNone = errors.New("no such operation")

// library is what may be opened.
type library struct {
	name     string
	settings string
	postgres bool // needs a database
	// open makes a contender: place is a folder, or the address of a database.
	open func(ctx context.Context, place string) (contender, error)
}

// libraries are all that are compared, ours first.
var libraries = []library{
	{"imprint", "SQLite log (WAL, synchronous=FULL, group commit), read models in SQLite by Engine.Rebuild", false, openOurs},
	{"hallgren/eventsourcing v0.9.1, eventstore/sql v0.7.0, SQLite", "NewSQLiteSingelWriter on modernc.org/sqlite, WAL, synchronous=FULL; Projection.RunToEnd over All(0)", false, openHallgrenSQLite},
	{"hallgren/eventsourcing v0.9.1, eventstore/sql v0.7.0, PostgreSQL", "NewPostgres on pgx/v5/stdlib (cached statements), 64 connections; Projection.RunToEnd over All(0)", true, openHallgrenPostgres},
	{"modernice/goes v0.9.0, PostgreSQL", "backend/postgres with a pool of 64; Job.Apply to a projection with Progressor, as schedule.Periodically does", true, openGoes},
	{"watermill-sql/v4 v4.1.2, PostgreSQL", "pgx, pool of 64, DefaultPostgreSQLSchema with SubscribeBatchSize 1000; one upsert per message in the subscriber's transaction (TxFromContext), for a message must be acknowledged before the next one comes; no stream revisions", true, openWatermill},
	{"nats-server/v2 v2.14.9 JetStream", "in process, file store, SyncAlways; Publish with the expected last sequence of the subject; ordered consumer, 5000 messages ahead", false, openNATS},
	{"riverqueue/river v0.43.0", "riverpgxv5 with a pool of 64; Insert per job; 100 workers, FetchCooldown 10 ms; no stream revisions, no order", true, openRiver},
}

// stage opens the libraries for one measurement each on stores of its own.
type stage struct {
	dir    string
	server *postgrestest.Server // nil: there is no PostgreSQL
	number int
}

// open opens every library that can be; the answer has nil where one cannot.
func (s *stage) open(ctx context.Context) ([]contender, func() error, error) {
	s.number++
	var all []contender
	closeAll := func() (err error) {
		for _, c := range all {
			if c != nil {
				err = errors.Join(err, c.close())
			}
		}
		return err
	}
	for i, l := range libraries {
		place := filepath.Join(s.dir, fmt.Sprintf("%d-%d", s.number, i))
		if l.postgres {
			if s.server == nil {
				all = append(all, nil)
				continue
			}
			var err error
			if place, err = s.database(ctx, fmt.Sprintf("peers_%d_%d", s.number, i)); err != nil {
				return nil, nil, errors.Join(err, closeAll())
			}
		} else if err := os.Mkdir(place, 0o700); err != nil {
			return nil, nil, errors.Join(err, closeAll())
		}
		c, err := l.open(ctx, place)
		if err != nil {
			return nil, nil, errors.Join(fmt.Errorf("open %s: %w", l.name, err), closeAll())
		}
		all = append(all, c)
	}
	return all, closeAll, nil
}

func (s *stage) database(ctx context.Context, name string) (url string, err error) {
	conn, err := pgx.Connect(ctx, s.server.URL("postgres"))
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	_, err = conn.Exec(ctx, "CREATE DATABASE "+name)
	return s.server.URL(name), err
}

// run measures everything and writes the report.
func run(ctx context.Context, e extent, out, progress io.Writer) (err error) {
	dir, err := os.MkdirTemp("", "imprint-peers-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	r := &report{}
	r.machine("at the start")
	s := &stage{dir: dir}
	switch s.server, err = postgrestest.Launch(postgrestest.Options{Durable: true}); {
	case errors.Is(err, postgrestest.ErrNone):
		r.note("%v: its peers are left out", err)
	case err != nil:
		return err
	default:
		defer s.server.Close()
		r.note("PostgreSQL\tfsync, full_page_writes and synchronous_commit on, max_wal_size 8GB, the rest as installed, by its socket")
	}
	for _, l := range libraries {
		r.note("%s\t%s", l.name, l.settings)
	}
	for _, part := range []struct {
		name    string
		measure func(context.Context, *report, *stage, extent) error
	}{{"durable appends", measureAppends}, {"catch-up projection", measureCatchUp}, {"events lost", measureLoss}} {
		fmt.Fprintln(progress, part.name, "…")
		if err := part.measure(ctx, r, s, e); err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
	}
	r.machine("at the end")
	return r.write(out)
}
