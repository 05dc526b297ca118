package digest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"imprint/adapters/smtp"
	"imprint/adapters/smtp/smtptest"
	"imprint/domain"
	"imprint/domain/mail"
	worker "imprint/handlers/digest"
)

func TestBounceAddresses(t *testing.T) {
	links, err := worker.NewLinks("https://trust.halden.example/", master)
	if err != nil {
		t.Fatal(err)
	}
	others, err := worker.NewLinks("https://trust.halden.example/", []byte(strings.Repeat("another!", 4)))
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		person, statement := uuid.UUID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "person")), uuid.UUID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "statement"))
		from := rapid.Int64Range(0, 1<<35-1).Draw(t, "from")
		name := rapid.StringMatching(`[a-z]{1,10}`).Draw(t, "name")
		address := links.Bounce(name+"@bounce.halden.example", person, statement, from)
		if mail.CheckAddress(address) != nil || !strings.HasPrefix(address, name+"+") || !strings.HasSuffix(address, "@bounce.halden.example") {
			t.Fatalf("the address %s", address)
		}
		if again := links.Bounce(name+"@bounce.halden.example", person, statement, from); again != address {
			t.Fatalf("the same mail has %s and %s", address, again)
		}
		// On the way it may lose its domain and its case.
		for _, read := range []string{address, strings.ToUpper(address), strings.Split(address, "@")[0], "x+" + strings.SplitN(address, "+", 2)[1]} {
			r, err := links.ReadBounce(read)
			if err != nil || r.Person != person || r.From != from || !r.To(statement) || r.To(uuid.Max) {
				t.Fatalf("%s: %+v, %v", read, r, err)
			}
		}
		if r, err := others.ReadBounce(address); err == nil {
			t.Fatalf("an address of another installation is ours: %+v", r)
		}
		// One letter changed, taken away or added.
		plus, at := strings.IndexByte(address, '+')+1, strings.IndexByte(address, '@')
		i := rapid.IntRange(plus, at-1).Draw(t, "changed")
		letter := rapid.SampledFrom([]byte("0123456789abcdefghijklmnopqrstuvw")).Draw(t, "to")
		for _, forged := range []string{address[:i] + string(letter) + address[i+1:], address[:i] + address[i+1:], address[:i] + string(letter) + address[i:]} {
			if r, err := links.ReadBounce(forged); forged != address && err == nil {
				t.Fatalf("%s, made of %s, is good: %+v", forged, address, r)
			}
		}
	})
	for _, foreign := range []string{"", "@", "+", "bounces@halden.example", "bounces+@halden.example", "bounces+zzzz@halden.example", "bounces+" + strings.Repeat("0", 53), strings.Repeat("0", 1000)} {
		if _, err := links.ReadBounce(foreign); domain.KindOf(err) != domain.NotFound {
			t.Errorf("%q: %v", foreign, err)
		}
	}
	// Where there is no room, the address alone: shorter than it may be, never longer.
	if got := links.Bounce(strings.Repeat("n", 60)+"@halden.example", uuid.Max, uuid.Max, 1); got != strings.Repeat("n", 60)+"@halden.example" {
		t.Errorf("without room: %s", got)
	}
}

// TestReportsOfFailureComeBackToTheMail: a mail's envelope sender names it, the same
// for a second attempt, and not where no address was set for reports.
func TestReportsOfFailureComeBackToTheMail(t *testing.T) {
	w, s := sending(t, smtptest.Config{KeepBytes: true}, "")
	w.bounces = "bounces@halden.example"
	w.restart("one")
	persons := crowd(w, 3)
	s.Script(smtptest.AcceptThenDrop)
	w.round()
	w.pass(2 * time.Minute)
	w.round()
	if s.Len() != len(persons)+1 {
		t.Fatalf("%d mails", s.Len())
	}
	senders := map[string]string{}
	for _, m := range s.Mails() {
		r, err := w.links.ReadBounce(m.From)
		if err != nil {
			t.Fatalf("%s: %v", m.From, err)
		}
		sent := w.sent(r.Person)
		if len(sent) != 1 || sent[0].MessageID != m.MessageID || sent[0].Window.From != r.From || !r.To(sent[0].AddressID) {
			t.Errorf("%s names %+v of %+v; the mail is %s", m.From, r, sent, m.MessageID)
		}
		if first, twice := senders[m.MessageID]; twice && first != m.From {
			t.Errorf("two attempts from %s and %s", first, m.From)
		}
		senders[m.MessageID] = m.From
	}
	if len(senders) != len(persons) {
		t.Errorf("%d mails for %d persons", len(senders), len(persons))
	}
	// So does that of a mail which asks for a confirmation.
	newcomer := uuid.New()
	asked := w.give(newcomer, "rosa@first.example")
	w.round()
	last := s.Mails()[s.Len()-1]
	if r, err := w.links.ReadBounce(last.From); err != nil || last.To != "rosa@first.example" || r.Person != newcomer || !r.To(asked) || r.From != 0 {
		t.Errorf("%+v: %+v, %v", last, r, err)
	}
	w, s = sending(t, smtptest.Config{}, "")
	crowd(w, 1)
	w.give(uuid.New(), "rosa@second.example")
	w.round()
	w.round()
	for _, m := range s.Mails() {
		if m.From != "trust@halden.example" {
			t.Errorf("without an address for reports: %+v", m)
		}
	}
	if s.Len() != 2 {
		t.Errorf("%d mails", s.Len())
	}
}

// TestAddressesOfTheWorld: where the domain is written in letters of its language,
// servers get the form of the DNS, in the envelope as in the header.
func TestAddressesOfTheWorld(t *testing.T) {
	w, s := sending(t, smtptest.Config{KeepBytes: true}, "")
	w.from, w.bounces, w.address = "Hälden <trust@hälden.example>", "b@hälden.example", "rosa@bücher.example"
	w.restart("one")
	crowd(w, 1)
	w.round()
	if s.Len() != 1 {
		t.Fatalf("%d mails", s.Len())
	}
	m := s.Mails()[0]
	text := string(m.Bytes)
	if m.To != "rosa@xn--bcher-kva.example" || !strings.HasSuffix(m.From, "@xn--hlden-gra.example") || m.UTF8 {
		t.Errorf("envelope from %s to %s, SMTPUTF8 %v", m.From, m.To, m.UTF8)
	}
	for _, line := range []string{"To: <rosa@xn--bcher-kva.example>", "<trust@xn--hlden-gra.example>", "List-Id: <digest.xn--hlden-gra.example>", "@xn--hlden-gra.example>"} {
		if !strings.Contains(text, line) {
			t.Errorf("%s is not in\n%s", line, text[:1000])
		}
	}
	if i := strings.IndexFunc(text, func(r rune) bool { return r > 126 }); i >= 0 {
		t.Errorf("a byte beyond ASCII: %q", text[max(0, i-40):i+40])
	}
}

// TestAServerWithoutSMTPUTF8RefusesForGood: the status says what is missing, and
// everybody else's mail leaves.
func TestAServerWithoutSMTPUTF8RefusesForGood(t *testing.T) {
	w, s := sending(t, smtptest.Config{}, "")
	w.address = "jürgen@reader.example"
	theirs := crowd(w, 1)
	w.address = address
	others := crowd(w, 1)
	w.pass(24 * time.Hour)
	w.round()
	if failed := w.failed(); len(failed) != 1 || failed[0].Person != theirs[0] || failed[0].Failure.Status != "5.6.7" || failed[0].MaybeSent {
		t.Errorf("%+v", failed)
	}
	told(t, w, s, others)
}

func TestSendersThatCannotBe(t *testing.T) {
	w, end := newWorld(t)
	defer end()
	for _, c := range []worker.Config{
		{From: "jürgen@halden.example"}, {From: "a@halden.example, b@halden.example"}, {From: "Halden"},
		{From: "a@halden.example", Bounces: "bounce-reports@halden.example"}, {From: "a@halden.example", Bounces: "Bounces <b@halden.example>"},
		{From: "a@halden.example", Bounces: "b"}, {From: "a@halden.example", Bounces: "bü@halden.example"}, {From: "a@halden.example", Bounces: "b@halden.example\r\nx"},
	} {
		c.Portal, c.Holder, c.Connections = "Halden", "one", 1
		if _, err := worker.New(c, worker.Ports{Links: w.links, Encoder: smtp.Encoder{}}); domain.KindOf(err) != domain.Invalid {
			t.Errorf("%+v: %v", c, err)
		}
	}
}
