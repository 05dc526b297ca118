package smtp

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"imprint/domain"
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
		fault   fault
		verdict mail.Verdict
		code    int
		held    int // copies that the server really has
	}{
		{none, mail.Accepted, 250, 1},
		{dropAtMail, mail.RouteDown, 0, 0},
		{mail421, mail.RouteDown, 421, 0},
		{mail550, mail.RouteDown, 550, 0},
		{rcpt450, mail.Deferred, 450, 0},
		{rcpt550, mail.Refused, 550, 0},
		{rcpt421, mail.RouteDown, 421, 0},
		{rcptDrop, mail.RouteDown, 0, 0},
		{dot451, mail.Deferred, 451, 0},
		{dot554, mail.Refused, 554, 0},
		{acceptThenDrop, mail.Doubtful, 0, 1},
		{dropAfter250, mail.Accepted, 250, 1},
	} {
		t.Run(string(c.fault), func(t *testing.T) {
			t.Parallel()
			s := serve(t, NoTLS, c.fault)
			m := s.mailer("", "tls=none")
			o := m.Send(t.Context(), letter("a@x"))
			if o.Verdict != c.verdict || o.Code != c.code {
				t.Errorf("%+v, wanted %s %d", o, c.verdict, c.code)
			}
			if held, _ := s.seen(); held != c.held {
				t.Errorf("the server holds %d copies, not %d", held, c.held)
			}
			// Whatever happened, the next mail is a clean one.
			if o := m.Send(t.Context(), letter("b@x")); o.Verdict != mail.Accepted {
				t.Errorf("the next mail: %+v", o)
			}
			_, connections := s.seen()
			if reused := connections == 1; reused != (c.fault == none) {
				t.Errorf("%d connections: a connection is kept exactly after success", connections)
			}
			if got := s.accepted[len(s.accepted)-1]; !bytes.Equal(got, letter("b@x").Bytes) {
				t.Errorf("the server holds other bytes: %q", got)
			}
		})
	}
}

func TestAnAnswerThatComesTooLateIsDoubtful(t *testing.T) {
	s := serve(t, NoTLS, acceptSlowly)
	m := s.mailer("", "tls=none&timeout=1s")
	if o := m.Send(t.Context(), letter("a@x")); o.Verdict != mail.Doubtful {
		t.Errorf("%+v", o)
	}
	if held, _ := s.seen(); held != 1 {
		t.Errorf("the server holds %d copies", held)
	}
}

func TestStoppingCutsTheConnection(t *testing.T) {
	s := serve(t, NoTLS, acceptSlowly)
	m := s.mailer("", "tls=none")
	ctx, cancel := context.WithCancel(t.Context())
	outcome := make(chan mail.Outcome, 1)
	go func() { outcome <- m.Send(ctx, letter("a@x")) }()
	for held := 0; held == 0; { // until the server has the mail and keeps silent
		held, _ = s.seen()
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
	s := serve(t, NoTLS, none, dropAtMail, none)
	m := s.mailer("", "tls=none")
	for i := range 2 {
		if o := m.Send(t.Context(), letter(fmt.Sprint(i, "@x"))); o.Verdict != mail.Accepted {
			t.Errorf("mail %d: %+v", i, o)
		}
	}
	if held, connections := s.seen(); held != 2 || connections != 2 {
		t.Errorf("%d mails on %d connections", held, connections)
	}
}

func TestConnectionsAreKeptBoundedAndRenewed(t *testing.T) {
	s := serve(t, NoTLS)
	m := s.mailer("", "tls=none&connections=2")
	var wg sync.WaitGroup
	for i := range maxMails + 50 {
		wg.Go(func() {
			if o := m.Send(t.Context(), letter(fmt.Sprint(i, "@x"))); o.Verdict != mail.Accepted {
				t.Errorf("mail %d: %+v", i, o)
			}
		})
	}
	wg.Wait()
	if held, connections := s.seen(); held != maxMails+50 || connections > 4 {
		t.Errorf("%d mails on %d connections", held, connections)
	}
	alone := serve(t, NoTLS)
	m = alone.mailer("", "tls=none&connections=1")
	for i := range maxMails + 1 {
		m.Send(t.Context(), letter(fmt.Sprint(i, "@x")))
	}
	if held, connections := alone.seen(); held != maxMails+1 || connections != 2 {
		t.Errorf("%d mails on %d connections; the first carries %d", held, connections, maxMails)
	}
}

func TestProtectionAndPassword(t *testing.T) {
	for _, protection := range []TLS{StartTLS, Implicit} {
		t.Run(string(protection), func(t *testing.T) {
			s := serve(t, protection)
			query := "timeout=5s&tls=" + string(protection)
			if o := s.mailer("imprint:s3cret%2F%2B@", query).Send(t.Context(), letter("a@x")); o.Verdict != mail.Accepted {
				t.Errorf("%+v", o)
			}
			if s.password != "s3cret/+" {
				t.Errorf("the server saw the password %q", s.password)
			}
			o := s.mailer("imprint:wrong@", query).Send(t.Context(), letter("b@x"))
			if o.Verdict != mail.RouteDown || o.Code == 0 {
				t.Errorf("with a wrong password: %+v", o)
			}
			s.roots = nil // a certificate that nobody trusts
			if o := s.mailer("imprint:s3cret%2F%2B@", query).Send(t.Context(), letter("c@x")); o.Verdict != mail.RouteDown {
				t.Errorf("with an unknown certificate: %+v", o)
			}
		})
	}
	plain := serve(t, NoTLS)
	if o := plain.mailer("", "tls=starttls").Send(t.Context(), letter("d@x")); o.Verdict != mail.RouteDown {
		t.Errorf("STARTTLS is required and the server has none: %+v", o)
	}
	if held, _ := plain.seen(); held != 0 {
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

func TestSettings(t *testing.T) {
	s, err := Parse("smtp://user:pass%40word@mail.halden.example?auth=scram-sha-256&connections=3&timeout=90s")
	if err != nil {
		t.Fatal(err)
	}
	if s.Port != 587 || s.TLS != StartTLS || s.User != "user" || s.password != "pass@word" || s.Connections != 3 || s.Timeout != 90*time.Second {
		t.Errorf("%s", s)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if out := fmt.Sprintf(verb, s); strings.Contains(out, "pass@word") {
			t.Errorf("%s prints the password", verb)
		}
	}
	for _, address := range []string{
		"", "mail.example", "http://mail.example", "smtp://", "smtp://u:hunter2@h?tls=none", "smtp://h?tls=maybe", "smtp://h?auth=xoauth",
		"smtp://h?connections=0", "smtp://h?connections=65", "smtp://h?timeout=5m", "smtp://h?timeout=soon", "smtp://h:99999", "smtp://u:hunter2@h/path",
		"smtp://u:hunter2@h?color=red", "smtp://u:hunter2@h:port", "smtp://u:hunter2@[h",
	} {
		_, err := Parse(address)
		if domain.KindOf(err) != domain.Invalid {
			t.Errorf("%q: %v", address, err)
		} else if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: the error quotes the password", address)
		}
	}
}
