package storetest

// Removing what nobody reads.

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"imprint/projections"
)

// leased is for how long a program says that it feeds a generation; not longer than
// the engine does.
const leased = 20 * time.Second

// left lists the generations of a store.
func left(t *testing.T, s Store) (numbers []int64) {
	t.Helper()
	ok(t, s.Read(t.Context(), func(r projections.Reader) error {
		builds, err := r.Builds(t.Context())
		for _, b := range builds {
			numbers = append(numbers, b.Number)
		}
		return err
	}))
	slices.Sort(numbers)
	return numbers
}

// testPrune: of what the newer program does not read, everything goes when nobody
// has fed it for the time, and nothing before; of what it reads, nothing goes.
func testPrune(t *testing.T, h Harness) {
	w := newWorks(t, h)
	w.writer.add(t, one)
	fed := func(version int) projections.Build { // by a program of that version
		w.shelf.Version = version
		w.catchUp(t)
		return must[projections.Build](t)(w.store.Live(t.Context(), w.shelf))
	}
	oldest, older, _ := fed(1), fed(2), fed(3)
	newer := w.shelf
	former := must[projections.Build](t)(w.store.Live(t.Context(), newer))
	live := must[projections.Build](t)(w.engine.Rebuild(t.Context(), newer, nil))
	ok(t, w.engine.Switch(t.Context(), newer, live.Number))
	const kept = 24 * time.Hour
	prune := func(want ...int64) {
		t.Helper()
		gone := []int64{}
		for _, b := range must[[]projections.Build](t)(w.engine.Prune(t.Context(), []projections.Projection{newer}, kept)) {
			gone = append(gone, b.Number)
		}
		if !slices.Equal(gone, want) {
			t.Errorf("%v went, want %v; left are %v", gone, want, left(t, w.store))
		}
	}
	prune()
	w.clock.advance(kept - time.Second)
	prune()
	// The older program has run on, and dies without giving its lease back.
	held := must[projections.Build](t)(w.store.Acquire(t.Context(), older, "older", leased, false))
	w.clock.advance(time.Second)
	prune(oldest.Number, former.Number)
	w.clock.advance(leased - time.Second + kept - time.Microsecond)
	ok(t, w.store.Release(t.Context(), older.Generation, held.Epoch-1)) // not its own
	prune()
	w.clock.advance(time.Microsecond)
	prune(older.Number)
	if got := left(t, w.store); fmt.Sprint(got) != fmt.Sprint([]int64{live.Number}) {
		t.Errorf("left are %v, want %d", got, live.Number)
	}
	w.verify(t)
}

// testPruneMeets: one who comes back to a generation while it is looked at keeps it,
// and two who prune at once do not disturb each other.
func testPruneMeets(t *testing.T, h Harness) {
	w := newWorks(t, h)
	newer := w.shelf
	newer.Version = 2
	for _, comesBack := range []bool{true, false} {
		live := must[projections.Build](t)(w.store.Live(t.Context(), w.shelf))
		w.clock.advance(time.Hour)
		e := w.engine
		first := true
		e.Store = faulty{w.store, func(call string) fault {
			if call != "Acquire" || !first {
				return none
			}
			first = false
			if comesBack {
				must[projections.Build](t)(w.store.Acquire(t.Context(), live, "older", leased, false))
			} else {
				must[[]projections.Build](t)(w.engine.Prune(t.Context(), []projections.Projection{newer}, time.Minute))
			}
			return none
		}}
		gone := must[[]projections.Build](t)(e.Prune(t.Context(), []projections.Projection{newer}, time.Minute))
		if len(gone) != 0 || len(left(t, w.store)) != map[bool]int{true: 1, false: 0}[comesBack] {
			t.Errorf("comes back %t: %v went, left are %v", comesBack, gone, left(t, w.store))
		}
	}
}
