package main

// Here: the proofs can fail. Each of the mistakes that a sender of digests can make is
// built into the program, and a proof finds it.

import (
	"os"
	"slices"
	"testing"
	"time"

	"imprint/adapters/smtp/smtptest"
)

// mutantPatience is how long a proof waits for the next step of a program that may
// have lost it for ever.
const mutantPatience = 12 * time.Second

// doubtful is a script of all that the mutants stumble over.
func doubtful() []smtptest.Fault {
	return []smtptest.Fault{smtptest.DropAfter250, smtptest.AcceptThenDrop, smtptest.TextDrop, smtptest.Rcpt450, smtptest.RcptDrop, smtptest.AcceptThenDrop, smtptest.DropAfter250}
}

// alive proves a program that nobody kills.
func alive(t *testing.T, exe string) judgement {
	t.Helper()
	p := newProof(t, smtptest.Config{})
	p.exe = exe
	return p.undisturbed(doubtful(), mutantPatience)
}

func deadAtEachPoint(t *testing.T, exe string) judgement {
	t.Helper()
	return atEachPoint(t, exe, mutantPatience)
}

func deadBesideAnother(t *testing.T, exe string) judgement {
	t.Helper()
	return besideAnother(t, exe, 1, mutantPatience)
}

// mutant is a mistake, with the proof that finds it.
type mutant struct {
	name    string
	mistake []replacement // none: the program as it is
	proof   func(*testing.T, string) judgement
	alone   bool // not beside the others
}

var mutants = []mutant{
	{"none: what the others are held against", nil, alive, true},
	{"any error is a reason to send again", []replacement{{"adapters/smtp/connection.go",
		"c.broken = c.client.Reset() != nil",
		"if err := c.client.Reset(); err != nil {\n\t\treturn lost(mail.RouteDown, mail.AtDot), false\n\t}\n\tc.broken = false"}}, alive, false},
	{"what is not temporary by its code is refused for good", []replacement{{"adapters/smtp/connection.go",
		"func lost(v mail.Verdict, at mail.Stage) mail.Outcome {",
		"func lost(v mail.Verdict, at mail.Stage) mail.Outcome {\n\tv = mail.Refused"}}, alive, false},
	{"a lease never runs out: only who starts again finds what it held", []replacement{{"adapters/work/digest_claims.go",
		"clock, err := d.db.Clock(ctx)",
		"clock, err := time.Unix(0, 0), error(nil)"}}, deadBesideAnother, true},
	{"the cursor moves when the window is fetched", []replacement{{"handlers/digest/intend.go",
		`reached("W1")`,
		"if err := r.change(st, lease, advance); err != nil {\n\t\treturn err\n\t}\n\treached(\"W1\")"}}, deadAtEachPoint, false},
	{"windows of time, not of the log's order", []replacement{{"handlers/digest/compose.go",
		"item := e.Item",
		"if e.CauseAt.Before(st.LastDue) {\n\t\t\tcontinue\n\t\t}\n\t\titem := e.Item"}}, alive, false},
	{"each attempt has a Message-ID of its own", []replacement{{"adapters/smtp/mailer.go",
		"func (m *Mailer) Send(ctx context.Context, msg mail.Message) mail.Outcome {",
		"func (m *Mailer) Send(ctx context.Context, msg mail.Message) mail.Outcome {\n\tmsg.Bytes = bytes.ReplaceAll(msg.Bytes, []byte(msg.ID), []byte(rand.Text()+\"@halden.example\"))"},
		{"adapters/smtp/mailer.go", "import (", "import (\n\t\"bytes\"\n\t\"crypto/rand\""}}, alive, false},
	{"a connection is used on after an error", []replacement{{"adapters/smtp/connection.go",
		"return !c.broken && c.sent < maxMails",
		"return c.sent < maxMails"}}, alive, false},
}

// The proofs fail on each of the mistakes, and hold without one.
func TestDigestProofFailsOnEachMistake(t *testing.T) {
	all := mutants
	if os.Getenv(killsSetting) != "" {
		all = slices.Concat(all, pauses())
	}
	for _, m := range all {
		t.Run(m.name, func(t *testing.T) {
			if !m.alone {
				t.Parallel()
			}
			exe := built(t, m.mistake...)
			j := m.proof(t, exe)
			t.Log(j)
			if len(j.wrong) > 0 {
				t.Logf("%d things are wrong, the first: %s", len(j.wrong), j.wrong[0])
			}
			if sound := m.mistake == nil; j.holds() != sound {
				t.Errorf("it holds: %v", j.holds())
			}
		})
	}
}
