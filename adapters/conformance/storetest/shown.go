package storetest

// What queries see: views, switches, full text, checkpoints.

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"imprint/adapters/queries"
	"imprint/domain"
	"imprint/projections"
)

const shown = `SELECT id, title FROM shelf_items_v1 ORDER BY id`

func testParkedViews(t *testing.T, h Harness) {
	b := setUp(t, h)
	ok(t, b.commit(t, 5,
		projections.Change{Table: items, Upserts: []projections.Values{itemRow("a", "x", 1), itemRow("b", "x", 1)}},
		projections.Change{Table: places, Upserts: []projections.Values{{"s", "a", int64(1)}, {"s", "b", int64(1)}}}))
	park := func(k projections.Key) {
		t.Helper()
		ok(t, b.store.Commit(t.Context(), projections.Batch{
			Generation: b.build.Generation, Epoch: b.build.Epoch, From: at(5), To: at(5),
			Park: []projections.Parked{{Key: k, Before: at(3), EventID: uuid.NameSpaceOID, Type: "ItemPut", Reason: "because"}, {Key: k, Before: at(4), EventID: uuid.NameSpaceURL, Type: "ItemPut"}},
		}))
	}
	park(projections.KeyOf("item", "a"))
	if got := query(t, b.store, shown); len(got) != 1 || got[0][0] != "b" {
		t.Errorf("the view shows %v, want b only", got)
	}
	const both = `SELECT shelf, item FROM shelf_places_v1 ORDER BY item`
	if got := query(t, b.store, both); len(got) != 2 {
		t.Errorf("parking an item hid places: %v", got)
	}
	park(projections.KeyOf("place", "s", "b"))
	if got := query(t, b.store, both); len(got) != 1 || got[0][1] != "a" {
		t.Errorf("the view shows %v, want s, a only", got)
	}
	ok(t, b.store.Read(t.Context(), func(r projections.Reader) error {
		parked, err := r.Parked(t.Context(), b.build.Generation)
		if len(parked) != 4 || parked[0].Reason != "because" || parked[0].Ordinal() != 4 || parked[0].Before != at(3) {
			t.Errorf("parked %+v", parked)
		}
		return err
	}))
	ok(t, b.store.Commit(t.Context(), projections.Batch{
		Generation: b.build.Generation, Epoch: b.build.Epoch, From: at(5), To: at(5),
		Unpark: []projections.Key{projections.KeyOf("item", "a")},
	}))
	if got := query(t, b.store, shown); len(got) != 2 {
		t.Errorf("after the mending the view shows %v", got)
	}
}

func testSwitch(t *testing.T, h Harness) {
	b := setUp(t, h)
	ok(t, b.commit(t, 1, projections.Change{Table: items, Upserts: []projections.Values{itemRow("a", "old", 1)}}))
	next := *b
	made := must[projections.Build](t)(b.store.Create(t.Context(), b.shelf))
	next.build = must[projections.Build](t)(b.store.Acquire(t.Context(), made, "b", time.Minute, false))
	ok(t, b.store.Index(t.Context(), b.shelf, made.Generation))
	ok(t, b.store.Index(t.Context(), b.shelf, made.Generation))
	switched := func(former, next projections.Build) error {
		return b.store.Switch(t.Context(), b.shelf, former, next)
	}
	wantErr(t, switched(b.build, next.build), projections.ErrBehind)
	ok(t, next.commit(t, 1, projections.Change{Table: items, Upserts: []projections.Values{itemRow("a", "new", 1)}}))
	if got := query(t, b.store, shown); got[0][1] != "old" {
		t.Errorf("before the switch the view shows %v", got)
	}
	stale, other := b.build, next.build
	stale.Epoch--
	wantErr(t, switched(stale, next.build), projections.ErrLost) // a runner has taken the live one
	other.Epoch--
	wantErr(t, switched(b.build, other), projections.ErrLost)      // someone else has taken the new one
	wantErr(t, switched(next.build, b.build), projections.ErrLost) // it is not live
	if got := query(t, b.store, shown); got[0][1] != "old" {
		t.Errorf("switches that were refused show %v", got)
	}
	// A snapshot that began before the switch sees the old rows to its end, while
	// both generations are written.
	ok(t, b.store.Snapshot(t.Context(), func(q queries.Querier) error {
		before, err := read(t, q, shown)
		ok(t, err)
		ok(t, switched(b.build, next.build))
		ok(t, next.commit(t, 2, projections.Change{Table: items, Upserts: []projections.Values{itemRow("b", "newer", 1)}}))
		after, err := read(t, q, shown)
		if fmt.Sprint(before) != fmt.Sprint(after) || before[0][1] != "old" {
			t.Errorf("a snapshot saw %v and then %v", before, after)
		}
		return err
	}))
	if got := query(t, b.store, shown); len(got) != 2 || got[0][1] != "new" {
		t.Errorf("after the switch the view shows %v", got)
	}
	wantErr(t, b.commit(t, 2), projections.ErrLost) // the former live one is fenced
	live := must[projections.Build](t)(b.store.Live(t.Context(), b.shelf))
	if live.Number != made.Number {
		t.Errorf("generation %d is live, want %d", live.Number, made.Number)
	}
	// The runner goes on with it even if whoever switched has died since.
	must[projections.Build](t)(b.store.Acquire(t.Context(), live, "a", time.Minute, false))
	wantErr(t, switched(b.build, next.build), projections.ErrLost)
	// Whoever looked before the switch cannot feed what nobody reads any more.
	_, err := b.store.Acquire(t.Context(), b.build, "a", time.Minute, true)
	wantErr(t, err, projections.ErrLost)
}

func testDrop(t *testing.T, h Harness) {
	b := setUp(t, h)
	if b.store.Drop(t.Context(), b.build.Generation) == nil {
		t.Fatal("dropped the live generation")
	}
	made := must[projections.Build](t)(b.store.Create(t.Context(), b.shelf))
	ok(t, b.store.Index(t.Context(), b.shelf, made.Generation))
	ok(t, b.store.Drop(t.Context(), made.Generation))
	ok(t, b.store.Drop(t.Context(), made.Generation))
	ok(t, b.store.Read(t.Context(), func(r projections.Reader) error {
		builds, err := r.Builds(t.Context())
		if len(builds) != 1 {
			t.Errorf("%d generations are left", len(builds))
		}
		return err
	}))
	again := must[projections.Build](t)(b.store.Create(t.Context(), b.shelf))
	if again.Number == made.Number {
		t.Error("the number of a dropped generation was used again")
	}
}

func testRetire(t *testing.T, h Harness) {
	b := setUp(t, h)
	ok(t, b.commit(t, 1, projections.Change{Table: items, Upserts: []projections.Values{itemRow("a", "old", 1)}}))
	for range 2 {
		ok(t, b.store.Retire(t.Context(), b.build.Generation))
	}
	wantErr(t, b.commit(t, 2), projections.ErrLost)
	if err := b.store.Snapshot(t.Context(), func(q queries.Querier) error { _, err := read(t, q, shown); return err }); err == nil {
		t.Error("the views of a retired generation are still there")
	}
	ok(t, b.store.Drop(t.Context(), b.build.Generation))
	again := must[projections.Build](t)(b.store.Live(t.Context(), b.shelf))
	if got := query(t, b.store, shown); !again.Live || len(got) != 0 {
		t.Errorf("begun anew: %+v, shown %v", again, got)
	}
}

func testEngineDrop(t *testing.T, h Harness) {
	b := setUp(t, h)
	engine := projections.Engine{Store: b.store, Holder: "operator"}
	newer := b.shelf
	newer.Version++
	made := must[projections.Build](t)(b.store.Live(t.Context(), newer))
	drop := func(number int64, inUse ...projections.Projection) domain.Kind {
		t.Helper()
		return domain.KindOf(engine.Drop(t.Context(), inUse, b.shelf.Name, number))
	}
	if got := drop(made.Number, b.shelf, newer); got != domain.Conflict {
		t.Errorf("dropping what is read: %q", got)
	}
	if got := drop(made.Number+7, newer); got != domain.NotFound {
		t.Errorf("dropping what is not there: %q", got)
	}
	ok(t, b.store.Renew(t.Context(), b.build.Generation, b.build.Epoch, 20*time.Second)) // as the engine of an older program does
	if got := drop(b.build.Number, newer); got != domain.Conflict {
		t.Errorf("dropping what an older program feeds: %q", got)
	}
	ok(t, b.store.Release(t.Context(), b.build.Generation, b.build.Epoch))
	if got := drop(b.build.Number, newer); got != "" {
		t.Errorf("dropping what no program reads: %q", got)
	}
	ok(t, b.store.Read(t.Context(), func(r projections.Reader) error {
		builds, err := r.Builds(t.Context())
		if len(builds) != 1 || builds[0].Generation != made.Generation || !builds[0].Live {
			t.Errorf("left are %+v", builds)
		}
		return err
	}))
}

func testFullText(t *testing.T, h Harness) {
	b := setUp(t, h)
	search := func(word string) string {
		t.Helper()
		found := ""
		for _, row := range query(t, b.store, h.Search, word) {
			found += row[0]
		}
		return found
	}
	want := func(word, ids string) {
		t.Helper()
		if got := search(word); got != ids {
			t.Errorf("%q finds %q, want %q", word, got, ids)
		}
	}
	ok(t, b.commit(t, 1, projections.Change{Table: items, Upserts: []projections.Values{itemRow("a", "red apple", 1), itemRow("b", "green apple", 1)}}))
	ok(t, b.store.Index(t.Context(), b.shelf, b.build.Generation))
	want("apple", "ab")
	ok(t, b.commit(t, 2, projections.Change{Table: items,
		Upserts: []projections.Values{itemRow("a", "red pear", 1), itemRow("c", "änd apple", 1)},
		Deletes: []projections.Values{{"b"}}}))
	want("apple", "c")
	want("pear", "a")
	want("green", "")
	want("and", "") // the terms are normalised already: no diacritics are folded
	// An update of another column leaves the text found once.
	ok(t, b.commit(t, 3, projections.Change{Table: items, Upserts: []projections.Values{itemRow("a", "red pear", 2)}}))
	want("red", "a")
	ok(t, b.store.Commit(t.Context(), projections.Batch{Generation: b.build.Generation, Epoch: b.build.Epoch, From: at(3), To: at(3),
		Park: []projections.Parked{{Key: projections.KeyOf("item", "a"), Before: at(2), EventID: uuid.NameSpaceOID, Type: "ItemPut", Reason: "because"}}}))
	want("red", "")
}

func testCheckpoints(t *testing.T, h Harness) {
	b := setUp(t, h)
	ok(t, b.commit(t, 7))
	must[projections.Build](t)(b.store.Create(t.Context(), b.shelf)) // not live: not listed
	got := query(t, b.store, `SELECT projection || ' ' || CAST(version AS text), CAST(ordinal AS text) || ' ' || position || ' ' || CAST(log_time AS text) FROM projection_checkpoints`)
	if len(got) != 1 || got[0][0] != "shelf 1" || got[0][1] != "7 0000000000000007 7" {
		t.Errorf("checkpoints %v", got)
	}
}
