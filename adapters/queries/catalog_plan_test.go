package queries_test

// The plans that the engines make for the catalog's statements.

import (
	"context"
	"strings"
	"testing"

	"imprint/adapters/queries"
	"imprint/domain/access"
	"imprint/domain/category"
	"imprint/projections/catalog"
)

// explaining is a database that notes the plan of every statement.
type explaining struct {
	queries.Database
	plans []string
}

type explainer struct {
	queries.Querier
	to *explaining
}

func (e *explaining) Snapshot(ctx context.Context, read func(queries.Querier) error) error {
	return e.Database.Snapshot(ctx, func(q queries.Querier) error { return read(explainer{q, e}) })
}

func (e explainer) Query(ctx context.Context, sql string, args ...any) (queries.Rows, error) {
	steps, err := on.plan(ctx, e.Querier, sql, args...)
	if err != nil {
		return nil, err
	}
	plan := sql + "\n    " + strings.Join(steps, "\n    ")
	e.to.plans = append(e.to.plans, plan)
	return e.Querier.Query(ctx, sql, args...)
}

// TestNothingWalksAllOfWhatGrows: home, lists and documents go by an index. A
// list walks the index that it is sorted by, from the cursor on; only what is
// sorted by rank, or counted, reads every match.
func TestNothingWalksAllOfWhatGrows(t *testing.T) {
	w := newWorld(t)
	w.category("soc", "SOC", category.Reports)
	line := w.series("Line")
	id := w.publish(doc{title: "A", categories: []string{"soc"}, regions: []string{"eu"}, series: line})
	w.publish(doc{title: "B", categories: []string{"soc"}, regions: []string{"eu"}, series: line})
	db := &explaining{Database: w.store}
	c := queries.NewCatalog(db, on.search)
	for name, ask := range map[string]func(r access.Reader) error{
		"home":     func(r access.Reader) error { _, err := c.Home(t.Context(), r); return err },
		"document": func(r access.Reader) error { _, err := c.Document(t.Context(), r, id); return err },
		"series": func(r access.Reader) error {
			_, err := c.Series(t.Context(), r, line, catalog.Page{})
			return err
		},
		"list": func(r access.Reader) error {
			l, err := c.List(t.Context(), r, catalog.Filter{}, catalog.Page{Limit: 1})
			if err != nil {
				return err
			}
			_, err = c.List(t.Context(), r, catalog.Filter{}, catalog.Page{After: l.Next})
			return err
		},
		"category": func(r access.Reader) error {
			_, err := c.List(t.Context(), r, catalog.Filter{Categories: []string{"soc"}}, catalog.Page{})
			return err
		},
		"term": func(r access.Reader) error {
			_, err := c.List(t.Context(), r, catalog.Filter{Term: "a"}, catalog.Page{})
			return err
		},
	} {
		db.plans = nil
		check(t, ask(member))
		for _, plan := range db.plans {
			t.Logf("%s: %s", name, plan)
			for line := range strings.SplitSeq(plan, "\n") {
				line = strings.TrimSpace(line)
				walks := on.walks.MatchString(line) && !strings.Contains(line, " catalog_categories")
				if walks && !strings.Contains(line, "INDEX catalog_") && !strings.Contains(line, "VIRTUAL TABLE") {
					t.Errorf("%s: %s\n%s", name, line, plan)
				}
				if name != "term" && on.sorts.MatchString(line) && strings.Contains(plan, "last_updated DESC") {
					t.Errorf("%s sorts all it lists\n%s", name, plan)
				}
			}
		}
	}
}
