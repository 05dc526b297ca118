package digest_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"imprint/adapters/work"
	"imprint/domain"
	"imprint/domain/access"
	"imprint/domain/calendar"
	"imprint/domain/digest"
	"imprint/domain/document"
	"imprint/domain/event"
	"imprint/domain/library"
	"imprint/domain/mail"
	"imprint/domain/notice"
	"imprint/domain/person"
	"imprint/domain/series"
)

// scene is a world with one reader who keeps one document.
func scene(t *testing.T, f calendar.Frequency) (w *world, reader, doc uuid.UUID) {
	t.Helper()
	w, end := newWorld(t)
	t.Cleanup(end)
	doc, reader = w.publish("SOC 2 Report"), uuid.New()
	w.save(reader, doc)
	w.choose(reader, f)
	return w, reader, doc
}

func TestADailyDigestTellsEachUpdateOnce(t *testing.T) {
	w, reader, doc := scene(t, calendar.Daily)
	w.update(doc, 2)
	w.update(doc, 3)
	if r := w.round(); r.Accepted != 0 {
		t.Fatalf("before 08:00: %+v", r)
	}
	w.pass(2 * time.Hour)
	if r := w.round(); r.Accepted != 1 {
		t.Fatalf("at 08:00: %+v", r)
	}
	sent := w.sent(reader)
	if len(sent) != 1 || sent[0].Count != 1 || sent[0].Items[0].Updates != 2 || sent[0].Items[0].Version != 3 {
		t.Fatalf("%+v", sent)
	}
	if want := digest.ID(reader, sent[0].Window.From).String() + "@halden.example"; sent[0].MessageID != want {
		t.Errorf("Message-ID %s, not %s", sent[0].MessageID, want)
	}
	st := w.standing(reader)
	if st.Open != nil || st.Cursor != sent[0].Window.Until || !st.NextDue.Equal(start.Add(26*time.Hour)) {
		t.Errorf("standing %+v", st)
	}
	// Nothing new: the next days are silent, and say so by no mail at all.
	for range 3 {
		w.pass(24 * time.Hour)
		if r := w.round(); r.Accepted != 0 || r.Empty != 1 {
			t.Errorf("an empty day: %+v", r)
		}
	}
	w.update(doc, 4)
	w.pass(24 * time.Hour)
	w.round()
	if sent := w.sent(reader); len(sent) != 2 || sent[1].Items[0].Updates != 1 || sent[1].Window.From < sent[0].Window.Until {
		t.Errorf("%+v", sent)
	}
	if strings.Contains(w.logged.String(), address) {
		t.Error("the program's log holds a mail address")
	}
}

func TestTheMailItself(t *testing.T) {
	w, reader, doc := scene(t, calendar.Immediate)
	w.update(doc, 2)
	w.round()
	mails, err := w.service.Mails(w.ctx, 10)
	w.must(err)
	if len(mails) != 1 || mails[0].Person != reader || !strings.Contains(mails[0].Subject, "SOC 2 Report") {
		t.Fatalf("%+v", mails)
	}
	b, err := w.service.ReadMail(w.ctx, mails[0].ID)
	w.must(err)
	text := strings.ReplaceAll(strings.ReplaceAll(string(b), "=\r\n", ""), "=3D", "=")
	for _, want := range []string{"To: <" + address + ">", "List-Unsubscribe: <" + w.links.Unsubscribe(reader) + ">", "List-Id: <digest.halden.example>",
		"Summary of version 2.", w.links.Document(doc), w.links.Settings(), "Date: Mon, 01 Mar 2027 06:00:00 +0000"} {
		if !strings.Contains(strings.ReplaceAll(text, "\r\n ", " "), want) {
			t.Errorf("the mail lacks %q:\n%s", want, b)
		}
	}
}

func TestTheEndOfASeriesIsToldByItsName(t *testing.T) {
	w, reader, _ := scene(t, calendar.Immediate)
	line := uuid.New()
	w.tell(series.Stream(line), series.Opened{Series: line, Name: domain.English("Penetration Tests")})
	w.tell(library.Stream(reader), library.SeriesFollowed{Person: reader, Series: line})
	cause, id := w.tell(series.Stream(line), series.Discontinued{Series: line, Reason: domain.English("Replaced.")})
	w.tell(notice.Stream(id), notice.Released{Cause: id, CauseOrdinal: cause, Kind: notice.Discontinued, Series: line})
	w.round()
	mails, err := w.service.Mails(w.ctx, 10)
	w.must(err)
	if len(mails) != 1 || !strings.Contains(mails[0].Subject, "Penetration Tests") {
		t.Errorf("%+v", mails)
	}
}

func TestImmediateReadersAreToldAtOnceAndOnlyOfNews(t *testing.T) {
	w, reader, doc := scene(t, calendar.Immediate)
	if r := w.round(); r.Accepted+r.Empty != 0 {
		t.Errorf("nothing has happened: %+v", r)
	}
	w.update(doc, 2)
	w.round()
	w.publish("Of no concern") // the log grows, but no notice is released
	if r := w.round(); r.Accepted+r.Empty != 0 {
		t.Errorf("no notice: %+v", r)
	}
	w.update(doc, 3)
	w.round()
	if sent := w.sent(reader); len(sent) != 2 || sent[1].Items[0].Version != 3 || sent[1].Items[0].Updates != 1 {
		t.Errorf("%+v", sent)
	}
}

func TestTurningOnStartsNow(t *testing.T) {
	w, reader, doc := scene(t, calendar.Off)
	w.update(doc, 2)
	w.choose(reader, calendar.Immediate)
	w.round()
	w.update(doc, 3)
	w.choose(reader, calendar.Off) // what was pending is forgotten
	w.round()
	w.update(doc, 4)
	on := w.choose(reader, calendar.Immediate)
	w.round()
	if sent := w.sent(reader); len(sent) != 0 {
		t.Fatalf("the back catalogue was sent: %+v", sent)
	}
	w.update(doc, 5)
	w.round()
	if sent := w.sent(reader); len(sent) != 1 || sent[0].Items[0].Updates != 1 || sent[0].Window.From != on+1 {
		t.Errorf("%+v", sent)
	}
}

func TestChangingFrequencyKeepsTheCursor(t *testing.T) {
	w, reader, doc := scene(t, calendar.Monthly)
	w.update(doc, 2)
	w.choose(reader, calendar.Weekly)
	w.round()
	if due, want := w.standing(reader).NextDue, start.Add(2*time.Hour); !due.Equal(want) { // start is a Monday
		t.Errorf("next due %s, not %s", due, want)
	}
	w.choose(reader, calendar.Immediate) // what is pending goes out at once, in one mail
	w.round()
	if sent := w.sent(reader); len(sent) != 1 || sent[0].Items[0].Updates != 1 {
		t.Errorf("%+v", sent)
	}
}

func TestAnOutageIsOneDigestAndAClockSetBackNone(t *testing.T) {
	w, reader, doc := scene(t, calendar.Daily)
	w.round()
	for n := 2; n < 5; n++ {
		w.update(doc, n)
		w.pass(24 * time.Hour)
	}
	w.pass(3 * time.Hour) // 09:00 on the fourth day
	w.round()
	if sent := w.sent(reader); len(sent) != 1 || sent[0].Items[0].Updates != 3 {
		t.Fatalf("%+v", sent)
	}
	w.mu.Lock()
	w.now = w.now.Add(-90 * time.Minute) // 07:30: 08:00 comes a second time
	w.mu.Unlock()
	w.update(doc, 5)
	w.choose(reader, calendar.Weekly) // recomputed while the clock is wrong
	w.choose(reader, calendar.Daily)
	w.round()
	w.pass(time.Hour)
	if r := w.round(); r.Accepted != 0 {
		t.Errorf("the same 08:00 fired twice: %+v", r)
	}
	w.pass(24 * time.Hour)
	w.round()
	if sent := w.sent(reader); len(sent) != 2 {
		t.Errorf("the update was lost: %+v", sent)
	}
}

// A clock that is years ahead for a moment, and right again.
func TestAClockFarAheadSilencesNobody(t *testing.T) {
	w, reader, doc := scene(t, calendar.Daily)
	w.round()
	jump := func(d time.Duration) {
		w.mu.Lock()
		w.now = w.now.Add(d)
		w.mu.Unlock()
	}
	const far = 3 * 365 * 24 * time.Hour
	w.update(doc, 2)
	jump(far)
	w.round()
	jump(-far)
	w.round()
	w.update(doc, 3)
	w.pass(24 * time.Hour)
	w.round()
	if sent := w.sent(reader); len(sent) != 2 || !strings.Contains(w.logged.String(), "a clock was wrong") {
		t.Errorf("%+v; standing %+v", sent, w.standing(reader))
	}
}

func TestWithheldIsRecordedAndNotMailed(t *testing.T) {
	w, reader, doc := scene(t, calendar.Daily)
	other := w.publish("Open Report")
	w.save(reader, other)
	w.update(doc, 2)
	w.update(other, 2)
	hide := func(id uuid.UUID) {
		w.tell(document.Stream(id), document.AudienceChanged{Document: id, Audience: access.Audience{Kind: "nobody"}})
	}
	hide(doc)
	w.pass(2 * time.Hour)
	w.round()
	sent := w.sent(reader)
	if len(sent) != 1 || sent[0].Count != 1 || sent[0].Withheld.Count != 1 || sent[0].Withheld.Items[0].Document != doc {
		t.Fatalf("%+v", sent)
	}
	for _, copies := range w.faults.copies {
		if bytes.Contains(copies[0], []byte("SOC 2")) {
			t.Error("the mail tells of a hidden document")
		}
	}
	hide(other)
	w.update(other, 3)
	w.pass(24 * time.Hour)
	if r := w.round(); r.Withheld != 1 || r.Accepted != 0 {
		t.Errorf("%+v", r)
	}
	facts := w.facts(reader)
	if f, ok := facts[len(facts)-1].(digest.Withheld); !ok || f.Window.From != sent[0].Window.Until || len(f.Items) != 1 || f.Items[0].Document != other {
		t.Errorf("%+v", facts)
	}
}

func TestEveryWithheldItemIsCounted(t *testing.T) {
	w, reader, doc := scene(t, calendar.Daily)
	const n = digest.ListedItems + 2
	for i := range n {
		hidden := doc
		if i > 0 {
			hidden = w.publish("Hidden")
			w.save(reader, hidden)
		}
		w.update(hidden, 2)
		w.tell(document.Stream(hidden), document.AudienceChanged{Document: hidden, Audience: access.Audience{Kind: "nobody"}})
	}
	w.pass(2 * time.Hour)
	w.round()
	f, ok := w.facts(reader)[0].(digest.Withheld)
	if !ok || f.Count != n || len(f.Items) != digest.ListedItems || len(f.RestHash) != 64 {
		t.Errorf("%+v", w.facts(reader))
	}
}

func TestRefusedForNowIsComposedAnew(t *testing.T) {
	w, reader, doc := scene(t, calendar.Daily)
	w.update(doc, 2)
	w.pass(2 * time.Hour)
	w.faults.script = []mail.Outcome{{Verdict: mail.Deferred, Code: 450, Reason: "RCPT was refused"}}
	if r := w.round(); r.Deferred != 1 {
		t.Fatalf("%+v", r)
	}
	if failed := w.failed(); len(failed) != 1 || failed[0].Waits != "again" || failed[0].Failure.Code != 450 {
		t.Errorf("%+v", failed)
	}
	w.round()
	if len(w.sent(reader)) != 0 {
		t.Error("tried again before its time")
	}
	w.tell(document.Stream(doc), document.SummaryCorrected{Document: doc, Number: 2, Summary: map[string]string{"en": "Put right."}})
	w.pass(2 * time.Minute)
	w.round()
	sent := w.sent(reader)
	if len(sent) != 1 {
		t.Fatalf("%+v", sent)
	}
	if copies := w.faults.copies[sent[0].MessageID]; len(copies) != 1 || !bytes.Contains(copies[0], []byte("Put right.")) {
		t.Errorf("%q", copies)
	}
}

func TestRefusedForGoodIsCarriedIntoTheNextDigest(t *testing.T) {
	w, reader, doc := scene(t, calendar.Daily)
	for n := 2; n < 5; n++ { // three windows; the first two are refused
		w.update(doc, n)
		w.pass(24 * time.Hour)
		if n < 4 {
			w.faults.script = []mail.Outcome{{Verdict: mail.Refused, Code: 550}}
		}
		w.round()
	}
	sent := w.sent(reader)
	if len(sent) != 1 || sent[0].Count != 1 || sent[0].Items[0].Updates != 3 {
		t.Fatalf("%+v", sent)
	}
	if facts := w.facts(reader); len(facts) != 3 {
		t.Errorf("%+v", facts)
	}
	w.pass(24 * time.Hour)
	if r := w.round(); r.Accepted != 0 {
		t.Errorf("told twice: %+v", r)
	}
}

func TestARefusalForNowIsBounded(t *testing.T) {
	w, reader, doc := scene(t, calendar.Weekly)
	w.update(doc, 2)
	w.pass(2 * time.Hour)
	for range 20 {
		w.faults.script = []mail.Outcome{{Verdict: mail.Deferred, Code: 451}}
		w.round()
		w.pass(5 * time.Hour)
	}
	facts := w.facts(reader)
	if _, ok := facts[0].(digest.Failed); !ok || len(facts) != 1 {
		t.Fatalf("%+v", facts)
	}
	w.faults.script = nil
	w.pass(7 * 24 * time.Hour)
	w.round()
	if sent := w.sent(reader); len(sent) != 1 || sent[0].Items[0].Updates != 1 {
		t.Errorf("lost: %+v", sent)
	}
}

func TestARouteThatIsDownBlamesNobody(t *testing.T) {
	w, reader, doc := scene(t, calendar.Daily)
	w.update(doc, 2)
	w.pass(2 * time.Hour)
	for range 40 { // two days of it
		w.faults.script = []mail.Outcome{{Verdict: mail.RouteDown}}
		if r := w.round(); !r.RouteDown {
			t.Fatalf("%+v", r)
		}
		if r := w.round(); !r.RouteDown || len(w.faults.script) != 0 {
			t.Fatalf("the route is asked again at once: %+v", r)
		}
		w.pass(70 * time.Minute)
	}
	w.faults.script = nil
	if r := w.round(); r.Accepted != 1 {
		t.Fatalf("%+v", r)
	}
	if sent := w.sent(reader); len(sent) != 1 || sent[0].Items[0].Updates != 1 {
		t.Errorf("%+v", sent)
	}
}

func TestTurnedOffOrErasedWhileInDoubt(t *testing.T) {
	w, reader, doc := scene(t, calendar.Daily)
	w.update(doc, 2)
	w.pass(2 * time.Hour)
	w.faults.script, w.faults.taken = []mail.Outcome{{Verdict: mail.Doubtful}}, true
	w.round()
	w.choose(reader, calendar.Off)
	w.choose(reader, calendar.Daily) // and on again: nothing of before comes back
	w.pass(24 * time.Hour)
	w.round()
	w.pass(24 * time.Hour)
	w.round()
	if n := len(w.faults.copies[digest.ID(reader, firstWindow(w, reader)).String()+"@halden.example"]); n != 1 {
		t.Errorf("%d copies; the second attempt must be stopped", n)
	}
	if sent := w.sent(reader); len(sent) != 0 {
		t.Errorf("%+v", sent)
	}
	// Erased: the key is gone, and with it the mail that was prepared.
	w.update(doc, 3)
	w.faults.script = []mail.Outcome{{Verdict: mail.Doubtful}}
	w.pass(24 * time.Hour)
	w.round()
	w.must(w.keys.Destroy(w.ctx, person.Key(reader)))
	calls := len(w.faults.copies)
	w.update(doc, 4)
	for range 3 {
		w.pass(24 * time.Hour)
		w.round()
	}
	if len(w.faults.copies) != calls {
		t.Error("a mail to an erased person")
	}
}

func TestNoAddressStandsInAnyDatabase(t *testing.T) {
	w, _, doc := scene(t, calendar.Daily)
	w.update(doc, 2)
	w.pass(2 * time.Hour)
	w.faults.script = []mail.Outcome{{Verdict: mail.Doubtful}} // the mail stays, frozen
	w.round()
	files, err := filepath.Glob(filepath.Join(w.folder, "*.db*"))
	w.must(err)
	if len(files) < 3 {
		t.Fatalf("files: %v", files)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		w.must(err)
		for _, secret := range []string{address, "Summary of version 2.</p>", "List-Unsubscribe"} {
			if bytes.Contains(b, []byte(secret)) {
				t.Errorf("%s holds %q in the clear", filepath.Base(f), secret)
			}
		}
	}
}

func firstWindow(w *world, reader uuid.UUID) int64 {
	return w.facts(reader)[0].(digest.Failed).Window.From
}

func TestPreviewAndDueWriteNothing(t *testing.T) {
	w, reader, doc := scene(t, calendar.Daily)
	w.update(doc, 2)
	w.must(w.group.CatchUp(w.ctx, nil))
	p, err := w.service.Preview(w.ctx, reader)
	w.must(err)
	if !strings.Contains(p.Mail.Text, "Summary of version 2.") || len(p.Items) != 1 {
		t.Errorf("%+v", p)
	}
	due, err := w.service.Due(w.ctx, start.Add(2*time.Hour))
	w.must(err)
	if len(due) != 1 || due[0].Person != reader || !due[0].Due.Equal(start.Add(2*time.Hour)) {
		t.Errorf("%+v", due)
	}
	if due, _ = w.service.Due(w.ctx, start); len(due) != 0 {
		t.Errorf("%+v", due)
	}
	head, _ := w.log.Head(w.ctx)
	w.pass(2 * time.Hour)
	w.round()
	if sent := w.sent(reader); len(sent) != 1 || head.Ordinal != sent[0].Window.Until-1 {
		t.Errorf("%+v", sent)
	}
	if _, err := w.service.Preview(w.ctx, uuid.New()); err == nil {
		t.Error("a preview for nobody")
	}
}

// TestWorkRowsFromABackupAreRaised restores the work tables of the beginning
// beside a log that has gone on.
func TestWorkRowsFromABackupAreRaised(t *testing.T) {
	w, reader, doc := scene(t, calendar.Daily)
	w.update(doc, 2)
	w.pass(2 * time.Hour)
	w.round()
	w.update(doc, 3)
	w.faults.script = []mail.Outcome{{Verdict: mail.Refused, Code: 550}}
	w.pass(24 * time.Hour)
	w.round()
	before := w.standing(reader)
	w.must(w.db.Close())
	w.keys = nil
	w.openWork("work.db") // the keys are as they were; the digest's rows are lost
	w.must(w.db.Write(w.ctx, func(tx work.Tx) error {
		for _, text := range []string{`DELETE FROM digest_standings`, `DELETE FROM digest_mails`, `UPDATE digest_reader SET position = '', ordinal = 0, log_time = 0`} {
			if _, err := tx.Exec(w.ctx, text); err != nil {
				return err
			}
		}
		return nil
	}))
	w.codec = event.NewCodec(w.codec.Registry(), w.keys)
	w.restart("one")
	_, err := w.service.CatchUp(w.ctx)
	w.must(err)
	after := w.standing(reader)
	if after.Cursor != before.Cursor || after.Open != nil || len(after.Carried) != 1 || after.Since != before.Since {
		t.Errorf("restored %+v\nbefore %+v", after, before)
	}
	w.pass(24 * time.Hour)
	w.round()
	sent := w.sent(reader)
	if len(sent) != 2 || sent[1].Items[0].Version != 3 || sent[1].Items[0].Updates != 1 {
		t.Errorf("%+v", sent)
	}
}
