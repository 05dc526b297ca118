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
	"imprint/domain/digest"
	"imprint/domain/document"
	"imprint/domain/event"
	"imprint/domain/mail"
	"imprint/domain/person"
	worker "imprint/handlers/digest"
)

// TestAnOldSelectionIsNotSent: whoever waits long behind a slow mail server for the
// turn is told by what holds then.
func TestAnOldSelectionIsNotSent(t *testing.T) {
	const atMost = 6 // intents that wait for a connection are decided on again, others are not
	for name, is := range map[string]struct {
		waits time.Duration
		late  int // mails after the access has ended, at most
	}{
		"at once":               {0, atMost},
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
			if r.Accepted < 2 || r.Accepted > 2+is.late || r.Withheld != readers-r.Accepted {
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

// TestFewMailsAreInDoubtAtOnce: those under way, one on each connection, and as many
// that wait for one, or for the commit of their outcome.
func TestFewMailsAreInDoubtAtOnce(t *testing.T) {
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

// gate keeps the first mail under way until something has happened.
type gate struct {
	worker.Mailer
	first sync.Once
	until func()
}

func (g *gate) Send(ctx context.Context, m mail.Message) mail.Outcome {
	g.first.Do(g.until)
	return g.Mailer.Send(ctx, m)
}

// TestAnIntentThatHasWaitedIsCarriedOutOnlyIfItHolds: one mail is under way on the
// only connection and another intent waits for it, when access or digests end.
func TestAnIntentThatHasWaitedIsCarriedOutOnlyIfItHolds(t *testing.T) {
	for name, c := range map[string]struct {
		ends func(w *world, readers []uuid.UUID, doc uuid.UUID)
		fact func(event.Payload) bool // of whoever gets no mail
	}{
		"access": {func(w *world, _ []uuid.UUID, doc uuid.UUID) {
			w.tell(document.Stream(doc), document.AudienceChanged{Document: doc, Audience: access.Audience{Kind: "nobody"}})
			w.must(w.group.CatchUp(w.ctx, nil))
		}, func(p event.Payload) bool { _, is := p.(digest.Withheld); return is }},
		"digests": {func(w *world, readers []uuid.UUID, _ uuid.UUID) {
			for _, r := range readers {
				w.choose(r, calendar.Off)
			}
			_, err := w.service.CatchUp(w.ctx) // as the command does before it answers
			w.must(err)
		}, func(p event.Payload) bool {
			f, is := p.(digest.Failed)
			return is && f.Failure.Class == digest.TurnedOff && !f.InDoubt
		}},
	} {
		t.Run(name, func(t *testing.T) {
			w, end := newWorld(t)
			t.Cleanup(end)
			doc := w.publish("Report")
			readers := []uuid.UUID{uuid.New(), uuid.New()}
			for _, r := range readers {
				w.choose(r, calendar.Immediate)
				w.save(r, doc)
			}
			w.update(doc, 2)
			w.connections = 1
			w.mailer = &gate{Mailer: w.mails, until: func() {
				for w.frozen() < 2 {
					<-time.After(time.Millisecond) // not a busy loop; nothing depends on it
				}
				c.ends(w, readers, doc)
			}}
			w.restart("one")
			w.round()
			told, left := 0, 0
			for _, r := range readers {
				facts := w.facts(r)
				switch {
				case len(w.sent(r)) == 1:
					told++
				case len(facts) == 1 && c.fact(facts[0]):
					left++
				default:
					t.Errorf("%+v; standing %+v", facts, w.standing(r))
				}
			}
			if told != 1 || left != 1 || w.frozen() != 0 {
				t.Errorf("%d told, %d not, %d mails kept", told, left, w.frozen())
			}
		})
	}
}

// TestNobodyIsAskedWhoEndedWhileTheMailWaited: two mails that ask for a confirmation,
// one of them under way on the only connection, when both accounts are disabled.
func TestNobodyIsAskedWhoEndedWhileTheMailWaited(t *testing.T) {
	w, end := newWorld(t)
	t.Cleanup(end)
	persons := []uuid.UUID{uuid.New(), uuid.New()}
	var addresses []uuid.UUID
	for _, p := range persons {
		addresses = append(addresses, w.give(p, "rosa@reader.example"))
	}
	first := &gate{until: func() {
		for w.faults.committed.Load() < 2 { // both are about to be sent
			<-time.After(time.Millisecond) // not a busy loop; nothing depends on it
		}
		for _, p := range persons {
			w.tell(person.Stream(p), person.Disabled{Person: p})
		}
		_, err := w.service.CatchUp(w.ctx) // as the command does before it answers
		w.must(err)
	}}
	w.connections, w.mailer = 1, first
	w.restart("one")
	first.Mailer = faultyMailer{w.mails, w.faults}
	w.round()
	if n := len(w.asked(addresses[0])) + len(w.asked(addresses[1])); n != 1 {
		t.Errorf("%d mails, want the one that was under way", n)
	}
}
