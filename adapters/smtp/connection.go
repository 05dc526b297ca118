// One connection: dialling it, a mail on it, and its end.

package smtp

import (
	"context"
	"crypto/tls"
	"net"
	"time"

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
		// Asking for SMTPUTF8 would bind every later server to it; our bytes are ASCII.
		gomail.WithoutSMTPUTF8(),
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
	stop := context.AfterFunc(ctx, c.cut)
	defer stop()
	kept := c.sent > 0
	c.sent, c.used, c.broken = c.sent+1, time.Now(), true // until all has gone well
	if err := c.client.UpdateDeadline(c.timeout); err != nil {
		return mail.Outcome{Verdict: mail.RouteDown, Reason: "the connection was lost"}, kept
	}
	if err := c.client.Mail("<" + m.EnvelopeFrom + ">"); err != nil {
		code := replyCode(err)
		return mail.Outcome{Verdict: mail.RouteDown, Code: code, Reason: "MAIL failed"}, kept && (code == 0 || code == closing)
	}
	if err := c.client.Rcpt("<" + m.To + ">"); err != nil {
		return refusal(err, "RCPT", mail.RouteDown), false
	}
	w, err := c.client.Data()
	if err != nil {
		return refusal(err, "DATA", mail.RouteDown), false
	}
	if _, err := w.Write(m.Bytes); err != nil {
		// The dot was not sent and never will be: closing w would send it, and a
		// mail cut off in the middle would be accepted.
		c.cut()
		return mail.Outcome{Verdict: mail.RouteDown, Reason: "the connection was lost within the text"}, false
	}
	if err := c.client.UpdateDeadline(c.timeout); err != nil {
		c.cut()
		return mail.Outcome{Verdict: mail.RouteDown, Reason: "the connection was lost within the text"}, false
	}
	// If the connection or we die between here and the reply, nobody knows.
	if err := w.Close(); err != nil {
		return refusal(err, "the final dot", mail.Doubtful), false
	}
	c.broken = c.client.Reset() != nil
	return mail.Outcome{Verdict: mail.Accepted, Code: 250}, false
}

// refusal reads a reply; without one the verdict is that of silence.
func refusal(err error, stage string, silence mail.Verdict) mail.Outcome {
	o := mail.Outcome{Code: replyCode(err), Reason: stage + " was refused"}
	switch {
	case o.Code == 0:
		o.Verdict, o.Reason = silence, stage+" was not answered"
	case o.Code == closing:
		o.Verdict = mail.RouteDown
	case o.Code >= 500:
		o.Verdict = mail.Refused
	default:
		o.Verdict = mail.Deferred
	}
	return o
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
