package storetest

// The port itself: commits, leases, values.

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"imprint/domain/event"
	"imprint/projections"
)

// bench is a store with the live generation of the shelf and its lease.
type bench struct {
	store Store
	clock *clock
	shelf projections.Projection
	build projections.Build
}

func setUp(t *testing.T, h Harness) *bench {
	t.Helper()
	c := newClock()
	b := &bench{store: h.Store(t, c.time), clock: c, shelf: shelf(new(atomic.Bool))}
	live := must[projections.Build](t)(b.store.Live(t.Context(), b.shelf))
	b.build = must[projections.Build](t)(b.store.Acquire(t.Context(), live, "a", time.Minute, false))
	return b
}

// commit moves the generation to an ordinal with some changes.
func (b *bench) commit(t *testing.T, to int64, changes ...projections.Change) error {
	t.Helper()
	batch := projections.Batch{Generation: b.build.Generation, Epoch: b.build.Epoch, From: b.build.Checkpoint, To: at(to), Changes: changes}
	err := b.store.Commit(t.Context(), batch)
	if err == nil {
		b.build.Checkpoint = batch.To
	}
	return err
}

func at(ordinal int64) event.Checkpoint {
	return event.Checkpoint{Position: event.Position(fmt.Sprintf("%016x", ordinal)), Ordinal: ordinal, LogTime: time.UnixMicro(ordinal).UTC()}
}

func itemRow(id, title string, count int64) projections.Values {
	return projections.Values{id, title, title, count, count%2 == 0, []byte{}, "", int64(0), projections.Micros(time.Time{})}
}

func (b *bench) scan(t *testing.T, table *projections.Table) (all []projections.Values) {
	t.Helper()
	return scan(t, b.store, b.build.Generation, table)
}

func scan(t testing.TB, s projections.Store, g projections.Generation, table *projections.Table) (all []projections.Values) {
	t.Helper()
	ok(t, s.Read(t.Context(), func(r projections.Reader) error {
		for row, err := range r.Scan(t.Context(), g, table) {
			if err != nil {
				return err
			}
			all = append(all, row)
		}
		return nil
	}))
	return all
}

func ids(rows []projections.Values) (all []string) {
	for _, r := range rows {
		all = append(all, r[0].(string))
	}
	return all
}

func wantErr(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("error %v, want %v", err, want)
	}
}

func testFirstGeneration(t *testing.T, h Harness) {
	b := setUp(t, h)
	again := must[projections.Build](t)(b.store.Live(t.Context(), b.shelf))
	if live := again.Checkpoint; live != (event.Checkpoint{}) {
		t.Errorf("nothing was folded, but the checkpoint is %+v", live)
	}
	if again.Generation != b.build.Generation || !again.Live || again.Indexed {
		t.Errorf("live is %+v, want the first again, without indexes", again)
	}
	newer := b.shelf
	newer.Version = 2
	other := must[projections.Build](t)(b.store.Live(t.Context(), newer))
	if other.Number == b.build.Number || !other.Live {
		t.Errorf("a new code version shares generation %d", other.Number)
	}
}

func testCompareAndSet(t *testing.T, h Harness) {
	b := setUp(t, h)
	ok(t, b.commit(t, 5))
	stale := *b
	stale.build.Checkpoint = at(4)
	wantErr(t, stale.commit(t, 6), projections.ErrLost)
	stale = *b
	stale.build.Epoch--
	wantErr(t, stale.commit(t, 6), projections.ErrLost)
	stale = *b
	stale.build.Number += 1000
	wantErr(t, stale.commit(t, 6), projections.ErrLost)
	ok(t, b.commit(t, 6))
	live := must[projections.Build](t)(b.store.Live(t.Context(), b.shelf))
	if live.Checkpoint != at(6) {
		t.Errorf("checkpoint %+v, want %+v", live.Checkpoint, at(6))
	}
}

func testLostCommit(t *testing.T, h Harness) {
	b := setUp(t, h)
	ok(t, b.commit(t, 1, projections.Change{Table: items, Upserts: []projections.Values{itemRow("a", "first", 1)}}))
	stale := *b
	stale.build.Checkpoint = at(0)
	wantErr(t, stale.commit(t, 2, projections.Change{Table: items, Upserts: []projections.Values{itemRow("a", "second", 2)}}), projections.ErrLost)
	if rows := b.scan(t, items); rows[0][1] != "first" {
		t.Errorf("a lost commit wrote %v", rows)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.store.Commit(ctx, projections.Batch{Generation: b.build.Generation, Epoch: b.build.Epoch, From: at(1), To: at(2)}); err == nil {
		t.Error("committed after the context had ended")
	}
	ok(t, b.commit(t, 2))
}

func testLeaseExpiry(t *testing.T, h Harness) {
	b := setUp(t, h)
	g := b.build.Generation
	_, err := b.store.Acquire(t.Context(), b.build, "b", time.Minute, false)
	wantErr(t, err, projections.ErrHeld)
	b.clock.advance(50 * time.Second)
	ok(t, b.store.Renew(t.Context(), g, b.build.Epoch, time.Minute))
	b.clock.advance(59 * time.Second)
	_, err = b.store.Acquire(t.Context(), b.build, "b", time.Minute, false)
	wantErr(t, err, projections.ErrHeld)
	b.clock.advance(time.Second)
	taken := must[projections.Build](t)(b.store.Acquire(t.Context(), b.build, "b", time.Minute, false))
	if taken.Epoch <= b.build.Epoch {
		t.Errorf("epoch %d does not follow %d", taken.Epoch, b.build.Epoch)
	}
	wantErr(t, b.commit(t, 1), projections.ErrLost)
	wantErr(t, b.store.Renew(t.Context(), g, b.build.Epoch, time.Minute), projections.ErrLost)
	// A release under an old epoch leaves the new holder's lease alone.
	ok(t, b.store.Release(t.Context(), g, b.build.Epoch))
	_, err = b.store.Acquire(t.Context(), b.build, "c", time.Minute, false)
	wantErr(t, err, projections.ErrHeld)
	ok(t, b.store.Release(t.Context(), g, taken.Epoch))
	b.clock.advance(-10 * time.Second) // what was given back is free, whatever the clock says
	must[projections.Build](t)(b.store.Acquire(t.Context(), b.build, "c", time.Minute, false))
}

// testClockSet: a clock that is set forward ends leases, one that is set back
// does not prolong them, and in either case the former holder is fenced.
func testClockSet(t *testing.T, h Harness) {
	for _, set := range []time.Duration{48 * time.Hour, -48 * time.Hour} {
		b := setUp(t, h)
		b.clock.advance(set)
		taken := must[projections.Build](t)(b.store.Acquire(t.Context(), b.build, "b", time.Minute, false))
		wantErr(t, b.commit(t, 1), projections.ErrLost)
		_, err := b.store.Acquire(t.Context(), taken, "a", time.Minute, false)
		wantErr(t, err, projections.ErrHeld)
		// Who renews after the clock was set holds the lease by the new time.
		b.clock.advance(set)
		ok(t, b.store.Renew(t.Context(), taken.Generation, taken.Epoch, time.Minute))
		_, err = b.store.Acquire(t.Context(), taken, "a", time.Minute, false)
		wantErr(t, err, projections.ErrHeld)
	}
}

// testLostAnswer: whoever does not know whether a commit was done tries it again,
// is told ErrLost where it was, and finds it done.
func testLostAnswer(t *testing.T, h Harness) {
	b := setUp(t, h)
	again := *b
	change := projections.Change{Table: items, Upserts: []projections.Values{itemRow("a", "first", 1)}}
	ok(t, b.commit(t, 3, change)) // the answer is lost
	wantErr(t, again.commit(t, 3, change), projections.ErrLost)
	live := must[projections.Build](t)(b.store.Live(t.Context(), b.shelf))
	if live.Checkpoint != at(3) || len(b.scan(t, items)) != 1 {
		t.Errorf("the checkpoint is at %+v with %d rows", live.Checkpoint, len(b.scan(t, items)))
	}
}

func testForcedLease(t *testing.T, h Harness) {
	b := setUp(t, h)
	forced := must[projections.Build](t)(b.store.Acquire(t.Context(), b.build, "b", time.Minute, true))
	wantErr(t, b.commit(t, 1), projections.ErrLost)
	b.build = forced
	ok(t, b.commit(t, 1))
	_, err := b.store.Acquire(t.Context(), projections.Build{Generation: projections.Generation{Projection: "shelf", Version: 1, Number: 9999}}, "b", time.Minute, true)
	wantErr(t, err, projections.ErrLost)
}

func testValues(t *testing.T, h Harness) {
	b := setUp(t, h)
	large := strings.Repeat("ä\n", 500_000)
	want := []projections.Values{
		{"", "", "", int64(0), false, []byte{}, "", int64(0), int64(0)},
		{"a\x00\x01b\x02\x01", "\x00\x01", "\x01\x01\x00", int64(2), false, []byte{1}, "\x00", int64(1), int64(2)},
		{"a'\"\\%$1", large, "NULL", projections.Forever, true, []byte(large), `{"k":"v"}`, int64(-1), projections.Micros(time.Time{})},
		{"b", "e\u0301 ≠ é", "\u00e9", -projections.Forever - 1, true, []byte{0, 255, 0}, "null", int64(1), int64(-1)},
	}
	ok(t, b.commit(t, 1, projections.Change{Table: items, Upserts: want}))
	if got := b.scan(t, items); !equalRows(got, want) {
		t.Errorf("scanned other values than were written")
	}
	keys := []projections.Key{projections.KeyOf("item", ""), projections.KeyOf("item", "a'\"\\%$1"), projections.KeyOf("item", "a\x00\x01b\x02\x01"), projections.KeyOf("item", "b"), projections.KeyOf("item", "absent")}
	loaded := must[[]projections.Values](t)(b.store.Load(t.Context(), b.build.Generation, items, keys))
	slices.SortFunc(loaded, func(x, y projections.Values) int { return strings.Compare(x[0].(string), y[0].(string)) })
	if !equalRows(loaded, want) {
		t.Errorf("loaded other values than were written")
	}
}

func equalRows(a, b []projections.Values) bool {
	return fmt.Sprintf("%#v", a) == fmt.Sprintf("%#v", b)
}

func testCollation(t *testing.T, h Harness) {
	b := setUp(t, h)
	want := []string{"", "\x00", "\x00\x01", "\x01", "\x01\x00", "\x02", " ", "10", "9", "A", "B", "a", "a ", "a\u0301", "b", "z", "ä", "é", "\U0001F600"}
	if !slices.IsSorted(want) {
		t.Fatal("the wanted order is not the order of bytes")
	}
	var rows []projections.Values
	for _, id := range want {
		rows = append(rows, itemRow(id, id, 1))
	}
	ok(t, b.commit(t, 1, projections.Change{Table: items, Upserts: rows}))
	if got := ids(b.scan(t, items)); !slices.Equal(got, want) {
		t.Errorf("scanned %q, want %q", got, want)
	}
}

func testManyKeys(t *testing.T, h Harness) {
	b := setUp(t, h)
	const n = 40_000 // more than any engine takes parameters in one statement
	var rows []projections.Values
	var keys []projections.Key
	var primary []projections.Values
	for i := range n {
		id := fmt.Sprintf("%06d", i)
		rows = append(rows, projections.Values{"s", id, int64(i)})
		keys = append(keys, projections.KeyOf("place", "s", id))
		primary = append(primary, projections.Values{"s", id})
	}
	ok(t, b.commit(t, 1, projections.Change{Table: places, Upserts: rows}))
	loaded := must[[]projections.Values](t)(b.store.Load(t.Context(), b.build.Generation, places, keys))
	if len(loaded) != n {
		t.Fatalf("loaded %d rows of %d", len(loaded), n)
	}
	ok(t, b.commit(t, 2, projections.Change{Table: places, Deletes: primary[:n-3]}))
	if left := b.scan(t, places); !equalRows(left, rows[n-3:]) {
		t.Errorf("%d rows left, want the last three: %v", len(left), left)
	}
	var facts []projections.Values
	for i := range n {
		facts = append(facts, projections.Values{fmt.Sprintf("item \x00 %d", i%7), "put", int64(i + 3)})
	}
	ok(t, b.commit(t, n+3, projections.Change{Table: moves, Inserts: facts},
		projections.Change{Table: places, Inserts: rows[:n-3], Upserts: []projections.Values{{"s", rows[n-1][1], int64(0)}}}))
	if got := b.scan(t, places); len(got) != n || got[n-1][2] != int64(0) || !equalRows(got[:n-1], rows[:n-1]) {
		t.Errorf("%d rows after inserting and updating in one commit, want %d", len(got), n)
	}
	if got := b.scan(t, moves); !equalRows(got, facts) {
		t.Errorf("%d facts were written and %d came back, or others", n, len(got))
	}
	stale := *b
	stale.build.Checkpoint = at(2)
	wantErr(t, stale.commit(t, n+4, projections.Change{Table: moves, Upserts: []projections.Values{{"x", "put", int64(n + 9)}}}), projections.ErrLost)
}

// moments are times that a fold may put, in their order; the first is none.
var moments = []time.Time{
	{},
	time.Date(1, 1, 1, 0, 0, 0, 1000, time.UTC),
	time.Date(1969, 12, 31, 23, 59, 59, 999_999_000, time.UTC),
	time.Unix(0, 0).UTC(), // a time like any other
	time.Unix(0, 1000).UTC(),
	time.Date(9999, 12, 31, 23, 59, 59, 999_999_000, time.UTC),
}

// testTimes: no time, the epoch and the times before it are told apart by folds
// that find them again, and sort rightly.
func testTimes(t *testing.T, h Harness) {
	w := newWorks(t, h)
	for i, due := range moments {
		w.writer.add(t, put{Item: fmt.Sprint(i), Shelf: "s", Due: due})
	}
	w.catchUp(t)
	inOrder := func(when string) {
		t.Helper()
		rows := query(t, w.store, `SELECT id, CAST(due AS text) AS shown FROM shelf_items_v1 ORDER BY due, id`)
		for i, row := range rows {
			if want := []string{fmt.Sprint(i), fmt.Sprint(moments[i].UnixMicro())}; !slices.Equal(row, want) {
				t.Errorf("%s: row %d is %q, want %q", when, i, row, want)
			}
		}
		if len(rows) != len(moments) {
			t.Errorf("%s: %d rows", when, len(rows))
		}
	}
	inOrder("put")
	// Another batch: the fold loads what is kept, and a later time changes nothing.
	for i := range moments[1:] {
		w.writer.add(t, put{Item: fmt.Sprint(i + 1), Shelf: "s", Due: moments[len(moments)-1]}, put{Item: fmt.Sprint(i + 1), Shelf: "s"})
	}
	w.writer.add(t, put{Item: "0", Shelf: "s"})
	w.catchUp(t)
	inOrder("loaded")
	w.verify(t)
}

func testLoadInterval(t *testing.T, h Harness) {
	b := setUp(t, h)
	closed, open := projections.Values{"a", int64(1), int64(1), int64(5)}, projections.Values{"a", int64(2), int64(5), projections.Forever}
	ok(t, b.commit(t, 6,
		projections.Change{Table: spans, Upserts: []projections.Values{closed, open}},
		projections.Change{Table: moves, Upserts: []projections.Values{{"a", "put", int64(1)}}}))
	key := []projections.Key{projections.KeyOf("item", "a")}
	if got := must[[]projections.Values](t)(b.store.Load(t.Context(), b.build.Generation, spans, key)); !equalRows(got, []projections.Values{open}) {
		t.Errorf("loaded %v, want the open row", got)
	}
	if got := must[[]projections.Values](t)(b.store.Load(t.Context(), b.build.Generation, moves, key)); len(got) != 0 {
		t.Errorf("loaded facts: %v", got)
	}
}
