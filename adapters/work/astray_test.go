package work_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"imprint/adapters/work"
	"imprint/domain/calendar"
	"imprint/domain/digest"
)

// TestWhatAWrongClockHasSetIsRighted, of more persons than are righted at once, but
// of nobody whom a worker holds.
func TestWhatAWrongClockHasSetIsRighted(t *testing.T) {
	onEach(t, func(t *testing.T, db work.Database, _ *clock) {
		const persons = 1203
		d, ctx, facts := work.NewDigests(db), t.Context(), []digest.Fact{}
		for i := range int64(persons) {
			facts = append(facts, settings(t, uuid.New(), calendar.Daily, i+1))
		}
		if err := d.Fold(ctx, at(0), at(persons), facts); err != nil {
			t.Fatal(err)
		}
		far := monday.AddDate(3, 0, 0)
		claimed, err := d.Claim(ctx, digest.Claim{Holder: "one", Now: far, Lease: time.Hour, Limit: persons})
		if err != nil || len(claimed) != persons {
			t.Fatalf("%d claimed, %v", len(claimed), err)
		}
		var changes []digest.Change
		for _, st := range claimed {
			c := digest.Change{Person: st.Person, Epoch: st.Epoch, Apply: func(cur *digest.Standing) bool {
				*cur = cur.Advance(persons+1, far, far)
				return true
			}}
			if len(changes) == 0 {
				c.Hold = time.Hour
			}
			changes = append(changes, c)
		}
		if _, err := d.Commit(ctx, changes); err != nil {
			t.Fatal(err)
		}
		for _, want := range []int{persons - 1, 0} {
			if n, err := d.Right(ctx, monday); err != nil || n != want {
				t.Errorf("%d righted, %v, want %d", n, err, want)
			}
		}
		due, err := d.Due(ctx, monday.AddDate(0, 0, 2), persons)
		if err != nil || len(due) != persons-1 {
			t.Errorf("%d are due within two days, %v", len(due), err)
		}
	})
}
