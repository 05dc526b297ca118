package work_test

// What several programs share: whose log it is, requests, leases.

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"imprint/adapters/work"
	"imprint/domain/event"
)

func TestTheTablesAreBoundToOneLog(t *testing.T) {
	onEach(t, func(t *testing.T, db work.Database, _ *clock) {
		served := work.NewServed(db)
		if id, found, err := served.Log(t.Context()); found || err != nil {
			t.Fatalf("of new tables: %s, %v", id, err)
		}
		answers := make([]uuid.UUID, 8)
		var claims sync.WaitGroup
		for i := range answers {
			claims.Go(func() {
				var err error
				if answers[i], err = work.NewServed(db).Claim(t.Context(), uuid.New()); err != nil {
					t.Error(err)
				}
			})
		}
		claims.Wait()
		bound, found, err := served.Log(t.Context())
		if err != nil || !found || bound == uuid.Nil {
			t.Fatalf("bound to %s, %v", bound, err)
		}
		for _, id := range answers {
			if id != bound {
				t.Errorf("a claim was answered %s, the tables are bound to %s", id, bound)
			}
		}
	})
}

func TestARequestIsClaimedOnce(t *testing.T) {
	onEach(t, func(t *testing.T, db work.Database, _ *clock) {
		r, ctx, id := work.NewRequests(db), t.Context(), uuid.New()
		claim := func(id uuid.UUID, stream event.Stream, print string, at time.Time) string {
			t.Helper()
			noted, by, err := r.Claim(ctx, id, stream, print, at)
			if err != nil {
				t.Fatal(err)
			}
			return string(noted) + " " + by
		}
		if got := claim(id, "document-a", "print a", monday); got != "document-a print a" {
			t.Errorf("the first claim: %s", got)
		}
		if got := claim(id, "document-b", "print b", monday); got != "document-a print a" {
			t.Errorf("the second claim: %s", got)
		}
		for i := range 4 {
			claim(uuid.New(), "document-c", "", monday.Add(time.Duration(i)*time.Hour))
		}
		// Only what is old enough goes, at most as many as asked for, the oldest first.
		for _, want := range []int64{2, 1, 0} {
			if n, err := r.Forget(ctx, monday.Add(90*time.Minute), 2); n != want || err != nil {
				t.Errorf("forgot %d, %v; want %d", n, err, want)
			}
		}
		if n := count(t, db, `SELECT count(*) FROM requests`); n != 2 {
			t.Errorf("%d are left, want 2", n)
		}
		if got := claim(id, "document-b", "print b", monday); got != "document-b print b" {
			t.Errorf("after it was forgotten: %s", got)
		}
	})
}

func TestALeaseIsHeldByOne(t *testing.T) {
	onEach(t, func(t *testing.T, db work.Database, c *clock) {
		ctx := t.Context()
		a, b := work.NewLease(db, "reactions", "a", time.Minute), work.NewLease(db, "reactions", "b", time.Minute)
		want := func(what string, l *work.Lease, held bool) {
			t.Helper()
			if got, err := l.Acquire(ctx); got != held || err != nil {
				t.Errorf("%s: %v, %v; want %v", what, got, err, held)
			}
		}
		want("a new one", a, true)
		want("held by another", b, false)
		want("another name", work.NewLease(db, "another", "b", time.Minute), true)
		c.now = c.now.Add(40 * time.Second)
		want("prolonged", a, true)
		c.now = c.now.Add(40 * time.Second)
		want("prolonged before", b, false)
		c.now = c.now.Add(20 * time.Second)
		want("run out", b, true)
		want("taken over", a, false)
		c.now = c.now.Add(-time.Hour)
		want("by a clock that was set back", a, true)
		if err := b.Release(ctx); err != nil {
			t.Fatal(err)
		}
		want("released by somebody else", b, false)
		if err := a.Release(ctx); err != nil {
			t.Fatal(err)
		}
		want("released", b, true)

		all, err := work.Leases(ctx, db)
		if err != nil {
			t.Fatal(err)
		}
		if i := slices.IndexFunc(all, func(h work.Held) bool { return h.Name == "reactions" }); i < 0 || all[i].Holder != "b" || all[i].Epoch != 4 || !all[i].Until.Equal(c.now.Add(time.Minute)) {
			t.Errorf("the leases are %+v", all)
		}
	})
}

func TestOfManyWhoAskAtOnceOneGetsTheLease(t *testing.T) {
	onEach(t, func(t *testing.T, db work.Database, _ *clock) {
		var asking sync.WaitGroup
		won := make([]bool, 8)
		for i := range won {
			asking.Go(func() {
				var err error
				if won[i], err = work.NewLease(db, "reactions", uuid.NewString(), time.Minute).Acquire(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		asking.Wait()
		winners := 0
		for _, w := range won {
			if w {
				winners++
			}
		}
		if winners != 1 {
			t.Errorf("%d hold it", winners)
		}
	})
}

// late is a database that answers with the time as it was.
type late struct {
	work.Database
	by time.Duration
}

func (d late) Clock(ctx context.Context) (time.Time, error) {
	now, err := d.Database.Clock(ctx)
	return now.Add(-d.by), err
}

// Whoever has asked the clock, and comes to the row after the holder has prolonged
// its lease, does not take that for a clock that was set back.
func TestALeaseIsNotTakenFromAHolderWhoWasFaster(t *testing.T) {
	onEach(t, func(t *testing.T, db work.Database, _ *clock) {
		holder, slow := work.NewLease(db, "reactions", "a", time.Minute), work.NewLease(late{db, 30 * time.Second}, "reactions", "b", time.Minute)
		if held, err := holder.Acquire(t.Context()); !held || err != nil {
			t.Fatal(held, err)
		}
		if held, err := slow.Acquire(t.Context()); held || err != nil {
			t.Errorf("it was taken: %v, %v", held, err)
		}
	})
}
