package reactions_test

// Here: what a program does with events of a newer one.

import (
	"errors"
	"testing"

	"github.com/google/uuid"

	"imprint/domain/document"
	"imprint/domain/event"
	"imprint/domain/notice"
	"imprint/handlers/reactions"
)

// stopped are the reactions that stand still.
func stopped(r *reactions.Reactions) (names []string) {
	for _, s := range r.Status() {
		if s.Stopped != "" {
			names = append(names, s.Reaction)
		}
	}
	return names
}

func TestANewerSchemaStopsAReaction(t *testing.T) {
	w := newWorld(t)
	line := w.line()
	doc, first := w.publish(line, true)
	old := w.reactions()
	stop := w.running(old)
	w.await("the first notice", w.isReleased(first))
	w.await("the first update", func() bool { return len(w.updates(line)) == 1 })
	second := w.fromTheFuture(doc, 2)
	_, other := w.publish(line, true)
	w.await("series and notices to stop", func() bool { return len(stopped(old)) == 2 })
	w.ok(stop())
	if parked := w.parked(); len(parked) > 0 {
		t.Errorf("parked, so that it comes late and out of order: %+v", parked)
	}
	if w.isReleased(other)() || len(w.updates(line)) != 1 {
		t.Error("what came after it was dealt with before it")
	}
	var newer *event.NewerSchemaError
	if err := w.reactions().CatchUp(t.Context()); !errors.As(err, &newer) {
		t.Errorf("catching up ends with %v", err)
	}

	w.ok(w.newer().CatchUp(t.Context()))
	w.told("second", second, notice.Released{Kind: notice.NewVersion, Document: doc, Version: 2, Series: line})
	if updates := w.updates(line); !w.isReleased(other)() || len(updates) != 3 || updates[1].Cause != second || updates[2].Cause != other {
		t.Errorf("the newer program went on with %+v", updates)
	}
}

// TestANewerSchemaStopsTheReleasing: the notice of an older version is not settled
// on half a history.
func TestANewerSchemaStopsTheReleasing(t *testing.T) {
	w := newWorld(t)
	doc, first := w.publish(uuid.Nil, false)
	w.catchUp()
	second := w.fromTheFuture(doc, 2)
	w.pass(grace)
	old := w.reactions()
	stop := w.running(old)
	w.await("all to stop", func() bool { return len(stopped(old)) == 3 })
	w.ok(stop())
	if len(w.parked()) > 0 || w.isReleased(first)() {
		t.Error("the notice was parked or released")
	}
	w.ok(w.newer().CatchUp(t.Context()))
	if !w.isReleased(first)() || !w.isReleased(second)() {
		t.Error("the newer program has not released both")
	}
}

func TestAnUnknownTypeIsPassedOverAndCounted(t *testing.T) {
	w := newWorld(t)
	doc, _ := w.publish(uuid.Nil, true)
	_, err := w.log.Append(t.Context(), document.Stream(doc), 0, []event.Event{{ID: uuid.New(), Type: "DocumentSung", Data: []byte(`{}`),
		Meta: event.Metadata{Schema: 1, Time: w.clock(), Actor: event.OperatorActor}}})
	w.ok(err)
	third := w.does(doc, w.version(true, true))
	r := w.reactions()
	w.running(r)
	w.await("what follows it", w.isReleased(third))
	w.await("all that read the log to have counted it", func() bool {
		counted := 0
		for _, s := range r.Status() {
			counted += int(s.Unknown["DocumentSung"])
		}
		return counted == 3
	})
	if names := stopped(r); len(names) > 0 {
		t.Errorf("stopped: %v", names)
	}
}
