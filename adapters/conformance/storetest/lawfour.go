package storetest

// Law 4: rebuild, verify, as-of, and the property that ties them together.

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"imprint/domain"
	"imprint/domain/event"
	"imprint/projections"
)

func testRebuildStops(t *testing.T, h Harness) {
	w := newWorks(t, h)
	w.mended.Store(true)
	w.writer.add(t, put{Item: "a", Shelf: "s", Title: "t", Count: 1}, put{Item: "a", Shelf: "s", Title: "bad", Count: 1, Poison: "error"})
	w.catchUp(t)
	w.mended.Store(false) // the live generation folded it; now it fails
	var fold *projections.FoldError
	if _, err := w.engine.Rebuild(t.Context(), w.shelf, nil); !errors.As(err, &fold) || fold.Ordinal != 2 || fold.Key != projections.KeyOf("item", "a") {
		t.Fatalf("the rebuild gave %v", err)
	}
	ok(t, w.store.Read(t.Context(), func(r projections.Reader) error {
		builds, err := r.Builds(t.Context())
		if len(builds) != 1 || !builds[0].Live {
			t.Errorf("the failed rebuild left %+v", builds)
		}
		return err
	}))
	err := w.engine.Switch(t.Context(), w.shelf, 12345)
	if domain.KindOf(err) != domain.NotFound {
		t.Errorf("switching to an unknown generation gave %v", err)
	}
	// What a rebuild leaves that was killed: its rows need not be those of its
	// checkpoint.
	left := must[projections.Build](t)(w.store.Create(t.Context(), w.shelf))
	err = w.engine.Switch(t.Context(), w.shelf, left.Number)
	if live := must[projections.Build](t)(w.store.Live(t.Context(), w.shelf)); domain.KindOf(err) != domain.Conflict || live.Number == left.Number {
		t.Errorf("switching to a generation that is not finished gave %v, and %d is live", err, live.Number)
	}
}

func testRebuildWhileFed(t *testing.T, h Harness) {
	w := newWorks(t, h)
	w.writer.add(t, put{Item: "p", Shelf: "s", Title: "bad", Count: 1, Poison: "error"})
	group, _ := w.run(t, w.engine)
	var last event.Position
	for i := range 50 {
		last = w.writer.add(t, put{Item: fmt.Sprint(i % 7), Shelf: "s", Title: "t", Count: 1, Tags: []string{fmt.Sprint(i % 3)}})
	}
	ok(t, group.Wait(t.Context(), last)) // a rebuild parks what the live one has parked
	more := func(n int) {
		for range n {
			last = w.writer.add(t, put{Item: "0", Shelf: "s", Title: "t", Count: 1})
		}
	}
	reported := int64(0)
	builder := w.engine
	builder.Holder = "builder"
	build := must[projections.Build](t)(builder.Rebuild(t.Context(), w.shelf, func(p projections.Progress) {
		if p.Ordinal > reported && p.Head >= p.Ordinal && reported < 100 {
			more(10) // the live generation is fed while this one is built
		}
		reported = p.Ordinal
	}))
	if reported == 0 || !build.Indexed {
		t.Errorf("the rebuild reported up to %d and built %+v", reported, build)
	}
	former := must[projections.Build](t)(w.store.Live(t.Context(), w.shelf))
	ok(t, builder.Switch(t.Context(), w.shelf, build.Number))
	more(5)
	ok(t, group.Wait(t.Context(), last))
	if s := group.Status()[0]; s.Generation != build.Number {
		t.Errorf("the runner feeds generation %d, want %d", s.Generation, build.Number)
	}
	if got := fmt.Sprint(w.hidden(t)); got != "[item:p@1]" {
		t.Errorf("parked after the rebuild: %s", got)
	}
	w.verify(t)
	// Back to the former one, which is brought up first.
	ok(t, builder.Switch(t.Context(), w.shelf, former.Number))
	w.verify(t)
	more(1)
	ok(t, group.Wait(t.Context(), last))
	w.verify(t)
}

func testVerifyDifference(t *testing.T, h Harness) {
	w := newWorks(t, h)
	w.writer.add(t, put{Item: "a", Shelf: "s", Title: "t", Count: 1}, put{Item: "b", Shelf: "s", Title: "t", Count: 2})
	w.catchUp(t)
	first := w.verify(t)
	tamper := func(c projections.Change) projections.Report {
		t.Helper()
		live := must[projections.Build](t)(w.store.Live(t.Context(), w.shelf))
		held := must[projections.Build](t)(w.store.Acquire(t.Context(), live, "a", 0, true))
		ok(t, w.store.Commit(t.Context(), projections.Batch{Generation: held.Generation, Epoch: held.Epoch, From: held.Checkpoint, To: held.Checkpoint, Changes: []projections.Change{c}}))
		return must[projections.Report](t)(w.engine.Verify(t.Context(), w.shelf, w.scratch, nil))
	}
	rows := scan(t, w.store, must[projections.Build](t)(w.store.Live(t.Context(), w.shelf)).Generation, items)
	b := slices.Clone(rows[1])
	b[7] = int64(99) // the unhashed column
	r := tamper(projections.Change{Table: items, Upserts: []projections.Values{b}})
	if d := r.Difference; d == nil || d.Table != "items" || d.Key != "b" || d.Column != "at" || d.Live != "99" {
		t.Errorf("a changed column gave %v", r.Difference)
	}
	if r.Tables[0].Hash != first.Tables[0].Hash {
		t.Error("an unhashed column changed the content hash")
	}
	b = slices.Clone(rows[1])
	b[1] = "other"
	r = tamper(projections.Change{Table: items, Upserts: []projections.Values{b}})
	if d := r.Difference; d == nil || d.Column != "title" || r.Tables[0].Hash == first.Tables[0].Hash {
		t.Errorf("a changed title gave %v and hash %s", r.Difference, r.Tables[0].Hash)
	}
	r = tamper(projections.Change{Table: items, Upserts: []projections.Values{rows[1], itemRow("a0", "t", 1)}})
	if d := r.Difference; d == nil || d.Key != "a0" || d.Fresh != "has no such row" || r.Tables[0].Rows != 3 {
		t.Errorf("an added row gave %v, %+v", r.Difference, r.Tables[0])
	}
	r = tamper(projections.Change{Table: items, Deletes: []projections.Values{{"a0"}, {"b"}}})
	if d := r.Difference; d == nil || d.Key != "b" || d.Live != "has no such row" {
		t.Errorf("a missing row gave %v", r.Difference)
	}
	r = tamper(projections.Change{Table: items, Upserts: []projections.Values{rows[1]}})
	if r.Difference != nil || r.Tables[0].Hash != first.Tables[0].Hash {
		t.Errorf("after the repair: %v", r.Difference)
	}
}

// operation draws one event.
func operation(t *rapid.T) event.Payload {
	id := rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(t, "item")
	switch rapid.IntRange(0, 9).Draw(t, "what") {
	case 0, 1:
		return cleared{Item: id}
	case 2:
		return passing{}
	}
	p := put{
		Item: id, Shelf: rapid.SampledFrom([]string{"s", "t"}).Draw(t, "shelf"),
		Title: rapid.SampledFrom([]string{"red", "green apple", ""}).Draw(t, "title"),
		Count: rapid.Int64Range(-1, 2).Draw(t, "count"),
		Tags:  rapid.SliceOfN(rapid.SampledFrom([]string{"x", "y", "z"}), 0, 4).Draw(t, "tags"),
		Due:   rapid.SampledFrom(moments).Draw(t, "due"),
	}
	if rapid.IntRange(0, 19).Draw(t, "poisoned") == 0 {
		p.Poison = rapid.SampledFrom([]string{"error", "panic"}).Draw(t, "poison")
	}
	return p
}

func testLawFour(t *testing.T, h Harness) {
	rapid.Check(t, func(rt *rapid.T) {
		round := &scope{TB: t}
		defer round.end()
		w := newWorks(round, h)
		e := w.engine
		e.Store = faulty{w.store, func(call string) fault {
			if call != "Commit" {
				return none
			}
			return rapid.SampledFrom([]fault{none, none, notDone, doneUnacknowledged}).Draw(rt, "fault")
		}}
		for range rapid.IntRange(1, 6).Draw(rt, "batches") {
			w.writer.add(t, rapid.SliceOfN(rapid.Custom(operation), 1, 12).Draw(rt, "events")...)
			// Each try is a new process with nothing in memory; a failed one leaves
			// the batch to the next, or to a later and larger batch.
			for range 3 {
				err := must[*projections.Group](t)(e.Group(w.shelf)).CatchUp(t.Context(), nil)
				if err == nil {
					break
				}
				if !errors.Is(err, errFault) {
					rt.Fatal(err)
				}
			}
		}
		w.catchUp(t)
		live := w.verify(t)
		shownBefore := fmt.Sprint(query(t, w.store, counts))
		build := must[projections.Build](t)(w.engine.Rebuild(t.Context(), w.shelf, nil))
		ok(t, w.engine.Switch(t.Context(), w.shelf, build.Number))
		rebuilt := w.verify(t)
		if fmt.Sprint(live.Tables) != fmt.Sprint(rebuilt.Tables) || live.Parked != rebuilt.Parked {
			rt.Fatalf("live %+v, rebuilt %+v", live, rebuilt)
		}
		if after := fmt.Sprint(query(t, w.store, counts)); after != shownBefore {
			rt.Fatalf("shown %s before the switch and %s after", shownBefore, after)
		}
	})
}

// testAsOf holds the interval rows against folds of every prefix of the log.
func testAsOf(t *testing.T, h Harness) {
	rapid.Check(t, func(rt *rapid.T) {
		round := &scope{TB: t}
		defer round.end()
		w := newWorks(round, h)
		w.mended.Store(true)
		trial := projections.NewTrial(w.shelf)
		prefixes := []string{fmt.Sprint([]string{})}
		w.writer.add(t, rapid.SliceOfN(rapid.Custom(operation), 1, 25).Draw(rt, "events")...)
		read := must[[]event.Recorded](t)(w.log.ReadAll(t.Context(), event.Checkpoint{}, math.MaxInt16))
		for _, r := range read {
			payload := must[event.Payload](t)(registry().Decode(r))
			ok(t, trial.Fold(projections.Event{Recorded: &r, Payload: payload}))
			held := []string{}
			for _, i := range projections.RowsOf[item](trial) {
				held = append(held, fmt.Sprint(i.ID, "=", i.Count))
			}
			prefixes = append(prefixes, fmt.Sprint(held))
		}
		w.catchUp(t)
		for ordinal, want := range prefixes {
			held := []string{}
			for _, row := range query(t, w.store, `SELECT item, CAST(count AS text) FROM shelf_spans_v1 WHERE from_ordinal <= $1 AND until_ordinal > $1 ORDER BY item`, ordinal) {
				held = append(held, row[0]+"="+row[1])
			}
			if fmt.Sprint(held) != want {
				rt.Fatalf("as of %d: rows say %v, the prefix folds to %s", ordinal, held, want)
			}
		}
	})
}
