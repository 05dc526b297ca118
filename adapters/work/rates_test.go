package work_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"imprint/adapters/work"
	"imprint/domain/calendar"
	"imprint/domain/digest"
	"imprint/domain/mail"
)

// TestARateIsOneForAll: several programs take turns at once, and together they get
// what one would.
func TestARateIsOneForAll(t *testing.T) {
	onEach(t, func(t *testing.T, db work.Database, c *clock) {
		const programs, each = 4, 10
		total, domain := mail.Rate{Mails: 20, Per: time.Second}, mail.Rate{Mails: 30, Per: time.Minute}
		var mu sync.Mutex
		got := map[string][]time.Duration{}
		var group sync.WaitGroup
		for range programs {
			group.Go(func() {
				rates := work.NewRates(db)
				for range each {
					asks := []digest.Ask{{Name: "total", Rate: total, Count: 3, Ahead: time.Hour}, {Name: "a", Rate: domain, Count: 1, Ahead: time.Hour}}
					waits, err := rates.Take(t.Context(), asks)
					if err != nil || len(waits) != 2 {
						t.Errorf("%v, %v", waits, err)
						return
					}
					mu.Lock()
					for i, a := range asks {
						got[a.Name] = append(got[a.Name], waits[i]...)
					}
					mu.Unlock()
				}
			})
		}
		group.Wait()
		for name, want := range map[string][]time.Duration{"total": even(total, programs*each*3), "a": even(domain, programs*each)} {
			slices.Sort(got[name])
			if fmt.Sprint(got[name]) != fmt.Sprint(want) {
				t.Errorf("%s: %v\nnot %v", name, got[name], want)
			}
		}
		// What is too far ahead is not given, and not taken.
		near := digest.Ask{Name: "a", Rate: domain, Count: 5, Ahead: time.Second}
		if waits, err := work.NewRates(db).Take(t.Context(), []digest.Ask{near}); err != nil || len(waits[0]) != 0 {
			t.Errorf("%v, %v", waits, err)
		}
		c.now = c.now.Add(programs * each * 2 * time.Second)
		if waits, err := work.NewRates(db).Take(t.Context(), []digest.Ask{near}); err != nil || len(waits[0]) != 1 || waits[0][0] != 0 {
			t.Errorf("after a pause: %v, %v", waits, err)
		}
		if n := count(t, db, `SELECT count(*) FROM mail_rates`); n != 2 {
			t.Errorf("%d rows", n)
		}
		// A domain that nobody writes to any more leaves nothing.
		c.now = c.now.Add(2 * time.Hour)
		near.Name = "b"
		if _, err := work.NewRates(db).Take(t.Context(), []digest.Ask{near}); err != nil {
			t.Fatal(err)
		}
		if n := count(t, db, `SELECT count(*) FROM mail_rates`); n != 1 {
			t.Errorf("%d rows, of which two are of the past", n)
		}
	})
}

// even are the waits of the first n turns of a rate.
func even(r mail.Rate, n int) (waits []time.Duration) {
	turns, _ := r.Take(time.Time{}, monday, n, 24*time.Hour)
	for _, turn := range turns {
		waits = append(waits, turn.Sub(monday))
	}
	return waits
}

func TestWhoIsPutOffWakesAtItsTurn(t *testing.T) {
	onEach(t, func(t *testing.T, db work.Database, _ *clock) {
		d := work.NewDigests(db)
		ctx, daily, immediate := t.Context(), uuid.New(), uuid.New()
		if err := d.Fold(ctx, at(0), at(6), []digest.Fact{settings(t, daily, calendar.Daily, 5), settings(t, immediate, calendar.Immediate, 6)}); err != nil {
			t.Fatal(err)
		}
		due := monday.Add(2 * time.Hour)
		turn := due.Add(time.Minute)
		put := func(id uuid.UUID, epoch int64, until time.Time) {
			t.Helper()
			done, err := d.Commit(ctx, []digest.Change{{Person: id, Epoch: epoch, Apply: func(s *digest.Standing) bool {
				s.Later, s.Turn = until, !until.IsZero()
				return true
			}}})
			if err != nil || !done[0] {
				t.Fatalf("%v, %v", done, err)
			}
		}
		claimed := func(now time.Time) (n int) {
			t.Helper()
			all, err := d.Claim(ctx, digest.Claim{Holder: "one", Now: now, Immediate: true, End: 100, Lease: time.Minute, Limit: 10})
			if err != nil {
				t.Fatal(err)
			}
			if err := d.Release(ctx, "one"); err != nil {
				t.Fatal(err)
			}
			for _, s := range all {
				if !s.Later.IsZero() && (!s.Later.Equal(turn) || !s.Turn) {
					t.Errorf("put off until %s, turn %v", s.Later, s.Turn)
				}
			}
			return len(all)
		}
		put(daily, 0, turn)
		put(immediate, 0, turn)
		if n := claimed(turn.Add(-time.Microsecond)); n != 0 {
			t.Errorf("%d were claimed before their turn", n)
		}
		off, err := d.PutOff(ctx, 10)
		if err != nil || len(off) != 2 {
			t.Errorf("%v, %v", off, err)
		}
		if n := claimed(turn); n != 2 {
			t.Errorf("%d were claimed at their turn", n)
		}
		// Those whose turn it is come first, however long others are due.
		put(daily, 1, turn)
		put(immediate, 1, time.Time{})
		longDue := uuid.New()
		if err := d.Fold(ctx, at(6), at(7), []digest.Fact{settings(t, longDue, calendar.Daily, 7)}); err != nil {
			t.Fatal(err)
		}
		first, err := d.Claim(ctx, digest.Claim{Holder: "one", Now: turn, Immediate: true, End: 100, Lease: time.Minute, Limit: 1})
		if err != nil || len(first) != 1 || first[0].Person != daily {
			t.Errorf("%+v, %v", first, err)
		}
		if all, err := d.Claim(ctx, digest.Claim{Holder: "one", Now: turn, Immediate: true, End: 100, Lease: time.Minute, Limit: 10}); err != nil || len(all) != 2 {
			t.Errorf("the others: %+v, %v", all, err)
		}
		if err := d.Release(ctx, "one"); err != nil {
			t.Fatal(err)
		}
		put(longDue, 1, turn)
		put(daily, 2, time.Time{})
		put(immediate, 2, time.Time{})
		if n := claimed(due); n != 2 {
			t.Errorf("%d were claimed who are not put off any more", n)
		}
		// Settings that change end it: perhaps the domain is another.
		put(daily, 3, turn)
		if err := d.Fold(ctx, at(7), at(8), []digest.Fact{settings(t, daily, calendar.Weekly, 8)}); err != nil {
			t.Fatal(err)
		}
		if st, _, err := d.Find(ctx, daily); err != nil || !st.Later.IsZero() || st.Turn {
			t.Errorf("%+v, %v", st, err)
		}
	})
}
