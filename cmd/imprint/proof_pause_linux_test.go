package main

// Here: a program stands still at a point of handlers/digest/doc.go while somebody else
// acts, and then goes on: W8 and W10.

import (
	"bytes"
	"fmt"
	"os"
	"syscall"
	"testing"

	"github.com/google/uuid"

	"imprint/adapters/smtp/smtptest"
)

// shortLeases are long enough for a mail, and short enough to be waited for.
func shortLeases() []replacement {
	return []replacement{
		{"handlers/digest/service.go", "lease = 15 * time.Minute", "lease = 15 * time.Second"},
		{"handlers/digest/service.go", "leaseNeeded = 13 * time.Minute", "leaseNeeded = 10 * time.Second"},
	}
}

// standsStill publishes a version, and lets the first program stop at a point while it
// tells of it. goOn ends that, and returns once the version is acknowledged.
func (c *pair) standsStill(point string) (goOn func()) {
	c.t.Helper()
	s := c.up(0, crashAt(point+":stop"))
	asked := make(chan error, 1)
	go func() { asked <- c.documents[0].next(c.t.Context(), c.programs, c.token) }() // it may stop before it answers
	c.engines.until("the program stands still", func() string {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.cmd.Process.Pid))
		must(c.t, err)
		if state := stat[bytes.LastIndexByte(stat, ')')+2]; state != 'T' {
			return "it is in the state " + string(state)
		}
		return ""
	})
	return func() {
		must(c.t, s.cmd.Process.Signal(syscall.SIGCONT))
		must(c.t, <-asked)
	}
}

// W8: a program is paused between the intent to send a mail and its sending. Its lease
// runs out, another one sends the mail, and it wakes up: it sees that its time is over.
func TestDigestProofPausedPastTheLease(t *testing.T) {
	proves(t, pausedPastTheLease(t, built(t, shortLeases()...)))
}

func pausedPastTheLease(t *testing.T, exe string) judgement {
	t.Helper()
	c := newPair(t, exe, smtptest.Config{})
	c.connections = 1
	goOn := c.standsStill("W3")
	c.up(1)
	for _, table := range []string{"imprint_work.leases", "imprint_views.generations"} { // those of the mails run out by themselves
		_, err := c.engines.database.Exec(t.Context(), `UPDATE `+table+` SET expires = 1`)
		must(t, err)
	}
	c.comesToAnEnd()
	goOn()
	must(t, c.documents[0].next(t.Context(), c.programs, c.token))
	c.comesToAnEnd()
	c.stop()
	j, again := c.judge(), 0
	for _, fact := range c.ledger.sent {
		again += fact.Resent
	}
	if again == 0 {
		t.Error("nobody has taken the mail over; the test proves nothing")
	}
	return j
}

// W10: digests are turned off, and accounts disabled and erased, after a mail was
// composed, others were claimed, and no intent to send any of them was committed. None
// leaves.
func TestDigestProofEndedInBetween(t *testing.T) { proves(t, endedInBetween(t, built(t))) }

func endedInBetween(t *testing.T, exe string) judgement {
	t.Helper()
	c := newPair(t, exe, smtptest.Config{})
	c.connections = 1
	goOn := c.standsStill("W1")
	commands := []accountCommand{c.in.people.TurnOff, c.in.people.Disable, c.in.people.Erase}
	var off []reader
	for _, r := range c.readers {
		if !r.daily && r.keepsAll { // to whom mails are under way
			_, err := commands[len(off)%len(commands)](t.Context(), operator(), uuid.MustParse(r.person))
			must(t, err)
			off = append(off, r)
		}
	}
	goOn()
	c.comesToAnEnd() // with a mail to those who are told daily
	c.stop()
	j := c.judge()
	for _, r := range off {
		if mails := c.cameTo(r); len(mails) > 0 {
			j.wrong = append(j.wrong, fmt.Sprintf("%d mails came to %s, to whom digests had been ended", len(mails), r.address))
		}
	}
	return j
}

// pauses are two mistakes more, which take their time.
func pauses() []mutant {
	return []mutant{
		{"whoever was paused sends all the same", append(shortLeases(), replacement{"handlers/digest/transmit.go",
			"left < leaseNeeded", "left < leaseNeeded-24*time.Hour"}), pausedPastTheLease, true},
		{"an intent does not look at the settings", []replacement{{"handlers/digest/intend.go",
			"if cur.Changed != st.Changed {", "if cur.Changed < 0 {"}}, endedInBetween, true},
	}
}
