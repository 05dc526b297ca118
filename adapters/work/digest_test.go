package work_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"imprint/adapters/work"
	"imprint/domain/calendar"
	"imprint/domain/digest"
	"imprint/domain/event"
	"imprint/domain/person"
)

var monday = time.Date(2027, 3, 1, 6, 0, 0, 0, time.UTC)

// settings is a fact that turns digests on; its address is sealed.
func settings(t *testing.T, id uuid.UUID, f calendar.Frequency, ordinal int64) digest.Fact {
	t.Helper()
	var s event.Secret
	if err := s.UnmarshalJSON([]byte(`{"key":"person-x","box":"AAAA"}`)); err != nil {
		t.Fatal(err)
	}
	return digest.Fact{Person: id, Ordinal: ordinal, At: monday, Payload: person.NotificationSettingsChanged{
		Person: id, Address: s, Schedule: calendar.Schedule{Frequency: f, Hour: 8, Zone: "UTC"}}}
}

func at(ordinal int64) event.Checkpoint {
	if ordinal == 0 {
		return event.Checkpoint{}
	}
	return event.Checkpoint{Position: event.Position(fmt.Sprintf("%016x", ordinal)), Ordinal: ordinal, LogTime: monday}
}

func TestFactsAndCheckpointAreOne(t *testing.T) {
	onEach(t, func(t *testing.T, db work.Database, _ *clock) {
		d := work.NewDigests(db)
		ctx, id := t.Context(), uuid.New()
		if err := d.Fold(ctx, at(0), at(5), []digest.Fact{settings(t, id, calendar.Daily, 5)}); err != nil {
			t.Fatal(err)
		}
		// A second reader that began at the same place changes nothing.
		if err := d.Fold(ctx, at(0), at(9), []digest.Fact{settings(t, id, calendar.Off, 9)}); !errors.Is(err, digest.ErrMoved) {
			t.Errorf("a page folded twice: %v", err)
		}
		st, found, err := d.Find(ctx, id)
		if err != nil || !found || st.Cursor != 6 || st.Since != 5 || !st.NextDue.Equal(monday.Add(2*time.Hour)) || st.Settings.Address == nil {
			t.Errorf("%+v, %v", st, err)
		}
		if c, err := d.Checkpoint(ctx); err != nil || c != at(5) {
			t.Errorf("%+v, %v", c, err)
		}
	})
}

func TestALeaseIsForOneHolderUntilItsTime(t *testing.T) {
	onEach(t, func(t *testing.T, db work.Database, c *clock) {
		d := work.NewDigests(db)
		ctx, id := t.Context(), uuid.New()
		if err := d.Fold(ctx, at(0), at(5), []digest.Fact{settings(t, id, calendar.Daily, 5)}); err != nil {
			t.Fatal(err)
		}
		claim := digest.Claim{Holder: "one", Now: monday.Add(2 * time.Hour), Lease: time.Minute, Limit: 10}
		early := claim
		early.Now = claim.Now.Add(-time.Microsecond)
		held := func(c digest.Claim) int {
			t.Helper()
			claimed, err := d.Claim(ctx, c)
			if err != nil {
				t.Fatal(err)
			}
			return len(claimed)
		}
		if n := held(early); n != 0 {
			t.Error("claimed before it was due")
		}
		if held(claim) != 1 || held(claim) != 0 {
			t.Error("one lease, given once")
		}
		if err := d.Release(ctx, "two"); err != nil || held(claim) != 0 {
			t.Errorf("another holder gave it back (%v)", err)
		}
		c.now = c.now.Add(time.Minute)
		if held(claim) != 1 {
			t.Error("the lease has not run out")
		}
		if err := d.Release(ctx, "one"); err != nil || held(claim) != 1 {
			t.Errorf("it was not given back (%v)", err)
		}
		// Two leases later, the first epoch is worth nothing.
		done, err := d.Commit(ctx, []digest.Change{
			{Person: id, Epoch: 1, Apply: func(st *digest.Standing) bool { st.Cursor = 1; return true }},
			{Person: id, Epoch: 3, Apply: func(*digest.Standing) bool { return false }},
			{Person: id, Epoch: 3, Apply: func(st *digest.Standing) bool { st.Cursor = 9; return true }},
			{Person: uuid.New(), Epoch: 0, Apply: func(*digest.Standing) bool { return true }},
		})
		if err != nil || fmt.Sprint(done) != "[false false true false]" {
			t.Errorf("%v, %v", done, err)
		}
		if st, _, _ := d.Find(ctx, id); st.Cursor != 9 {
			t.Errorf("cursor %d", st.Cursor)
		}
	})
}

// TestTheClosingFactEndsTheLease: a round over many persons does not hold those that
// it has served, and gives back all that it still holds, however many.
func TestTheClosingFactEndsTheLease(t *testing.T) {
	onEach(t, func(t *testing.T, db work.Database, _ *clock) {
		const persons = 1203 // more than are released at once, and no multiple
		d := work.NewDigests(db)
		ctx, facts := t.Context(), []digest.Fact{}
		for i := range int64(persons) {
			facts = append(facts, settings(t, uuid.New(), calendar.Daily, i+1))
		}
		if err := d.Fold(ctx, at(0), at(persons), facts); err != nil {
			t.Fatal(err)
		}
		claimed, err := d.Claim(ctx, digest.Claim{Holder: "one", Now: monday.Add(2 * time.Hour), Lease: time.Hour, Limit: persons})
		if err != nil || len(claimed) != persons {
			t.Fatalf("%d claimed, %v", len(claimed), err)
		}
		held := func() int { return count(t, db, `SELECT count(*) FROM digest_standings WHERE lease_until > 0`) }
		served, w := claimed[0], digest.Window{From: 5, Until: 9}
		done, err := d.Commit(ctx, []digest.Change{{Person: served.Person, Epoch: served.Epoch, Hold: time.Hour, Apply: func(st *digest.Standing) bool {
			st.Open = &digest.Delivery{Window: w, State: digest.SentState, Retry: monday}
			return true
		}}})
		if err != nil || !done[0] || held() != persons {
			t.Fatalf("%v, %v: %d held", done, err, held())
		}
		// New settings end nothing, the fact does.
		for i, p := range []event.Payload{facts[0].Payload, digest.Sent{Person: served.Person, Window: w, SentAt: monday}} {
			f := digest.Fact{Person: served.Person, Ordinal: persons + int64(i) + 1, At: monday, Payload: p}
			if err := d.Fold(ctx, at(f.Ordinal-1), at(f.Ordinal), []digest.Fact{f}); err != nil {
				t.Fatal(err)
			}
			if n := held(); n != persons-i {
				t.Errorf("%d held after %T", n, p)
			}
		}
		if err := d.Release(ctx, "one"); err != nil || held() != 0 {
			t.Errorf("%d held after the release (%v)", held(), err)
		}
	})
}

func TestTheFrozenMailLivesAsLongAsItIsNeeded(t *testing.T) {
	onEach(t, func(t *testing.T, db work.Database, _ *clock) {
		d := work.NewDigests(db)
		ctx, id := t.Context(), uuid.New()
		if err := d.Fold(ctx, at(0), at(5), []digest.Fact{settings(t, id, calendar.Daily, 5)}); err != nil {
			t.Fatal(err)
		}
		set := func(state digest.State, box []byte) {
			t.Helper()
			done, err := d.Commit(ctx, []digest.Change{{Person: id, Apply: func(st *digest.Standing) bool {
				st.Open = &digest.Delivery{State: state, Box: box, Retry: monday}
				return true
			}}})
			if err != nil || !done[0] {
				t.Fatal(done, err)
			}
		}
		kept := func() int {
			t.Helper()
			return count(t, db, `SELECT count(*) FROM digest_mails WHERE box = $1`, []byte("sealed"))
		}
		set(digest.Sending, []byte("sealed"))
		set(digest.InDoubt, nil) // not read, not changed
		if kept() != 1 {
			t.Error("the bytes of a digest in doubt are gone")
		}
		set(digest.SentState, nil)
		if kept() != 0 {
			t.Error("the bytes of an accepted digest are still there")
		}
	})
}

// TestManyWorkersShareThePeople: each due person is claimed by one of several
// workers at once, while the reader of facts moves the same rows on and workers
// commit: nobody is claimed twice, and no change is lost under another.
func TestManyWorkersShareThePeople(t *testing.T) {
	const persons, workers = 40, 6
	onEach(t, func(t *testing.T, db work.Database, _ *clock) {
		ctx := t.Context()
		d := work.NewDigests(db)
		var facts []digest.Fact
		for i := range int64(persons) {
			facts = append(facts, settings(t, uuid.New(), calendar.Daily, i+1))
		}
		if err := d.Fold(ctx, at(0), at(persons), facts); err != nil {
			t.Fatal(err)
		}
		var mu sync.Mutex
		claims := map[uuid.UUID]int{}
		var all sync.WaitGroup
		for w := range workers {
			all.Go(func() {
				for {
					claimed, err := d.Claim(ctx, digest.Claim{Holder: fmt.Sprint("worker ", w), Now: monday.Add(2 * time.Hour), Lease: time.Hour, Limit: 3})
					if err != nil {
						t.Error(err)
					}
					if len(claimed) == 0 {
						return
					}
					for _, s := range claimed {
						mu.Lock()
						claims[s.Person]++
						mu.Unlock()
						done, err := d.Commit(ctx, []digest.Change{{Person: s.Person, Epoch: s.Epoch, Hold: time.Hour, Apply: func(s *digest.Standing) bool { s.LastDue = monday; return true }}})
						if err != nil || !done[0] {
							t.Errorf("commit: %v, %v", done, err)
						}
					}
				}
			})
		}
		all.Go(func() { // settings change meanwhile, one person after the other
			for i, f := range facts {
				f.Ordinal = persons + int64(i) + 1
				if err := d.Fold(ctx, at(f.Ordinal-1), at(f.Ordinal), []digest.Fact{f}); err != nil {
					t.Error(err)
				}
			}
		})
		all.Wait()
		if len(claims) != persons {
			t.Errorf("%d of %d persons were claimed", len(claims), persons)
		}
		for i, f := range facts {
			s, _, err := d.Find(ctx, f.Person)
			if err != nil || claims[f.Person] != 1 || !s.LastDue.Equal(monday) || s.Changed != persons+int64(i)+1 {
				t.Errorf("claimed %d times, last due %s, settings of %d (%v)", claims[f.Person], s.LastDue, s.Changed, err)
			}
		}
	})
}
