package work_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"imprint/adapters/work"
	"imprint/domain"
	"imprint/domain/calendar"
	"imprint/domain/digest"
)

func TestWhatWaitsIsListedInPagesAndHastened(t *testing.T) {
	onEach(t, func(t *testing.T, db work.Database, c *clock) {
		d, ctx := work.NewDigests(db), t.Context()
		var facts []digest.Fact
		var persons []uuid.UUID
		for i := range 5 {
			id := uuid.New()
			facts = append(facts, settings(t, id, calendar.Daily, int64(2*i+1)))
			if i == 0 {
				continue // of whom nothing has failed
			}
			persons = append(persons, id)
			facts = append(facts, digest.Fact{Person: id, Ordinal: int64(2*i + 2), At: monday, Payload: digest.Failed{
				Person: id, Window: digest.Window{From: int64(2*i + 2), Until: 20}, Failure: digest.Failure{Class: digest.ForGood, Code: 554}}})
		}
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		must(d.Fold(ctx, at(0), at(20), facts))
		slices.SortFunc(persons, func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) })
		var listed []uuid.UUID
		for after := uuid.Nil; ; after = listed[len(listed)-1] {
			page, err := d.TroubledAfter(ctx, after, 2)
			must(err)
			for _, s := range page {
				listed = append(listed, s.Person)
			}
			if len(page) < 2 {
				break
			}
		}
		if !slices.Equal(listed, persons) {
			t.Errorf("%v, want %v", listed, persons)
		}
		now := monday.Add(time.Minute) // it is due at 08:00 only
		code := func(err error) string {
			var refused *domain.Error
			errors.As(err, &refused)
			if refused == nil {
				return ""
			}
			return refused.Code
		}
		hasten := func(wants ...string) {
			t.Helper()
			refused, err := d.Hasten(ctx, append([]uuid.UUID{uuid.New()}, persons[0], persons[1])[:len(wants)], now)
			must(err)
			var got []string
			for _, why := range refused {
				got = append(got, code(why))
			}
			if !slices.Equal(got, wants) {
				t.Errorf("%v, want %v", got, wants)
			}
		}
		hasten("nothing-failed", "")
		claim := digest.Claim{Holder: "one", Now: now, Lease: time.Minute, Limit: 10}
		if held, err := d.Claim(ctx, claim); err != nil || len(held) != 1 || held[0].Person != persons[0] {
			t.Errorf("%+v, %v", held, err)
		}
		hasten("nothing-failed", "under-way", "") // a worker holds the first
		c.now = c.now.Add(2 * time.Minute)        // the lease has run out
		hasten("nothing-failed", "", "")
	})
}
