package main

// Here: the program dies at each of the points W1 to W10 of handlers/digest/doc.go,
// once, and the next one goes on.

import (
	"context"
	"fmt"
	"testing"
	"time"

	"imprint/adapters/smtp/smtptest"
)

// crashAt is the setting by which the program dies at a point.
func crashAt(point string) string { return "IMPRINT_TEST_CRASH_AT=" + point }

// points are those at which a program by itself may die, and how many more copies of
// the mail under way there are then.
var points = []struct {
	name  string
	fault smtptest.Fault // what the mail server does meanwhile; None: the program dies by itself
	extra int
}{
	{"W1", smtptest.None, 0},
	{"W2", smtptest.None, 0},
	{"W3", smtptest.None, 0},
	{"W4", smtptest.SlowReader, 0},
	{"W5", smtptest.AcceptThenSlow, 1},
	{"W6", smtptest.None, 1},
	{"W7", smtptest.None, 0},
	{"W9", smtptest.None, 0},
}

// W8 and W10, in which somebody else acts meanwhile, are proven with two programs.
func TestDigestProofAtEachPoint(t *testing.T) {
	proves(t, atEachPoint(t, built(t), patience))
}

// atEachPoint lets a program die at each point, and the next one go on to the end,
// until something does not hold.
func atEachPoint(t *testing.T, exe string, patience time.Duration) judgement {
	t.Helper()
	p := newProof(t, smtptest.Config{})
	p.exe, p.connections = exe, 1
	for _, point := range points {
		before := p.judge()
		s := p.dieAt(point.name, point.fault)
		if left := p.drain(patience); left != "" {
			t.Logf("after %s it came to no end: %s", point.name, left)
		}
		after := p.judge()
		if extra := after.extra - before.extra; extra != point.extra {
			after.wrong = append(after.wrong, fmt.Sprintf("after a death at %s there are %d extra copies, not %d", point.name, extra, point.extra))
		}
		if after.due == before.due {
			t.Errorf("%s: nothing was due", point.name)
		}
		if code, _ := s.terminate(); code != 0 || !after.holds() {
			t.Logf("%s: %s, SIGTERM: exit %d", point.name, after, code)
			return after
		}
	}
	return p.judge()
}

// dieAt publishes a version, lets the program die at a point while it tells of it, and
// answers the one that goes on.
func (p *proof) dieAt(point string, fault smtptest.Fault) *server {
	p.t.Helper()
	var setting []string
	if fault == smtptest.None {
		setting = append(setting, crashAt(point))
	}
	sink := p.sinks[0]
	sink.Script(fault)
	s := p.serves(0, p.launch(0, setting...))
	asked := make(chan error, 1)
	go func() { asked <- p.documents[0].next(p.t.Context(), p.programs, p.token) }() // who asks may have to ask the next program again
	if before := sink.Count(fault); fault != smtptest.None {
		waiting, stop := context.WithTimeout(p.t.Context(), patience)
		defer stop()
		must(p.t, sink.Until(waiting, func(sink *smtptest.Server) bool { return sink.Count(fault) > before }))
		must(p.t, s.cmd.Process.Kill())
	}
	p.died(0, s, embedded)
	s = p.serves(0, p.launch(0))
	must(p.t, <-asked)
	return s
}
