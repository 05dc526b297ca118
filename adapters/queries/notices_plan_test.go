package queries_test

import (
	"maps"
	"testing"
	"time"

	"github.com/google/uuid"

	"imprint/adapters/queries"
)

// Selections and libraries begin at the persons' rows and go on by indexes, so
// that they cost the same however many other persons and notices there are. What a
// statement makes itself of the persons' own rows may be scanned.
func TestPersonalQueriesScanNoTable(t *testing.T) {
	c, person := opened(t), uuid.New()
	group := make([]uuid.UUID, 500)
	for i := range group {
		group[i] = uuid.New()
	}
	texts := c.notices.DueTexts(group)
	maps.Copy(texts, c.notices.DueTexts(group[:1]))
	page, pageArgs := c.library.PageText(readerOf(person), time.Now(), 100, 25)
	texts[page] = pageArgs
	for text, args := range texts {
		var plan []string
		check(t, c.store.Snapshot(t.Context(), func(q queries.Querier) error {
			var err error
			plan, err = on.plan(t.Context(), q, text, args...)
			return err
		}))
		if len(plan) == 0 {
			t.Errorf("no plan of %s", text)
		}
		for _, step := range plan {
			if on.walks.MatchString(step) {
				t.Errorf("a table is read wholly: %s\n%.300s", step, text)
			}
		}
	}
}
