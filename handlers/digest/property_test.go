package digest_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"imprint/domain/calendar"
	"imprint/domain/digest"
	"imprint/domain/mail"
)

// owed is one released update that a reader has not been told of.
type owed struct {
	document uuid.UUID
	ordinal  int64 // of the release
}

// past is a time in which digests were on: what was owed as it ended is forgotten,
// unless the server had taken it by then and only the record was missing.
type past struct {
	stopped int64 // the ordinal of what ended it
	at      time.Time
	owed    []owed
}

// oracle tells, from the events alone, what must stand in which digest.
type oracle struct {
	*world
	reader  uuid.UUID
	on      bool
	since   int64
	owed    []owed
	past    []past
	read    int   // facts looked at
	covered int64 // end of the last window that was closed
}

func (o *oracle) choose(f calendar.Frequency) {
	ordinal := o.world.choose(o.reader, f)
	on := f != calendar.Off
	if on != o.on {
		if o.on {
			o.past = append(o.past, past{ordinal, o.clock(), o.owed})
		}
		o.owed = nil // off: forgotten. On: starts now
		o.since = ordinal
	}
	o.on = on
}

func (o *oracle) update(doc uuid.UUID, n int) {
	cause, release := o.world.update(doc, n)
	if o.on && cause > o.since {
		o.owed = append(o.owed, owed{doc, release})
	}
}

// look compares every digest sent since the last look with what was owed in its
// window: nothing lost, nothing twice, nothing invented.
func (o *oracle) look() {
	facts := o.facts(o.reader)
	for ; o.read < len(facts); o.read++ {
		sent, ok := facts[o.read].(digest.Sent)
		if !ok {
			continue // what failed is still owed
		}
		if sent.Window.From < o.covered {
			o.t.Fatalf("window %+v overlaps the one that ended at %d", sent.Window, o.covered)
		}
		o.covered = sent.Window.Until
		told, due := map[uuid.UUID]int{}, map[uuid.UUID]int{}
		for _, i := range sent.Items {
			told[i.Document] += i.Updates
		}
		expected := &o.owed
		for i, p := range o.past {
			if sent.Window.Until > p.stopped {
				continue
			}
			if expected = &o.past[i].owed; sent.SentAt.After(p.at) {
				o.t.Fatalf("window %+v was sent at %s, after digests were turned off at %s", sent.Window, sent.SentAt, p.at)
			}
			break
		}
		var left []owed
		for _, u := range *expected {
			if u.ordinal < sent.Window.Until {
				due[u.document]++
			} else {
				left = append(left, u)
			}
		}
		*expected = left
		if len(told) != len(due) {
			o.t.Fatalf("window %+v tells of %v; due was %v", sent.Window, told, due)
		}
		for id, n := range due {
			if told[id] != n {
				o.t.Fatalf("window %+v tells of %v; due was %v", sent.Window, told, due)
			}
		}
	}
	for id, copies := range o.faults.copies {
		for _, c := range copies {
			if !bytes.Equal(c, copies[0]) {
				o.t.Fatalf("two mails under the Message-ID %s", id)
			}
		}
	}
}

// TestEachDueUpdateIsInExactlyOneDigest: over any sequence of publications,
// changes of settings, times, verdicts of the server and deaths.
func TestEachDueUpdateIsInExactlyOneDigest(t *testing.T) {
	// One world for all sequences: each has its own reader and documents, and begins
	// with a new process.
	w, end := newWorld(t)
	defer end()
	rapid.Check(t, func(t *rapid.T) {
		w.t = t
		w.restart("one")
		w.faults.copies = map[string][][]byte{}
		docs := []uuid.UUID{w.publish("Alpha"), w.publish("Beta")}
		versions := []int{1, 1}
		o := &oracle{world: w, reader: uuid.New()}
		for _, d := range docs {
			w.save(o.reader, d)
		}
		for range rapid.IntRange(1, 25).Draw(t, "steps") {
			switch rapid.SampledFrom([]string{"update", "update", "choose", "pass", "round", "round", "die"}).Draw(t, "step") {
			case "update":
				i := rapid.IntRange(0, 1).Draw(t, "document")
				versions[i]++
				o.update(docs[i], versions[i])
			case "choose":
				o.choose(rapid.SampledFrom([]calendar.Frequency{calendar.Off, calendar.Immediate, calendar.Daily, calendar.Weekly, calendar.Monthly}).Draw(t, "frequency"))
			case "pass":
				w.pass(time.Duration(rapid.IntRange(1, 100).Draw(t, "hours")) * time.Hour)
			case "round":
				w.faults.script = []mail.Outcome{{Verdict: rapid.SampledFrom([]mail.Verdict{mail.Accepted, mail.Accepted, mail.Deferred, mail.Refused, mail.Doubtful, mail.RouteDown}).Draw(t, "verdict")}}
				w.faults.taken = rapid.Bool().Draw(t, "taken")
				w.round()
				w.faults.script = nil
				o.look()
			case "die":
				w.faults.calls, w.faults.dieAt, w.faults.after = nil, rapid.IntRange(1, 12).Draw(t, "at"), rapid.Bool().Draw(t, "after")
				_, _ = w.service.RunOnce(w.ctx)
				w.restart("one")
				o.look()
			}
		}
		// In the end the server works, and everyone's time has come. What failed
		// waits for a next digest, so there is one more update.
		if o.on {
			for range 3 {
				versions[0]++
				o.update(docs[0], versions[0])
				w.pass(32 * 24 * time.Hour)
				w.round()
				o.look()
			}
		}
		if len(o.owed) > 0 {
			t.Fatalf("never told: %+v; standing %+v", o.owed, w.standing(o.reader))
		}
		o.choose(calendar.Off)
		w.pass(48 * time.Hour)
		w.round()
	})
	w.t = t
}
