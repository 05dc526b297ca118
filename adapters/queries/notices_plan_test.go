package queries_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"imprint/adapters/queries"
	"imprint/domain/digest"
)

// Selections and libraries begin at the person's rows and go on by indexes, so
// that they cost the same however many persons and notices there are. What a
// statement makes itself of the person's own rows may be scanned.
func TestPersonalQueriesScanNoTable(t *testing.T) {
	c, person := opened(t), uuid.New()
	due, dueArgs := c.notices.DueText(person, digest.Window{From: 1, Until: 100}, 0)
	page, pageArgs := c.library.PageText(readerOf(person), time.Now(), 100, 25)
	for text, args := range map[string][]any{due: dueArgs, page: pageArgs} {
		var plan []string
		check(t, c.store.Snapshot(t.Context(), func(q queries.Querier) error {
			var err error
			plan, err = on.plan(t.Context(), q, text, args...)
			return err
		}))
		if len(plan) < 5 {
			t.Errorf("a plan of %d steps is none", len(plan))
		}
		for _, step := range plan {
			if on.walks.MatchString(step) {
				t.Errorf("a table is read wholly: %s", step)
			}
		}
	}
}
