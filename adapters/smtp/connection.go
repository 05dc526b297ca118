// One connection: dialling it, a mail on it, and its end.

package smtp

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/textproto"
	"strings"
	"time"
	"unicode"

	gomail "github.com/wneessen/go-mail"
	client "github.com/wneessen/go-mail/smtp"

	"imprint/domain/mail"
)

const (
	maxMails = 100              // on one connection
	maxIdle  = 20 * time.Second // many servers hang up soon after
	goodbye  = 2 * time.Second  // for the answer to QUIT
	closing  = 421              // "service closing": of the server, not of the mail
)

// connection is used by one goroutine at a time.
type connection struct {
	client  *client.Client
	raw     net.Conn // under the client, so that it can be cut while the client waits
	timeout time.Duration
	sent    int
	used    time.Time
	broken  bool
}

// dial opens a connection, ready for MAIL. A go-mail client of its own per dial
// shares no lock with others, and tells us the connection below it.
func dial(ctx context.Context, s Settings) (*connection, error) {
	c := &connection{timeout: s.Timeout}
	config := &tls.Config{ServerName: s.Host, MinVersion: tls.VersionTLS12, RootCAs: s.roots}
	stop := func() bool { return false }
	defer func() { stop() }()
	policy := gomail.NoTLS
	if s.TLS == StartTLS {
		policy = gomail.TLSMandatory
	}
	options := []gomail.Option{
		gomail.WithPort(s.Port), gomail.WithTimeout(s.Timeout), gomail.WithTLSPolicy(policy), gomail.WithTLSConfig(config),
		gomail.WithDialContextFunc(func(dialling context.Context, network, address string) (net.Conn, error) {
			raw, err := new(net.Dialer).DialContext(dialling, network, address)
			if err != nil {
				return nil, err
			}
			c.raw = raw
			stop = context.AfterFunc(ctx, c.cut)
			if s.TLS != Implicit {
				return raw, nil
			}
			protected := tls.Client(raw, config)
			return protected, protected.HandshakeContext(dialling)
		}),
	}
	if s.User != "" {
		options = append(options, gomail.WithSMTPAuth(s.auth), gomail.WithUsername(s.User), gomail.WithPassword(s.password))
	}
	opener, err := gomail.NewClient(s.Host, options...)
	if err != nil {
		return nil, err
	}
	if c.client, err = opener.DialToSMTPClientWithContext(ctx); err != nil {
		c.cut() // go-mail leaves it open
		return nil, err
	}
	c.used = time.Now()
	return c, nil
}

// send transmits a mail. stale says that a kept connection turned out to be closed
// before anything of this mail was on it.
func (c *connection) send(ctx context.Context, m mail.Message) (o mail.Outcome, stale bool) {
	beyondASCII := !isASCII(m.To)
	if known, _ := c.client.Extension("SMTPUTF8"); beyondASCII && !known {
		return mail.Outcome{Verdict: mail.Refused, Stage: mail.AtRcpt, Status: "5.6.7", Reason: "the address has letters beyond ASCII, which the mail server does not know (SMTPUTF8)"}, false
	}
	stop := context.AfterFunc(ctx, c.cut)
	defer stop()
	kept := c.sent > 0
	c.sent, c.used, c.broken = c.sent+1, time.Now(), true // until all has gone well
	if err := c.client.UpdateDeadline(c.timeout); err != nil {
		return lost(mail.RouteDown, mail.AtMail), kept
	}
	// Asking for SMTPUTF8 binds every later server to it, so only who needs it asks.
	c.client.SkipSMTPUTF8(!beyondASCII)
	if err := c.client.Mail("<" + m.EnvelopeFrom + ">"); err != nil {
		o := refusal(err, mail.AtMail, mail.RouteDown)
		o.Verdict = mail.RouteDown // whatever it says, it is not about the recipient
		return o, kept && (o.Code == 0 || o.Code == closing)
	}
	if err := c.client.Rcpt("<" + m.To + ">"); err != nil {
		return refusal(err, mail.AtRcpt, mail.RouteDown), false
	}
	w, err := c.client.Data()
	if err != nil {
		return refusal(err, mail.AtData, mail.RouteDown), false
	}
	if _, err := w.Write(m.Bytes); err != nil {
		// The dot was not sent and never will be: closing w would send it, and a
		// mail cut off in the middle would be accepted.
		c.cut()
		return lost(mail.RouteDown, mail.InText), false
	}
	if err := c.client.UpdateDeadline(c.timeout); err != nil {
		c.cut()
		return lost(mail.RouteDown, mail.InText), false
	}
	// If the connection or we die between here and the reply, nobody knows.
	if err := w.Close(); err != nil {
		return refusal(err, mail.AtDot, mail.Doubtful), false
	}
	c.broken = c.client.Reset() != nil
	return mail.Outcome{Verdict: mail.Accepted, Stage: mail.AtDot, Code: 250}, false
}

// refusal reads a reply; without one the verdict is that of silence.
func refusal(err error, at mail.Stage, silence mail.Verdict) mail.Outcome {
	var reply *textproto.Error
	if !errors.As(err, &reply) {
		return lost(silence, at)
	}
	o := mail.Outcome{Verdict: mail.Deferred, Stage: at, Code: reply.Code, Status: mail.StatusOf(reply.Code, reply.Msg), Reason: string(at) + " was refused"}
	switch {
	case o.Code == closing:
		o.Verdict = mail.RouteDown
	case o.Code >= 500:
		o.Verdict = mail.Refused
	}
	return o
}

// lost is the outcome of a step that nobody answered.
func lost(v mail.Verdict, at mail.Stage) mail.Outcome {
	return mail.Outcome{Verdict: v, Stage: at, Reason: string(at) + " was not answered"}
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r > unicode.MaxASCII }) < 0
}

// fresh tells whether the server probably still listens.
func (c *connection) fresh() bool { return time.Since(c.used) < maxIdle }

// usable tells whether another mail may follow.
func (c *connection) usable() bool { return !c.broken && c.sent < maxMails }

// cut drops the connection without a word, whoever waits on it.
func (c *connection) cut() {
	if c.raw != nil {
		_ = c.raw.Close() // a second closing fails and changes nothing
	}
}

// quit says goodbye where the connection is whole, and drops it.
func (c *connection) quit() {
	if !c.broken && c.client.UpdateDeadline(goodbye) == nil {
		_ = c.client.Quit() // the mails were accepted long before
	}
	c.cut()
}
