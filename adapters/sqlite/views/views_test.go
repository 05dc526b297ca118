package views_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"imprint/adapters/conformance/storetest"
	"imprint/adapters/queries"
	"imprint/adapters/sqlite/eventlog"
	"imprint/adapters/sqlite/views"
	"imprint/domain"
	"imprint/domain/event"
	"imprint/projections"
)

func TestConformance(t *testing.T) {
	storetest.Run(t, storetest.Harness{
		Store: func(t testing.TB, clock domain.Clock) storetest.Store {
			s, err := views.Open(t.Context(), filepath.Join(t.TempDir(), "views.db"), clock)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			})
			return s
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
		Search: `SELECT i.id, i.title FROM shelf_items_v1_text t JOIN shelf_items_v1 i ON i.row_id = t.row_id WHERE t.terms MATCH $1 ORDER BY i.id`,
	})
}

type shopRow struct {
	Town string `col:"town,key"`
	Shop string `col:"shop,key"`
	Name string `col:"name"`
}

func shops() projections.Projection {
	return projections.Projection{Name: "town", Version: 3, Tables: []*projections.Table{
		projections.NewTable[shopRow](projections.Interval, "shop", "shops", projections.Indexed("name DESC", "town"), projections.Searchable("name")),
	}}
}

func openViews(t *testing.T) (*views.Store, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "views.db")
	s, err := views.Open(t.Context(), path, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s, path
}

func plan(t *testing.T, s *views.Store, sql string, args ...any) string {
	t.Helper()
	var lines []string
	err := s.Snapshot(t.Context(), func(q queries.Querier) error {
		rows, err := q.Query(t.Context(), "EXPLAIN QUERY PLAN "+sql, args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var id, parent, unused int
			var detail string
			if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
				return err
			}
			lines = append(lines, detail)
		}
		return rows.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(lines, "\n")
}

// A view must cost no more than its table: rows by index, parked keys once.
func TestViewsKeepTheIndexes(t *testing.T) {
	s, _ := openViews(t)
	p := shops()
	live, err := s.Live(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Index(t.Context(), p, live.Generation); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		sql  string
		want string
	}{
		{`SELECT name FROM town_shops_v3 WHERE town = $1 AND shop = $2`, "SEARCH town_shops_v3_g1 USING INDEX"},
		{`SELECT name FROM town_shops_v3 ORDER BY name DESC, town LIMIT 20`, "SCAN town_shops_v3_g1 USING INDEX town_shops_v3_g1_i1"},
		{`SELECT s.name FROM town_shops_v3_text x JOIN town_shops_v3 s ON s.row_id = x.row_id WHERE x.terms MATCH $1 ORDER BY x.rank LIMIT 20`, "SEARCH town_shops_v3_g1 USING INTEGER PRIMARY KEY"},
		// The statement that loads keys; its shape is that of package views.
		{`SELECT name FROM town_shops_v3_g1 WHERE (town, shop) IN (VALUES ($1, $2), ($3, $4)) AND until_ordinal = 1`, "SEARCH town_shops_v3_g1 USING INDEX"},
	} {
		args := make([]any, strings.Count(c.sql, "$"))
		for i := range args {
			args[i] = "x"
		}
		got := plan(t, s, c.sql, args...)
		if !strings.Contains(got, c.want) || strings.Contains(got, "TEMP B-TREE") || strings.Contains(got, "CORRELATED") {
			t.Errorf("%s\nruns as\n%s\nwant %s", c.sql, got, c.want)
		}
	}
}

func TestReadOnlyReadsBesideTheWriter(t *testing.T) {
	s, path := openViews(t)
	p := shops()
	live, err := s.Live(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	ro, err := views.OpenReadOnly(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer ro.Close()
	if got, err := ro.Live(t.Context(), p); err != nil || got.Generation != live.Generation {
		t.Errorf("reading gave %+v, %v", got, err)
	}
	if _, err := ro.Acquire(t.Context(), live, "a", time.Minute, true); domain.KindOf(err) != domain.Unavailable {
		t.Errorf("writing through it gave %v", err)
	}
	if _, err := views.OpenReadOnly(t.Context(), path+".absent"); domain.KindOf(err) != domain.NotFound {
		t.Errorf("opening a file that is not there gave %v", err)
	}
}

// A snapshot whose reader fails, panics or forgets its rows leaves a connection
// that the next one can use; there are fewer connections than rounds here.
func TestSnapshotsSurviveTheirReaders(t *testing.T) {
	s, _ := openViews(t)
	broken := errors.New("broken")
	for i := range 100 {
		func() {
			defer func() { _ = recover() }()
			_ = s.Snapshot(t.Context(), func(q queries.Querier) error {
				rows, err := q.Query(t.Context(), `SELECT generation FROM generations UNION ALL SELECT 1 UNION ALL SELECT 2`)
				if err != nil {
					t.Error(err)
				}
				rows.Next()
				if i%2 == 0 {
					panic(broken)
				}
				return broken
			})
		}()
		ctx, cancel := context.WithCancel(t.Context())
		_ = s.Snapshot(ctx, func(q queries.Querier) error {
			cancel()
			_, err := q.Query(ctx, `SELECT 1`)
			if err == nil {
				t.Error("a query ran after its context had ended")
			}
			return err
		})
	}
	if got := plan(t, s, `SELECT 1`); got == "" {
		t.Error("no connection answers any more")
	}
}
