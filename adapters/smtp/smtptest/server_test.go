package smtptest

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/textproto"
	"testing"
)

// start runs a server for a test.
func start(t *testing.T, c Config) *Server {
	t.Helper()
	s, err := Listen(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// client speaks the protocol line by line, so that each reply is seen.
type client struct {
	t *testing.T
	*textproto.Conn
}

func dial(t *testing.T, s *Server) client {
	t.Helper()
	raw, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	c := client{t, textproto.NewConn(raw)}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// gone is the reply of a connection that has ended.
const gone = "gone"

// reply reads one, of any number of lines: its last line's code and status.
func (c client) reply() string {
	for {
		line, err := c.ReadLine()
		switch {
		case err != nil:
			return gone
		case len(line) < 4 || line[3] == ' ':
			return line
		}
	}
}

// say sends a line and reads the reply.
func (c client) say(format string, args ...any) string {
	c.t.Helper()
	if err := c.PrintfLine(format, args...); err != nil {
		return gone
	}
	return c.reply()
}

// mail sends one and answers the stage and reply at which it failed, or the reply
// to the dot.
func (c client) mail(id, from, to string) (stage Stage, reply string) {
	for _, step := range []struct {
		stage   Stage
		command string
		good    byte
	}{
		{AtMail, "MAIL FROM:<" + from + ">", '2'}, {AtRcpt, "RCPT TO:<" + to + ">", '2'}, {AtData, "DATA", '3'},
		{AtDot, "Message-ID: <" + id + ">\r\nSubject: something to read\r\n\r\nHello\r\n.", '2'},
	} {
		if reply = c.say("%s", step.command); reply[0] != step.good {
			return step.stage, reply
		}
	}
	return After, reply
}

func TestFaultsStrikeWhereTheySayAndAreCounted(t *testing.T) {
	for _, c := range []struct {
		fault Fault
		stage Stage
		reply string // its beginning
		held  int
	}{
		{None, After, "250", 1},
		{MailDrop, AtMail, gone, 0}, {Mail421, AtMail, "421 4.3.2", 0}, {Mail550, AtMail, "550 5.7.1", 0},
		{Rcpt450, AtRcpt, "450 4.2.1", 0}, {Rcpt550, AtRcpt, "550 5.1.1", 0}, {Rcpt421, AtRcpt, "421 4.3.2", 0}, {RcptDrop, AtRcpt, gone, 0},
		{Data451, AtData, "451 4.3.0", 0}, {DataDrop, AtData, gone, 0}, {TextDrop, AtDot, gone, 0},
		{Dot451, AtDot, "451 4.3.0", 0}, {Dot554, AtDot, "554 5.7.1", 0}, {DotDrop, AtDot, gone, 0},
		{AcceptThenDrop, AtDot, gone, 1}, {DropAfter250, After, "250", 1},
		{Refuse(AtRcpt, 552, 5, 2, 2), AtRcpt, "552 5.2.2", 0}, {Refuse(AtDot, 554, 0, 0, 0), AtDot, "554 scripted", 0},
	} {
		t.Run(c.fault.String(), func(t *testing.T) {
			s := start(t, Config{})
			s.Script(c.fault)
			peer := dial(t, s)
			peer.reply()
			peer.say("EHLO tester.example")
			stage, reply := peer.mail("a@x", "from@x.example", "to@x.example")
			if stage != c.stage || len(reply) < len(c.reply) || reply[:len(c.reply)] != c.reply {
				t.Errorf("%s at %s, wanted %s at %s", reply, stage, c.reply, c.stage)
			}
			if again := peer.say("NOOP"); (again == gone) != (c.fault.Act == drop) {
				t.Errorf("then the connection says %s", again)
			}
			want := 1
			if c.fault == None {
				want = 0
			}
			if s.Count(c.fault) != want || len(s.Counts()) != want {
				t.Errorf("counted %v", s.Counts())
			}
			if s.Len() != c.held {
				t.Errorf("%d mails", s.Len())
			}
		})
	}
}

func TestConnectionsMeetTheirFaults(t *testing.T) {
	s := start(t, Config{})
	s.PassConnections(1)
	s.Script(Greeting421, GreetingDrop, GreetingSilent)
	for i, want := range []string{"220", "421", gone[:3]} {
		if got := dial(t, s).reply(); got[:3] != want {
			t.Errorf("connection %d: %s", i+1, got)
		}
	}
	mute := dial(t, s)
	if err := s.Until(t.Context(), func(s *Server) bool { return s.Count(GreetingSilent) == 1 }); err != nil {
		t.Fatal(err)
	}
	s.SetDown(true)
	if got := mute.reply(); got != gone {
		t.Errorf("in an outage an open connection says %s", got)
	}
	if got := dial(t, s).reply(); got != gone || s.Count(Outage) != 1 {
		t.Errorf("in an outage a new connection says %s; %v", got, s.Counts())
	}
	s.SetDown(false)
	if got := dial(t, s).reply(); got[:3] != "220" {
		t.Errorf("afterwards: %s", got)
	}
	if s.Connections() != 6 {
		t.Errorf("%d connections", s.Connections())
	}
}

func TestAMailIsRecordedBeforeItsReply(t *testing.T) {
	s := start(t, Config{KeepBytes: true})
	s.Script(AcceptThenSlow)
	peer := dial(t, s)
	peer.reply()
	peer.say("EHLO tester.example")
	done := make(chan string, 1)
	go func() { _, reply := peer.mail("a@x", "from@x.example", "to@x.example"); done <- reply }()
	if err := s.Until(t.Context(), func(s *Server) bool { return s.Held() == 1 }); err != nil {
		t.Fatal(err)
	}
	if len(s.Mails()) != 1 {
		t.Fatal("the mail is not there while its reply is held")
	}
	m := s.Mails()[0]
	if m.MessageID != "a@x" || m.From != "from@x.example" || m.To != "to@x.example" || len(m.Hash) != 64 || len(m.Bytes) == 0 || m.Connection != 1 || m.Fault != AcceptThenSlow {
		t.Errorf("%+v", m)
	}
	s.Release()
	if reply := <-done; reply[:3] != "250" || s.Mails()[0].Fault != None {
		t.Errorf("after the release: %s, %s", reply, s.Mails()[0].Fault)
	}
	// The connection is whole.
	if _, reply := peer.mail("b@x", "from@x.example", "to@x.example"); reply[:3] != "250" || s.Held() != 0 || s.Mails()[1].Fault != None {
		t.Errorf("the next mail: %s, %d held", reply, s.Held())
	}
}

// A client that goes on after an error as if nothing had happened is told so.
func TestAMailBeginsWhenTheOneBeforeHasEnded(t *testing.T) {
	s := start(t, Config{})
	s.Script(Rcpt450, None)
	peer := dial(t, s)
	peer.reply()
	peer.say("EHLO tester.example")
	for i, want := range []string{"450 4.2.1", "503 5.5.1", "250", "250"} {
		if i == 2 {
			peer.say("RSET")
		}
		if _, reply := peer.mail(fmt.Sprint(i, "@x"), "from@x.example", "to@x.example"); len(reply) < len(want) || reply[:len(want)] != want {
			t.Errorf("mail %d: %s, wanted %s", i, reply, want)
		}
	}
	if s.Count(Nested) != 1 || s.Len() != 2 {
		t.Errorf("%d nested, %d mails", s.Count(Nested), s.Len())
	}
}

func TestGreylistingAndWornConnections(t *testing.T) {
	s := start(t, Config{Greylist: true, MailsPerConnection: 3, Recipients: func(to string) Fault {
		if to == "nobody@x.example" {
			return Rcpt550
		}
		return None
	}})
	peer := dial(t, s)
	peer.reply()
	peer.say("EHLO tester.example")
	for i, want := range []string{"450 4.7.1", "250", "550 5.1.1", "421 4.4.2", gone} {
		to := "to@x.example"
		if i == 2 {
			to = "nobody@x.example"
			s.tried[[2]string{"from@x.example", to}] = true
		}
		_, reply := peer.mail(fmt.Sprint(i, "@x"), "from@x.example", to)
		if len(reply) < len(want) || reply[:len(want)] != want {
			t.Errorf("mail %d: %s, wanted %s", i, reply, want)
		}
		if i != 4 {
			peer.say("RSET")
		}
	}
}

func TestEqualSeedsDrawEqualFaults(t *testing.T) {
	counts := func(seed uint64) map[Fault]int {
		s := start(t, Config{Seed: seed, Rates: []Rate{{Rcpt450, 0.2}, {Dot451, 0.3}, {Greeting421, 0.5}}})
		for range 20 {
			peer := dial(t, s)
			if peer.reply()[:3] != "220" {
				continue
			}
			peer.say("EHLO tester.example")
			for range 10 {
				peer.mail("a@x", "from@x.example", "to@x.example")
				peer.say("RSET")
			}
		}
		return s.Counts()
	}
	first, again, other := counts(1), counts(1), counts(2)
	if !maps.Equal(first, again) {
		t.Errorf("%v, then %v", first, again)
	}
	if maps.Equal(first, other) || first[Rcpt450] == 0 || first[Dot451] == 0 || first[Greeting421] == 0 {
		t.Errorf("seed 1 %v, seed 2 %v", first, other)
	}
}

func TestClosingEndsWhoeverWaits(t *testing.T) {
	s := start(t, Config{})
	s.Script(GreetingSilent)
	peer := dial(t, s)
	if err := s.Until(t.Context(), func(s *Server) bool { return s.Open() == 1 }); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.Close(), s.Close()); err != nil {
		t.Error(err)
	}
	if _, err := peer.R.ReadByte(); !errors.Is(err, io.EOF) && err == nil {
		t.Error("the connection is still there")
	}
}
