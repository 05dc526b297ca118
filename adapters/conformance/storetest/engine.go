package storetest

// The engine over the store and a real log: runners, poison, replay, newer and
// unknown events.

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"imprint/domain"
	"imprint/domain/event"
	"imprint/projections"
)

// works is a log, a store and the engine between them.
type works struct {
	log    event.Log
	store  Store
	writer *writer
	engine projections.Engine
	mended *atomic.Bool
	clock  *clock // of the store
	// scratch is where fresh folds go; each makes a generation of its own there.
	scratch projections.Store
	shelf   projections.Projection
}

func newWorks(t testing.TB, h Harness) *works {
	t.Helper()
	c := newClock()
	w := &works{log: h.Log(t), store: h.Store(t, c.time), clock: c, mended: new(atomic.Bool)}
	w.writer, w.scratch = newWriter(w.log, "document-shelf"), h.Store(t, c.time)
	w.shelf = shelf(w.mended)
	w.engine = projections.Engine{Log: w.log, Registry: registry(), Store: w.store, Holder: "a"}
	return w
}

// catchUp folds what the log has.
func (w *works) catchUp(t testing.TB) *projections.Group {
	t.Helper()
	group := must[*projections.Group](t)(w.engine.Group(w.shelf))
	ok(t, group.CatchUp(t.Context(), nil))
	return group
}

// run runs the engine's group until the returned function is called.
func (w *works) run(t testing.TB, e projections.Engine) (*projections.Group, func()) {
	t.Helper()
	group := must[*projections.Group](t)(e.Group(w.shelf))
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- group.Run(ctx) }()
	stop := sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("run: %v", err)
		}
	})
	t.Cleanup(stop)
	return group, stop
}

// verify holds the live rows against a fresh fold.
func (w *works) verify(t testing.TB) projections.Report {
	t.Helper()
	report := must[projections.Report](t)(w.engine.Verify(t.Context(), w.shelf, w.scratch, nil))
	if report.Difference != nil {
		t.Fatalf("live and fresh fold differ: %s", report.Difference)
	}
	if sum := must[projections.Report](t)(w.engine.Sum(t.Context(), w.shelf)); !slices.Equal(sum.Tables, report.Tables) {
		t.Fatalf("the tables have the hashes %v, and Verify found %v", sum.Tables, report.Tables)
	}
	return report
}

// hidden lists the keys that wait, in log order, "key@ordinal".
func (w *works) hidden(t testing.TB) (all []string) {
	t.Helper()
	for _, p := range must[[]projections.Parked](t)(w.engine.Parked(t.Context(), w.shelf)) {
		all = append(all, fmt.Sprintf("%s@%d", p.Key, p.Ordinal()))
	}
	return all
}

const counts = `SELECT id, CAST(count AS text) FROM shelf_items_v1 ORDER BY id`

func testTwoRunners(t *testing.T, h Harness) {
	w := newWorks(t, h)
	other := w.engine
	other.Holder = "b"
	// Both work at once although only one holds the lease: b takes it by force
	// again and again, in the middle of a's batches.
	first, _ := w.run(t, w.engine)
	const n = 300
	for i := range n {
		last := w.writer.add(t, put{Item: fmt.Sprint(i % 3), Shelf: "s", Title: "t", Count: 1})
		if i%20 == 0 {
			live := must[projections.Build](t)(w.store.Live(t.Context(), w.shelf))
			taken := must[projections.Build](t)(w.store.Acquire(t.Context(), live, "b", 0, true))
			ok(t, w.store.Release(t.Context(), live.Generation, taken.Epoch))
		}
		if i == n/2 {
			second, _ := w.run(t, other)
			defer func() { ok(t, second.Wait(t.Context(), last)) }()
		}
	}
	last := w.writer.add(t, put{Item: "last", Shelf: "s", Title: "t", Count: 1})
	ok(t, first.Wait(t.Context(), last))
	want := fmt.Sprint([][]string{{"0", "100"}, {"1", "100"}, {"2", "100"}, {"last", "1"}})
	if got := fmt.Sprint(query(t, w.store, counts)); got != want {
		t.Errorf("folded to %s, want %s", got, want)
	}
	w.verify(t)
}

func testWait(t *testing.T, h Harness) {
	w := newWorks(t, h)
	group, stop := w.run(t, w.engine)
	for i := range 20 {
		position := w.writer.add(t, put{Item: "a", Shelf: "s", Title: "t", Count: 1})
		ok(t, group.Wait(t.Context(), position, "shelf"))
		if got := query(t, w.store, counts); got[0][1] != fmt.Sprint(i+1) {
			t.Fatalf("after the wait for event %d the view shows %v", i+1, got)
		}
	}
	stop()
	position := w.writer.add(t, put{Item: "a", Shelf: "s", Title: "t", Count: 1})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := group.Wait(ctx, position); domain.KindOf(err) != domain.Unavailable {
		t.Errorf("waiting in vain gave %v", err)
	}
	s := group.Status()[0]
	if s.Leading || s.Checkpoint.Ordinal != 20 { // whether it had looked once more before the stop is left open
		t.Errorf("status after the stop: %+v", s)
	}
	// The lease was given back: another process need not wait for its end.
	next := w.engine
	next.Holder = "b"
	ok(t, must[*projections.Group](t)(next.Group(w.shelf)).CatchUp(t.Context(), nil))
}

func testPoison(t *testing.T, h Harness) {
	for _, poison := range []string{"error", "panic"} {
		w := newWorks(t, h)
		w.writer.add(t,
			put{Item: "a", Shelf: "s", Title: "good", Count: 1, Tags: []string{"x"}},
			put{Item: "b", Shelf: "s", Title: "good", Count: 1})
		if poison == "panic" {
			w.catchUp(t) // the failing event is the first of a batch, or in its middle
		}
		w.writer.add(t,
			put{Item: "a", Shelf: "s", Title: "bad", Count: 5, Poison: poison},
			put{Item: "b", Shelf: "s", Title: "good", Count: 1},
			put{Item: "a", Shelf: "s", Title: "later", Count: 7})
		group := w.catchUp(t)
		if got := fmt.Sprint(w.hidden(t)); got != "[item:a@3 item:a@5]" {
			t.Errorf("%s: parked %s", poison, got)
		}
		if got := fmt.Sprint(query(t, w.store, counts)); got != "[[b 2]]" {
			t.Errorf("%s: the view shows %s; b must flow on and a be hidden", poison, got)
		}
		if got := fmt.Sprint(query(t, w.store, `SELECT item, CAST(puts AS text) FROM shelf_places_v1 ORDER BY item`)); got != "[[a 3] [b 2]]" {
			t.Errorf("%s: the other key of the event shows %s", poison, got)
		}
		if s := group.Status()[0]; s.Parked != 1 || s.Checkpoint.Ordinal != 5 || s.Stopped != "" {
			t.Errorf("%s: status %+v", poison, s)
		}
		if r := w.verify(t); r.Parked != 1 {
			t.Errorf("%s: verify counts %d parked keys", poison, r.Parked)
		}
		// The rows are those from before the event: nothing of it remains.
		for _, row := range scan(t, w.store, must[projections.Build](t)(w.store.Live(t.Context(), w.shelf)).Generation, moves) {
			if row[0] == "a" && row[2].(int64) >= 3 {
				t.Errorf("%s: the failed fold left %v", poison, row)
			}
		}
	}
}

func testReplay(t *testing.T, h Harness) {
	w := newWorks(t, h)
	group, _ := w.run(t, w.engine)
	w.writer.add(t,
		put{Item: "a", Shelf: "s", Title: "good", Count: 1},
		put{Item: "a", Shelf: "s", Title: "bad", Count: 5, Poison: "error"},
		put{Item: "a", Shelf: "s", Title: "later", Count: 7})
	ok(t, group.Wait(t.Context(), w.writer.add(t, passing{})))
	w.mended.Store(true)
	// Other events go on while the key is replayed under the runner's feet.
	ok(t, w.engine.Replay(t.Context(), w.shelf, projections.KeyOf("item", "a")))
	ok(t, group.Wait(t.Context(), w.writer.add(t, put{Item: "a", Shelf: "s", Title: "last", Count: 10})))
	if got := fmt.Sprint(query(t, w.store, counts)); got != "[[a 23]]" {
		t.Errorf("the view shows %s", got)
	}
	if left := w.hidden(t); len(left) != 0 {
		t.Errorf("still parked: %v", left)
	}
	w.verify(t)
	err := w.engine.Replay(t.Context(), w.shelf, projections.KeyOf("item", "a"))
	if domain.KindOf(err) != domain.NotFound {
		t.Errorf("replaying a key that is not parked gave %v", err)
	}
}

func testReplayFails(t *testing.T, h Harness) {
	w := newWorks(t, h)
	w.writer.add(t, put{Item: "a", Shelf: "s", Title: "bad", Count: 5, Poison: "error"}, put{Item: "a", Shelf: "s", Title: "later", Count: 7})
	w.catchUp(t)
	var fold *projections.FoldError
	if err := w.engine.Replay(t.Context(), w.shelf, projections.KeyOf("item", "a")); !errors.As(err, &fold) || fold.Ordinal != 1 {
		t.Errorf("the replay gave %v", err)
	}
	if got := fmt.Sprint(w.hidden(t)); got != "[item:a@1 item:a@2]" {
		t.Errorf("parked %s", got)
	}
	if got := query(t, w.store, counts); len(got) != 0 {
		t.Errorf("the view shows %v", got)
	}
}

func testNewerSchema(t *testing.T, h Harness) {
	w := newWorks(t, h)
	group, _ := w.run(t, w.engine)
	seen := w.writer.add(t, put{Item: "a", Shelf: "s", Title: "t", Count: 1})
	// A newer event of a type that is not folded passes by.
	w.writer.raw(t, passing{}.EventType(), 9, []byte(`{}`))
	newer := w.writer.raw(t, put{}.EventType(), 2, []byte(`{}`))
	ok(t, group.Wait(t.Context(), seen))
	if err := group.Wait(t.Context(), newer); domain.KindOf(err) != domain.Unavailable {
		t.Errorf("waiting for a stopped projection gave %v", err)
	}
	s := group.Status()[0]
	if s.Checkpoint.Ordinal != 2 || s.Stopped == "" || s.Leading {
		t.Errorf("status %+v; want it stopped after event 2", s)
	}
	again := must[*projections.Group](t)(w.engine.Group(w.shelf))
	var schema *event.NewerSchemaError
	if err := again.CatchUp(t.Context(), nil); !errors.As(err, &schema) || schema.Ordinal != 3 {
		t.Errorf("catching up gave %v", err)
	}
}

func testUnknown(t *testing.T, h Harness) {
	w := newWorks(t, h)
	w.writer.add(t, put{Item: "a", Shelf: "s", Title: "t", Count: 1}, passing{})
	w.writer.raw(t, "FromTheFuture", 3, []byte(`{}`))
	w.writer.raw(t, "FromTheFuture", 3, []byte(`not JSON`))
	s := w.catchUp(t).Status()[0]
	if s.Checkpoint.Ordinal != 4 || fmt.Sprint(s.Unknown) != "map[FromTheFuture:2]" {
		t.Errorf("status %+v; want the checkpoint at 4 and two unknown events", s)
	}
	w.verify(t)
}

// gappy loses one event, as no log may.
type gappy struct {
	event.Log
	missing int64
}

func (g gappy) ReadAll(ctx context.Context, after event.Checkpoint, limit int) ([]event.Recorded, error) {
	page, err := g.Log.ReadAll(ctx, after, limit)
	return slices.DeleteFunc(page, func(r event.Recorded) bool { return r.Ordinal == g.missing }), err
}

func testGap(t *testing.T, h Harness) {
	w := newWorks(t, h)
	for range 4 {
		w.writer.add(t, put{Item: "a", Shelf: "s", Title: "t", Count: 1})
	}
	e := w.engine
	e.Log = gappy{w.log, 3}
	group := must[*projections.Group](t)(e.Group(w.shelf))
	wantErr(t, group.CatchUp(t.Context(), nil), event.ErrCorrupt)
	if s := group.Status()[0]; s.Checkpoint.Ordinal != 2 {
		t.Errorf("the checkpoint is at %d, want 2: nothing may be folded after a gap", s.Checkpoint.Ordinal)
	}
}

// An event of a known type and schema that does not decode names no key that
// could be parked, so that the whole projection stops before it.
func testUnreadable(t *testing.T, h Harness) {
	w := newWorks(t, h)
	w.writer.add(t, put{Item: "a", Shelf: "s", Title: "t", Count: 1})
	w.writer.raw(t, put{}.EventType(), 1, []byte(`{"item":7}`))
	last := w.writer.add(t, put{Item: "b", Shelf: "s", Title: "t", Count: 1})
	group, _ := w.run(t, w.engine)
	if err := group.Wait(t.Context(), last); domain.KindOf(err) != domain.Unavailable {
		t.Errorf("waiting gave %v", err)
	}
	if s := group.Status()[0]; s.Stopped == "" || s.Checkpoint.Ordinal != 1 {
		t.Errorf("status %+v; want it stopped after event 1", s)
	}
}

func testCatchUpHeld(t *testing.T, h Harness) {
	w := newWorks(t, h)
	last := w.writer.add(t, put{Item: "a", Shelf: "s", Title: "t", Count: 1})
	group, _ := w.run(t, w.engine)
	ok(t, group.Wait(t.Context(), last))
	other := w.engine
	other.Holder = "b"
	err := must[*projections.Group](t)(other.Group(w.shelf)).CatchUp(t.Context(), nil)
	if domain.KindOf(err) != domain.Unavailable || !errors.Is(err, projections.ErrHeld) {
		t.Errorf("catching up beside a runner gave %v", err)
	}
	// One that follows learns the checkpoint without doing the work.
	follower, _ := w.run(t, other)
	ok(t, follower.Wait(t.Context(), w.writer.add(t, passing{})))
	if follower.Status()[0].Leading || !group.Status()[0].Leading {
		t.Error("the follower leads")
	}
}
