package digest_test

// Digests wait for read models that are not whole, and lose nothing by it.

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"imprint/domain/access"
	"imprint/domain/calendar"
	"imprint/domain/document"
	"imprint/domain/event"
	"imprint/domain/library"
	"imprint/domain/mail"
	"imprint/domain/notice"
	worker "imprint/handlers/digest"
	"imprint/projections"
	"imprint/projections/catalog"
	libraries "imprint/projections/library"
	"imprint/projections/notices"
)

// failing is the program with a read model that cannot fold events of a type.
func failing(name, eventType string) map[string]projections.Projection {
	all := readModels()
	p := all[name]
	fold := p.Fold
	p.Fold = func(s *projections.State, e projections.Event) error {
		if e.Type == eventType {
			return errors.New("a fault of this program")
		}
		return fold(s, e)
	}
	all[name] = p
	return all
}

// mend is the program put right, and its replay of all that is parked.
func (w *world) mend() {
	w.t.Helper()
	all := readModels()
	w.feed(all)
	for _, p := range all {
		parked, err := w.engine.Parked(w.ctx, p)
		w.must(err)
		done := map[projections.Key]bool{}
		for _, e := range parked {
			if !done[e.Key] {
				done[e.Key] = true
				w.must(w.engine.Replay(w.ctx, p, e.Key))
			}
		}
	}
}

// waits is a round that must not tell anybody anything.
func (w *world) waits(t *testing.T, reader uuid.UUID, when string) {
	t.Helper()
	before, facts := w.standing(reader), len(w.facts(reader))
	r, err := w.service.RunOnce(w.ctx)
	if !errors.Is(err, worker.ErrWaiting) {
		t.Fatalf("%s: a round ends with %v, %+v", when, err, r)
	}
	after := w.standing(reader)
	if r != (worker.Report{}) || len(w.facts(reader)) != facts || after.Cursor != before.Cursor && before.Cursor != 0 ||
		!after.NextDue.Equal(before.NextDue) && !before.NextDue.IsZero() {
		t.Fatalf("%s: %+v\nstanding before %+v\nafter %+v", when, r, before, after)
	}
}

// said counts what the program's log says.
func (w *world) said(text string) int { return strings.Count(w.logged.String(), text) }

func TestDigestsWaitForReadModelsThatLag(t *testing.T) {
	w, reader, doc := scene(t, calendar.Daily)
	w.round()
	w.update(doc, 2)
	w.pass(2 * time.Hour)
	w.lags = true
	for range 3 {
		w.waits(t, reader, "behind the log")
	}
	if why, err := w.service.Waits(w.ctx); err != nil || !strings.Contains(why, "has not folded all of the log") {
		t.Errorf("why they wait: %q, %v", why, err)
	}
	if n := w.said("digests wait"); n != 1 {
		t.Errorf("logged %d times:\n%s", n, w.logged)
	}
	w.lags = false
	for range 2 {
		w.round()
	}
	check(t, w, reader, 1)
	if n := w.said("digests go on"); n != 1 {
		t.Errorf("logged %d times:\n%s", n, w.logged)
	}
}

// TestNothingThatIsParkedIsPassedOver parks, in each read model in turn, what a due
// update rests on.
func TestNothingThatIsParkedIsPassedOver(t *testing.T) {
	for name, parking := range map[string]string{
		catalog.Name:   document.Versioned{}.EventType(), // the document is hidden: it would be withheld
		libraries.Name: library.Saved{}.EventType(),      // the person keeps nothing: nothing would be due
		notices.Name:   notice.Released{}.EventType(),    // nothing was released: nothing would be due
	} {
		for _, frequency := range []calendar.Frequency{calendar.Daily, calendar.Immediate} {
			t.Run(name+" "+string(frequency), func(t *testing.T) {
				w, end := newWorld(t)
				t.Cleanup(end)
				w.feed(failing(name, parking))
				doc, reader := w.publish("SOC 2 Report"), uuid.New()
				w.save(reader, doc)
				w.choose(reader, frequency)
				w.update(doc, 2)
				w.pass(2 * time.Hour)
				w.waits(t, reader, "parked")
				w.pass(24 * time.Hour)
				w.waits(t, reader, "a day later")
				if why, err := w.service.Waits(w.ctx); err != nil || !strings.Contains(why, name) || !strings.Contains(why, "projections replay") {
					t.Errorf("why they wait: %q, %v", why, err)
				}
				if due, err := w.service.Due(w.ctx, w.clock()); err != nil || len(due) != 1 && frequency == calendar.Daily {
					t.Errorf("due meanwhile: %+v, %v", due, err)
				}
				if _, err := w.service.Preview(w.ctx, reader); !errors.Is(err, notices.ErrPartial) {
					t.Errorf("a preview of half the truth: %v", err)
				}
				w.mend()
				for range 3 {
					w.round()
					w.pass(24 * time.Hour)
				}
				check(t, w, reader, 1)
				if w.said("digests wait") != 1 || w.said("digests go on") != 1 {
					t.Errorf("logged:\n%s", w.logged)
				}
			})
		}
	}
}

// TestAKeyIsParkedWhileARoundRuns: what was whole when the round began is asked
// again in the snapshot that is selected from.
func TestAKeyIsParkedWhileARoundRuns(t *testing.T) {
	w, reader, doc := due(t)
	w.must(w.group.CatchUp(w.ctx, nil))
	w.faults.claimed = func() {
		w.feed(failing(catalog.Name, document.AudienceChanged{}.EventType()))
		w.tell(document.Stream(doc), document.AudienceChanged{Document: doc, Audience: access.Audience{Kind: access.SignedIn}})
		w.must(w.group.CatchUp(w.ctx, nil))
	}
	w.waits(t, reader, "parked after the claim")
	w.mend()
	w.round()
	check(t, w, reader, 1)
}

// TestADoubtIsNotResolvedOnHalfTheTruth: a second attempt waits as well.
func TestADoubtIsNotResolvedOnHalfTheTruth(t *testing.T) {
	w, reader, doc := due(t)
	w.faults.script, w.faults.taken = []mail.Outcome{{Verdict: mail.Doubtful}}, true
	w.round()
	w.pass(time.Hour)
	w.faults.claimed = func() {
		w.feed(failing(catalog.Name, document.AudienceChanged{}.EventType()))
		w.tell(document.Stream(doc), document.AudienceChanged{Document: doc, Audience: access.Audience{Kind: access.SignedIn}})
		w.must(w.group.CatchUp(w.ctx, nil))
	}
	w.waits(t, reader, "in doubt")
	w.mend()
	if r := w.round(); r.Resent != 1 || r.Accepted != 1 {
		t.Errorf("%+v", r)
	}
	check(t, w, reader, 1)
}

// TestDigestsWaitForAReadModelThatHasStopped at an event of a newer program.
func TestDigestsWaitForAReadModelThatHasStopped(t *testing.T) {
	w, reader, doc := due(t)
	stream := document.Stream(doc)
	e, err := w.codec.Encode(w.ctx, event.Draft{Stream: stream, ID: uuid.New(), Meta: event.Metadata{Time: w.clock(), Actor: "someone"},
		Payload: document.AudienceChanged{Document: doc, Audience: access.Audience{Kind: access.SignedIn}}})
	w.must(err)
	e.Meta.Schema = 2
	_, err = w.log.Append(w.ctx, stream, 1, []event.Event{e})
	w.must(err)
	ctx, stop := context.WithCancel(w.ctx)
	ended := make(chan error, 1)
	go func() { ended <- w.group.Run(ctx) }()
	w.runs = true
	w.waits(t, reader, "stopped")
	stop()
	w.must(<-ended)
	if w.said("digests wait") != 1 || w.said("has stopped") != 1 {
		t.Errorf("logged:\n%s", w.logged)
	}
}
