package storetest

// Rebuilds and switches while events are written and snapshots are read.

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"imprint/adapters/queries"
	"imprint/domain"
	"imprint/domain/event"
	"imprint/projections"
)

// restless is a log that grows whenever it is read: nobody who reads it ever stands
// at its end.
type restless struct {
	event.Log
	grow func()
}

func (l restless) ReadAll(ctx context.Context, after event.Checkpoint, limit int) ([]event.Recorded, error) {
	defer l.grow()
	return l.Log.ReadAll(ctx, after, limit)
}

var one = put{Item: "a", Shelf: "s", Title: "t", Count: 1}

// testSwitchNeedsNoLuck: whenever the switching program looks at the log or asks
// the store for anything, more has been written, and another program has folded it
// into the live generation if nothing but chance were against it.
func testSwitchNeedsNoLuck(t *testing.T, h Harness) {
	w := newWorks(t, h)
	rival := w.engine
	rival.Holder = "rival"
	seen := sight{}
	busy := func() {
		w.writer.add(t, one)
		err := must[*projections.Group](t)(rival.Group(w.shelf)).CatchUp(t.Context(), nil)
		if err != nil && domain.KindOf(err) != domain.Unavailable { // it is held
			t.Fatal(err)
		}
		seen.look(t, w, 1)
	}
	busy()
	moved := 0
	e := w.engine
	e.Holder = "builder"
	beside := newWriter(w.log, "document-beside") // the log is read while others fold
	e.Log = restless{w.log, func() { beside.add(t, one) }}
	e.Store = faulty{w.store, func(call string) fault {
		busy()
		if call == "Switch" {
			moved++
		}
		return none
	}}
	for i := range 3 {
		build := must[projections.Build](t)(e.Rebuild(t.Context(), w.shelf, nil))
		ok(t, e.Switch(t.Context(), w.shelf, build.Number))
		if moved != i+1 {
			t.Fatalf("switch %d moved the views %d times", i+1, moved)
		}
		live := must[projections.Build](t)(w.store.Live(t.Context(), w.shelf))
		if live.Number != build.Number {
			t.Fatalf("generation %d is live, want %d", live.Number, build.Number)
		}
	}
	busy()
	w.verify(t)
}

// testSwitchesUnderLoad: two programs of the present code and one of an older one
// run beside each other. Every snapshot shows the rows of exactly as many events as
// its checkpoint says, whichever generation it reads, and never fewer than the one
// before; who waited for a write sees it; every switch moves the views at its first
// try; and the older code's read model is left alone.
func testSwitchesUnderLoad(t *testing.T, h Harness) {
	w := newWorks(t, h)
	older, _ := w.run(t, w.engine)
	w.shelf.Version = 2
	second := w.engine
	second.Holder = "b"
	programs := make([]*projections.Group, 2)
	programs[0], _ = w.run(t, w.engine)
	programs[1], _ = w.run(t, second)
	last := w.writer.add(t, one)
	for _, p := range append(programs, older) {
		ok(t, p.Wait(t.Context(), last))
	}

	const switches, writers = 4, 3
	var others sync.WaitGroup
	built := make(chan struct{})
	until := func(do func() bool) {
		others.Go(func() {
			for do() {
				select {
				case <-built:
					return
				default:
				}
			}
		})
	}
	lasts := make([]event.Position, writers)
	for i := range writers {
		own := newWriter(w.log, event.Stream(fmt.Sprintf("document-shelf%d", i)))
		until(func() bool {
			lasts[i] = own.add(t, one)
			if i == 0 {
				return true // the others write as fast as they are shown what they wrote
			}
			if err := programs[i%2].Wait(t.Context(), lasts[i]); err != nil {
				t.Error(err)
				return false
			}
			shown := event.Position(w.moment(t, 2).position)
			if shown < lasts[i] {
				t.Errorf("after the wait for %s a snapshot is at %s", lasts[i], shown)
			}
			return shown >= lasts[i]
		})
	}
	for version := range 2 {
		seen := sight{}
		until(func() bool { return seen.look(t, w, version+1) })
	}

	moved := 0
	builder := w.engine
	builder.Holder = "builder"
	builder.Store = faulty{w.store, func(call string) fault {
		if call == "Switch" {
			moved++
		}
		return none
	}}
	for range switches {
		build, err := builder.Rebuild(t.Context(), w.shelf, nil)
		if err == nil {
			err = builder.Switch(t.Context(), w.shelf, build.Number)
		}
		if err != nil {
			t.Error(err)
			break
		}
	}
	close(built)
	others.Wait()
	if moved != switches {
		t.Errorf("%d switches moved the views %d times", switches, moved)
	}
	for _, position := range lasts {
		for _, p := range append(programs, older) {
			ok(t, p.Wait(t.Context(), position))
		}
	}
	if lost := older.Status()[0].Lost; lost != 0 {
		t.Errorf("the older program lost its lease %d times", lost)
	}
	w.verify(t)
	w.shelf.Version = 1
	w.verify(t)
}

// testSwitchedMeanwhile: a runner that has seen which generation is live, and takes
// the lease after a switch, does not feed the former one while nobody feeds what is
// read; so that who waited sees what was waited for.
func testSwitchedMeanwhile(t *testing.T, h Harness) {
	w := newWorks(t, h)
	w.writer.add(t, one)
	w.catchUp(t)
	build := must[projections.Build](t)(w.engine.Rebuild(t.Context(), w.shelf, nil))
	last := w.writer.add(t, one)
	e := w.engine
	e.Store = faulty{w.store, func(call string) fault {
		if call == "Acquire" { // does nothing the second time
			ok(t, w.engine.Switch(t.Context(), w.shelf, build.Number))
		}
		return none
	}}
	group, _ := w.run(t, e)
	ok(t, group.Wait(t.Context(), last))
	if shown := w.moment(t, 1); shown.position != string(last) || shown.sum != 2 {
		t.Errorf("after the wait for %s a snapshot is at %s and shows %d", last, shown.position, shown.sum)
	}
	w.verify(t)
}

// testCaughtUpUnderWrites: a program that starts while others write is ready, with
// the indexes made, once it has folded what there was when it started; and so is one
// that follows it.
func testCaughtUpUnderWrites(t *testing.T, h Harness) {
	w := newWorks(t, h)
	w.writer.add(t, one)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	folded := make(chan struct{})
	e := w.engine
	e.Store = faulty{w.store, func(call string) fault {
		if call == "Commit" {
			w.writer.add(t, one) // what is committed is never all that there is
		}
		return none
	}}
	e.Folded = func(projections.Folded) {
		select {
		case folded <- struct{}{}:
		case <-ctx.Done():
		}
	}
	caughtUp := func(g *projections.Group, batches int) {
		t.Helper()
		for n := 0; !g.Status()[0].CaughtUp; n++ {
			if n == batches {
				t.Fatalf("after %d batches more: %+v", n, g.Status()[0])
			}
			<-folded
		}
	}
	leader, stop := w.run(t, e)
	caughtUp(leader, 10)
	if live := must[projections.Build](t)(w.store.Live(t.Context(), w.shelf)); !live.Indexed {
		t.Error("it has caught up without indexes")
	}
	second := w.engine
	second.Holder = "b"
	follower, end := w.run(t, second)
	caughtUp(follower, 5000) // it looks now and then only
	cancel()
	stop()
	end()
	w.verify(t)
}

// sight is a reader who remembers how far it has been shown.
type sight struct{ ordinal int64 }

// look holds a snapshot against the one before; every event counts one.
func (s *sight) look(t *testing.T, w *works, version int) bool {
	t.Helper()
	m := w.moment(t, version)
	good := m.sum == m.ordinal && m.ordinal >= s.ordinal
	if !good {
		t.Errorf("version %d: a snapshot at event %d, after one at %d, shows %d", version, m.ordinal, s.ordinal, m.sum)
	}
	s.ordinal = m.ordinal
	return good
}

// moment is how far a snapshot says that it is, and what its rows have counted.
type moment struct {
	position     string
	ordinal, sum int64
}

func (w *works) moment(t *testing.T, version int) (m moment) {
	t.Helper()
	err := w.store.Snapshot(t.Context(), func(q queries.Querier) error {
		for text, to := range map[string][]any{
			`SELECT position, ordinal FROM projection_checkpoints WHERE projection = 'shelf' AND version = %d`: {&m.position, &m.ordinal},
			`SELECT count FROM shelf_items_v%d WHERE id = 'a'`:                                                 {&m.sum},
		} {
			rows, err := q.Query(t.Context(), fmt.Sprintf(text, version))
			if err != nil {
				return err
			}
			for rows.Next() {
				if err := rows.Scan(to...); err != nil {
					return err
				}
			}
			rows.Close()
			if err := rows.Err(); err != nil {
				return fmt.Errorf("%s: %w", text, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	return m
}
