package digest_test

// What those who watch are told: attempts, totals, the oldest digest that waits.

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"imprint/domain/calendar"
	"imprint/domain/digest"
	"imprint/domain/document"
	"imprint/domain/mail"
	worker "imprint/handlers/digest"
)

func TestTheOldestUnsentDigestIsTold(t *testing.T) {
	w, end := newWorld(t)
	defer end()
	oldest := func(when string, want time.Time) {
		t.Helper()
		got, err := w.service.OldestDue(w.ctx)
		w.must(err)
		if !got.Equal(want) {
			t.Errorf("%s: %v, not %v", when, got, want)
		}
	}
	reader, doc := uuid.New(), w.publish("Report")
	w.choose(reader, calendar.Daily)
	w.save(reader, doc)
	w.update(doc, 2)
	w.round()
	oldest("before it is due", time.Time{})
	w.pass(5 * time.Hour)
	due := start.Add(2 * time.Hour)
	oldest("three hours late, and nobody has begun", due)
	// Refused, it is tried again in a while. Until then it is late all the same.
	w.faults.script = []mail.Outcome{{Verdict: mail.Deferred, Code: 450, Reason: "busy"}, {Verdict: mail.RouteDown, Reason: "away"}}
	w.round()
	oldest("refused for now", due)
	w.pass(time.Hour)
	w.round()
	oldest("with the mail server away", due)
	if total := w.service.Totals(); !total.RouteDown || total.Deferred != 1 || total.Accepted != 0 {
		t.Errorf("in total: %+v", total)
	}
	w.pass(time.Hour)
	if r := w.round(); r.Accepted != 1 {
		t.Fatalf("%+v", r)
	}
	oldest("sent", time.Time{})
	if total := w.service.Totals(); total.RouteDown || total.Deferred != 1 || total.Accepted != 1 {
		t.Errorf("in total: %+v", total)
	}
}

func TestEveryAttemptIsWatched(t *testing.T) {
	w, end := newWorld(t)
	defer end()
	var attempts []worker.Attempt
	var outcomes []mail.Verdict
	w.watch = func(_ context.Context, a worker.Attempt) func(mail.Outcome) {
		attempts = append(attempts, a)
		return func(o mail.Outcome) { outcomes = append(outcomes, o.Verdict) }
	}
	w.restart("two")
	reader, doc := uuid.New(), w.publish("Report")
	w.choose(reader, calendar.Daily)
	w.save(reader, doc)
	w.update(doc, 2)
	w.pass(5 * time.Hour)
	w.faults.script = []mail.Outcome{{Verdict: mail.Deferred, Code: 450, Reason: "busy"}}
	w.round()
	w.pass(time.Hour)
	w.round()
	if !slices.Equal(outcomes, []mail.Verdict{mail.Deferred, mail.Accepted}) || len(attempts) != 2 {
		t.Fatalf("%v: %+v", outcomes, attempts)
	}
	newest, err := w.log.ReadStreamBack(w.ctx, document.Stream(doc), 1)
	w.must(err)
	want := digest.ID(reader, w.sent(reader)[0].Window.From)
	for _, a := range attempts {
		if a.Digest != want || len(a.Causes) != 1 || a.Causes[0] != newest[0].ID {
			t.Errorf("%+v is not digest %s, which tells of %s", a, want, newest[0].ID)
		}
	}
}
