// Package logtest is the conformance suite of the event.Log port. Every adapter
// runs it; what passes is a log that Imprint can stand on:
//
//	append.go        revisions, conflicts, repetition by id, what is refused
//	read.go          pages, places, ordinals, log time, the signal of a change
//	random.go        random appends against a model in memory
//	concurrent.go    stability: writers beside readers, callers that give up
//	linearizable.go  histories of concurrent clients, checked by porcupine
//	faults.go        every call failing both ways
//
// Faulty is the decorator that makes calls fail; tests of other packages use it
// around a real log, too.
package logtest

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/event"
)

// Suite is what an adapter must say about itself.
type Suite struct {
	// Open gives an empty log, for this test alone, that is closed at its end.
	Open func(t *testing.T) event.Log
	// Now is the store's clock; time.Now where it is nil.
	Now func() time.Time
	// UniqueIDs: the engine finds an event id that stands anywhere in the log,
	// not only at the place where the append would put it.
	UniqueIDs bool
}

// Run runs the whole suite, each part on a log of its own.
func Run(t *testing.T, s Suite) {
	if s.Now == nil {
		s.Now = time.Now
	}
	for _, part := range []struct {
		name string
		test func(*testing.T, Suite)
	}{
		{"ReadBack", readBack},
		{"Conflicts", conflicts},
		{"Repetition", repetition},
		{"PartlyKnown", partlyKnown},
		{"KnownElsewhere", knownElsewhere},
		{"Refusals", refusals},
		{"Empty", empty},
		{"Pages", pages},
		{"LargePages", largePages},
		{"Places", places},
		{"LogTime", logTime},
		{"Changed", changed},
		{"Random", random},
		{"Stability", stability},
		{"GivingUp", givingUp},
		{"Linearizable", linearizable},
		{"AppendFaults", appendFaults},
		{"ReadFaults", readFaults},
	} {
		t.Run(part.name, func(t *testing.T) { part.test(t, s) })
	}
}

// stream names a stream that no other test uses.
func stream() event.Stream { return event.StreamOf(event.DocumentCategory, uuid.NewString()) }

// one makes an event with every field of its metadata set.
func (s Suite) one() event.Event { return s.at(s.Now()) }

func (s Suite) at(t time.Time) event.Event {
	id := uuid.Must(uuid.NewV7())
	return event.Event{
		ID: id, Type: "DocumentVersioned", Data: []byte(`{"text":"<é> & 漢字", "id":"` + id.String() + `"}`),
		Meta: event.Metadata{
			Schema: 3, Time: domain.Moment(t), Actor: event.SystemActor, Organization: "o",
			Correlation: uuid.New(), Causation: uuid.New(), Request: "r", Commitment: "c",
			SealedSalt: &event.Sealed{Key: "document-1", Box: []byte{0, 1, 255}},
		},
	}
}

func (s Suite) many(n int) []event.Event {
	events := make([]event.Event, n)
	for i := range events {
		events[i] = s.one()
	}
	return events
}

func mustAppend(t testing.TB, l event.Log, to event.Stream, expected int64, events ...event.Event) event.Appended {
	t.Helper()
	a, err := l.Append(t.Context(), to, expected, events)
	if err != nil {
		t.Fatalf("append of %d to %s at %d: %v", len(events), to, expected, err)
	}
	return a
}

// readStream reads a whole stream.
func readStream(t testing.TB, l event.Log, of event.Stream) []event.Recorded {
	t.Helper()
	var all []event.Recorded
	for {
		page, err := l.ReadStream(t.Context(), of, int64(len(all)), 100)
		if err != nil {
			t.Fatalf("read %s: %v", of, err)
		}
		if len(page) == 0 {
			return all
		}
		all = append(all, page...)
	}
}

// readAll reads the whole log in pages of a size.
func readAll(t testing.TB, l event.Log, limit int) []event.Recorded {
	t.Helper()
	var all []event.Recorded
	var at event.Checkpoint
	for {
		page, err := l.ReadAll(t.Context(), at, limit)
		if err != nil {
			t.Fatalf("read all after %v: %v", at, err)
		}
		if len(page) > limit {
			t.Fatalf("a page of %d holds %d", limit, len(page))
		}
		if len(page) == 0 {
			return all
		}
		all = append(all, page...)
		at = all[len(all)-1].Checkpoint()
	}
}

// same compares what was appended with what was read, byte for byte.
func same(t testing.TB, got []event.Recorded, want []event.Event) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d events were read, not %d", len(got), len(want))
	}
	for i := range want {
		if !reflect.DeepEqual(got[i].Event, want[i]) {
			t.Fatalf("event %d was read as\n%s\nnot as\n%s", i, show(got[i].Event), show(want[i]))
		}
	}
}

func show(e event.Event) string {
	meta, _ := json.Marshal(e.Meta)
	return fmt.Sprintf("%s %s %s %s", e.ID, e.Type, e.Data, meta)
}
