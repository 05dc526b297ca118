package reactions_test

// Here: the reactions as a running part of a program.

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"imprint/adapters/conformance/logtest"
	"imprint/domain/document"
	"imprint/domain/event"
	"imprint/domain/notice"
	"imprint/domain/reaction"
	"imprint/domain/schema"
	"imprint/domain/series"
	"imprint/handlers/reactions"
)

// limit bounds waiting for what must happen.
const limit = time.Minute

// running runs reactions until the test ends or stop is called, which answers
// Run's error.
func (w *world) running(r *reactions.Reactions) (stop func() error) {
	w.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	stopped := false
	stop = func() error {
		if stopped {
			return nil
		}
		stopped = true
		cancel()
		select {
		case err := <-ended:
			return err
		case <-time.After(limit):
			return errors.New("Run does not end")
		}
	}
	w.t.Cleanup(func() { w.ok(stop()) })
	return stop
}

// await waits until something holds, looking again after each append and, for
// what no append tells of, after a while.
func (w *world) await(what string, holds func() bool) {
	w.t.Helper()
	deadline := time.After(limit)
	for {
		changed := w.log.Changed()
		if holds() {
			return
		}
		select {
		case <-changed:
		case <-time.After(20 * time.Millisecond):
		case <-deadline:
			w.t.Fatalf("%s: it did not happen within %s", what, limit)
		}
	}
}

func (w *world) isReleased(cause uuid.UUID) func() bool {
	return func() bool { return w.released(cause).Kind != "" }
}

func TestRunReactsToWhatIsAppendedAndStops(t *testing.T) {
	w := newWorld(t)
	line := w.line()
	before, first := w.publish(line, true) // before it runs
	stop := w.running(w.reactions())
	w.await("the first", w.isReleased(first))
	doc, second := w.publish(line, true) // while it runs
	w.await("the second", w.isReleased(second))
	third := w.does(doc, w.version(true, false))
	w.await("the update of the series", func() bool { return len(w.updates(line)) == 3 })
	w.told("the third, within its grace period", third, none)
	w.pass(grace) // the clock moves, and nothing tells of it
	w.await("the third", w.isReleased(third))
	w.ok(stop())

	_, fourth := w.publish(line, true)
	w.running(w.reactions())
	w.await("the fourth, after a restart", w.isReleased(fourth))
	w.await("its series", func() bool { return len(w.updates(line)) == 4 })
	w.updated(line,
		series.Updated{Change: series.Joined, Document: before, Version: 1, Cause: first},
		series.Updated{Change: series.Joined, Document: doc, Version: 1, Cause: second},
		series.Updated{Change: series.Versioned, Document: doc, Version: 2, Cause: third},
		series.Updated{Change: series.Joined, Document: w.released(fourth).Document, Version: 1, Cause: fourth})
}

func TestRunStopsInTheMiddleOfARetry(t *testing.T) {
	w := newWorld(t)
	_, cause := w.publish(w.line(), true)
	failing := make(chan struct{}, 1)
	stop := w.running(w.reactionsOn(logtest.Break(w.log, func(op logtest.Op, _ int) logtest.Fault {
		if op != logtest.Append {
			return logtest.None
		}
		select {
		case failing <- struct{}{}:
		default:
		}
		return logtest.NotDone
	}), w.store))
	<-failing
	w.ok(stop())
	if parked, err := w.reactions().Parked(t.Context()); len(parked) > 0 || err != nil {
		t.Errorf("%d events were parked because of a log that is down (%v)", len(parked), err)
	}
	w.catchUp()
	if !w.isReleased(cause)() {
		t.Error("what was retried is lost")
	}
}

func TestFaultsOfTheLogAreOvercome(t *testing.T) {
	for _, op := range []logtest.Op{logtest.Append, logtest.ReadAll, logtest.ReadStream, logtest.ReadStreamBack} {
		for _, fault := range []logtest.Fault{logtest.NotDone, logtest.AnswerLost} {
			t.Run(string(op)+" "+string(fault), func(t *testing.T) {
				w := newWorld(t)
				a, b := w.line(), w.line()
				doc, first := w.publish(a, true)
				w.does(doc, move(b))
				last := w.does(doc, w.version(true, true))
				// The first two fail, and those that come in their place.
				w.running(w.reactionsOn(logtest.Break(w.log, func(o logtest.Op, n int) logtest.Fault {
					if o == op && n <= 2 {
						return fault
					}
					return logtest.None
				}), w.store))
				w.await("both notices", func() bool { return w.isReleased(first)() && w.isReleased(last)() })
				w.await("the updates", func() bool { return len(w.updates(a)) == 2 && len(w.updates(b)) == 2 })
				if parked, err := w.store.Parked(t.Context()); len(parked) > 0 || err != nil {
					t.Errorf("parked: %+v, %v", parked, err)
				}
			})
		}
	}
}

func TestALogThatIsDownForLongParksNothing(t *testing.T) {
	w := newWorld(t)
	_, cause := w.publish(uuid.Nil, true)
	broken := logtest.Break(w.log, func(op logtest.Op, n int) logtest.Fault {
		if op == logtest.Append && n <= 6 { // one more than a message is tried before it is given back
			return logtest.NotDone
		}
		return logtest.None
	})
	w.running(w.reactionsOn(broken, w.store))
	w.await("the notice, or its parking", func() bool { return w.isReleased(cause)() || len(w.parked()) > 0 })
	if parked := w.parked(); len(parked) > 0 || broken.Calls(logtest.Append) != 7 {
		t.Errorf("after %d appends, parked: %+v", broken.Calls(logtest.Append), parked)
	}
}

func TestTwoProgramsOnOneLogAreStillOnceInEffect(t *testing.T) {
	w := newWorld(t)
	line := w.line()
	var causes []uuid.UUID
	w.running(w.reactions())
	w.running(w.reactionsOn(w.log, &forgetful{Store: w.store}))
	for range 10 {
		doc, cause := w.publish(line, true)
		causes = append(causes, cause, w.does(doc, w.version(true, true)))
	}
	w.await("all notices", func() bool {
		return !slices.ContainsFunc(causes, func(c uuid.UUID) bool { return !w.isReleased(c)() })
	})
	w.await("all updates", func() bool { return len(w.updates(line)) >= len(causes) })
	w.catchUp()
	var updated []uuid.UUID
	for _, u := range w.updates(line) {
		updated = append(updated, u.Cause)
	}
	slices.SortFunc(updated, func(a, b uuid.UUID) int { return strings.Compare(a.String(), b.String()) })
	slices.SortFunc(causes, func(a, b uuid.UUID) int { return strings.Compare(a.String(), b.String()) })
	if !slices.Equal(updated, causes) {
		t.Errorf("%d updates follow from %d causes", len(updated), len(causes))
	}
}

// fromTheFuture appends a version in a schema that only a newer program reads.
func (w *world) fromTheFuture(doc uuid.UUID, number int) uuid.UUID {
	w.t.Helper()
	return w.written(doc, number, func(e *event.Event) { e.Meta.Schema = 2 })
}

// written appends a version that is changed after it was encoded.
func (w *world) written(doc uuid.UUID, number int, change func(*event.Event)) uuid.UUID {
	w.t.Helper()
	s := document.Stream(doc)
	events, _ := w.stream(s)
	v := draft(true, true)
	e, err := w.codec.Encode(context.Background(), event.Draft{
		Stream: s, ID: uuid.New(), Meta: event.Metadata{Time: w.clock(), Actor: event.OperatorActor},
		Payload: document.Versioned{Document: doc, Version: document.Version{Number: number, Major: true, Urgent: true, Files: v.Files, Summary: v.Summary, PublishedAt: w.clock()}},
	})
	w.ok(err)
	change(&e)
	_, err = w.log.Append(context.Background(), s, int64(len(events))-1, []event.Event{e})
	w.ok(err)
	return e.ID
}

// newer is a program that reads it.
func (w *world) newer() *reactions.Reactions {
	w.t.Helper()
	return w.reading(func(data json.RawMessage) (json.RawMessage, error) { return data, nil })
}

// reading is a program that knows a second schema of versions.
func (w *world) reading(up event.Upcast) *reactions.Reactions {
	w.t.Helper()
	registry, err := schema.Registry()
	w.ok(err)
	versioned := document.Versioned{}.EventType()
	definitions := slices.DeleteFunc(registry.Definitions(), func(d event.Definition) bool { return d.Type == versioned })
	registry, err = event.NewRegistry(definitions, []event.Definition{event.Define[document.Versioned](true, up)})
	w.ok(err)
	return reactions.New(w.log, event.NewCodec(registry, nil), w.store, reactions.Commands{People: w.people()}, w.clock, grace)
}

// damaged appends a version whose number this program cannot read.
func (w *world) damaged(doc uuid.UUID, number int) uuid.UUID {
	w.t.Helper()
	return w.written(doc, number, func(e *event.Event) {
		e.Data = bytes.Replace(e.Data, fmt.Appendf(nil, `"number":%d`, number), fmt.Appendf(nil, `"number":"%d"`, number), 1)
	})
}

var quoted = regexp.MustCompile(`"number":"(\d+)"`)

// mended is a program that reads it.
func (w *world) mended() *reactions.Reactions {
	w.t.Helper()
	return w.reading(func(data json.RawMessage) (json.RawMessage, error) {
		return quoted.ReplaceAll(data, []byte(`"number":$1`)), nil
	})
}

func TestWhatFailsForGoodIsParkedAndTheRestFlowsOn(t *testing.T) {
	for _, order := range []string{"in order", "out of order"} {
		t.Run(order, func(t *testing.T) {
			w := newWorld(t)
			line := w.line()
			doc, first := w.publish(line, false) // held when its document becomes unreadable
			stop := w.running(w.reactions())
			w.await("the first update", func() bool { return len(w.updates(line)) == 1 })
			w.await("the first to be held", func() bool { _, held, err := w.store.NextRelease(t.Context()); w.ok(err); return held })
			second, third := w.damaged(doc, 2), w.damaged(doc, 3)
			w.pass(grace)
			_, other := w.publish(line, true) // another document, after it
			w.await("the other document's notice", w.isReleased(other))
			w.await("the other document's update", func() bool { return len(w.updates(line)) == 2 })
			w.await("five to be parked", func() bool { return len(w.parked()) == 5 })
			w.ok(stop())

			var names []string
			for _, p := range w.parked() {
				names = append(names, p.Reaction)
				if p.Reason == "" || p.Ordinal == 0 || p.At.IsZero() {
					t.Errorf("parked without telling why, which or when: %+v", p)
				}
				if p.Reaction != "release" && !strings.Contains(p.Reason, "cannot unmarshal") {
					t.Errorf("the reason is %q", p.Reason)
				}
			}
			if want := []string{"release", "notices", "series", "notices", "series"}; !slices.Equal(names, want) {
				t.Errorf("parked by %v, not %v", names, want)
			}
			if w.reactions().Replay(t.Context(), w.parked()[0]) == nil || len(w.parked()) != 5 {
				t.Error("the program replayed what it cannot read")
			}

			parked := w.parked()
			if order == "out of order" {
				slices.Reverse(parked)
			}
			program := w.mended()
			for _, p := range parked {
				w.ok(program.Replay(t.Context(), p))
				w.ok(program.Replay(t.Context(), p)) // once more changes nothing
			}
			w.ok(program.CatchUp(t.Context()))
			if left := w.parked(); len(left) > 0 {
				t.Errorf("still parked: %+v", left)
			}
			w.told("first", first, notice.Released{Kind: notice.NewDocument, Document: doc, Version: 1, Series: line})
			w.told("second", second, notice.Released{Kind: notice.NewVersion, Document: doc, Version: 2, Series: line})
			w.told("third", third, notice.Released{Kind: notice.NewVersion, Document: doc, Version: 3, Series: line})
			if n := len(w.updates(line)); n != 4 {
				t.Errorf("the series has %d updates, not 4", n)
			}
		})
	}
}

func (w *world) parked() []reaction.Parked {
	w.t.Helper()
	parked, err := w.store.Parked(context.Background())
	w.ok(err)
	return parked
}

func TestReplayRefusesWhatItDoesNotKnow(t *testing.T) {
	w := newWorld(t)
	_, cause := w.publish(w.line(), true)
	ctx := t.Context()
	if err := w.reactions().Replay(ctx, reaction.Parked{Reaction: "other", Event: cause}); err == nil {
		t.Error("a reaction that does not exist replayed an event")
	}
	if err := w.reactions().Replay(ctx, reaction.Parked{Reaction: "series", Event: cause}); !errors.Is(err, event.ErrCorrupt) {
		t.Errorf("another event at the place: %v", err)
	}
}
