package smtp

// The real SMTP server of the tests, and mailers to it.

import (
	"testing"

	"imprint/adapters/smtp/smtptest"
)

// serve starts a server.
func serve(t *testing.T, c smtptest.Config, script ...smtptest.Fault) *smtptest.Server {
	t.Helper()
	c.KeepBytes = true
	s, err := smtptest.Listen(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	s.Script(script...)
	return s
}

// connect makes a mailer by an address; trusted is whose certificates it takes.
func connect(t *testing.T, address string, trusted *smtptest.Server) *Mailer {
	t.Helper()
	settings, err := Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	settings.roots = trusted.Roots()
	m := NewMailer(settings)
	t.Cleanup(func() { _ = m.Close() })
	return m
}
