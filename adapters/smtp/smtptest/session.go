package smtptest

// Here: one connection in the protocol's terms, from AUTH to the dot.

import (
	"bytes"
	"errors"
	"io"
	"net/mail"
	"strings"

	protocol "github.com/emersion/go-smtp"
)

// session is what go-smtp asks about one connection, by one goroutine.
type session struct {
	server *Server
	peer   *peer
	user   string // proved by AUTH
	mails  int    // begun on this connection
	fault  Fault  // of the mail under way
	from   string
	to     string
	utf8   bool
	begun  bool // a mail, that has not ended
	leave  bool // at the next reset
}

func (s *Server) begin(c *protocol.Conn) (protocol.Session, error) {
	return &session{server: s, peer: peerOf(c.Conn())}, nil
}

// strikes does a refusal or a drop if the mail's fault is of this stage.
func (s *session) strikes(at Stage) error {
	f := s.fault
	if f.At != at || f.Act == silent {
		return nil
	}
	s.server.struck(f)
	if f.Act == drop {
		return errors.Join(errDropped, s.peer.Close())
	}
	return refusal(f)
}

var errDropped = errors.New("smtptest: the connection was dropped")

func refusal(f Fault) error {
	e := &protocol.SMTPError{Code: f.Code, EnhancedCode: protocol.EnhancedCode(f.Enhanced), Message: "scripted"}
	if f.Enhanced == [3]int{} {
		e.EnhancedCode = protocol.NoEnhancedCode
	}
	return e
}

func (s *session) Mail(from string, asked *protocol.MailOptions) error {
	if s.begun { // go-smtp lets it pass; other servers do not (RFC 5321 section 4.1.4)
		s.server.struck(Nested)
		return refusal(Nested)
	}
	s.from, s.utf8 = from, asked.UTF8
	if most := s.server.config.MailsPerConnection; most > 0 && s.mails == most {
		s.server.struck(WornOut)
		s.leave = true
		return refusal(WornOut)
	}
	s.mails++
	s.server.mu.Lock()
	s.fault = s.server.letters.next()
	s.server.mu.Unlock()
	err := s.strikes(AtMail)
	s.begun = err == nil
	return err
}

func (s *session) Rcpt(to string, _ *protocol.RcptOptions) error {
	s.to = to
	if s.greylisted() {
		s.server.struck(Greylisted)
		return refusal(Greylisted)
	}
	if of := s.server.config.Recipients; of != nil {
		if own := of(to); own != None {
			s.fault = own
		}
	}
	if s.fault.At == AtData {
		s.peer.refuseData(s.fault)
	}
	return s.strikes(AtRcpt)
}

func (s *session) greylisted() bool {
	if !s.server.config.Greylist {
		return false
	}
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	key := [2]string{s.from, s.to}
	seen := s.server.tried[key]
	s.server.tried[key] = true
	return !seen
}

// Data reads the text. From keep on, the mail is the server's.
func (s *session) Data(r io.Reader) error {
	if s.fault.At == InText {
		return s.stop(r)
	}
	b, err := io.ReadAll(r)
	if err != nil {
		return err // cut off: nothing is kept
	}
	if err := s.strikes(AtDot); err != nil {
		return err
	}
	m := Mail{From: s.from, To: s.to, Connection: s.peer.number, User: s.user, UTF8: s.utf8}
	if s.fault.At == Kept || s.fault.At == After {
		m.Fault = s.fault
	}
	kept := s.server.keep(m, b)
	if s.fault == AcceptThenSlow {
		s.server.hold(s.peer, kept)
		return nil
	}
	s.leave = s.fault == DropAfter250
	return s.strikes(Kept)
}

// stop ends in the middle of the text.
func (s *session) stop(r io.Reader) error {
	if _, err := io.CopyN(io.Discard, r, 16); err != nil {
		return err
	}
	var released chan struct{}
	s.server.note(func() {
		s.server.counts[s.fault]++
		released = s.server.released
	})
	if s.fault.Act == silent {
		// Not until the client hangs up: that is seen only by whoever reads.
		select {
		case <-released:
		case <-s.server.closed:
		}
	}
	return errors.Join(errDropped, s.peer.Close())
}

// hold keeps the reply to a mail back. If it is released, the mail is one like others.
func (s *Server) hold(p *peer, mail int) {
	var released chan struct{}
	s.note(func() {
		s.counts[AcceptThenSlow]++
		s.held++
		released = s.released
	})
	answered := p.hold(released)
	s.note(func() {
		if s.held--; answered {
			s.mails[mail].Fault = None
		}
	})
}

// Reset is called after the reply to the dot, and at RSET.
func (s *session) Reset() {
	if s.leave {
		if s.fault == DropAfter250 {
			s.server.struck(s.fault)
		}
		_ = s.peer.Close() // go-smtp finds it closed
	}
	s.fault, s.from, s.to, s.begun, s.leave = None, "", "", false, false
	s.peer.refuseData(None)
}

func (s *session) Logout() error { return nil }

// messageID reads the header of a mail; "" where it has none.
func messageID(b []byte) string {
	m, err := mail.ReadMessage(bytes.NewReader(b))
	if err != nil {
		return ""
	}
	return strings.Trim(m.Header.Get("Message-Id"), "<> ")
}
