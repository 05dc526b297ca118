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

// big is a letter that no socket's buffers hold, so that its sender notices when
// nobody reads.
func big(id string) mail.Message {
	m := letter(id)
	m.Bytes = append(m.Bytes, bytes.Repeat([]byte("another line of a long letter\r\n"), 1<<20)...)
	return m
}

// patience is short where the server keeps silent, and only there: a slow machine
// fails no test.
func patience(f smtptest.Fault) string {
	switch f {
	case smtptest.AcceptThenSlow, smtptest.SlowReader, smtptest.GreetingSilent, smtptest.HandshakeStall:
		return "&timeout=2s"
	}
	return ""
}

// TestEveryFaultHasItsVerdict is the outcome table, against a real server: what
// the server held in the end decides what each verdict had to be.
func TestEveryFaultHasItsVerdict(t *testing.T) {
	unavailable := smtptest.Refuse(smtptest.AtRcpt, 550, 0, 0, 0)
	for _, c := range []struct {
		fault   smtptest.Fault
		verdict mail.Verdict
		stage   mail.Stage
		code    int
		status  string
		class   mail.Class
		held    int // copies that the server really has
	}{
		{smtptest.None, mail.Accepted, mail.AtDot, 250, "", "", 1},
		{smtptest.AcceptThenDrop, mail.Doubtful, mail.AtDot, 0, "", "", 1},
		{smtptest.AcceptThenSlow, mail.Doubtful, mail.AtDot, 0, "", "", 1},
		{smtptest.DotDrop, mail.Doubtful, mail.AtDot, 0, "", "", 0},
		{smtptest.DropAfter250, mail.Accepted, mail.AtDot, 250, "", "", 1},
		{smtptest.Dot451, mail.Deferred, mail.AtDot, 451, "4.3.0", "", 0},
		{smtptest.Dot554, mail.Refused, mail.AtDot, 554, "5.7.1", mail.Policy, 0},
		{smtptest.Refuse(smtptest.AtDot, 421, 4, 3, 2), mail.RouteDown, mail.AtDot, 421, "4.3.2", "", 0},
		{smtptest.Rcpt450, mail.Deferred, mail.AtRcpt, 450, "4.2.1", "", 0},
		{smtptest.Rcpt550, mail.Refused, mail.AtRcpt, 550, "5.1.1", mail.BadAddress, 0},
		{unavailable, mail.Refused, mail.AtRcpt, 550, "", mail.Policy, 0},
		{smtptest.Rcpt421, mail.RouteDown, mail.AtRcpt, 421, "4.3.2", "", 0},
		{smtptest.RcptDrop, mail.RouteDown, mail.AtRcpt, 0, "", "", 0},
		{smtptest.MailDrop, mail.RouteDown, mail.AtMail, 0, "", "", 0},
		{smtptest.Mail421, mail.RouteDown, mail.AtMail, 421, "4.3.2", "", 0},
		{smtptest.Mail550, mail.RouteDown, mail.AtMail, 550, "5.7.1", "", 0},
		{smtptest.Data451, mail.Deferred, mail.AtData, 451, "4.3.0", "", 0},
		{smtptest.DataDrop, mail.RouteDown, mail.AtData, 0, "", "", 0},
		{smtptest.TextDrop, mail.RouteDown, mail.InText, 0, "", "", 0},
		{smtptest.SlowReader, mail.RouteDown, mail.InText, 0, "", "", 0},
		{smtptest.Greeting421, mail.RouteDown, mail.Dialling, 421, "4.3.2", "", 0},
		{smtptest.GreetingDrop, mail.RouteDown, mail.Dialling, 0, "", "", 0},
		{smtptest.GreetingSilent, mail.RouteDown, mail.Dialling, 0, "", "", 0},
	} {
		t.Run(c.fault.String(), func(t *testing.T) {
			t.Parallel()
			s := serve(t, smtptest.Config{}, c.fault)
			first := letter("a@x")
			if c.stage == mail.InText {
				first = big("a@x")
			}
			m := connect(t, s.URL()+patience(c.fault), s)
			o := m.Send(t.Context(), first)
			if o.Verdict != c.verdict || o.Stage != c.stage || o.Code != c.code || o.Status != c.status || o.Class() != c.class {
				t.Errorf("%+v of class %q, wanted %s at %s, %d %s %s", o, o.Class(), c.verdict, c.stage, c.code, c.status, c.class)
			}
			if strings.Contains(o.Reason, "scripted") || strings.Contains(o.Reason, "reader.example") {
				t.Errorf("the reason quotes the server or the address: %s", o.Reason)
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

// TestASlowAnswerInTimeIsAnAnswer: slow is no fault until the time is over.
func TestASlowAnswerInTimeIsAnAnswer(t *testing.T) {
	s := serve(t, smtptest.Config{}, smtptest.AcceptThenSlow)
	m := connect(t, s.URL(), s)
	outcome := make(chan mail.Outcome, 1)
	go func() { outcome <- m.Send(t.Context(), letter("a@x")) }()
	if err := s.Until(t.Context(), func(s *smtptest.Server) bool { return s.Held() == 1 }); err != nil {
		t.Fatal(err)
	}
	s.Release()
	if o := <-outcome; o.Verdict != mail.Accepted {
		t.Errorf("%+v", o)
	}
	if o := m.Send(t.Context(), letter("b@x")); o.Verdict != mail.Accepted || s.Connections() != 1 {
		t.Errorf("the next mail: %+v, %d connections", o, s.Connections())
	}
}

// TestAServerThatEndsConnectionsEarlyCostsNoVerdict: neither a reply that says so
// nor a connection that is gone is anything of a mail's, if nothing of it was sent.
func TestAServerThatEndsConnectionsEarlyCostsNoVerdict(t *testing.T) {
	s := serve(t, smtptest.Config{MailsPerConnection: 3})
	m := connect(t, s.URL()+"&connections=1", s)
	for i := range 10 {
		if o := m.Send(t.Context(), letter(fmt.Sprint(i, "@x"))); o.Verdict != mail.Accepted {
			t.Errorf("mail %d: %+v", i, o)
		}
	}
	if s.Len() != 10 || s.Connections() != 4 || s.Count(smtptest.WornOut) != 3 {
		t.Errorf("%d mails on %d connections, %v", s.Len(), s.Connections(), s.Counts())
	}
	// A new connection that is worn out at once is another matter.
	s.Script(smtptest.Mail421)
	m = connect(t, s.URL(), s)
	if o := m.Send(t.Context(), letter("11@x")); o.Verdict != mail.RouteDown || o.Code != 421 {
		t.Errorf("%+v", o)
	}
}

func TestGreylistingIsADeferral(t *testing.T) {
	s := serve(t, smtptest.Config{Greylist: true})
	m := connect(t, s.URL(), s)
	for _, want := range []mail.Verdict{mail.Deferred, mail.Accepted} {
		if o := m.Send(t.Context(), letter("a@x")); o.Verdict != want {
			t.Errorf("%+v, wanted %s", o, want)
		}
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
