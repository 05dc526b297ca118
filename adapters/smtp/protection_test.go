package smtp

import (
	"strings"
	"testing"

	"imprint/adapters/smtp/smtptest"
	"imprint/domain/mail"
)

const password = "s3cret/+,=ü"

var users = map[string]string{"imprint,=": password}

func TestEveryMechanismProvesThePassword(t *testing.T) {
	for _, protection := range []smtptest.Protection{smtptest.StartTLS, smtptest.Implicit} {
		for name, mechanism := range map[string]string{
			"plain": smtptest.PLAIN, "login": smtptest.LOGIN, "cram-md5": smtptest.CRAMMD5, "scram-sha-256": smtptest.SCRAMSHA256,
		} {
			t.Run(string(protection)+" "+name, func(t *testing.T) {
				t.Parallel()
				s := serve(t, smtptest.Config{Protection: protection, Users: users, Mechanisms: []string{mechanism}})
				query := "&auth=" + name
				if o := connect(t, s.URLFor("imprint,=", password)+query, s).Send(t.Context(), letter("a@x")); o.Verdict != mail.Accepted {
					t.Fatalf("%+v", o)
				}
				if user := s.Mails()[0].User; user != "imprint,=" {
					t.Errorf("the mail came from the user %q", user)
				}
				for _, wrong := range []string{s.URLFor("imprint,=", "wrong"), s.URLFor("nobody", password), s.URLFor("nobody", "")} {
					if o := connect(t, wrong+query, s).Send(t.Context(), letter("b@x")); o.Verdict != mail.RouteDown || o.Stage != mail.Dialling {
						t.Errorf("%+v", o)
					}
				}
				if s.Len() != 1 {
					t.Errorf("the server holds %d mails", s.Len())
				}
			})
		}
	}
}

func TestNothingGoesOutUnprotected(t *testing.T) {
	for _, protection := range []smtptest.Protection{smtptest.StartTLS, smtptest.Implicit} {
		for _, fault := range []smtptest.Fault{smtptest.StartTLS454, smtptest.BadCertificate, smtptest.HandshakeStall, smtptest.Auth454} {
			if fault == smtptest.StartTLS454 && protection == smtptest.Implicit {
				continue // has no such command
			}
			t.Run(string(protection)+" "+fault.String(), func(t *testing.T) {
				t.Parallel()
				s := serve(t, smtptest.Config{Protection: protection, Users: users}, fault)
				m := connect(t, s.URLFor("imprint,=", password)+patience(fault), s)
				o := m.Send(t.Context(), letter("a@x"))
				if o.Verdict != mail.RouteDown || o.Stage != mail.Dialling || o.Code != fault.Code || s.Count(fault) != 1 || s.Len() != 0 {
					t.Errorf("%+v, %v, %d mails", o, s.Counts(), s.Len())
				}
				if o := m.Send(t.Context(), letter("b@x")); o.Verdict != mail.Accepted {
					t.Errorf("the next mail: %+v", o)
				}
			})
		}
	}
	t.Run("unknown certificate", func(t *testing.T) {
		s, nobody := serve(t, smtptest.Config{Protection: smtptest.StartTLS}), serve(t, smtptest.Config{})
		if o := connect(t, s.URL(), nobody).Send(t.Context(), letter("a@x")); o.Verdict != mail.RouteDown || s.Len() != 0 {
			t.Errorf("%+v", o)
		}
	})
	t.Run("no STARTTLS", func(t *testing.T) {
		plain := serve(t, smtptest.Config{})
		address := strings.Replace(plain.URL(), "none", "starttls", 1)
		if o := connect(t, address, plain).Send(t.Context(), letter("a@x")); o.Verdict != mail.RouteDown || plain.Len() != 0 {
			t.Errorf("%+v", o)
		}
	})
}

func TestAddressesInTheEnvelope(t *testing.T) {
	for name, c := range map[string]struct {
		to      string
		knows   bool // the server: SMTPUTF8
		verdict mail.Verdict
	}{
		"international domain":              {"rosa@xn--bcher-kva.example", false, mail.Accepted},
		"beyond ASCII":                      {"jürgen@reader.example", true, mail.Accepted},
		"beyond ASCII, and nobody knows":    {"jürgen@reader.example", false, mail.Refused},
		"another command":                   {"rosa@reader.example>\r\nRCPT TO:<eve@evil.example", true, mail.Refused},
		"a parameter":                       {"rosa@reader.example> NOTIFY=NEVER", true, mail.Refused},
		"quoted":                            {`"rosa> x"@reader.example`, true, mail.Refused},
		"nobody":                            {"", true, mail.Refused},
		"everybody":                         {"rosa@reader.example,eve@evil.example", true, mail.Refused},
		"a mailbox with a name":             {"Rosa <rosa@reader.example>", true, mail.Refused},
		"a right-to-left mark in a domain":  {"rosa@reader\u200f.example", true, mail.Refused},
		"a null byte":                       {"rosa@reader.example\x00", true, mail.Refused},
		"an address literal of this server": {"rosa@[127.0.0.1]", true, mail.Refused},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, smtptest.Config{SMTPUTF8: c.knows})
			m := letter("a@x")
			m.To = c.to
			sender := connect(t, s.URL()+"&connections=1", s)
			o := sender.Send(t.Context(), m)
			if o.Verdict != c.verdict {
				t.Errorf("%+v", o)
			}
			if strings.Contains(o.Reason, "@") {
				t.Errorf("the reason quotes an address: %s", o.Reason)
			}
			if c.verdict == mail.Accepted && (s.Len() != 1 || s.Mails()[0].To != c.to) {
				t.Errorf("the server holds %+v", s.Mails())
			}
			if c.verdict != mail.Accepted && s.Len() != 0 {
				t.Errorf("the server holds %+v", s.Mails())
			}
			// It is the address that cannot be written to, but for one that another server
			// would take.
			if lacking := strings.HasPrefix(c.to, "jürgen"); c.verdict == mail.Refused && (o.Class() == mail.BadAddress) == lacking {
				t.Errorf("of class %s: %+v", o.Class(), o)
			}
			// An ordinary mail on the same connection asks for nothing unusual.
			if o := sender.Send(t.Context(), letter("b@x")); o.Verdict != mail.Accepted || s.Mails()[s.Len()-1].UTF8 {
				t.Errorf("the next mail: %+v, %+v", o, s.Mails())
			}
		})
	}
}
