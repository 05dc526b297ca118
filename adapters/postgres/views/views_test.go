package views_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"imprint/adapters/conformance/storetest"
	"imprint/adapters/postgres"
	"imprint/adapters/postgres/postgrestest"
	"imprint/adapters/postgres/views"
	"imprint/adapters/queries"
	"imprint/adapters/sqlite/eventlog"
	"imprint/domain"
	"imprint/domain/event"
	"imprint/domain/terms"
	"imprint/projections"
)

func open(t testing.TB) (*views.Store, *postgres.DB) {
	t.Helper()
	db, err := postgres.Open(t.Context(), postgres.Options{URL: postgrestest.Database(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	s, err := views.Open(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	return s, db
}

func TestConformance(t *testing.T) {
	storetest.Run(t, storetest.Harness{
		Store: func(t testing.TB, clock domain.Clock) storetest.Store {
			s, db := open(t)
			for _, text := range []string{
				`CREATE TABLE imprint_views.test_clock (now bigint)`,
				`INSERT INTO imprint_views.test_clock VALUES (0)`,
				`CREATE OR REPLACE FUNCTION imprint_views.clock() RETURNS bigint LANGUAGE sql VOLATILE AS 'SELECT now FROM imprint_views.test_clock'`,
			} {
				if _, err := db.Write.Exec(t.Context(), text); err != nil {
					t.Fatal(err)
				}
			}
			return clocked{s, db, clock}
		},
		Log: func(t testing.TB) event.Log {
			l, err := eventlog.Open(t.Context(), filepath.Join(t.TempDir(), "log.db"), eventlog.Options{})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := l.Close(); err != nil {
					t.Error(err)
				}
			})
			return l
		},
		Search: `SELECT i.id, i.title FROM shelf_items_v1 i WHERE imprint_views.lexemes(i.terms, '') @@ CAST(CAST($1 AS text) AS tsquery) ORDER BY i.id`,
	})
}

// clocked is a store whose database goes by the test's clock.
type clocked struct {
	*views.Store
	db    *postgres.DB
	clock domain.Clock
}

// timed does something by the test's time.
func timed[T any](ctx context.Context, c clocked, do func() (T, error)) (T, error) {
	if _, err := c.db.Write.Exec(ctx, `UPDATE imprint_views.test_clock SET now = $1`, c.clock().UnixMicro()); err != nil {
		var nothing T
		return nothing, err
	}
	return do()
}

func (c clocked) only(ctx context.Context, do func() error) error {
	_, err := timed(ctx, c, func() (struct{}, error) { return struct{}{}, do() })
	return err
}

func (c clocked) Live(ctx context.Context, p projections.Projection) (projections.Build, error) {
	return timed(ctx, c, func() (projections.Build, error) { return c.Store.Live(ctx, p) })
}

func (c clocked) Create(ctx context.Context, p projections.Projection) (projections.Build, error) {
	return timed(ctx, c, func() (projections.Build, error) { return c.Store.Create(ctx, p) })
}

func (c clocked) Switch(ctx context.Context, p projections.Projection, former, next projections.Build) error {
	return c.only(ctx, func() error { return c.Store.Switch(ctx, p, former, next) })
}

func (c clocked) Retire(ctx context.Context, g projections.Generation) error {
	return c.only(ctx, func() error { return c.Store.Retire(ctx, g) })
}

func (c clocked) Acquire(ctx context.Context, b projections.Build, holder string, ttl time.Duration, force bool) (projections.Build, error) {
	return timed(ctx, c, func() (projections.Build, error) { return c.Store.Acquire(ctx, b, holder, ttl, force) })
}

func (c clocked) Renew(ctx context.Context, g projections.Generation, epoch int64, ttl time.Duration) error {
	return c.only(ctx, func() error { return c.Store.Renew(ctx, g, epoch, ttl) })
}

func (c clocked) Release(ctx context.Context, g projections.Generation, epoch int64) error {
	return c.only(ctx, func() error { return c.Store.Release(ctx, g, epoch) })
}

func (c clocked) Read(ctx context.Context, read func(projections.Reader) error) error {
	return c.only(ctx, func() error { return c.Store.Read(ctx, read) })
}

type townRow struct {
	Town string `col:"town,key"`
	Name string `col:"name"`
}

func towns() projections.Projection {
	return projections.Projection{Name: "land", Version: 2, Tables: []*projections.Table{
		projections.NewTable[townRow](projections.Current, "town", "towns", projections.Searchable("name")),
	}}
}

// feeder commits to the live generation of a store.
type feeder struct {
	t     *testing.T
	store *views.Store
	build projections.Build
}

func feed(t *testing.T, s *views.Store) *feeder {
	t.Helper()
	live, err := s.Live(t.Context(), towns())
	check(t, err)
	build, err := s.Acquire(t.Context(), live, "a", time.Minute, true)
	check(t, err)
	return &feeder{t, s, build}
}

// name commits one row.
func (f *feeder) name(name string) {
	f.t.Helper()
	to := event.Checkpoint{Ordinal: f.build.Checkpoint.Ordinal + 1}
	to.Position = event.Position(fmt.Sprintf("%016x", to.Ordinal))
	check(f.t, f.store.Commit(f.t.Context(), projections.Batch{Generation: f.build.Generation, Epoch: f.build.Epoch, From: f.build.Checkpoint, To: to,
		Changes: []projections.Change{{Table: towns().Tables[0], Upserts: []projections.Values{{"a", name}}}}}))
	f.build.Checkpoint = to
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// shown is the name that queries see.
func shown(t *testing.T, s *views.Store) (name string) {
	t.Helper()
	check(t, s.Snapshot(t.Context(), func(q queries.Querier) error {
		rows, err := q.Query(t.Context(), `SELECT name FROM land_towns_v2 WHERE town = $1`, "a")
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			if err := rows.Scan(&name); err != nil {
				return err
			}
		}
		return rows.Err()
	}))
	return name
}

func heard(t *testing.T, changed <-chan struct{}) {
	t.Helper()
	select {
	case <-changed:
	case <-t.Context().Done():
	case <-time.After(time.Minute):
		t.Fatal("no hint came")
	}
}

// TestCommitsAreHeardOf by another process, also after its connection was cut.
func TestCommitsAreHeardOf(t *testing.T) {
	writer, db := open(t)
	listener, err := views.Open(t.Context(), db)
	check(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	changed := listener.Changed()
	go func() { done <- listener.Listen(ctx) }()
	heard(t, changed) // it listens
	f := feed(t, writer)
	for _, name := range []string{"before", "after the cut"} {
		changed = listener.Changed()
		f.name(name)
		heard(t, changed)
		changed = listener.Changed()
		_, err := db.Write.Exec(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query = 'LISTEN imprint_checkpoints'`)
		check(t, err)
		heard(t, changed) // it listens again
	}
	cancel()
	check(t, <-done)
}

// TestAReplicaIsReadWhileItIsCurrent: here the replica is a database of its own,
// so that the test says how far it has come.
func TestAReplicaIsReadWhileItIsCurrent(t *testing.T) {
	first, second := postgrestest.Database(t), postgrestest.Database(t)
	on := func(o postgres.Options) *views.Store {
		t.Helper()
		db, err := postgres.Open(t.Context(), o)
		check(t, err)
		t.Cleanup(db.Close)
		s, err := views.Open(t.Context(), db)
		check(t, err)
		return s
	}
	s, replica := on(postgres.Options{URL: first, ReadURL: second}), on(postgres.Options{URL: second})
	f := feed(t, s)
	f.name("primary 1")
	if got := shown(t, s); got != "primary 1" {
		t.Errorf("a replica without the read model showed %q", got)
	}
	r := feed(t, replica)
	r.name("replica 1")
	if got := shown(t, s); got != "replica 1" {
		t.Errorf("a replica that is current was not read: %q", got)
	}
	f.name("primary 2")
	if got := shown(t, s); got != "primary 2" {
		t.Errorf("a replica behind the own commit showed %q", got)
	}
	r.name("replica 2")
	if got := shown(t, s); got != "replica 2" {
		t.Errorf("after it came up: %q", got)
	}
	away := on(postgres.Options{URL: first, ReadURL: "postgres://x@127.0.0.1:1/x?sslmode=disable"})
	if got := shown(t, away); got != "primary 2" {
		t.Errorf("without a replica that answers: %q", got)
	}
}

// TestAGenerationThatIsGoneIsLost, and not taken for a schema that is missing.
func TestAGenerationThatIsGoneIsLost(t *testing.T) {
	s, _ := open(t)
	g := projections.Generation{Projection: "land", Version: 2, Number: 77}
	table := towns().Tables[0]
	if _, err := s.Load(t.Context(), g, table, []projections.Key{projections.KeyOf("town", "a")}); !errors.Is(err, projections.ErrLost) {
		t.Errorf("loading gave %v", err)
	}
	err := s.Commit(t.Context(), projections.Batch{Generation: g, Changes: []projections.Change{{Table: table, Upserts: []projections.Values{{"a", "b"}}}}})
	if !errors.Is(err, projections.ErrLost) {
		t.Errorf("committing gave %v", err)
	}
}

type oddRow struct {
	Town string `col:"town,key"`
	N    int64  `col:"n"`
	Yes  bool   `col:"yes"`
	Raw  []byte `col:"raw"`
	Text string `col:"text"`
}

// TestRowsThatAreCopiedComeBack: new and many, they go by COPY, and are the same
// rows as those that go by an upsert.
func TestRowsThatAreCopiedComeBack(t *testing.T) {
	s, _ := open(t)
	odd := projections.Projection{Name: "land", Version: 3, Tables: []*projections.Table{projections.NewTable[oddRow](projections.Current, "town", "odd")}}
	live, err := s.Live(t.Context(), odd)
	check(t, err)
	build, err := s.Acquire(t.Context(), live, "a", time.Minute, true)
	check(t, err)
	texts := []string{"", "a", "\x00", "\x01", "\x00\x01\x02", "Größe 漢字", strings.Repeat("long ", 40_000)}
	raws := [][]byte{{}, {0}, {0xff, 1, 0}, []byte("PGCOPY")}
	var rows []projections.Values
	for i := range 1000 {
		rows = append(rows, projections.Values{fmt.Sprintf("%04d", i), int64(i-500) << 54, i%2 == 0, raws[i%len(raws)], texts[i%len(texts)]})
	}
	to := event.Checkpoint{Position: "1", Ordinal: 1}
	check(t, s.Commit(t.Context(), projections.Batch{Generation: build.Generation, Epoch: build.Epoch, To: to, Changes: []projections.Change{
		{Table: odd.Tables[0], Inserts: rows[:900], Upserts: rows[900:]},
	}}))
	check(t, s.Read(t.Context(), func(r projections.Reader) error {
		n := 0
		for got, err := range r.Scan(t.Context(), build.Generation, odd.Tables[0]) {
			if err != nil {
				return err
			}
			if want := fmt.Sprintf("%q", rows[n]); fmt.Sprintf("%q", got) != want {
				t.Errorf("row %d came back as %.200q, want %.200s", n, got, want)
			}
			n++
		}
		if n != len(rows) {
			t.Errorf("%d rows of %d came back", n, len(rows))
		}
		return nil
	}))
	// A value that is none of its column is told, and nothing is written.
	rows[0] = projections.Values{"0000", "no number", true, []byte{}, ""}
	err = s.Commit(t.Context(), projections.Batch{Generation: build.Generation, Epoch: build.Epoch, From: to, To: event.Checkpoint{Position: "2", Ordinal: 2},
		Changes: []projections.Change{{Table: odd.Tables[0], Inserts: rows}}})
	if err == nil || !strings.Contains(err.Error(), "column n") {
		t.Errorf("a text for a number gave %v", err)
	}
}

// TestATableGetsItsKeyWhenThatIsNeeded: rows that are only added need none before
// Index; the first that is looked for, replaced or deleted does, and so does a table
// that another process has begun.
func TestATableGetsItsKeyWhenThatIsNeeded(t *testing.T) {
	s, db := open(t)
	other, err := views.Open(t.Context(), db)
	check(t, err)
	table := towns().Tables[0]
	rows := func(from, to int) (all []projections.Values) {
		for n := from; n < to; n++ {
			all = append(all, projections.Values{fmt.Sprintf("%04d", n), "x"})
		}
		return all
	}
	for what, need := range map[string]func(projections.Build) error{
		"load": func(b projections.Build) error {
			found, err := s.Load(t.Context(), b.Generation, table, []projections.Key{projections.KeyOf("town", "0400")})
			if err == nil && len(found) != 1 {
				err = fmt.Errorf("%d rows are found", len(found))
			}
			return err
		},
		"load by another": func(b projections.Build) error {
			_, err := other.Load(t.Context(), b.Generation, table, []projections.Key{projections.KeyOf("town", "0400")})
			return err
		},
		"replace": func(b projections.Build) error {
			return s.Commit(t.Context(), projections.Batch{Generation: b.Generation, Epoch: b.Epoch, From: b.Checkpoint, To: b.Checkpoint,
				Changes: []projections.Change{{Table: table, Upserts: rows(0, 3)}}})
		},
		"delete": func(b projections.Build) error {
			return s.Commit(t.Context(), projections.Batch{Generation: b.Generation, Epoch: b.Epoch, From: b.Checkpoint, To: b.Checkpoint,
				Changes: []projections.Change{{Table: table, Deletes: []projections.Values{{"0000"}}}}})
		},
		"index": func(b projections.Build) error { return s.Index(t.Context(), towns(), b.Generation) },
	} {
		made, err := s.Create(t.Context(), towns())
		check(t, err)
		build, err := s.Acquire(t.Context(), made, "a", time.Minute, true)
		check(t, err)
		keys := func() (n int) {
			check(t, db.Write.QueryRow(t.Context(), `SELECT count(*) FROM pg_indexes WHERE indexname = $1`, fmt.Sprintf("land_towns_v2_g%d_pkey", build.Number)).Scan(&n))
			return n
		}
		for i, added := range [][]projections.Values{rows(0, 400), rows(400, 410)} { // by COPY, and by a statement
			to := event.Checkpoint{Position: event.Position(fmt.Sprint(i + 1)), Ordinal: int64(i + 1)}
			check(t, s.Commit(t.Context(), projections.Batch{Generation: build.Generation, Epoch: build.Epoch, From: build.Checkpoint, To: to,
				Changes: []projections.Change{{Table: table, Inserts: added}}}))
			build.Checkpoint = to
		}
		before := keys()
		check(t, need(build))
		if after := keys(); before != 0 || after != 1 {
			t.Errorf("%s: %d keys before, %d after", what, before, after)
		}
		check(t, need(build)) // again, with what is there
	}
}

// TestSearchFindsAllOfALongText: a tsvector of its own would forget places behind
// the first 16383, and the 257th of a word.
func TestSearchFindsAllOfALongText(t *testing.T) {
	s, _ := open(t)
	f := feed(t, s)
	f.name(strings.Repeat("filler words ", 20_000) + "needle in the hay")
	check(t, s.Index(t.Context(), towns(), f.build.Generation))
	for phrase, want := range map[string]int{"needle in the": 1, "in needle": 0, "words needle": 1, "hay": 1, "ha": 0} {
		text, args := views.Search{}.Hits(towns(), "towns", "d.town", []terms.Word{{Tokens: strings.Fields(phrase)}}, nil)
		for i := range args {
			text = strings.Replace(text, "?", fmt.Sprint("$", i+1), 1)
		}
		found := 0
		check(t, s.Snapshot(t.Context(), func(q queries.Querier) error {
			rows, err := q.Query(t.Context(), text, args...)
			if err != nil {
				return err
			}
			defer rows.Close()
			for rows.Next() {
				found++
			}
			return rows.Err()
		}))
		if found != want {
			t.Errorf("%q is found %d times, want %d", phrase, found, want)
		}
	}
}
