package digest_test

// Rates of mails: what they hold back, and whom they hold up.

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"

	"imprint/adapters/smtp/smtptest"
	"imprint/adapters/work"
	"imprint/domain/digest"
	"imprint/domain/mail"
	worker "imprint/handlers/digest"
)

var (
	eachMinute = mail.Rate{Mails: 1, Per: time.Minute}
	eachSecond = mail.Rate{Mails: 1, Per: time.Second}
)

// slow is a world with so many persons at one domain, due at 08:00, and some at
// domains of their own.
func slow(t *testing.T, w *world, many, others int) (persons []uuid.UUID) {
	t.Helper()
	w.address = "rosa@slow.example"
	persons = crowd(w, many)
	w.pass(-2 * time.Hour)
	for i := range others {
		w.address = fmt.Sprintf("rosa@other%d.example", i)
		persons = append(persons, crowd(w, 1)...)
		w.pass(-2 * time.Hour)
	}
	w.pass(2 * time.Hour)
	return persons
}

// takes counts the commits that took turns.
func (w *world) takes() (n int) {
	for _, call := range w.faults.calls {
		if call == "take" {
			n++
		}
	}
	return n
}

// TestASlowDomainHoldsNobodyUp: its persons are put off to their turns, one by one,
// and everybody else's mail leaves in the same round.
func TestASlowDomainHoldsNobodyUp(t *testing.T) {
	w, s := sending(t, smtptest.Config{}, "")
	w.domainRate = eachMinute
	w.restart("one")
	const many, others = 12, 5
	persons := slow(t, w, many, others)
	if r := w.round(); r != (worker.Report{Accepted: 1 + others, PutOff: many - 1}) || s.Len() != 1+others {
		t.Fatalf("%+v, %d mails", r, s.Len())
	}
	due, err := w.service.Due(w.ctx, w.clock())
	w.must(err)
	if len(due) != many-1 || !due[0].PutOff.After(w.clock()) || !due[0].Due.Before(due[0].PutOff) {
		t.Errorf("operators see %+v", due)
	}
	if oldest, err := w.service.OldestDue(w.ctx); err != nil || !oldest.Equal(start.Add(2*time.Hour)) {
		t.Errorf("the oldest digest that was not sent was due at %s, %v", oldest, err)
	}
	before := w.takes()
	for minute := range many - 1 {
		if r := w.round(); r != (worker.Report{}) {
			t.Errorf("minute %d: before the turn %+v", minute, r)
		}
		w.pass(time.Minute)
		if r := w.round(); r != (worker.Report{Accepted: 1}) {
			t.Errorf("minute %d: %+v", minute, r)
		}
	}
	if w.takes() != before {
		t.Errorf("whoever had a turn took %d more", w.takes()-before)
	}
	told(t, w, s, persons)
	for _, p := range persons {
		if st := w.standing(p); !st.Later.IsZero() || st.Turn {
			t.Errorf("still put off: %+v", st)
		}
	}
}

// TestAMailThatAsksHasToWaitToo, and leaves before the digest that waits for it.
func TestAMailThatAsksHasToWaitToo(t *testing.T) {
	w, _ := sending(t, smtptest.Config{}, "")
	w.domainRate = eachMinute
	w.restart("one")
	slow(t, w, 1, 0)
	w.round()
	w.give(uuid.New(), "anna@Slow.Example")
	if r := w.round(); r != (worker.Report{PutOff: 1}) {
		t.Errorf("%+v", r)
	}
	w.pass(time.Minute)
	if r := w.round(); r != (worker.Report{Asked: 1}) {
		t.Errorf("%+v", r)
	}
}

// TestProgramsShareARate: the second one's mails wait for the first one's.
func TestProgramsShareARate(t *testing.T) {
	w, s := sending(t, smtptest.Config{}, "")
	w.domainRate = eachMinute
	w.restart("one")
	first := w.service
	persons := slow(t, w, 2, 0)
	if r, err := first.RunOnce(w.ctx); err != nil || r.Accepted != 1 {
		t.Fatalf("%+v, %v", r, err)
	}
	w.restart("two")
	w.address = "anna@slow.example"
	w.pass(-2 * time.Hour)
	persons = append(persons, crowd(w, 1)...)
	if r := w.round(); r.Accepted != 0 || r.PutOff != 1 {
		t.Errorf("the other program: %+v", r)
	}
	w.pass(time.Minute)
	if r := w.round(); r.Accepted != 1 {
		t.Errorf("the other program, a minute later: %+v", r)
	}
	w.pass(time.Minute)
	if r, err := first.RunOnce(w.ctx); err != nil || r.Accepted != 1 {
		t.Fatalf("%+v, %v", r, err)
	}
	told(t, w, s, persons)
}

// TestMissedTurnsAreNoFlood: after an hour in which nobody worked, the turns of that
// hour are worth nothing.
func TestMissedTurnsAreNoFlood(t *testing.T) {
	w, s := sending(t, smtptest.Config{}, "")
	w.domainRate = eachMinute
	w.restart("one")
	persons := slow(t, w, 10, 0)
	w.round()
	w.pass(time.Hour)
	if r := w.round(); r.Accepted != 1 || r.PutOff != 8 {
		t.Errorf("%+v", r)
	}
	w.pass(9 * time.Second) // late, but not too late
	for range 8 {
		w.pass(time.Minute)
		w.round()
	}
	told(t, w, s, persons)
}

// TestWhoIsTooFarBehindIsAskedAgain: turns are given for an hour ahead and not more,
// so that another rate is soon in force; nobody is forgotten.
func TestWhoIsTooFarBehindIsAskedAgain(t *testing.T) {
	w, s := sending(t, smtptest.Config{}, "")
	w.domainRate = mail.Rate{Mails: 2, Per: time.Hour}
	w.restart("one")
	persons := slow(t, w, 6, 0)
	if r := w.round(); r.Accepted != 1 || r.PutOff != 5 {
		t.Fatalf("%+v", r)
	}
	turns := 0
	for _, p := range persons {
		st := w.standing(p)
		if st.Turn {
			turns++
		}
		if wait := st.Later.Sub(w.clock()); !st.Later.IsZero() && (wait <= 0 || wait > 2*time.Hour) {
			t.Errorf("put off by %s", wait)
		}
	}
	if turns != 2 { // at 30 and 60 minutes
		t.Errorf("%d turns were given", turns)
	}
	w.domainRate = mail.Rate{}
	w.restart("one") // without a rate
	for range 3 {
		w.pass(time.Hour)
		w.round()
	}
	told(t, w, s, persons)
}

// TestTheRateOverAll: mails wait for it a little, in the round, and are neither put
// off nor lost.
func TestTheRateOverAll(t *testing.T) {
	w, s := sending(t, smtptest.Config{}, "")
	w.rate = mail.Rate{Mails: 50, Per: time.Second}
	w.restart("one")
	persons := crowd(w, 60)
	began := time.Now()
	if r := w.round(); r != (worker.Report{Accepted: 60}) {
		t.Errorf("%+v", r)
	}
	// Fifty at once, then one each 20 ms. The database's clock stands still.
	if took := time.Since(began); took < 9*20*time.Millisecond {
		t.Errorf("60 mails in %s", took)
	}
	if n := w.takes(); n > 12 {
		t.Errorf("%d commits for the turns of 60 mails", n)
	}
	told(t, w, s, persons)
}

// TestARateOverAllThatIsUsedUpEndsTheRound: nobody holds a lease and waits.
func TestARateOverAllThatIsUsedUpEndsTheRound(t *testing.T) {
	w, s := sending(t, smtptest.Config{}, "")
	w.rate = mail.Rate{Mails: 1, Per: time.Hour}
	w.restart("one")
	persons := crowd(w, 5)
	for hour := range persons {
		if r := w.round(); r != (worker.Report{Accepted: 1}) {
			t.Errorf("hour %d: %+v", hour, r)
		}
		for _, p := range persons {
			if st := w.standing(p); st.Open != nil || !st.Later.IsZero() {
				t.Errorf("hour %d: %+v", hour, st)
			}
		}
		w.pass(time.Hour)
	}
	told(t, w, s, persons)
}

// TestARateThatIsUsedUpIsNotAskedForByEveryone who is due.
func TestARateThatIsUsedUpIsNotAskedForByEveryone(t *testing.T) {
	w, _ := sending(t, smtptest.Config{}, "")
	w.rate = mail.Rate{Mails: 1, Per: time.Hour}
	w.restart("one")
	crowd(w, 40)
	if r := w.round(); r != (worker.Report{Accepted: 1}) || w.takes() > 2*w.connections {
		t.Errorf("%+v, and turns were asked for %d times", r, w.takes())
	}
}

// TestWhoIsPutOffLeavesTheTurnOverAllToOthers.
func TestWhoIsPutOffLeavesTheTurnOverAllToOthers(t *testing.T) {
	w, s := sending(t, smtptest.Config{}, "")
	w.rate, w.domainRate, w.connections = eachSecond, eachMinute, 1
	w.restart("one")
	slow(t, w, 4, 1)
	if r := w.round(); r != (worker.Report{Accepted: 2, PutOff: 3}) || s.Len() != 2 {
		t.Fatalf("%+v, %d mails", r, s.Len())
	}
	// Two turns were used, so the next one is the third.
	waits, err := work.NewRates(w.db).Take(w.ctx, []digest.Ask{{Name: "all", Rate: eachSecond, Count: 1, Ahead: time.Hour}})
	w.must(err)
	if len(waits[0]) != 1 || waits[0][0] != 2*time.Second {
		t.Errorf("the next turn is %v away", waits)
	}
}

// TestDyingAroundATurnLosesNothing but the turn.
func TestDyingAroundATurnLosesNothing(t *testing.T) {
	for _, after := range []bool{false, true} {
		w, s := sending(t, smtptest.Config{}, "")
		w.domainRate = eachMinute
		w.restart("one")
		persons := slow(t, w, 3, 2)
		w.faults.calls = nil
		w.faults.dieAt, w.faults.after = 4, after
		_, _ = w.service.RunOnce(w.ctx)
		if w.takes() != 1 || !w.faults.dead {
			t.Fatalf("it did not die around its first turn: %v", w.faults.calls)
		}
		w.restart("one")
		for range 8 {
			w.round()
			w.pass(time.Minute)
		}
		told(t, w, s, persons)
	}
}

// TestTurnsWakeTheWorker: without any beat, and without anything new in the log.
func TestTurnsWakeTheWorker(t *testing.T) {
	w, s := sending(t, smtptest.Config{}, "")
	w.domainRate = eachSecond
	w.restart("one")
	slow(t, w, 3, 0)
	w.let()
	ctx, cancel := context.WithTimeout(w.ctx, time.Minute)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- w.service.Run(ctx, nil) }()
	if err := s.Until(ctx, func(s *smtptest.Server) bool { return s.Len() == 3 }); err != nil {
		t.Errorf("%d mails: %v", s.Len(), err)
	}
	cancel()
	w.must(<-done)
}

func TestNoDomainStandsInTheWorkTables(t *testing.T) {
	w, _ := sending(t, smtptest.Config{}, "")
	w.domainRate = eachMinute
	w.restart("one")
	slow(t, w, 3, 1)
	w.round()
	files, err := filepath.Glob(filepath.Join(w.folder, "work.db*"))
	w.must(err)
	kept := 0
	for _, f := range files {
		b, err := os.ReadFile(f)
		w.must(err)
		kept += len(b)
		if bytes.Contains(b, []byte("slow.example")) || bytes.Contains(b, []byte("other0")) {
			t.Errorf("%s holds a domain in the clear", filepath.Base(f))
		}
	}
	if kept == 0 {
		t.Fatalf("nothing was looked at: %v", files)
	}
}
