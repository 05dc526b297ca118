package smtp

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"

	"imprint/adapters/smtp/smtptest"
	"imprint/domain/mail"
)

func letter(id string) mail.Message {
	return mail.Message{ID: id, EnvelopeFrom: "bounce@halden.example", To: "rosa@reader.example",
		Bytes: []byte("Message-ID: <" + id + ">\r\nSubject: x\r\n\r\n.a line that begins with a dot\r\nend\r\n")}
}

// TestEveryFaultHasItsVerdict is the outcome table, against a real server: what
// the server held in the end decides what each verdict had to be.
func TestEveryFaultHasItsVerdict(t *testing.T) {
	for _, c := range []struct {
		fault   smtptest.Fault
		verdict mail.Verdict
		code    int
		held    int // copies that the server really has
	}{
		{smtptest.None, mail.Accepted, 250, 1},
		{smtptest.MailDrop, mail.RouteDown, 0, 0},
		{smtptest.Mail421, mail.RouteDown, 421, 0},
		{smtptest.Mail550, mail.RouteDown, 550, 0},
		{smtptest.Rcpt450, mail.Deferred, 450, 0},
		{smtptest.Rcpt550, mail.Refused, 550, 0},
		{smtptest.Rcpt421, mail.RouteDown, 421, 0},
		{smtptest.RcptDrop, mail.RouteDown, 0, 0},
		{smtptest.Data451, mail.Deferred, 451, 0},
		{smtptest.DataDrop, mail.RouteDown, 0, 0},
		{smtptest.Dot451, mail.Deferred, 451, 0},
		{smtptest.Dot554, mail.Refused, 554, 0},
		{smtptest.DotDrop, mail.Doubtful, 0, 0},
		{smtptest.AcceptThenDrop, mail.Doubtful, 0, 1},
		{smtptest.DropAfter250, mail.Accepted, 250, 1},
	} {
		t.Run(c.fault.String(), func(t *testing.T) {
			t.Parallel()
			s := serve(t, smtptest.Config{}, c.fault)
			m := connect(t, s.URL(), s)
			o := m.Send(t.Context(), letter("a@x"))
			if o.Verdict != c.verdict || o.Code != c.code {
				t.Errorf("%+v, wanted %s %d", o, c.verdict, c.code)
			}
			if s.Len() != c.held {
				t.Errorf("the server holds %d copies, not %d", s.Len(), c.held)
			}
			if c.fault != smtptest.None && s.Count(c.fault) != 1 {
				t.Errorf("the fault struck %d times", s.Count(c.fault))
			}
			// Whatever happened, the next mail is a clean one.
			if o := m.Send(t.Context(), letter("b@x")); o.Verdict != mail.Accepted {
				t.Errorf("the next mail: %+v", o)
			}
			if reused := s.Connections() == 1; reused != (c.fault == smtptest.None) {
				t.Errorf("%d connections: a connection is kept exactly after success", s.Connections())
			}
			if got := s.Mails()[s.Len()-1]; !bytes.Equal(got.Bytes, letter("b@x").Bytes) || got.MessageID != "b@x" {
				t.Errorf("the server holds another mail: %+v", got)
			}
		})
	}
}

func TestAnAnswerThatComesTooLateIsDoubtful(t *testing.T) {
	s := serve(t, smtptest.Config{}, smtptest.AcceptThenSlow)
	m := connect(t, s.URL()+"&timeout=1s", s)
	if o := m.Send(t.Context(), letter("a@x")); o.Verdict != mail.Doubtful {
		t.Errorf("%+v", o)
	}
	if s.Len() != 1 {
		t.Errorf("the server holds %d copies", s.Len())
	}
}

func TestStoppingCutsTheConnection(t *testing.T) {
	s := serve(t, smtptest.Config{}, smtptest.AcceptThenSlow)
	m := connect(t, s.URL(), s)
	ctx, cancel := context.WithCancel(t.Context())
	outcome := make(chan mail.Outcome, 1)
	go func() { outcome <- m.Send(ctx, letter("a@x")) }()
	if err := s.Until(t.Context(), func(s *smtptest.Server) bool { return s.Held() == 1 }); err != nil {
		t.Fatal(err)
	}
	cancel()
	if o := <-outcome; o.Verdict != mail.Doubtful {
		t.Errorf("%+v", o)
	}
	if o := m.Send(ctx, letter("b@x")); o.Verdict != mail.RouteDown {
		t.Errorf("a mail begun after the end: %+v", o)
	}
}

func TestKeptConnectionClosedByTheServerIsNoVerdict(t *testing.T) {
	s := serve(t, smtptest.Config{}, smtptest.None, smtptest.MailDrop)
	m := connect(t, s.URL(), s)
	for i := range 2 {
		if o := m.Send(t.Context(), letter(fmt.Sprint(i, "@x"))); o.Verdict != mail.Accepted {
			t.Errorf("mail %d: %+v", i, o)
		}
	}
	if s.Len() != 2 || s.Connections() != 2 {
		t.Errorf("%d mails on %d connections", s.Len(), s.Connections())
	}
}

func TestConnectionsAreKeptBoundedAndRenewed(t *testing.T) {
	s := serve(t, smtptest.Config{})
	m := connect(t, s.URL()+"&connections=2", s)
	var wg sync.WaitGroup
	for i := range maxMails + 50 {
		wg.Go(func() {
			if o := m.Send(t.Context(), letter(fmt.Sprint(i, "@x"))); o.Verdict != mail.Accepted {
				t.Errorf("mail %d: %+v", i, o)
			}
		})
	}
	wg.Wait()
	if s.Len() != maxMails+50 || s.Connections() > 4 {
		t.Errorf("%d mails on %d connections", s.Len(), s.Connections())
	}
	alone := serve(t, smtptest.Config{})
	m = connect(t, alone.URL()+"&connections=1", alone)
	for i := range maxMails + 1 {
		m.Send(t.Context(), letter(fmt.Sprint(i, "@x")))
	}
	if alone.Len() != maxMails+1 || alone.Connections() != 2 {
		t.Errorf("%d mails on %d connections; the first carries %d", alone.Len(), alone.Connections(), maxMails)
	}
}

func TestProtectionAndPassword(t *testing.T) {
	users := map[string]string{"imprint": "s3cret/+"}
	for _, protection := range []smtptest.Protection{smtptest.StartTLS, smtptest.Implicit} {
		t.Run(string(protection), func(t *testing.T) {
			s := serve(t, smtptest.Config{Protection: protection, Users: users})
			right := s.URLFor("imprint", "s3cret/+") + "&timeout=5s"
			if o := connect(t, right, s).Send(t.Context(), letter("a@x")); o.Verdict != mail.Accepted {
				t.Fatalf("%+v", o)
			}
			if user := s.Mails()[0].User; user != "imprint" {
				t.Errorf("the mail came from the user %q", user)
			}
			o := connect(t, s.URLFor("imprint", "wrong")+"&timeout=5s", s).Send(t.Context(), letter("b@x"))
			if o.Verdict != mail.RouteDown || o.Code != 535 {
				t.Errorf("with a wrong password: %+v", o)
			}
			nobody := serve(t, smtptest.Config{}) // has no certificate
			if o := connect(t, right, nobody).Send(t.Context(), letter("c@x")); o.Verdict != mail.RouteDown {
				t.Errorf("with an unknown certificate: %+v", o)
			}
			if s.Len() != 1 {
				t.Errorf("the server holds %d mails", s.Len())
			}
		})
	}
	plain := serve(t, smtptest.Config{})
	if o := connect(t, strings.Replace(plain.URL(), "none", "starttls", 1), plain).Send(t.Context(), letter("d@x")); o.Verdict != mail.RouteDown {
		t.Errorf("STARTTLS is required and the server has none: %+v", o)
	}
	if plain.Len() != 0 {
		t.Error("a mail went out in the clear")
	}
}

func TestAServerThatIsNotThereIsTheRoutesFault(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_ = l.Close()
	settings, err := Parse("smtp://" + address + "?tls=none&timeout=2s")
	if err != nil {
		t.Fatal(err)
	}
	if o := NewMailer(settings).Send(t.Context(), letter("a@x")); o.Verdict != mail.RouteDown || strings.Contains(o.Reason, "reader.example") {
		t.Errorf("%+v", o)
	}
}
