// Package smtp writes mails down (Encoder) and sends them (Mailer), by go-mail.
//
// # One mail
//
// What is sent are frozen bytes: a second attempt must be the same mail to the
// last byte. go-mail's Send renders a message of its own while it transmits, so it
// is not used; go-mail dials, protects and authenticates a connection, and its
// SMTP client speaks MAIL, RCPT, DATA and RSET under our eyes. That also gives
// what its errors hide: at which step, with which reply, a mail failed.
//
//	step                 reply                 verdict
//	dial, TLS, AUTH      any failure           route down
//	                     no SMTPUTF8, and an   refused, status 5.6.7 (RFC 6531) by us
//	                     address that needs it
//	MAIL                 any failure           route down (says nothing of a recipient)
//	RCPT, DATA           4xx / 5xx             deferred / refused
//	                     421, or none          route down
//	the text             connection lost       route down: the final dot was not sent
//	the final dot        250                   accepted
//	                     4xx / 5xx             deferred / refused; 421 route down
//	                     none                  DOUBTFUL: it may have been accepted
//	RSET afterwards      any failure           still accepted
//
// What a refusal for good says about the address is read from the enhanced status
// (mail.Outcome.Class); of a reply, nothing else but its code is kept.
//
// A connection is kept open for up to a hundred mails and is thrown away after any
// failure, for what the server makes of the next command is then unknown. A kept
// connection that the server has closed meanwhile costs one new dial, not a
// verdict.
package smtp

import (
	"context"
	"sync"

	"imprint/domain/mail"
)

// Mailer sends over a few kept connections. It is safe for concurrent use.
type Mailer struct {
	settings Settings
	slots    chan struct{} // one per connection in use

	mu     sync.Mutex
	idle   []*connection
	closed bool
}

// NewMailer makes a mailer; it dials when it first has a mail.
func NewMailer(s Settings) *Mailer {
	return &Mailer{settings: s, slots: make(chan struct{}, s.Connections)}
}

// Send transmits one mail. When the context ends during it, the connection is cut,
// and the verdict says what that leaves open.
func (m *Mailer) Send(ctx context.Context, msg mail.Message) mail.Outcome {
	if mail.CheckAddress(msg.To) != nil {
		// It could end the command and begin another.
		return mail.Outcome{Verdict: mail.Refused, Stage: mail.AtRcpt, Status: "5.1.3", Reason: "the address is none that mails can go to"}
	}
	select {
	case m.slots <- struct{}{}:
		defer func() { <-m.slots }()
	case <-ctx.Done():
		return mail.Outcome{Verdict: mail.RouteDown, Reason: "stopped before the mail was begun"}
	}
	if c := m.take(); c != nil {
		if o, stale := c.send(ctx, msg); !stale {
			m.give(c)
			return o
		}
		c.cut()
	}
	c, err := dial(ctx, m.settings)
	if err != nil {
		o := refusal(err, mail.Dialling, mail.RouteDown)
		o.Verdict, o.Reason = mail.RouteDown, "the mail server cannot be reached, or refuses TLS or the password"
		return o
	}
	o, _ := c.send(ctx, msg)
	m.give(c)
	return o
}

// take answers a kept connection that is still fresh, nil if there is none.
func (m *Mailer) take() *connection {
	m.mu.Lock()
	defer m.mu.Unlock()
	for len(m.idle) > 0 {
		c := m.idle[len(m.idle)-1]
		m.idle = m.idle[:len(m.idle)-1]
		if c.fresh() {
			return c
		}
		c.cut()
	}
	return nil
}

// give keeps a connection, or ends it where it is broken or worn.
func (m *Mailer) give(c *connection) {
	m.mu.Lock()
	keep := c.usable() && !m.closed
	if keep {
		m.idle = append(m.idle, c)
	}
	m.mu.Unlock()
	if !keep {
		c.quit()
	}
}

// Close ends the kept connections. A mail under way ends its own.
func (m *Mailer) Close() error {
	m.mu.Lock()
	idle := m.idle
	m.idle, m.closed = nil, true
	m.mu.Unlock()
	for _, c := range idle {
		c.quit()
	}
	return nil
}
