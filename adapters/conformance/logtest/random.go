// Random appends, right and wrong, new and repeated, against a model in memory.

package logtest

import (
	"errors"
	"testing"

	"pgregory.net/rapid"

	"imprint/domain/event"
)

// made is an append that the model has accepted.
type made struct {
	to       event.Stream
	expected int64
	events   []event.Event
	answer   event.Appended
}

func random(t *testing.T, s Suite) {
	l := s.Open(t)
	total := 0
	rapid.Check(t, func(rt *rapid.T) {
		streams := []event.Stream{stream(), stream(), stream()}
		model := map[event.Stream][]event.Event{}
		var history []made
		rt.Repeat(map[string]func(*rapid.T){
			"append": func(rt *rapid.T) {
				to := rapid.SampledFrom(streams).Draw(rt, "stream")
				current := int64(len(model[to])) - 1
				expected := current
				if rapid.IntRange(0, 2).Draw(rt, "aim") == 0 {
					expected = rapid.Int64Range(-1, current+2).Draw(rt, "expected")
				}
				m := made{to: to, expected: expected, events: s.many(rapid.IntRange(1, 5).Draw(rt, "events"))}
				var err error
				m.answer, err = l.Append(t.Context(), m.to, m.expected, m.events)
				var conflict *event.ConflictError
				switch {
				case expected != current && errors.As(err, &conflict) && conflict.Current == current:
				case expected == current && err == nil && m.answer.Revision == current+int64(len(m.events)):
					model[to] = append(model[to], m.events...)
					history = append(history, m)
					total += len(m.events)
				default:
					rt.Fatalf("append at %d of %d: %+v, %v", expected, current, m.answer, err)
				}
			},
			"repeat": func(rt *rapid.T) {
				if len(history) == 0 {
					rt.Skip("nothing to repeat yet")
				}
				m := rapid.SampledFrom(history).Draw(rt, "earlier")
				if got, err := l.Append(t.Context(), m.to, m.expected, m.events); err != nil || got != m.answer {
					rt.Fatalf("repeated: %+v, %v; first: %+v", got, err, m.answer)
				}
			},
		})
		for to, events := range model {
			same(t, readStream(t, l, to), events)
		}
	})
	if all := readAll(t, l, 333); len(all) != total {
		t.Errorf("the log holds %d events, the model %d", len(all), total)
	}
}
