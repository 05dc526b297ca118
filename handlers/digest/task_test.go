package digest_test

// Many persons are selected for together, and each is told what holds for it alone.

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"imprint/domain/access"
	"imprint/domain/calendar"
	"imprint/domain/document"
	"imprint/domain/mail"
	worker "imprint/handlers/digest"
)

// TestAnOldSelectionIsNotSent: whoever waits long behind a slow mail server for the
// turn is told by what holds then.
func TestAnOldSelectionIsNotSent(t *testing.T) {
	for name, is := range map[string]struct {
		waits time.Duration
		late  int // mails after the access has ended
	}{
		"at once":               {0, 6},
		"after a slow mail":     {time.Minute, 0},
		"the clock is set back": {-time.Minute, 0},
	} {
		t.Run(name, func(t *testing.T) {
			w, end := newWorld(t)
			t.Cleanup(end)
			doc := w.publish("Report")
			const readers = 8 // claimed at once
			for range readers {
				reader := uuid.New()
				w.choose(reader, calendar.Immediate)
				w.save(reader, doc)
			}
			w.update(doc, 2)
			// The first two mails are under way at once, on a connection each; when both
			// have begun, access ends and the server takes its time.
			var begun sync.WaitGroup
			begun.Add(2)
			narrow := sync.OnceFunc(func() {
				begun.Wait()
				w.tell(document.Stream(doc), document.AudienceChanged{Document: doc, Audience: access.Audience{Kind: "nobody"}})
				w.must(w.group.CatchUp(w.ctx, nil))
				w.pass(is.waits)
			})
			var mu sync.Mutex
			attempts := 0
			w.watch = func(context.Context, worker.Attempt) func(mail.Outcome) {
				mu.Lock()
				attempts++
				first := attempts <= 2
				mu.Unlock()
				if first {
					begun.Done()
					narrow()
				}
				return func(mail.Outcome) {}
			}
			w.restart("one")
			r := w.round()
			if r.Accepted != 2+is.late || r.Withheld != readers-2-is.late {
				t.Errorf("%+v, want %d mails after the access has ended", r, is.late)
			}
		})
	}
}

// TestWhereMemoryIsShortEveryoneIsServedAllTheSame: nobody is left out of a group
// that had to be selected for in parts.
func TestWhereMemoryIsShortEveryoneIsServedAllTheSame(t *testing.T) {
	w, end := newWorld(t)
	t.Cleanup(end)
	w.narrow = true
	doc := w.publish("Report")
	readers := make([]uuid.UUID, 40)
	for i := range readers {
		readers[i] = uuid.New()
		w.choose(readers[i], calendar.Daily)
		if i%3 > 0 {
			w.save(readers[i], doc)
		}
	}
	w.update(doc, 2)
	w.pass(2 * time.Hour)
	if r := w.round(); r.Accepted != 26 || r.Empty != 14 {
		t.Fatalf("%+v", r)
	}
	for i, reader := range readers {
		if n := len(w.sent(reader)); n != min(i%3, 1) {
			t.Errorf("reader %d: %d digests", i, n)
		}
	}
}

// TestAFaultOfNobodysEndsTheRound: it is not tried on everyone who is due, and they
// stay so.
func TestAFaultOfNobodysEndsTheRound(t *testing.T) {
	w, end := newWorld(t)
	t.Cleanup(end)
	persons := crowd(w, 100)
	w.broken = true
	r, err := w.service.RunOnce(w.ctx)
	if err == nil || r.Errors == 0 || r.Errors > len(persons)/3 {
		t.Errorf("%+v, %v", r, err)
	}
	w.broken = false
	if r := w.round(); r != (worker.Report{Accepted: len(persons)}) {
		t.Errorf("after the fault: %+v", r)
	}
}

// TestNoIntentWaitsForAConnection: what is in doubt, should the worker die, is under
// way on one of its connections, or waits for no more than the outcome's commit.
func TestNoIntentWaitsForAConnection(t *testing.T) {
	w, end := newWorld(t)
	t.Cleanup(end)
	persons := crowd(w, 60)
	var mu sync.Mutex
	underWay, most, doubts := 0, 0, 0
	w.watch = func(context.Context, worker.Attempt) func(mail.Outcome) {
		frozen := w.frozen()
		mu.Lock()
		defer mu.Unlock()
		underWay++
		most, doubts = max(most, underWay), max(doubts, frozen)
		return func(mail.Outcome) {
			mu.Lock()
			defer mu.Unlock()
			underWay--
		}
	}
	w.restart("one")
	if r := w.round(); r.Accepted != len(persons) {
		t.Fatalf("%+v", r)
	}
	if most > w.connections || doubts == 0 || doubts > 2*w.connections {
		t.Errorf("at most %d mails under way and %d in doubt, with %d connections", most, doubts, w.connections)
	}
	if n := w.frozen(); n != 0 {
		t.Errorf("%d mails are kept in the end", n)
	}
}

// frozen counts the mails that would be sent again if the worker died now.
func (w *world) frozen() (n int) {
	w.t.Helper()
	rows, err := w.db.Query(w.ctx, `SELECT count(*) FROM digest_mails`)
	w.must(err)
	defer rows.Close()
	for rows.Next() {
		w.must(rows.Scan(&n))
	}
	w.must(rows.Err())
	return n
}
