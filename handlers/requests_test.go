package handlers_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"imprint/adapters/conformance/logtest"
	"imprint/domain"
	"imprint/domain/document"
	"imprint/domain/event"
	"imprint/handlers"
)

func TestARepeatedRequestAnswersAsTheFirstTime(t *testing.T) {
	onEachLog(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w, ctx := newWorld(t), t.Context()
		p := w.publishing()
		publish, version := w.ask(publisher), w.ask(publisher)
		c := w.first(everyone)
		first, err := p.Publish(ctx, publish, c)
		ok(t, err)
		v := w.version(first.Document, 1, "second")
		second, err := p.Version(ctx, version, v)
		ok(t, err)
		_, err = p.Version(ctx, w.ask(publisher), w.version(first.Document, 2, "third"))
		ok(t, err)
		end := w.end()

		for name, p := range map[string]*handlers.Publishing{"the same program": p, "after a restart": w.publishing()} {
			again, err := p.Publish(ctx, publish, c)
			ok(t, err)
			if !again.Repeated || again.Document != first.Document || again.Version != 1 || again.Events != 0 || again.Token < first.Token {
				t.Errorf("%s: %+v, the first time %+v", name, again, first)
			}
			// It is not judged again: the document is at version 3 by now.
			again, err = p.Version(ctx, version, v)
			ok(t, err)
			if !again.Repeated || again.Version != second.Version {
				t.Errorf("%s: %+v, the first time %+v", name, again, second)
			}
		}
		if w.end() != end {
			t.Errorf("the repeated requests wrote %d events", w.end()-end)
		}
	})
}

func TestAnotherRequestUnderTheSameIDIsRefused(t *testing.T) {
	onEachLog(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w, ctx := newWorld(t), t.Context()
		id, other := w.published(everyone), w.published(everyone)
		req := w.ask(publisher)
		_, err := w.publishing().Version(ctx, req, w.version(id, 1, "second"))
		ok(t, err)
		changed := req
		changed.Fingerprint = "another body"
		_, err = w.publishing().Version(ctx, changed, w.version(id, 2, "third"))
		refused(t, err, domain.Reused, "request-id-reused")
		// On another stream too, where the request's events are not looked for.
		_, err = w.publishing().Version(ctx, changed, w.version(other, 1, "third"))
		refused(t, err, domain.Reused, "request-id-reused")
		// The answer is the same when it is asked again by a program that has just started.
		_, err = w.publishing().Version(ctx, changed, w.version(other, 1, "third"))
		refused(t, err, domain.Reused, "request-id-reused")
		if n := len(w.events(document.Stream(other))); n != 1 {
			t.Errorf("the refused request wrote: %d events", n)
		}
		// So is a request of the very same body on another stream.
		_, err = w.publishing().Version(ctx, req, w.version(other, 1, "third"))
		refused(t, err, domain.Reused, "request-id-reused")
		// Another person's request of the same id is another request.
		req.Actor.Person = uuid.NewString()
		_, err = w.publishing().Version(ctx, req, w.version(id, 2, "third"))
		ok(t, err)
	})
}

func TestEqualRequestsAtOnceAreOne(t *testing.T) {
	onEachLog(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w, ctx := newWorld(t), t.Context()
		id, p := w.published(everyone), w.publishing()
		req, c := w.ask(publisher), w.version(id, 1, "second")
		var wait sync.WaitGroup
		errs := make([]error, 16)
		for i := range errs {
			wait.Go(func() {
				mine := req
				if i%2 == 1 {
					mine.Fingerprint = "another body"
				}
				done, err := p.Version(ctx, mine, c)
				if errs[i] = err; err == nil && done.Version != 2 {
					errs[i] = fmt.Errorf("version %d", done.Version)
				}
			})
		}
		wait.Wait()
		kinds := map[domain.Kind]int{}
		for i, err := range errs {
			if kinds[domain.KindOf(err)]++; (errs[0] == nil) != (i%2 == 0) == (err == nil) {
				t.Errorf("request %d: %v", i, err)
			}
		}
		if kinds[""] != 8 || kinds[domain.Reused] != 8 || len(w.events(document.Stream(id))) != 2 {
			t.Errorf("outcomes %v, %d events", kinds, len(w.events(document.Stream(id))))
		}
	})
}

// Every append fails once in each way; the answers and the log are the same.
func TestALostAnswerIsNotASecondVersion(t *testing.T) {
	onEachLog(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		for _, fault := range []logtest.Fault{logtest.NotDone, logtest.AnswerLost} {
			w, ctx := newWorld(t), t.Context()
			log := logtest.Break(w.log, func(op logtest.Op, nth int) logtest.Fault {
				if op == logtest.Append && nth%2 == 1 {
					return fault
				}
				return logtest.None
			})
			p := w.publishingOn(log)
			done, err := p.Publish(ctx, w.ask(publisher), w.first(everyone))
			ok(t, err)
			done, err = p.Version(ctx, w.ask(publisher), w.version(done.Document, 1, "second"))
			ok(t, err)
			if n := len(w.events(document.Stream(done.Document))); n != 2 || done.Version != 2 {
				t.Errorf("%s: %d events, version %d", fault, n, done.Version)
			}
		}
	})
}

func TestAnUnknownOutcomeIsToldAndSettledByRepeating(t *testing.T) {
	onEachLog(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		for _, fault := range []logtest.Fault{logtest.NotDone, logtest.AnswerLost} {
			w, ctx := newWorld(t), t.Context()
			id := w.published(everyone)
			log := logtest.Break(w.log, func(op logtest.Op, _ int) logtest.Fault {
				if op == logtest.Append {
					return fault
				}
				return logtest.None
			})
			req, c := w.ask(publisher), w.version(id, 1, "second")
			_, err := w.publishingOn(log).Version(ctx, req, c)
			refused(t, err, domain.Unavailable, "uncertain")
			if n := log.Calls(logtest.Append); n != 5 {
				t.Errorf("%s: appended %d times, want 5", fault, n)
			}
			done, err := w.publishing().Version(ctx, req, c)
			ok(t, err)
			if n := len(w.events(document.Stream(id))); n != 2 || done.Version != 2 || done.Repeated != (fault == logtest.AnswerLost) {
				t.Errorf("%s: %d events, %+v", fault, n, done)
			}
		}
	})
}

// interrupted lets something happen just before each append.
type interrupted struct {
	event.Log
	before func()
}

func (l interrupted) Append(ctx context.Context, stream event.Stream, expected int64, events []event.Event) (event.Appended, error) {
	l.before()
	return l.Log.Append(ctx, stream, expected, events)
}

func TestAConflictIsDecidedAgain(t *testing.T) {
	onEachLog(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w, ctx := newWorld(t), t.Context()
		id, other := w.published(everyone), w.publishing()
		n := 0
		correct := func() {
			n++
			_, err := other.CorrectSummary(ctx, w.ask(publisher), handlers.CorrectSummary{Document: id, Number: 1, Summary: domain.English(uuid.NewString())})
			ok(t, err)
		}
		once := sync.OnceFunc(correct)
		// A correction does not touch what the version was based on.
		done, err := w.publishingOn(interrupted{w.log, once}).Version(ctx, w.ask(publisher), w.version(id, 1, "second"))
		ok(t, err)
		if done.Version != 2 || n != 1 {
			t.Errorf("version %d after %d corrections", done.Version, n)
		}
		// Another version does.
		overtake := sync.OnceFunc(func() {
			_, err := other.Version(ctx, w.ask(publisher), w.version(id, 2, "overtaken"))
			ok(t, err)
		})
		_, err = w.publishingOn(interrupted{w.log, overtake}).Version(ctx, w.ask(publisher), w.version(id, 2, "third"))
		refused(t, err, domain.Stale, "stale-version")
		// Somebody who never stops is given up on.
		n = 0
		_, err = w.publishingOn(interrupted{w.log, correct}).WithdrawVersion(ctx, w.ask(publisher), handlers.WithdrawVersion{Document: id, Number: 2, Reason: reason})
		refused(t, err, domain.Unavailable, "too-many-changes")
		if n != 5 {
			t.Errorf("tried %d times, want 5", n)
		}
	})
}

func TestADamagedStreamStopsTheCommand(t *testing.T) {
	onEachLog(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w, ctx := newWorld(t), t.Context()
		id := w.published(everyone)
		_, err := w.publishing().Version(ctx, w.ask(publisher), w.version(id, 1, "second"))
		ok(t, err)
		_, err = w.publishingOn(gap{w.log}).Version(ctx, w.ask(publisher), w.version(id, 2, "third"))
		if !errors.Is(err, event.ErrCorrupt) {
			t.Errorf("got %v, want %v", err, event.ErrCorrupt)
		}
	})
}

// gap loses the first event of a stream.
type gap struct{ event.Log }

func (g gap) ReadStream(ctx context.Context, stream event.Stream, from int64, limit int) ([]event.Recorded, error) {
	return g.Log.ReadStream(ctx, stream, max(from, 1), limit)
}

// Whatever is asked, repeating any of it, in any order and by any program,
// changes nothing and answers the same.
func TestReplayingRequestsChangesNothing(t *testing.T) {
	onEachLog(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w, ctx := newWorld(t), t.Context()
		rapid.Check(t, func(rt *rapid.T) {
			programs := []*handlers.Publishing{w.publishing(), w.publishing()}
			publish, c := w.ask(publisher), w.first(everyone)
			done, err := programs[0].Publish(ctx, publish, c)
			ok(t, err)
			id := done.Document

			type deed struct {
				again func(p *handlers.Publishing) (handlers.DocumentWritten, error)
				first handlers.DocumentWritten
			}
			var deeds []deed
			newest := 1
			for range rapid.IntRange(1, 12).Draw(rt, "commands") {
				req := w.ask(publisher)
				basedOn, content := rapid.IntRange(max(1, newest-1), newest).Draw(rt, "based on"), rapid.SampledFrom([]string{"a", "b"}).Draw(rt, "content")
				kind := rapid.IntRange(0, 4).Draw(rt, "kind")
				again := func(p *handlers.Publishing) (handlers.DocumentWritten, error) {
					switch kind {
					case 0:
						return p.Withdraw(ctx, req, handlers.WithdrawDocument{Document: id, Reason: reason})
					case 1:
						return p.Reinstate(ctx, req, handlers.ReinstateDocument{Document: id})
					case 2:
						return p.CorrectSummary(ctx, req, handlers.CorrectSummary{Document: id, Number: basedOn, Summary: domain.English(req.ID)})
					default:
						return p.Version(ctx, req, w.version(id, basedOn, content))
					}
				}
				done, err := again(rapid.SampledFrom(programs).Draw(rt, "program"))
				if err != nil {
					continue // refused, so there is nothing to repeat
				}
				newest = max(newest, done.Version)
				deeds = append(deeds, deed{again, done})

				end := w.end()
				for _, d := range deeds[:rapid.IntRange(0, len(deeds)).Draw(rt, "replayed")] {
					again, err := d.again(rapid.SampledFrom(programs).Draw(rt, "replayed by"))
					if err != nil || !again.Repeated || again.Version != d.first.Version || again.Document != id {
						rt.Fatalf("repeated: %+v, %v; the first time %+v", again, err, d.first)
					}
				}
				if w.end() != end {
					rt.Fatalf("repeating wrote %d events", w.end()-end)
				}
			}
			numbers := 0
			for _, e := range w.events(document.Stream(id)) {
				p, err := w.codec.Registry().Decode(e)
				ok(t, err)
				switch e := p.(type) {
				case document.Published:
					numbers = e.Version.Number
				case document.Versioned:
					if numbers++; e.Version.Number != numbers {
						rt.Fatalf("version %d follows %d", e.Version.Number, numbers-1)
					}
				}
			}
		})
	})
}
