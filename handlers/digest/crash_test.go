package digest_test

import (
	"bytes"
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"imprint/domain/calendar"
	"imprint/domain/digest"
)

// TestDyingAnywhereLosesNothingAndTellsNothingTwice lets the process die before
// and after each call by which it changes anything: releases, folds, claims, the
// intent (W1, W2, W3), the sending (W4, W5), the outcome (W6), the fact (W7) and
// its folding. The next process finds the files as they are.
func TestDyingAnywhereLosesNothingAndTellsNothingTwice(t *testing.T) {
	w, _, _ := due(t)
	w.round()
	calls := w.faults.calls
	t.Logf("calls of a round: %v", calls)
	if len(calls) < 8 {
		t.Fatalf("the round is not what it was: %v", calls)
	}
	for at := 1; at <= len(calls); at++ {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d %s, after %v", at, calls[at-1], after), func(t *testing.T) {
				t.Parallel()
				w, reader, doc := due(t)
				w.faults.dieAt, w.faults.after = at, after
				if _, err := w.service.RunOnce(w.ctx); err == nil && at < len(calls) {
					t.Fatal("the process has not died")
				}
				w.restart("one") // same name: it takes its own leases over
				w.round()
				check(t, w, reader, 1)
				// And the next window goes on behind it.
				w.update(doc, 3)
				w.pass(24 * time.Hour)
				w.round()
				check(t, w, reader, 2)
			})
		}
	}
}

// due is a scene with one update that is due now.
func due(t *testing.T) (w *world, reader, doc uuid.UUID) {
	w, reader, doc = scene(t, calendar.Daily)
	w.update(doc, 2)
	w.pass(2 * time.Hour)
	return w, reader, doc
}

// check holds what was sent against what was due: n windows of one update each.
func check(t *testing.T, w *world, reader uuid.UUID, n int) {
	t.Helper()
	sent := w.sent(reader)
	if len(sent) != n || len(w.facts(reader)) != n {
		t.Fatalf("%d digests: %+v", len(sent), w.facts(reader))
	}
	until := int64(0)
	for i, s := range sent {
		if s.Count != 1 || s.Items[0].Updates != 1 || s.Items[0].Version != i+2 || s.Window.From < until {
			t.Errorf("digest %d: %+v", i, s)
		}
		until = s.Window.Until
		copies := w.faults.copies[s.MessageID]
		if len(copies) < 1 || len(copies) > 2 || !bytes.Equal(copies[0], copies[len(copies)-1]) {
			t.Errorf("digest %d: %d copies", i, len(copies))
		}
	}
	if len(w.faults.copies) != n {
		t.Errorf("%d different mails for %d digests", len(w.faults.copies), n)
	}
	recorded, err := w.log.ReadStream(w.ctx, digest.Stream(reader), 0, 10)
	w.must(err)
	for i, e := range recorded { // so that a second worker's append is known for the same
		if e.ID != digest.FactID(reader, sent[i].Window.From) {
			t.Errorf("digest %d: its fact's id does not follow from person and window", i)
		}
	}
	if st := w.standing(reader); st.Open != nil || st.Cursor < until {
		t.Errorf("left open: %+v", st)
	}
}

// TestAnotherProcessWaitsForTheLease: two workers cannot serve one person, and a
// dead one's persons come free by the database's clock.
func TestAnotherProcessWaitsForTheLease(t *testing.T) {
	w, reader, _ := due(t)
	w.faults.dieAt = indexOf(w, "send")
	_, _ = w.service.RunOnce(w.ctx)
	w.restart("two")
	w.round()
	if n := len(w.faults.copies); n != 0 {
		t.Fatalf("%d mails beside the holder of the lease", n)
	}
	w.mu.Lock()
	w.leaseNow = w.leaseNow.Add(time.Hour)
	w.mu.Unlock()
	if r := w.round(); r.Resent != 1 {
		t.Errorf("%+v", r)
	}
	check(t, w, reader, 1)
}

// indexOf is the place of a call in a round of the same scene.
func indexOf(w *world, name string) int {
	for i, c := range []string{"release", "fold", "claim", "commit", "send"} {
		if c == name {
			return i + 1
		}
	}
	w.t.Fatalf("no call %s", name)
	return 0
}

// TestAFencedWorkerChangesNothing: whoever lost the lease writes nothing more.
func TestAFencedWorkerChangesNothing(t *testing.T) {
	w, reader, _ := due(t)
	w.round()
	before := w.standing(reader)
	done, err := w.work.Commit(w.ctx, []digest.Change{{Person: reader, Epoch: before.Epoch - 1, Apply: func(st *digest.Standing) bool { st.Cursor = 0; return true }}})
	w.must(err)
	if done[0] || w.standing(reader).Cursor != before.Cursor {
		t.Error("an older epoch has written")
	}
}

// TestTurnedOffBetweenClaimAndIntent is W10: what the person said last decides.
func TestTurnedOffBetweenClaimAndIntent(t *testing.T) {
	w, reader, _ := due(t)
	w.faults.claimed = func() {
		w.choose(reader, calendar.Off)
		_, err := w.service.CatchUp(w.ctx)
		w.must(err)
	}
	if r := w.round(); r.Lost != 1 || r.Accepted != 0 {
		t.Errorf("%+v", r)
	}
	if len(w.faults.copies) != 0 || len(w.facts(reader)) != 0 {
		t.Error("a mail after turning off")
	}
}

// TestRunWakesAtOnceAndStops: an append wakes immediate readers without a beat.
func TestRunWakesAtOnceAndStops(t *testing.T) {
	w, reader, doc := scene(t, calendar.Immediate)
	ctx, stop := context.WithCancel(w.ctx)
	ended := make(chan error, 1)
	go func() { ended <- w.service.Run(ctx, nil) }()
	w.update(doc, 2)
	for {
		changed := w.log.Changed()
		if len(w.sent(reader)) == 1 {
			break
		}
		select {
		case <-changed:
		case <-t.Context().Done():
			t.Fatal("no mail")
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	w.restart("one")
	w.round()
	check(t, w, reader, 1)
}

func TestManyReadersInOneRound(t *testing.T) {
	w, first, doc := due(t)
	readers := []uuid.UUID{first}
	for range 30 {
		reader := uuid.New()
		w.save(reader, doc)
		w.choose(reader, calendar.Daily)
		readers = append(readers, reader)
	}
	w.update(doc, 3)
	w.pass(24 * time.Hour)
	if r := w.round(); r.Accepted != len(readers) {
		t.Fatalf("%+v", r)
	}
	for i, reader := range readers {
		sent := w.sent(reader)
		if len(sent) != 1 || sent[0].Items[0].Updates != map[bool]int{true: 2, false: 1}[i == 0] {
			t.Errorf("reader %d: %+v", i, sent)
		}
	}
	commits := 0
	for _, c := range w.faults.calls {
		if c == "commit" {
			commits++
		}
	}
	if commits > 2*len(readers) {
		t.Errorf("%d commits for %d mails", commits, len(readers))
	}
}
