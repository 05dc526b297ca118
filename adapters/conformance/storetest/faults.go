package storetest

// Faults of the store, before a call is done or after: a crash, a cut connection,
// a lost answer.

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"imprint/projections"
)

// faulty fails calls as fail says, which is asked before each.
type faulty struct {
	projections.Store
	fail func(call string) fault
}

type fault int

const (
	none fault = iota
	notDone
	doneUnacknowledged
)

var errFault = errors.New("the store went away")

// broken runs a call with its fault.
func broken[T any](f faulty, call string, do func() (T, error)) (T, error) {
	var nothing T
	kind := f.fail(call)
	if kind == notDone {
		return nothing, errFault
	}
	v, err := do()
	if err == nil && kind == doneUnacknowledged {
		return nothing, errFault
	}
	return v, err
}

// only is broken for a call that answers an error alone.
func (f faulty) only(call string, do func() error) error {
	_, err := broken(f, call, func() (struct{}, error) { return struct{}{}, do() })
	return err
}

func (f faulty) Live(ctx context.Context, p projections.Projection) (projections.Build, error) {
	return broken(f, "Live", func() (projections.Build, error) { return f.Store.Live(ctx, p) })
}

func (f faulty) Create(ctx context.Context, p projections.Projection) (projections.Build, error) {
	return broken(f, "Create", func() (projections.Build, error) { return f.Store.Create(ctx, p) })
}

func (f faulty) Index(ctx context.Context, p projections.Projection, g projections.Generation) error {
	return f.only("Index", func() error { return f.Store.Index(ctx, p, g) })
}

func (f faulty) Switch(ctx context.Context, p projections.Projection, former, next projections.Build) error {
	return f.only("Switch", func() error { return f.Store.Switch(ctx, p, former, next) })
}

func (f faulty) Drop(ctx context.Context, g projections.Generation) error {
	return f.only("Drop", func() error { return f.Store.Drop(ctx, g) })
}

func (f faulty) Acquire(ctx context.Context, b projections.Build, holder string, ttl time.Duration, force bool) (projections.Build, error) {
	return broken(f, "Acquire", func() (projections.Build, error) { return f.Store.Acquire(ctx, b, holder, ttl, force) })
}

func (f faulty) Renew(ctx context.Context, g projections.Generation, epoch int64, ttl time.Duration) error {
	return f.only("Renew", func() error { return f.Store.Renew(ctx, g, epoch, ttl) })
}

func (f faulty) Release(ctx context.Context, g projections.Generation, epoch int64) error {
	return f.only("Release", func() error { return f.Store.Release(ctx, g, epoch) })
}

func (f faulty) Load(ctx context.Context, g projections.Generation, t *projections.Table, keys []projections.Key) ([]projections.Values, error) {
	return broken(f, "Load", func() ([]projections.Values, error) { return f.Store.Load(ctx, g, t, keys) })
}

func (f faulty) Commit(ctx context.Context, b projections.Batch) error {
	return f.only("Commit", func() error { return f.Store.Commit(ctx, b) })
}

func (f faulty) Read(ctx context.Context, read func(projections.Reader) error) error {
	return f.only("Read", func() error { return f.Store.Read(ctx, read) })
}

// testFaults runs all that an operator may do, with the first call failing, then
// the second …, each in both ways, until a run has no call left to fail. After
// each fault the same is done again as by a new process; nothing may be lost,
// doubled or left behind.
func testFaults(t *testing.T, h Harness) {
	w := newWorks(t, h)
	total, failed := 0, map[string]int{}
	for _, kind := range []fault{notDone, doneUnacknowledged} {
		for n, more := 1, true; more; n++ {
			w.mended.Store(false)
			w.writer.add(t, put{Item: "a", Shelf: "s", Title: "t", Count: 1}, put{Item: "p", Shelf: "s", Title: "bad", Count: 1, Poison: "error"})
			total++
			calls := 0
			e := w.engine
			e.Store = faulty{w.store, func(call string) fault {
				if calls++; calls != n {
					return none
				}
				failed[call]++
				return kind
			}}
			err := w.everything(t, e)
			if more = calls >= n; more && !errors.Is(err, errFault) {
				t.Fatalf("call %d failed and the error is %v", n, err)
			}
			w.clock.advance(time.Minute) // a lease that was not given back ends
			ok(t, w.everything(t, w.engine))
			want := fmt.Sprint([][]string{{"a", fmt.Sprint(total)}, {"p", fmt.Sprint(total)}})
			if got := fmt.Sprint(query(t, w.store, counts)); got != want {
				t.Fatalf("after a fault at call %d: %s, want %s", n, got, want)
			}
		}
		w.verify(t)
	}
	for _, call := range []string{"Live", "Create", "Index", "Switch", "Drop", "Acquire", "Release", "Load", "Commit", "Read"} {
		if failed[call] < 2 {
			t.Errorf("%s failed %d times: the test does not reach it in both ways", call, failed[call])
		}
	}
}

// everything feeds, replays what is parked, rebuilds and switches.
func (w *works) everything(t *testing.T, e projections.Engine) error {
	group := must[*projections.Group](t)(e.Group(w.shelf))
	if err := group.CatchUp(t.Context(), nil); err != nil {
		return err
	}
	parked, err := e.Parked(t.Context(), w.shelf)
	if err != nil {
		return err
	}
	w.mended.Store(true)
	if len(parked) > 0 {
		if err := e.Replay(t.Context(), w.shelf, parked[0].Key); err != nil {
			return err
		}
	}
	build, err := e.Rebuild(t.Context(), w.shelf, nil)
	if err != nil {
		return err
	}
	return e.Switch(t.Context(), w.shelf, build.Number)
}
