package queries_test

import (
	"regexp"
	"testing"
	"time"

	"github.com/google/uuid"

	"imprint/adapters/queries"
	"imprint/domain/digest"
)

// tableScan is a step that reads all of a read model's table. What a statement
// makes itself of the person's own rows may be scanned.
var tableScan = regexp.MustCompile(`^SCAN \w+_v\d+_g\d+`)

// Selections and libraries begin at the person's rows and go on by indexes, so
// that they cost the same however many persons and notices there are.
func TestPersonalQueriesScanNoTable(t *testing.T) {
	c, person := opened(t), uuid.New()
	due, dueArgs := c.notices.DueText(person, digest.Window{From: 1, Until: 100}, 0)
	page, pageArgs := c.library.PageText(readerOf(person), time.Now(), 100, 25)
	for text, args := range map[string][]any{due: dueArgs, page: pageArgs} {
		var plan []string
		check(t, c.store.Snapshot(t.Context(), func(q queries.Querier) error {
			rows, err := q.Query(t.Context(), "EXPLAIN QUERY PLAN "+text, args...)
			if err != nil {
				return err
			}
			defer rows.Close()
			for rows.Next() {
				var id, parent, unused int
				var step string
				if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
					return err
				}
				plan = append(plan, step)
			}
			return rows.Err()
		}))
		if len(plan) < 5 {
			t.Errorf("a plan of %d steps is none", len(plan))
		}
		for _, step := range plan {
			if tableScan.MatchString(step) {
				t.Errorf("a table is read wholly: %s", step)
			}
		}
	}
}
