package digest_test

// What failed for good waits for the next digest: bounded, and not for ever.

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"imprint/domain/calendar"
	"imprint/domain/digest"
	"imprint/domain/mail"
	"imprint/domain/notice"
)

var refused = mail.Outcome{Verdict: mail.Refused, Code: 550}

func TestWhatFailsForAnImmediateReaderGoesOutWithoutNews(t *testing.T) {
	w, reader, doc := scene(t, calendar.Immediate)
	w.update(doc, 2)
	wait := 5 * time.Minute
	for range 4 {
		w.faults.script = []mail.Outcome{refused}
		if r := w.round(); r.Failed != 1 {
			t.Fatalf("%+v", r)
		}
		w.update(w.publish("Of no concern"), 2)
		w.pass(wait - time.Second)
		if r := w.round(); r.Accepted+r.Failed+r.Empty != 0 {
			t.Fatalf("before %s have passed: %+v", wait, r)
		}
		w.pass(time.Second)
		due, err := w.service.Due(w.ctx, w.clock())
		w.must(err)
		if len(due) != 1 || !due[0].Due.Equal(w.clock()) || due[0].Failure == (digest.Failure{}) {
			t.Errorf("due: %+v", due)
		}
		wait *= 2
	}
	if r := w.round(); r.Accepted != 1 {
		t.Fatalf("%+v", r)
	}
	sent := w.sent(reader)
	if len(sent) != 1 || sent[0].Count != 1 || sent[0].Items[0].Updates != 1 {
		t.Fatalf("%+v", sent)
	}
	w.pass(24 * time.Hour)
	if r := w.round(); r.Accepted+r.Empty != 0 {
		t.Errorf("told twice: %+v", r)
	}
	w.update(doc, 3) // and news are told at once again
	if r := w.round(); r.Accepted != 1 {
		t.Errorf("%+v", r)
	}
}

func TestNewSettingsAreTriedAtOnce(t *testing.T) {
	w, reader, doc := scene(t, calendar.Immediate)
	w.update(doc, 2)
	for range 5 {
		w.faults.script = []mail.Outcome{refused}
		w.round()
		w.pass(12 * time.Hour)
	}
	w.faults.script = []mail.Outcome{refused}
	w.round()
	w.choose(reader, calendar.Immediate) // with an address that works, say
	if r := w.round(); r.Accepted != 1 {
		t.Errorf("%+v", r)
	}
}

// TestACarriedUpdateIsToldThoughTheDocumentMovedSince: what has come since is not all
// that the entry says.
func TestACarriedUpdateIsToldThoughTheDocumentMovedSince(t *testing.T) {
	w, reader, doc := scene(t, calendar.Daily)
	w.update(doc, 2)
	w.pass(24 * time.Hour)
	w.faults.script = []mail.Outcome{refused}
	if r := w.round(); r.Failed != 1 {
		t.Fatalf("%+v", r)
	}
	w.move(doc, uuid.Nil, uuid.New())
	w.pass(24 * time.Hour)
	w.round()
	sent := w.sent(reader)
	if len(sent) != 1 || len(sent[0].Items) != 1 || sent[0].Items[0].Kind != notice.NewVersion || sent[0].Items[0].Version != 2 || sent[0].Items[0].Updates != 2 {
		t.Errorf("%+v", sent)
	}
}

// TestAFailedDigestThatIsNotFollowedAnyMoreIsForgotten and does not wake the worker
// again and again.
func TestAFailedDigestThatIsNotFollowedAnyMoreIsForgotten(t *testing.T) {
	w, reader, doc := scene(t, calendar.Immediate)
	w.update(doc, 2)
	w.faults.script = []mail.Outcome{refused}
	w.round()
	w.remove(reader, doc)
	w.pass(time.Hour)
	if r := w.round(); r.Empty != 1 || r.Accepted != 0 {
		t.Errorf("%+v", r)
	}
	if st := w.standing(reader); len(st.Carried) != 0 {
		t.Errorf("still carried: %+v", st.Carried)
	}
}

// TestWhatIsCarriedIsBoundedAndLosesNothing lets thirty digests fail in every way and
// order, with an update before each.
func TestWhatIsCarriedIsBoundedAndLosesNothing(t *testing.T) {
	for _, f := range []calendar.Frequency{calendar.Daily, calendar.Immediate} {
		t.Run(string(f), func(t *testing.T) {
			w, reader, doc := scene(t, f)
			last := 1
			for n := range 30 {
				last++
				w.update(doc, last)
				w.pass(24 * time.Hour)
				w.faults.script = []mail.Outcome{refused}
				if n%7 > 3 {
					w.faults.script = []mail.Outcome{{Verdict: mail.Doubtful}, refused}
					w.round()
					w.pass(time.Hour)
				}
				w.round()
				if st := w.standing(reader); len(st.Carried) == 0 || len(st.Carried) > 2 {
					t.Fatalf("after %d failures: %+v", n+1, st.Carried)
				}
			}
			w.faults.script = nil
			w.pass(48 * time.Hour)
			w.round()
			sent := w.sent(reader)
			if len(sent) != 1 || sent[0].Count != 1 || sent[0].Items[0].Updates != last-1 {
				t.Fatalf("of %d updates: %+v", last-1, sent)
			}
			if st := w.standing(reader); len(st.Carried) != 0 {
				t.Errorf("still carried: %+v", st.Carried)
			}
		})
	}
}
