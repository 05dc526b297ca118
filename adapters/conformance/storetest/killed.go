package storetest

// A program that switches fails or is killed: between any two calls of the store,
// or in one whose answer it does not live to see.

import (
	"errors"
	"testing"
	"time"

	"imprint/domain/event"
	"imprint/projections"
)

// pauseBound is how long the lease lasts that a switch takes from the runners.
const pauseBound = 10 * time.Second

// testSwitchKilled: whatever the switching program has just done when it is killed,
// readers go on seeing what they saw, another program feeds the live generation
// after pauseBound at the latest, and the switch can be done again. One that fails
// and lives gives back what it took, so that nobody waits.
func testSwitchKilled(t *testing.T, h Harness) {
	w := newWorks(t, h)
	seen := sight{}
	feed := func() error {
		defer seen.look(t, w, 1)
		return must[*projections.Group](t)(w.engine.Group(w.shelf)).CatchUp(t.Context(), nil)
	}
	w.writer.add(t, one)
	ok(t, feed())
	live := must[projections.Build](t)(w.store.Live(t.Context(), w.shelf)).Number
	other := must[projections.Build](t)(w.engine.Rebuild(t.Context(), w.shelf, nil)).Number
	hit, paused := map[string]int{}, 0
	for round := range 4 {
		kind, dies := []fault{notDone, doneUnacknowledged}[round%2], round < 2
		for n, more := 1, true; more; n++ {
			w.writer.add(t, one, one)
			ok(t, feed())
			w.writer.add(t, one)
			calls, at := 0, ""
			e := w.engine
			e.Holder = "switcher"
			e.Store = faulty{w.store, func(call string) fault {
				switch calls++; {
				case calls == n:
					at = call
					return kind
				case calls > n && dies:
					return notDone
				}
				return none
			}}
			err := e.Switch(t.Context(), w.shelf, other)
			if more = at != ""; more && !errors.Is(err, errFault) {
				t.Fatalf("a fault at call %d, %s, and the error is %v", n, at, err)
			}
			hit[at]++
			seen.look(t, w, 1)
			err = feed()
			if errors.Is(err, projections.ErrHeld) && (dies || at == "Release" || at == "Acquire") {
				paused++
				w.clock.advance(pauseBound)
				err = feed()
			}
			if err != nil {
				t.Fatalf("after a fault at call %d, %s: %v", n, at, err)
			}
			if head := must[event.Checkpoint](t)(w.log.Head(t.Context())); seen.ordinal != head.Ordinal {
				t.Fatalf("after a fault at call %d, %s, %d of %d events are shown", n, at, seen.ordinal, head.Ordinal)
			}
			w.clock.advance(time.Minute) // the lease of the other generation ends
			ok(t, w.engine.Switch(t.Context(), w.shelf, other))
			ok(t, feed())
			live, other = other, live
		}
		w.verify(t)
	}
	for _, call := range []string{"Read", "Acquire", "Renew", "Live", "Load", "Commit", "Switch", "Release"} {
		if hit[call] < 4 {
			t.Errorf("%d faults at %s: the test does not reach it in every way", hit[call], call)
		}
	}
	if paused == 0 {
		t.Error("it was never killed while the live generation stood still")
	}
}
