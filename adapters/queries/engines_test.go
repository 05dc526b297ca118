package queries_test

// The engines that the whole suite of this package runs on, one after the other:
// one text for each query must serve both, with the same answers.

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"imprint/adapters/postgres"
	"imprint/adapters/postgres/postgrestest"
	postgresviews "imprint/adapters/postgres/views"
	"imprint/adapters/queries"
	sqliteviews "imprint/adapters/sqlite/views"
	"imprint/projections"
)

// store is what an engine of read models provides.
type store interface {
	projections.Store
	queries.Database
}

// engine is one engine of read models.
type engine struct {
	name   string
	search queries.Search
	// open opens an empty store that ends with the test.
	open func(t testing.TB) store

	// explain answers the steps of a statement's plan, after a statement that comes
	// before it. PostgreSQL would rather read the few rows of a test wholly and sort
	// them, so it is told to do neither where an index serves. SQLite explains by the
	// schema that the connection last read, perhaps without the indexes.
	before, explain string
	column          int            // of the answer that tells the step
	walks           *regexp.Regexp // a step that reads all of a read model's table
	sorts           *regexp.Regexp // a step that sorts what an index could give in order
}

// plan answers the steps of a statement's plan.
func (e engine) plan(ctx context.Context, q queries.Querier, text string, args ...any) (steps []string, err error) {
	if _, err := q.Query(ctx, e.before); err != nil {
		return nil, err
	}
	rows, err := q.Query(ctx, e.explain+text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var step string
		var unused int
		into := append(slices.Repeat([]any{&unused}, e.column), &step)
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		steps = append(steps, strings.TrimLeft(step, " ->"))
	}
	return steps, rows.Err()
}

var engines = []engine{
	{name: "sqlite", search: sqliteviews.Search{}, open: func(t testing.TB) store {
		s, err := sqliteviews.Open(t.Context(), filepath.Join(t.TempDir(), "views.db"), time.Now)
		check(t, err)
		t.Cleanup(func() { check(t, s.Close()) })
		return s
	}, before: `SELECT name FROM sqlite_schema`, explain: "EXPLAIN QUERY PLAN ", column: 3, walks: regexp.MustCompile(`^SCAN \w+_v\d+_g\d+`), sorts: regexp.MustCompile(`TEMP B-TREE FOR ORDER BY`)},
	{name: "postgres", search: postgresviews.Search{}, open: func(t testing.TB) store {
		db, err := postgres.Open(t.Context(), postgres.Options{URL: postgrestest.Database(t)})
		check(t, err)
		t.Cleanup(db.Close)
		s, err := postgresviews.Open(t.Context(), db)
		check(t, err)
		return s
	}, before: `SELECT set_config('enable_seqscan', 'off', true), set_config('enable_sort', 'off', true)`,
		explain: "EXPLAIN (COSTS OFF) ", walks: regexp.MustCompile(`^Seq Scan on \w+_v\d+_g\d+`), sorts: regexp.MustCompile(`^Sort Key:.*last_updated`)},
}

// on is the engine of the present run.
var on engine

// TestMain runs every test once on each engine.
func TestMain(m *testing.M) {
	worst := 0
	for _, on = range engines {
		fmt.Println("engine:", on.name)
		worst = max(worst, m.Run())
	}
	os.Exit(worst)
}
