package digest_test

// The route by which mails leave, against a real server: what an outage costs the
// server, and what a fault of the route costs the persons.

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"imprint/adapters/smtp"
	"imprint/adapters/smtp/smtptest"
	"imprint/domain/calendar"
	"imprint/domain/digest"
)

// crowd makes persons whose daily digest has something to tell at 08:00.
func crowd(w *world, n int) []uuid.UUID {
	doc := w.publish("SOC 2 Report")
	persons := make([]uuid.UUID, n)
	for i := range persons {
		persons[i] = uuid.New()
		w.choose(persons[i], calendar.Daily)
		w.save(persons[i], doc)
	}
	w.update(doc, 2)
	w.pass(2 * time.Hour)
	return persons
}

// sending is a world that sends to a real server.
func sending(t *testing.T, c smtptest.Config, query string) (*world, *smtptest.Server) {
	t.Helper()
	w, end := newWorld(t)
	t.Cleanup(end)
	s, err := smtptest.Listen(c)
	w.must(err)
	t.Cleanup(func() { _ = s.Close() })
	settings, err := smtp.Parse(s.URL() + query)
	w.must(err)
	mailer := smtp.NewMailer(settings)
	t.Cleanup(func() { _ = mailer.Close() })
	w.mailer = mailer
	w.restart("one")
	return w, s
}

// told checks that everyone has exactly one digest, and the server one mail each.
func told(t *testing.T, w *world, s *smtptest.Server, persons []uuid.UUID) {
	t.Helper()
	for _, p := range persons {
		if n := len(w.sent(p)); n != 1 {
			t.Errorf("person %s has %d digests; %+v", p, n, w.standing(p).Open)
		}
	}
	seen := map[string]bool{}
	for _, m := range s.Mails() {
		if seen[m.MessageID] {
			t.Errorf("two copies of %s", m.MessageID)
		}
		seen[m.MessageID] = true
	}
	if len(seen) != len(persons) {
		t.Errorf("%d mails for %d persons", len(seen), len(persons))
	}
}

// TestAnOutageIsNoStorm counts connections: those under way when the outage began,
// one more that tries at once, and then one at each of ever longer intervals,
// however many are due.
func TestAnOutageIsNoStorm(t *testing.T) {
	w, s := sending(t, smtptest.Config{}, "&connections=2")
	persons := crowd(w, 30)
	s.SetDown(true)
	if r := w.round(); !r.RouteDown || r.Accepted+r.Deferred+r.Doubtful+r.Failed != 0 {
		t.Errorf("%+v", r)
	}
	if n := s.Connections(); n < 2 || n > 3 {
		t.Errorf("%d connections when it began", n)
	}
	if r := w.round(); !r.RouteDown {
		t.Errorf("%+v", r)
	}
	before := s.Connections()
	asked, minutes := 0, 20
	for range minutes * 60 / 5 {
		w.pass(5 * time.Second)
		at := s.Connections()
		w.round()
		if n := s.Connections() - at; n > 1 {
			t.Fatalf("%d connections at once", n)
		}
		asked = s.Connections() - before
	}
	// 5, 10, 20, 40, 80, 160 seconds are five minutes; then one each five minutes.
	if asked < 6 || asked > 10 {
		t.Errorf("asked %d times in %d minutes", asked, minutes)
	}
	if r := w.round(); r.RouteDown != true {
		t.Errorf("%+v", r)
	}
	logged := func(line string) int { return strings.Count(w.logged.String(), line) }
	if logged("mails wait for the mail server") != 1 || logged("cannot be reached, or refuses TLS or the password") != 1 || logged("mails go on") != 0 {
		t.Errorf("while it is down, the log says:\n%s", w.logged.String())
	}
	s.SetDown(false)
	w.pass(5 * time.Minute)
	if r := w.round(); r.RouteDown || r.Accepted == 0 {
		t.Errorf("the server is back: %+v", r)
	}
	if logged("mails wait for the mail server") != 1 || logged("mails go on") != 1 {
		t.Errorf("when it is back, the log says:\n%s", w.logged.String())
	}
	w.pass(time.Minute) // whoever tried last
	w.round()
	told(t, w, s, persons)
	for _, p := range persons {
		if sent := w.sent(p); len(sent) == 1 && sent[0].Resent != 0 {
			t.Errorf("an outage is no doubt: %+v", sent)
		}
	}
}

// TestOneDroppedConnectionCostsNoPause: the next mail tries the route alone, at
// once, and all others follow it in the same round.
func TestOneDroppedConnectionCostsNoPause(t *testing.T) {
	w, s := sending(t, smtptest.Config{}, "&connections=2")
	persons := crowd(w, 20)
	s.Script(smtptest.None, smtptest.None, smtptest.None, smtptest.RcptDrop)
	if r := w.round(); r.RouteDown || r.Accepted != len(persons)-1 {
		t.Errorf("%+v", r)
	}
	w.pass(time.Minute + time.Second)
	if r := w.round(); r.Accepted != 1 {
		t.Errorf("the one who met it: %+v", r)
	}
	if w.logged.Len() > 0 {
		t.Errorf("the log makes an outage of it:\n%s", w.logged.String())
	}
	told(t, w, s, persons)
}

// TestAServerThatNeverAnswersIsNotGivenEverything: it takes mails and drops the
// connection before its answer, each time. Without the breaker, all would be in
// doubt, and all be sent again.
func TestAServerThatNeverAnswersIsNotGivenEverything(t *testing.T) {
	w, s := sending(t, smtptest.Config{Rates: []smtptest.Rate{{Fault: smtptest.AcceptThenDrop, Part: 1}}}, "&connections=2")
	persons := crowd(w, 30)
	w.round()
	if n := s.Len(); n > 3 {
		t.Errorf("%d mails are in doubt; two were under way and one tried the route", n)
	}
	doubts := 0
	for _, p := range persons {
		if st := w.standing(p); st.Open != nil && st.Open.State == digest.InDoubt {
			doubts++
		}
	}
	if doubts != s.Count(smtptest.AcceptThenDrop) {
		t.Errorf("%d persons in doubt, %d mails accepted and dropped", doubts, s.Len())
	}
}

// TestWhatIsRefusedTogetherDoesNotComeBackTogether: a back-off is a minute, or up to
// a quarter more, and each mail's own.
func TestWhatIsRefusedTogetherDoesNotComeBackTogether(t *testing.T) {
	w, _ := sending(t, smtptest.Config{Recipients: func(string) smtptest.Fault { return smtptest.Rcpt450 }}, "")
	persons := crowd(w, 40)
	w.round()
	seconds := map[int]bool{}
	for _, p := range persons {
		wait := w.standing(p).Open.Retry.Sub(w.clock())
		if wait < time.Minute || wait > 75*time.Second {
			t.Errorf("tried again after %s", wait)
		}
		seconds[int(wait/time.Second)] = true
	}
	if len(seconds) < 8 {
		t.Errorf("40 mails come back in %d of 16 seconds", len(seconds))
	}
}
