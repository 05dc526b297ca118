package digest_test

// Where digests may go: an address that waits, is suspended, or belongs to somebody
// who was disabled or erased.

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"imprint/domain/calendar"
	"imprint/domain/digest"
	"imprint/domain/event"
	"imprint/domain/mail"
	"imprint/domain/person"
)

// newcomer has saved a document and not chosen anything.
func newcomer(t *testing.T) (w *world, reader, doc uuid.UUID) {
	t.Helper()
	w, end := newWorld(t)
	t.Cleanup(end)
	doc, reader = w.publish("SOC 2 Report"), uuid.New()
	w.save(reader, doc)
	return w, reader, doc
}

// give chooses an address that waits for its confirmation, for digests at once.
func (w *world) give(id uuid.UUID, text string) (address uuid.UUID) {
	w.t.Helper()
	address = uuid.New()
	w.tell(person.Stream(id), person.NotificationSettingsChanged{
		Person: id, Language: "en", AddressID: address, AddressAt: w.clock(), Address: event.Personal(text),
		Schedule: calendar.Schedule{Frequency: calendar.Immediate, Zone: "UTC"},
	})
	return address
}

func (w *world) confirm(id, address uuid.UUID) {
	w.t.Helper()
	w.tell(person.Stream(id), person.AddressConfirmed{Person: id, AddressID: address})
}

// asked are the copies of the mail that asks for a confirmation.
func (w *world) asked(address uuid.UUID) [][]byte {
	for id, copies := range w.copies() {
		if strings.HasPrefix(id, digest.ConfirmationID(address).String()) {
			return copies
		}
	}
	return nil
}

func TestNoDigestGoesToAnAddressThatIsNotConfirmed(t *testing.T) {
	w, reader, doc := newcomer(t)
	first := w.give(reader, "rosa@first.example")
	w.update(doc, 2)
	if r := w.round(); r.Asked != 1 || r.Accepted != 0 {
		t.Fatalf("%+v", r)
	}
	if r := w.round(); r.Asked != 0 || r.Accepted != 0 {
		t.Errorf("asked again: %+v", r)
	}
	mails := w.asked(first)
	if len(mails) != 1 || !bytes.Contains(mails[0], []byte("To: <rosa@first.example>")) || bytes.Contains(mails[0], []byte("List-Unsubscribe")) {
		t.Fatalf("%d mails: %s", len(mails), bytes.Join(mails, nil))
	}
	w.confirm(reader, first)
	if r := w.round(); r.Accepted != 1 { // what was due meanwhile
		t.Errorf("confirmed: %+v", r)
	}
	second := w.give(reader, "rosa@second.example")
	w.update(doc, 3)
	if r := w.round(); r.Asked != 1 {
		t.Errorf("another address: %+v", r)
	}
	if r := w.round(); r.Accepted != 0 { // the rounds above have told it to the first
		t.Errorf("told twice: %+v", r)
	}
	w.confirm(reader, first) // the link of the address before
	w.update(doc, 4)
	w.round()
	w.confirm(reader, second)
	w.update(doc, 5)
	w.round()
	to := map[string]int{}
	for id, copies := range w.copies() {
		if !strings.HasPrefix(id, digest.ConfirmationID(first).String()) && !strings.HasPrefix(id, digest.ConfirmationID(second).String()) {
			_, rest, _ := bytes.Cut(copies[0], []byte("To: <"))
			text, _, _ := bytes.Cut(rest, []byte(">"))
			to[string(text)]++
		}
	}
	if to["rosa@first.example"] != 3 || to["rosa@second.example"] != 1 {
		t.Errorf("digests went to %v", to)
	}
	for _, s := range w.sent(reader) {
		if s.AddressID != first && s.AddressID != second {
			t.Errorf("sent to the address %s", s.AddressID)
		}
	}
}

func TestTheMailThatAsksIsTriedAgainAndGivenUp(t *testing.T) {
	w, reader, _ := newcomer(t)
	address := w.give(reader, "rosa@reader.example")
	w.faults.script = []mail.Outcome{{Verdict: mail.Deferred, Code: 450}}
	if r := w.round(); r.Deferred != 1 {
		t.Errorf("%+v", r)
	}
	if r := w.round(); r.Asked != 0 {
		t.Errorf("at once: %+v", r)
	}
	w.pass(2 * time.Minute)
	if r := w.round(); r.Asked != 1 {
		t.Errorf("later: %+v", r)
	}
	if n := len(w.asked(address)); n != 1 {
		t.Errorf("%d mails", n)
	}
	address = w.give(reader, "nobody@reader.example")
	w.faults.script = []mail.Outcome{refused}
	if r := w.round(); r.Failed != 1 {
		t.Errorf("%+v", r)
	}
	w.pass(24 * time.Hour)
	if r := w.round(); r.Asked != 0 || len(w.bounced) != 1 || w.bounced[0].AddressID != address || w.bounced[0].Digest != uuid.Nil || w.bounced[0].Status != "5.0.0" {
		t.Errorf("given up: %+v, bounced %+v", r, w.bounced)
	}
	// One that the server puts off for too long is given up too, and its person told.
	address = w.give(reader, "slow@reader.example")
	for range 10 {
		w.faults.script = []mail.Outcome{{Verdict: mail.Deferred, Code: 450, Status: "4.2.0"}}
		w.round()
		w.pass(5 * time.Hour)
	}
	if len(w.bounced) != 2 || w.bounced[1].AddressID != address || w.bounced[1].Status != "4.4.7" || w.bounced[1].NoSuch {
		t.Errorf("put off for too long: %+v", w.bounced)
	}
	w.faults.script = nil
	late := w.give(reader, "late@reader.example")
	w.pass(person.ConfirmWithin + time.Minute)
	if r := w.round(); r.Asked != 0 || len(w.asked(late)) > 0 {
		t.Errorf("after the link's end: %+v", r)
	}
}

// TestAnAskThatDiedIsSentAgain: before and after the mail server has taken it.
func TestAnAskThatDiedIsSentAgain(t *testing.T) {
	for _, after := range []bool{false, true} {
		w, reader, _ := newcomer(t)
		address := w.give(reader, "rosa@reader.example")
		w.faults.dieAt, w.faults.after = indexOf(w, "send"), after
		_, _ = w.service.RunOnce(w.ctx)
		w.restart("one")
		w.round()
		copies := w.asked(address)
		if want := map[bool]int{false: 1, true: 2}[after]; len(copies) != want || !bytes.Equal(copies[0], copies[len(copies)-1]) {
			t.Errorf("after %v: %d copies", after, len(copies))
		}
	}
}

func TestWhileSuspendedNothingIsSentAndNothingLost(t *testing.T) {
	w, reader, doc := newcomer(t)
	address := w.give(reader, "rosa@reader.example")
	w.confirm(reader, address)
	w.round()
	w.tell(person.Stream(reader), person.MailSuspended{Person: reader, AddressID: uuid.New(), Cause: person.BadAddress}) // of an address before
	w.update(doc, 2)
	if r := w.round(); r.Accepted != 1 {
		t.Fatalf("%+v", r)
	}
	w.tell(person.Stream(reader), person.MailSuspended{Person: reader, AddressID: address, Cause: person.Complained})
	w.update(doc, 3)
	w.pass(24 * time.Hour)
	w.update(doc, 4)
	if r := w.round(); r.Accepted != 0 {
		t.Errorf("while suspended: %+v", r)
	}
	again := w.give(reader, "rosa@reader.example")
	w.confirm(reader, again)
	w.round()
	sent := w.sent(reader)
	if len(sent) != 2 || sent[1].Items[0].Updates != 2 || sent[1].Items[0].Version != 4 {
		t.Errorf("afterwards: %+v", sent)
	}
}

// TestARefusedDigestGoesToTheNewAddressUnderItsName: what comes back, and who complains,
// is about the address that the mail went to at last.
func TestARefusedDigestGoesToTheNewAddressUnderItsName(t *testing.T) {
	w, reader, doc := scene(t, calendar.Immediate)
	w.update(doc, 2)
	w.faults.script = []mail.Outcome{{Verdict: mail.Deferred, Stage: mail.AtRcpt, Code: 450}}
	if r := w.round(); r.Deferred != 1 {
		t.Fatalf("%+v", r)
	}
	address := w.give(reader, "new@reader.example")
	w.confirm(reader, address)
	w.pass(time.Hour)
	w.round()
	if sent := w.sent(reader); len(sent) != 1 || sent[0].AddressID != address {
		t.Errorf("%+v; the address is %s", sent, address)
	}
}

func TestWhoIsDisabledGetsNothingAndNoFloodLater(t *testing.T) {
	w, reader, doc := scene(t, calendar.Immediate)
	w.tell(person.Stream(reader), person.Disabled{Person: reader})
	w.update(doc, 2)
	w.pass(24 * time.Hour)
	if r := w.round(); r.Accepted != 0 {
		t.Errorf("disabled: %+v", r)
	}
	w.choose(reader, calendar.Immediate) // changes nothing of it
	w.update(doc, 3)
	if r := w.round(); r.Accepted != 0 {
		t.Errorf("disabled, with new settings: %+v", r)
	}
	w.tell(person.Stream(reader), person.Enabled{Person: reader})
	w.round()
	w.update(doc, 4)
	w.round()
	if sent := w.sent(reader); len(sent) != 1 || sent[0].Items[0].Updates != 1 || sent[0].Items[0].Version != 4 {
		t.Errorf("enabled: %+v", sent)
	}
}

// TestWhatIsPreparedForAnErasedPersonGoes: a digest in doubt, whose bytes are kept,
// is never sent again.
func TestWhatIsPreparedForAnErasedPersonGoes(t *testing.T) {
	w, reader, doc := scene(t, calendar.Immediate)
	w.update(doc, 2)
	w.faults.script = []mail.Outcome{{Verdict: mail.Doubtful}}
	w.round()
	w.tell(person.Stream(reader), person.Erased{Person: reader})
	if _, err := w.service.CatchUp(w.ctx); err != nil {
		t.Fatal(err)
	}
	st := w.standing(reader)
	if st.Open.Frozen() || st.Settings.Address != nil {
		t.Errorf("kept: %+v", st)
	}
	w.must(w.keys.Destroy(w.ctx, person.Key(reader)))
	w.pass(24 * time.Hour)
	w.round()
	facts := w.facts(reader)
	if len(facts) != 1 || facts[0].(digest.Failed).Class != digest.ErasedClass || !facts[0].(digest.Failed).InDoubt {
		t.Errorf("%+v", facts)
	}
	if copies := w.faults.copies; len(copies) > 1 {
		t.Errorf("%d mails", len(copies))
	}
}

// bounce is the worker's port: the world remembers what it is told.
func (w *world) bounce(_ context.Context, _ uuid.UUID, f person.Failure) error {
	w.bounced = append(w.bounced, f)
	return nil
}

// TestAnAddressThatARefusalConvictsIsTold: a refusal of another kind says nothing
// against the address.
func TestAnAddressThatARefusalConvictsIsTold(t *testing.T) {
	w, reader, doc := scene(t, calendar.Immediate)
	w.update(doc, 2)
	w.faults.script = []mail.Outcome{{Verdict: mail.Refused, Stage: mail.AtDot, Code: 554, Status: "5.7.1"}}
	if r := w.round(); r.Failed != 1 || len(w.bounced) != 0 {
		t.Errorf("%+v, told %+v", r, w.bounced)
	}
	w.pass(24 * time.Hour)
	w.faults.script = []mail.Outcome{{Verdict: mail.Refused, Stage: mail.AtRcpt, Code: 550, Status: "5.1.1"}}
	if r := w.round(); r.Failed != 1 || len(w.bounced) != 1 || !w.bounced[0].NoSuch || w.bounced[0].Status != "5.1.1" {
		t.Errorf("%+v, told %+v", r, w.bounced)
	}
	failed := w.facts(reader)[1].(digest.Failed)
	if failed.Code != 550 || failed.Status != "5.1.1" || failed.Class != digest.ForGood {
		t.Errorf("%+v", failed)
	}
}
