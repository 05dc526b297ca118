package digest_test

// A digest of which it is not known whether it was taken: the same bytes again, or
// none.

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/access"
	"imprint/domain/calendar"
	"imprint/domain/digest"
	"imprint/domain/document"
	"imprint/domain/library"
	"imprint/domain/mail"
	"imprint/domain/notice"
	"imprint/domain/series"
	worker "imprint/handlers/digest"
)

func TestADigestInDoubtGoesOutAgainByteForByte(t *testing.T) {
	for _, taken := range []bool{true, false} {
		w, reader, doc := scene(t, calendar.Daily)
		w.update(doc, 2)
		w.pass(2 * time.Hour)
		w.faults.script, w.faults.taken = []mail.Outcome{{Verdict: mail.Doubtful}}, taken
		if r := w.round(); r.Doubtful != 1 {
			t.Fatalf("%+v", r)
		}
		w.update(doc, 3) // must not get into the frozen bytes
		w.pass(2 * time.Minute)
		if r := w.round(); r.Resent != 1 || r.Accepted != 1 {
			t.Errorf("%+v", r)
		}
		sent := w.sent(reader)
		if len(sent) != 1 || sent[0].Items[0].Version != 2 || sent[0].Resent != 1 {
			t.Fatalf("%+v", sent)
		}
		copies := w.faults.copies[sent[0].MessageID]
		if taken && (len(copies) != 2 || !bytes.Equal(copies[0], copies[1])) || !taken && len(copies) != 1 {
			t.Errorf("taken %v: %d copies", taken, len(copies))
		}
		w.pass(24 * time.Hour)
		w.round()
		if sent := w.sent(reader); len(sent) != 2 || sent[1].Items[0].Updates != 1 {
			t.Errorf("the update after it: %+v", sent)
		}
	}
}

func TestADoubtIsStoppedWhenAccessEndsAndTheRestIsCarried(t *testing.T) {
	w, reader, doc := scene(t, calendar.Daily)
	other := w.publish("Open Report")
	w.save(reader, other)
	w.update(doc, 2)
	w.update(other, 2)
	w.pass(2 * time.Hour)
	w.faults.script = []mail.Outcome{{Verdict: mail.Doubtful}}
	w.round()
	w.tell(document.Stream(doc), document.AudienceChanged{Document: doc, Audience: access.Audience{Kind: "nobody"}})
	w.pass(2 * time.Minute)
	if r := w.round(); r.Failed != 1 || r.Resent != 0 {
		t.Fatalf("%+v", r)
	}
	if f, ok := w.facts(reader)[0].(digest.Failed); !ok || !f.InDoubt {
		t.Errorf("%+v", w.facts(reader))
	}
	w.pass(24 * time.Hour)
	w.round()
	sent := w.sent(reader)
	if len(sent) != 1 || sent[0].Count != 1 || sent[0].Items[0].Document != other || sent[0].Withheld.Count != 1 {
		t.Fatalf("%+v", sent)
	}
	if text := string(w.faults.copies[sent[0].MessageID][0]); !strings.Contains(text, "may already") && !strings.Contains(text, "earlier") {
		t.Errorf("the mail does not say that it may have been told before:\n%s", text)
	}
	if st := w.standing(reader); len(st.Carried) != 0 {
		t.Errorf("still carried: %+v", st.Carried)
	}
}

// TestAccessIsDecidedAgainForEveryItemBeforeASecondAttempt narrows access between
// the first attempt, in doubt, and the second: to a document, to all documents of a
// series whose end is told, to a series that is named only as the successor.
func TestAccessIsDecidedAgainForEveryItemBeforeASecondAttempt(t *testing.T) {
	for name, hidden := range map[string]int{"a document": 0, "a series": 1, "a successor": 2, "nothing": -1} {
		t.Run(name, func(t *testing.T) {
			w, reader, doc := scene(t, calendar.Daily)
			line, next := uuid.New(), uuid.New()
			w.tell(series.Stream(line), series.Opened{Series: line, Name: domain.English("Penetration Tests")})
			w.tell(series.Stream(next), series.Opened{Series: next, Name: domain.English("Red Team Reports")})
			documents := []uuid.UUID{doc, w.publishIn(line, "Test 2026"), w.publishIn(next, "Report 2027")}
			w.tell(library.Stream(reader), library.SeriesFollowed{Person: reader, Series: line})
			w.update(doc, 2)
			cause, id := w.tell(series.Stream(line), series.Discontinued{Series: line, Reason: domain.English("Replaced."), Successor: next})
			w.tell(notice.Stream(id), notice.Released{Cause: id, CauseOrdinal: cause, Kind: notice.Discontinued, Series: line})
			w.pass(2 * time.Hour)
			w.faults.script, w.faults.taken = []mail.Outcome{{Verdict: mail.Doubtful}}, true
			w.round()
			first := w.faults.copies[digest.ID(reader, w.standing(reader).Open.Window.From).String()+"@halden.example"]
			for _, title := range []string{"SOC 2 Report", "Penetration Tests", "Red Team Reports"} {
				if len(first) != 1 || !bytes.Contains(first[0], []byte(title)) {
					t.Fatalf("the first attempt does not name %s: %s", title, first)
				}
			}
			want := worker.Report{Resent: 1, Accepted: 1}
			if hidden >= 0 {
				w.tell(document.Stream(documents[hidden]), document.AudienceChanged{Document: documents[hidden], Audience: access.Audience{Kind: "nobody"}})
				want = worker.Report{Failed: 1}
			}
			w.pass(2 * time.Minute)
			if r := w.round(); r != want {
				t.Errorf("%+v, not %+v", r, want)
			}
		})
	}
}
