package work

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"imprint/domain/calendar"
	"imprint/domain/digest"
	"imprint/domain/event"
	"imprint/domain/person"
)

var monday = time.Date(2027, 3, 1, 6, 0, 0, 0, time.UTC)

type clock struct{ now time.Time }

func openDigests(t *testing.T) (*Digests, *clock) {
	t.Helper()
	db, err := Open(t.Context(), filepath.Join(t.TempDir(), "work.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	c := &clock{now: monday}
	return NewDigests(db, func() time.Time { return c.now }), c
}

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
	d, _ := openDigests(t)
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
}

func TestALeaseIsForOneHolderUntilItsTime(t *testing.T) {
	d, c := openDigests(t)
	ctx, id := t.Context(), uuid.New()
	if err := d.Fold(ctx, at(0), at(5), []digest.Fact{settings(t, id, calendar.Daily, 5)}); err != nil {
		t.Fatal(err)
	}
	claim := digest.Claim{Holder: "one", Now: monday.Add(2 * time.Hour), Lease: time.Minute, Limit: 10}
	early := claim
	early.Now = claim.Now.Add(-time.Microsecond)
	count := func(c digest.Claim) int {
		t.Helper()
		claimed, err := d.Claim(ctx, c)
		if err != nil {
			t.Fatal(err)
		}
		return len(claimed)
	}
	if n := count(early); n != 0 {
		t.Error("claimed before it was due")
	}
	if count(claim) != 1 || count(claim) != 0 {
		t.Error("one lease, given once")
	}
	if err := d.Release(ctx, "two"); err != nil || count(claim) != 0 {
		t.Errorf("another holder gave it back (%v)", err)
	}
	c.now = c.now.Add(time.Minute)
	if count(claim) != 1 {
		t.Error("the lease has not run out")
	}
	if err := d.Release(ctx, "one"); err != nil || count(claim) != 1 {
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
}

func TestTheFrozenMailLivesAsLongAsItIsNeeded(t *testing.T) {
	d, _ := openDigests(t)
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
	kept := func() (n int) {
		t.Helper()
		if err := d.db.Read.QueryRow(`SELECT count(*) FROM digest_mails WHERE CAST(box AS text) = 'sealed'`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
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
}

func TestNobodyIsLookedForBySearchingEveryone(t *testing.T) {
	d, _ := openDigests(t)
	for _, query := range []string{
		`SELECT person FROM digest_standings WHERE wake_at <= 1 AND lease_until <= 1 ORDER BY wake_at LIMIT 1`,
		`SELECT person FROM digest_standings WHERE immediate = 1 AND cursor < 1 AND lease_until <= 1 ORDER BY cursor LIMIT 1`,
		`SELECT min(cursor) FROM digest_standings WHERE immediate = 1`,
		`SELECT person FROM digest_standings WHERE troubled = 1 ORDER BY person LIMIT 1`,
		`UPDATE digest_standings SET lease_until = 0 WHERE holder = 'x' AND lease_until > 0`,
	} {
		rows, err := d.db.Write.Query(`EXPLAIN QUERY PLAN ` + query)
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			var a, b, c int
			var detail string
			if err := rows.Scan(&a, &b, &c, &detail); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(detail, "INDEX") || strings.Contains(detail, "TEMP") {
				t.Errorf("%s\n\t%s", query, detail)
			}
		}
		_ = rows.Close()
	}
}
