// Every call of a piece of work fails once, both ways, and then twice in a row;
// a caller that follows the port's rules (repeat an uncertain append with the
// same ids, read again from the same checkpoint) must end where it would have
// ended without a fault.

package logtest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"imprint/domain/event"
)

// persist repeats an append until its outcome is known.
func persist(ctx context.Context, l event.Log, to event.Stream, expected int64, events []event.Event) (event.Appended, error) {
	for {
		a, err := l.Append(ctx, to, expected, events)
		if !errors.Is(err, event.ErrUncertain) || ctx.Err() != nil {
			return a, err
		}
	}
}

func appendFaults(t *testing.T, s Suite) {
	inner := s.Open(t)
	sizes := []int{1, 3, 1, 2}
	plans := map[string]func(Op, int) Fault{"without a fault": func(Op, int) Fault { return None }}
	for nth := 1; nth <= len(sizes); nth++ {
		for _, first := range []Fault{NotDone, AnswerLost} {
			plans[fmt.Sprintf("%s at %d", first, nth)] = At(Append, nth, first)
			for _, then := range []Fault{NotDone, AnswerLost} {
				once, twice := At(Append, nth, first), At(Append, nth+1, then)
				plans[fmt.Sprintf("%s at %d, then %s", first, nth, then)] = func(o Op, n int) Fault {
					return once(o, n) + twice(o, n)
				}
			}
		}
	}
	total := 0
	for name, plan := range plans {
		l, to := Break(inner, plan), stream()
		var want []event.Event
		for _, n := range sizes {
			events := s.many(n)
			a, err := persist(t.Context(), l, to, int64(len(want))-1, events)
			want = append(want, events...)
			if err != nil || a.Revision != int64(len(want))-1 {
				t.Fatalf("%s: %+v, %v", name, a, err)
			}
		}
		same(t, readStream(t, inner, to), want)
		// A rival that decided on the same revision is refused, whatever was lost.
		var conflict *event.ConflictError
		if _, err := persist(t.Context(), l, to, event.NoStream, s.many(1)); !errors.As(err, &conflict) {
			t.Errorf("%s: a rival got %v", name, err)
		}
		total += len(want)
	}
	if n := len(readAll(t, inner, 50)); n != total {
		t.Errorf("the log holds %d events, not %d", n, total)
	}
}

func readFaults(t *testing.T, s Suite) {
	inner, to := s.Open(t), stream()
	events := s.many(10)
	mustAppend(t, inner, to, event.NoStream, events...)
	for nth := 1; nth <= 6; nth++ {
		for _, fault := range []Fault{NotDone, AnswerLost} {
			l := Break(inner, At(ReadAll, nth, fault))
			var got []event.Recorded
			var at event.Checkpoint
			failed := 0
			for {
				page, err := l.ReadAll(t.Context(), at, 2)
				if errors.Is(err, ErrInjected) {
					failed++
					continue
				}
				if err != nil {
					t.Fatal(err)
				}
				if len(page) == 0 {
					break
				}
				got = append(got, page...)
				at = got[len(got)-1].Checkpoint()
			}
			same(t, got, events)
			if failed != 1 {
				t.Errorf("%s at %d: %d faults were seen", fault, nth, failed)
			}
		}
	}
	for op, read := range map[Op]func(event.Log) error{
		ReadStream:     func(l event.Log) error { _, err := l.ReadStream(t.Context(), to, 0, 1); return err },
		ReadStreamBack: func(l event.Log) error { _, err := l.ReadStreamBack(t.Context(), to, 1); return err },
		Head:           func(l event.Log) error { _, err := l.Head(t.Context()); return err },
	} {
		l := Break(inner, At(op, 1, AnswerLost))
		if err := read(l); !errors.Is(err, ErrInjected) {
			t.Errorf("%s did not fail: %v", op, err)
		}
		if err := read(l); err != nil || l.Calls(op) != 2 {
			t.Errorf("%s failed again: %v", op, err)
		}
	}
}
