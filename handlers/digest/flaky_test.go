package digest_test

// The worker against a real server that does everything that servers do.

import (
	"strings"
	"testing"
	"time"

	"imprint/adapters/smtp/smtptest"
	"imprint/domain/digest"
)

// TestAFlakyServerCostsNoMail, and no second copy but those that it took without
// saying so: as many extra copies as it counts such faults, each with the same bytes.
func TestAFlakyServerCostsNoMail(t *testing.T) {
	const people = 120
	var rates []smtptest.Rate
	for _, f := range []smtptest.Fault{
		smtptest.MailDrop, smtptest.Mail421, smtptest.Rcpt450, smtptest.Rcpt421, smtptest.RcptDrop, smtptest.Data451, smtptest.DataDrop,
		smtptest.TextDrop, smtptest.Dot451, smtptest.DotDrop, smtptest.AcceptThenDrop, smtptest.DropAfter250, smtptest.Greeting421, smtptest.GreetingDrop,
	} {
		rates = append(rates, smtptest.Rate{Fault: f, Part: 0.03})
	}
	w, s := sending(t, smtptest.Config{
		Seed: 1, Rates: rates, MailsPerConnection: 15, Greylist: true,
		Recipients: func(to string) smtptest.Fault {
			if strings.HasPrefix(to, "nobody") {
				return smtptest.Rcpt550
			}
			return smtptest.None
		},
	}, "&connections=2&timeout=5s")
	s.Script(smtptest.GreetingSilent, smtptest.None, smtptest.AcceptThenSlow) // one each, for they cost five seconds
	w.bounces = "b@halden.example"
	w.restart("one")
	persons := crowd(w, people)
	w.address = "nobody@reader.example"
	w.pass(-2 * time.Hour)
	nobody := crowd(w, 3)
	closed := func() (n int) {
		for _, p := range append(persons[:people:people], nobody...) {
			if len(w.facts(p)) > 0 {
				n++
			}
		}
		return n
	}
	for hours := 0; closed() < people+len(nobody); hours++ {
		if hours > 100 {
			t.Fatalf("%d of %d digests are closed after 100 rounds", closed(), people+len(nobody))
		}
		w.round()
		w.pass(10 * time.Minute)
	}
	copies := map[string][]smtptest.Mail{}
	for _, m := range s.Mails() {
		copies[m.MessageID] = append(copies[m.MessageID], m)
	}
	for _, p := range persons {
		sent := w.sent(p)
		if len(sent) != 1 || len(w.facts(p)) != 1 {
			t.Errorf("person %s: %+v", p, w.facts(p))
			continue
		}
		got := copies[sent[0].MessageID]
		if len(got) == 0 {
			t.Errorf("recorded as sent, and the server has not got it: %+v", sent[0])
		}
		for _, m := range got {
			if m.Hash != sent[0].ContentHash || m.From != got[0].From {
				t.Errorf("copies differ: %+v, recorded %s", m, sent[0].ContentHash)
			}
		}
	}
	extra := s.Len() - len(copies)
	if doubts := s.Count(smtptest.AcceptThenDrop) + s.Count(smtptest.AcceptThenSlow); extra != doubts || doubts == 0 {
		t.Errorf("%d extra copies; the server took %d mails without saying so", extra, doubts)
	}
	for _, p := range nobody {
		failed, ok := w.facts(p)[0].(digest.Failed)
		if !ok || failed.Status != "5.1.1" || failed.InDoubt {
			t.Errorf("an address that is not there: %+v", w.facts(p))
		}
	}
	t.Logf("%d connections, %d mails, faults %v", s.Connections(), s.Len(), s.Counts())
}
