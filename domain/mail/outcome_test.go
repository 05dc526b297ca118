package mail_test

import (
	"strings"
	"testing"

	"imprint/domain/mail"
)

func TestWhatARefusalIsAbout(t *testing.T) {
	for _, c := range []struct {
		stage mail.Stage
		code  int
		text  string
		want  mail.Class
	}{
		{mail.AtRcpt, 550, "5.1.1 <rosa@reader.example>: user unknown", mail.BadAddress},
		{mail.AtRcpt, 550, "5.1.0 address rejected", mail.BadAddress},
		{mail.AtRcpt, 550, "5.1.2 host unknown", mail.BadAddress},
		{mail.AtRcpt, 501, "5.1.3 bad syntax", mail.BadAddress},
		{mail.AtRcpt, 553, "5.1.4 ambiguous", mail.BadAddress},
		{mail.AtRcpt, 551, "5.1.6 has moved", mail.BadAddress},
		{mail.AtRcpt, 556, "5.1.10 null MX", mail.BadAddress},
		{mail.AtRcpt, 550, "5.2.1 mailbox disabled", mail.BadAddress},
		{mail.AtRcpt, 550, "5.1.1\n5.1.1 in two lines", mail.BadAddress},
		{mail.AtRcpt, 550, "5.1.1", mail.BadAddress},
		{mail.AtDot, 550, "5.2.1 mailbox disabled", mail.BadAddress},
		// About somebody else, or about the mail.
		{mail.AtRcpt, 550, "5.1.7 bad sender", mail.Policy},
		{mail.AtRcpt, 550, "5.1.8 bad sender's domain", mail.Policy},
		{mail.AtDot, 550, "5.1.1 says a gateway about whom?", mail.Policy},
		{mail.AtRcpt, 550, "5.7.1 blocked", mail.Policy},
		{mail.AtRcpt, 550, "5.7.26 unauthenticated", mail.Policy},
		{mail.AtRcpt, 552, "5.2.2 mailbox full", mail.Policy},
		{mail.AtDot, 552, "5.3.4 too big", mail.Policy},
		{mail.AtDot, 554, "5.7.1 spam", mail.Policy},
		{mail.AtDot, 554, "5.6.0 malformed", mail.Policy},
		// No status, or none that can be believed.
		{mail.AtRcpt, 550, "no such user", mail.Policy},
		{mail.AtRcpt, 550, "", mail.Policy},
		{mail.AtRcpt, 550, "4.1.1 a class that is not the code's", mail.Policy},
		{mail.AtRcpt, 550, "5.1.1x", mail.Policy},
		{mail.AtRcpt, 550, "5.1", mail.Policy},
		{mail.AtRcpt, 550, "5.1.01", mail.Policy},
		{mail.AtRcpt, 550, "see 5.1.1 below", mail.Policy},
		{mail.AtRcpt, 550, "5.01.1 x", mail.Policy},
		{mail.AtRcpt, 550, "5.1.1111 x", mail.Policy},
	} {
		o := mail.Outcome{Verdict: mail.Refused, Stage: c.stage, Code: c.code, Status: mail.StatusOf(c.code, c.text)}
		if got := o.Class(); got != c.want {
			t.Errorf("%s %d %q: %s, not %s (status %q)", c.stage, c.code, c.text, got, c.want, o.Status)
		}
		if o.Status != "" && !strings.HasPrefix(c.text, o.Status) {
			t.Errorf("%q: status %q", c.text, o.Status)
		}
	}
	for _, v := range []mail.Verdict{mail.Accepted, mail.Deferred, mail.Doubtful, mail.RouteDown} {
		if got := (mail.Outcome{Verdict: v, Stage: mail.AtRcpt, Code: 550, Status: "5.1.1"}).Class(); got != mail.Unrefused {
			t.Errorf("%s is of class %q", v, got)
		}
	}
	if got := mail.StatusOf(450, "4.7.1 come back later"); got != "4.7.1" {
		t.Errorf("status %q", got)
	}
}
