package digest_test

// What waits after a failure is listed without an address, and due once an operator
// says so.

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/calendar"
	"imprint/domain/digest"
	"imprint/domain/mail"
	"imprint/domain/person"
	worker "imprint/handlers/digest"
)

func (w *world) failed() (rows []worker.FailedRow) {
	w.t.Helper()
	for row, err := range worker.Failed(w.ctx, w.work) {
		w.must(err)
		if strings.Contains(fmt.Sprintf("%+v", row), "@") {
			w.t.Errorf("an address is shown: %+v", row)
		}
		rows = append(rows, row)
	}
	return rows
}

func (w *world) retry(id uuid.UUID) error {
	_, err := worker.Retry(w.ctx, w.work, id, w.clock())
	return err
}

// TestWhatFailedIsDueOnceAnOperatorSaysSo in every state in which it can wait.
func TestWhatFailedIsDueOnceAnOperatorSaysSo(t *testing.T) {
	for _, c := range []struct {
		name      string
		frequency calendar.Frequency
		outcome   mail.Outcome
		waits     worker.Wait
		class     digest.Class
	}{
		{"refused for now", calendar.Daily, mail.Outcome{Verdict: mail.Deferred, Code: 450, Status: "4.2.0"}, worker.AgainWait, digest.ForNow},
		{"in doubt", calendar.Daily, mail.Outcome{Verdict: mail.Doubtful}, worker.DoubtWait, digest.NoAnswer},
		{"the route is down", calendar.Immediate, mail.Outcome{Verdict: mail.RouteDown}, worker.AgainWait, digest.RouteDown},
		{"refused for good, at once", calendar.Immediate, mail.Outcome{Verdict: mail.Refused, Code: 554, Status: "5.7.1"}, worker.CarriedWait, digest.ForGood},
		{"refused for good, weekly", calendar.Weekly, mail.Outcome{Verdict: mail.Refused, Code: 554, Status: "5.7.1"}, worker.CarriedWait, digest.ForGood},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, reader, doc := scene(t, c.frequency)
			w.update(doc, 2)
			if c.frequency != calendar.Immediate {
				w.pass(2 * time.Hour) // 08:00 on a Monday
			}
			failedAt := w.clock()
			w.faults.script = []mail.Outcome{c.outcome}
			w.round()
			rows := w.failed()
			if len(rows) != 1 {
				t.Fatalf("%+v", rows)
			}
			got := rows[0]
			if want := (digest.Failure{Class: c.class, Code: c.outcome.Code, Status: c.outcome.Status}); got.Person != reader || got.Waits != c.waits || got.Failure != want ||
				!got.Since.Equal(failedAt) || !got.Next.After(failedAt) || got.MaybeSent != (c.outcome.Verdict == mail.Doubtful) || got.Blocked != "" {
				t.Errorf("%+v, want %s, %+v, since %s", got, c.waits, want, failedAt)
			}
			w.pass(30 * time.Second)
			if r := w.round(); r.Accepted+r.Resent != 0 {
				t.Fatalf("before its time, and nobody has asked: %+v", r)
			}
			w.must(w.retry(reader))
			if next := w.failed()[0].Next; !next.Equal(w.clock()) {
				t.Errorf("due at %s, not at %s", next, w.clock())
			}
			if r := w.round(); r.Accepted != 1 {
				t.Fatalf("%+v", r)
			}
			if rows := w.failed(); len(rows) != 0 {
				t.Errorf("still listed: %+v", rows)
			}
			refusedAs(t, w.retry(reader), "nothing-failed")
			w.pass(31 * 24 * time.Hour)
			if r := w.round(); r.Accepted != 0 || len(w.sent(reader)) != 1 {
				t.Errorf("told twice: %+v", r)
			}
		})
	}
}

func refusedAs(t *testing.T, err error, code string) {
	t.Helper()
	var refused *domain.Error
	if !errors.As(err, &refused) || refused.Code != code {
		t.Errorf("%v, want the refusal %s", err, code)
	}
}

func TestWhatCannotBeRetriedIsRefused(t *testing.T) {
	w, reader, doc := scene(t, calendar.Immediate)
	refusedAs(t, w.retry(uuid.New()), "nothing-failed")
	w.update(doc, 2)
	w.faults.script = []mail.Outcome{refused}
	w.round()
	held, err := w.work.Claim(w.ctx, digest.Claim{Holder: "another", Now: w.clock().Add(time.Hour), Immediate: true, End: 1 << 40, Lease: time.Minute, Limit: 10})
	w.must(err)
	if len(held) != 1 {
		t.Fatalf("%d persons are held", len(held))
	}
	refusedAs(t, w.retry(reader), "under-way")
	w.must(w.work.Release(w.ctx, "another"))
	// Of two persons, one can be retried.
	other := uuid.New()
	w.choose(other, calendar.Immediate)
	w.save(other, doc)
	w.round()
	w.update(doc, 3)
	w.faults.script = []mail.Outcome{refused}
	w.round()
	w.tell(person.Stream(reader), person.MailSuspended{Person: reader, Cause: person.Refusing, Status: "5.7.1"})
	_, err = w.service.CatchUp(w.ctx)
	w.must(err)
	got, err := worker.Retry(w.ctx, w.work, uuid.Nil, w.clock())
	if w.must(err); got.Due != 1 || got.Waiting != 1 || len(got.Reasons) != 1 || !strings.Contains(got.Reasons[0], reader.String()+" now (suspended: refusing)") {
		t.Errorf("%+v", got)
	}
	for _, row := range w.failed() {
		if (row.Blocked == "suspended: refusing") != (row.Person == reader) {
			t.Errorf("%+v", row)
		}
	}
}
