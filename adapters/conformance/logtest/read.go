// What a reader is promised while nobody writes.

package logtest

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"imprint/domain"
	"imprint/domain/event"
)

func empty(t *testing.T, s Suite) {
	l := s.Open(t)
	if head, err := l.Head(t.Context()); err != nil || head != (event.Checkpoint{}) {
		t.Errorf("the head of an empty log is %+v, %v", head, err)
	}
	if all := readAll(t, l, 10); len(all) != 0 {
		t.Errorf("an empty log holds %d events", len(all))
	}
	mustAppend(t, l, stream(), event.NoStream, s.one())
	for name, read := range map[string]func() ([]event.Recorded, error){
		"forwards":  func() ([]event.Recorded, error) { return l.ReadStream(t.Context(), stream(), 0, 10) },
		"from 5":    func() ([]event.Recorded, error) { return l.ReadStream(t.Context(), stream(), 5, 10) },
		"backwards": func() ([]event.Recorded, error) { return l.ReadStreamBack(t.Context(), stream(), 10) },
	} {
		if got, err := read(); err != nil || len(got) != 0 {
			t.Errorf("an unknown stream %s: %d events, %v", name, len(got), err)
		}
	}
}

func pages(t *testing.T, s Suite) {
	l, to := s.Open(t), stream()
	events := s.many(10)
	mustAppend(t, l, to, event.NoStream, events[:9]...) // pages end within it
	mustAppend(t, l, stream(), event.NoStream, s.one())
	mustAppend(t, l, to, 8, events[9])

	whole := readAll(t, l, 100)
	for limit := 1; limit <= 12; limit++ {
		if got := readAll(t, l, limit); !reflect.DeepEqual(got, whole) {
			t.Errorf("in pages of %d the log reads otherwise than at once", limit)
		}
		for from := range 12 {
			got, err := l.ReadStream(t.Context(), to, int64(from), limit)
			if err != nil {
				t.Fatal(err)
			}
			low := min(from, 10)
			same(t, got, events[low:min(low+limit, 10)])
		}
		back, err := l.ReadStreamBack(t.Context(), to, limit)
		if err != nil {
			t.Fatal(err)
		}
		if len(back) != min(limit, 10) {
			t.Errorf("%d backwards gives %d", limit, len(back))
		}
		for i, r := range back {
			if want := int64(9 - i); r.Revision != want || r.ID != events[want].ID {
				t.Errorf("backwards, event %d has revision %d", i, r.Revision)
			}
		}
	}
}

// largePages reads events whose bytes end a page before their number does.
func largePages(t *testing.T, s Suite) {
	l, to := s.Open(t), stream()
	const size = event.MaxEventBytes - 4<<10 // leaves room for the metadata
	events := s.many(2*event.MaxPageBytes/size + 3)
	for i := range events {
		events[i].Data = []byte(`"` + strings.Repeat("x", size-2) + `"`)
		mustAppend(t, l, to, int64(i)-1, events[i])
	}
	var at event.Checkpoint
	for name, next := range map[string]func(read int) ([]event.Recorded, error){
		"ReadAll":    func(int) ([]event.Recorded, error) { return l.ReadAll(t.Context(), at, 1000) },
		"ReadStream": func(read int) ([]event.Recorded, error) { return l.ReadStream(t.Context(), to, int64(read), 1000) },
	} {
		at = event.Checkpoint{}
		var all []event.Recorded
		for pages := 0; ; pages++ {
			page, err := next(len(all))
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if len(page) == 0 {
				if pages < 3 {
					t.Errorf("%s gives %d events in %d pages", name, len(all), pages)
				}
				break
			}
			if bytes := (len(page) - 1) * size; bytes >= event.MaxPageBytes {
				t.Errorf("%s goes on after %d bytes", name, bytes)
			}
			all = append(all, page...)
			at = page[len(page)-1].Checkpoint()
		}
		same(t, all, events)
	}
	back, err := l.ReadStreamBack(t.Context(), to, len(events))
	if err != nil || len(back) != len(events) {
		t.Errorf("backwards there are %d of %d events, %v", len(back), len(events), err)
	}
}

// places checks ordinals, positions and checkpoints: gapless, in order, the same
// wherever they are told, and good to go on from.
func places(t *testing.T, s Suite) {
	l, a, b := s.Open(t), stream(), stream()
	var answers []event.Appended
	for i := range int64(5) {
		answers = append(answers, mustAppend(t, l, a, 2*i-1, s.many(2)...))
		// A refused append and a repeated one take no ordinal.
		if _, err := l.Append(t.Context(), a, 2*i-1, s.many(1)); err == nil {
			t.Fatal("no conflict")
		}
		one := s.one()
		answers = append(answers, mustAppend(t, l, b, i-1, one))
		mustAppend(t, l, b, i-1, one)
	}
	all := readAll(t, l, 4)
	if len(all) != 15 {
		t.Fatalf("the log holds %d events, not 15", len(all))
	}
	byStream := map[event.Stream][]event.Recorded{a: readStream(t, l, a), b: readStream(t, l, b)}
	last := event.Position("")
	for i, r := range all {
		if r.Ordinal != int64(i+1) {
			t.Errorf("event %d has ordinal %d", i, r.Ordinal)
		}
		if r.Position <= last {
			t.Errorf("position %q does not follow %q", r.Position, last)
		}
		last = r.Position
		alone := byStream[r.Stream][r.Revision]
		if alone.Ordinal != 0 && alone.Ordinal != r.Ordinal || alone.Position != "" && alone.Position != r.Position || alone.ID != r.ID {
			t.Errorf("in its stream, event %d stands elsewhere: %+v", i, alone)
		}
		rest, err := l.ReadAll(t.Context(), r.Checkpoint(), 100)
		if err != nil || len(rest) != len(all)-i-1 || len(rest) > 0 && !reflect.DeepEqual(rest, all[i+1:]) {
			t.Errorf("after event %d the log goes on with %d events, %v", i, len(rest), err)
		}
	}
	for i, answer := range answers { // of a (two events) and b (one) in turn
		if want := all[i/2*3+1+i%2].Position; answer.Position != want {
			t.Errorf("append %d answered position %q; its last event is at %q", i, answer.Position, want)
		}
	}
	if head, err := l.Head(t.Context()); err != nil || head != all[14].Checkpoint() {
		t.Errorf("the head is %+v, not %+v (%v)", head, all[14].Checkpoint(), err)
	}
}

func logTime(t *testing.T, s Suite) {
	l, to := s.Open(t), stream()
	start := domain.Moment(s.Now()).Add(-time.Hour)
	expected := event.NoStream
	var highest time.Time
	var want []time.Time
	for _, seconds := range [][]int{{10, 5}, {3}, {20, 30, 25}, {29}, {30}, {31}} {
		var events []event.Event
		for _, sec := range seconds {
			at := start.Add(time.Duration(sec) * time.Second)
			if at.After(highest) {
				highest = at
			}
			events, want = append(events, s.at(at)), append(want, highest)
		}
		expected = mustAppend(t, l, to, expected, events...).Revision
	}
	for i, r := range readAll(t, l, 2) {
		if !r.LogTime.Equal(want[i]) {
			t.Errorf("event %d, timed %s, has log time %s, not %s", i, r.Meta.Time, r.LogTime, want[i])
		}
	}
}

func changed(t *testing.T, s Suite) {
	l := s.Open(t)
	first, second := l.Changed(), l.Changed()
	to := stream()
	mustAppend(t, l, to, event.NoStream, s.one())
	<-first // both waiters; a lost signal hangs until the test's deadline
	<-second
	again := l.Changed()
	mustAppend(t, l, to, 0, s.one())
	<-again
}
