// What an append promises to one caller.

package logtest

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/event"
)

func readBack(t *testing.T, s Suite) {
	l, to := s.Open(t), stream()
	events := s.many(7)
	events[3].Meta = event.Metadata{Schema: 1, Time: events[3].Meta.Time, Actor: "a", Salt: []byte{9}} // the optional ones absent
	if a := mustAppend(t, l, to, event.NoStream, events[:1]...); a.Revision != 0 {
		t.Errorf("the first event has revision %d", a.Revision)
	}
	if a := mustAppend(t, l, to, 0, events[1:5]...); a.Revision != 4 {
		t.Errorf("the fifth event has revision %d", a.Revision)
	}
	mustAppend(t, l, to, 4, events[5:]...)

	got := readStream(t, l, to)
	same(t, got, events)
	same(t, readAll(t, l, 100), events)
	for i, r := range got {
		if r.Stream != to || r.Revision != int64(i) {
			t.Errorf("event %d is read as %s revision %d", i, r.Stream, r.Revision)
		}
	}
}

func conflicts(t *testing.T, s Suite) {
	l, to := s.Open(t), stream()
	mustAppend(t, l, to, event.NoStream, s.many(3)...)
	for name, c := range map[string]struct {
		to                event.Stream
		expected, current int64
	}{
		"the stream exists":        {to, event.NoStream, 2},
		"one behind":               {to, 1, 2},
		"one ahead":                {to, 3, 2},
		"far ahead":                {to, 1 << 40, 2},
		"the stream is not there":  {stream(), 0, event.NoStream},
		"far ahead of no stream":   {stream(), 7, event.NoStream},
		"beginning of the stream":  {to, 0, 2},
		"another stream's, absent": {stream(), 2, event.NoStream},
	} {
		_, err := l.Append(t.Context(), c.to, c.expected, s.many(2))
		var conflict *event.ConflictError
		if !errors.As(err, &conflict) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if want := (event.ConflictError{Stream: c.to, Expected: c.expected, Current: c.current}); *conflict != want {
			t.Errorf("%s: %+v, not %+v", name, *conflict, want)
		}
	}
	if n := len(readAll(t, l, 100)); n != 3 {
		t.Errorf("after conflicts the log holds %d events, not 3", n)
	}
}

func repetition(t *testing.T, s Suite) {
	l, to := s.Open(t), stream()
	type call struct {
		expected int64
		events   []event.Event
		answer   event.Appended
	}
	calls := []call{{event.NoStream, s.many(1), event.Appended{}}, {0, s.many(3), event.Appended{}}, {3, s.many(2), event.Appended{}}}
	for i, c := range calls {
		calls[i].answer = mustAppend(t, l, to, c.expected, c.events...)
		mustAppend(t, l, stream(), event.NoStream, s.one())
		// Each earlier call too: also after more events were appended.
		for _, earlier := range calls[:i+1] {
			if got := mustAppend(t, l, to, earlier.expected, earlier.events...); got != earlier.answer {
				t.Errorf("the repeated append at %d answers %+v, not %+v as before", earlier.expected, got, earlier.answer)
			}
		}
	}
	if n := len(readStream(t, l, to)); n != 6 {
		t.Errorf("the stream holds %d events, not 6", n)
	}
}

func partlyKnown(t *testing.T, s Suite) {
	l, to := s.Open(t), stream()
	e, fresh := s.many(3), s.many(2)
	mustAppend(t, l, to, event.NoStream, e...)
	for name, c := range map[string]struct {
		expected int64
		events   []event.Event
	}{
		"the last is new":      {event.NoStream, []event.Event{e[0], e[1], fresh[0]}},
		"the first is new":     {event.NoStream, []event.Event{fresh[0], e[1], e[2]}},
		"one too many":         {event.NoStream, []event.Event{e[0], e[1], e[2], fresh[0]}},
		"another order":        {event.NoStream, []event.Event{e[1], e[0], e[2]}},
		"not after expected":   {event.NoStream, []event.Event{e[1], e[2]}},
		"after the last known": {1, []event.Event{e[2], fresh[0]}},
	} {
		_, err := l.Append(t.Context(), to, c.expected, c.events)
		var conflict *event.ConflictError
		if !errors.As(err, &conflict) || conflict.Current != 2 {
			t.Errorf("%s: %v", name, err)
		}
	}
	same(t, readAll(t, l, 100), e)
}

func knownElsewhere(t *testing.T, s Suite) {
	l, to := s.Open(t), stream()
	e := s.many(3)
	if !s.UniqueIDs { // written a second time: whoever appends must know
		mustAppend(t, l, to, event.NoStream, e...)
		elsewhere := stream()
		mustAppend(t, l, elsewhere, event.NoStream, e[:1]...)
		same(t, readStream(t, l, elsewhere), e[:1])
		same(t, readAll(t, l, 100), append(e, e[0]))
		return
	}
	mustAppend(t, l, to, event.NoStream, e...)
	for name, c := range map[string]struct {
		to       event.Stream
		expected int64
		events   []event.Event
	}{
		"in another stream":            {stream(), event.NoStream, e[:1]},
		"in another stream, behind":    {stream(), event.NoStream, []event.Event{s.one(), e[2]}},
		"earlier in the same stream":   {to, 2, e[:1]},
		"the newest of the same again": {to, 2, []event.Event{e[2], s.one()}},
	} {
		if _, err := l.Append(t.Context(), c.to, c.expected, c.events); !isKnown(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	mustAppend(t, l, to, 2, s.one()) // the log goes on
	if n := len(readAll(t, l, 100)); n != 4 {
		t.Errorf("the log holds %d events, not 4", n)
	}
}

func isKnown(err error) bool {
	var refused *domain.Error
	return errors.As(err, &refused) && refused.Kind == domain.Conflict && refused.Code == event.KnownID
}

func refusals(t *testing.T, s Suite) {
	l, to := s.Open(t), stream()
	mustAppend(t, l, to, event.NoStream, s.one())
	changed := func(change func(*event.Event)) []event.Event {
		e := s.one()
		change(&e)
		return []event.Event{e}
	}
	large := bytes.Repeat([]byte{'1'}, event.MaxEventBytes)
	twice := s.one()
	for name, c := range map[string]struct {
		to       event.Stream
		expected int64
		events   []event.Event
		kind     domain.Kind
	}{
		"nothing":             {to, 0, nil, domain.Invalid},
		"unknown stream kind": {"thing-1", -1, s.many(1), domain.Invalid},
		"no revision":         {to, -2, s.many(1), domain.Invalid},
		"too many":            {to, 0, s.many(event.MaxAppendEvents + 1), domain.Invalid},
		"an id twice":         {to, 0, []event.Event{twice, s.one(), twice}, domain.Invalid},
		"no id":               {to, 0, changed(func(e *event.Event) { e.ID = uuid.Nil }), domain.Invalid},
		"no type":             {to, 0, changed(func(e *event.Event) { e.Type = "" }), domain.Invalid},
		"no schema":           {to, 0, changed(func(e *event.Event) { e.Meta.Schema = 0 }), domain.Invalid},
		"no time":             {to, 0, changed(func(e *event.Event) { e.Meta.Time = time.Time{} }), domain.Invalid},
		"time ahead":          {to, 0, append(s.many(1), s.at(s.Now().Add(event.MaxAhead+time.Minute))), domain.Invalid},
		"data too large":      {to, 0, changed(func(e *event.Event) { e.Data = append(large, '1') }), domain.TooLarge},
		"too large with metadata": {to, 0, changed(func(e *event.Event) {
			e.Data, e.Meta.Request = large[:event.MaxEventBytes-100], strings.Repeat("r", 200)
		}), domain.TooLarge},
		"too large together": {to, 0, func() []event.Event {
			events := s.many(5)
			for i := range events {
				events[i].Data = large[:event.MaxEventBytes-4096]
			}
			return append(events, s.one())
		}(), domain.TooLarge},
		// The engine with the smallest appends (KurrentDB, 1 MiB) counts metadata too.
		"too large together with metadata": {to, 0, func() []event.Event {
			events := s.many(event.MaxAppendEvents)
			for i := range events {
				events[i].Data = large[:event.MaxAppendBytes/event.MaxAppendEvents-1]
			}
			return events
		}(), domain.TooLarge},
	} {
		if _, err := l.Append(t.Context(), c.to, c.expected, c.events); domain.KindOf(err) != c.kind {
			t.Errorf("%s: %v", name, err)
		}
	}
	// What just passes, passes; and the refusals have left nothing behind.
	mustAppend(t, l, to, 0, s.at(s.Now().Add(event.MaxAhead-time.Minute)))
	mustAppend(t, l, to, 1, changed(func(e *event.Event) { e.Data = large[:event.MaxEventBytes-4096] })...)
	mustAppend(t, l, to, 2, s.many(event.MaxAppendEvents)...)
	largest := s.many(event.MaxAppendBytes / event.MaxEventBytes)
	for i := range largest {
		largest[i].Data = nil
		largest[i].Data = large[:event.MaxEventBytes-largest[i].Size()]
	}
	mustAppend(t, l, to, 2+event.MaxAppendEvents, largest...)
	if n := len(readAll(t, l, 500)); n != 3+event.MaxAppendEvents+len(largest) {
		t.Errorf("the log holds %d events", n)
	}
}
