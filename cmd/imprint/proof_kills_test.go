package main

// Here: the digest worker sends to a server that does everything servers do, and is
// killed at any moment.

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"imprint/adapters/smtp/smtptest"
)

// Settings of the proofs: how often a program is killed, and the seed to repeat the
// moments and faults of a run by.
const (
	killsSetting = "IMPRINT_TEST_KILLS"
	seedSetting  = "IMPRINT_TEST_SEED"
	killsInCI    = 20
)

// versionsAtLeast is how many versions of each document a proof is about at least.
const versionsAtLeast = 4

// proven sums up what the proofs of this run have found.
var proven struct {
	sync.Mutex
	any bool
	sum judgement
}

// tellProven ends a long run by the line that sums it up.
func tellProven() {
	if proven.any && os.Getenv(killsSetting) != "" {
		fmt.Println(proven.sum)
	}
}

// proves fails the test unless a judgement holds, and adds it to the sum.
func proves(t *testing.T, j judgement) {
	t.Helper()
	t.Log(j)
	const shown = 10
	for _, wrong := range j.wrong[:min(shown, len(j.wrong))] {
		t.Error(wrong)
	}
	if !j.holds() || j.due == 0 {
		t.Errorf("it does not hold, for %d reasons: %s", len(j.wrong), j)
	}
	proven.Lock()
	defer proven.Unlock()
	proven.any, proven.sum = true, proven.sum.and(j)
}

// kills is how many are asked for.
func kills(t *testing.T) int {
	t.Helper()
	text := os.Getenv(killsSetting)
	if text == "" {
		return killsInCI
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("%s=%q is no number of kills", killsSetting, text)
	}
	return n
}

// drawn answers what the moments and faults of this run are drawn from.
func drawn(t *testing.T) (seed uint64, random *rand.Rand) {
	t.Helper()
	seed = uint64(time.Now().UnixNano())
	if text := os.Getenv(seedSetting); text != "" {
		var err error
		seed, err = strconv.ParseUint(text, 10, 64)
		must(t, err)
	}
	t.Logf("%s=%d", seedSetting, seed)
	return seed, rand.New(rand.NewPCG(seed, 0))
}

// everyFault is what servers do to a mail and to a connection.
func everyFault() []smtptest.Fault {
	return []smtptest.Fault{
		smtptest.AcceptThenDrop, smtptest.Rcpt450, smtptest.DropAfter250, smtptest.TextDrop, smtptest.Dot451, smtptest.RcptDrop,
		smtptest.Data451, smtptest.Mail421, smtptest.DotDrop, smtptest.DataDrop, smtptest.MailDrop, smtptest.Rcpt421,
	}
}

// silences are the faults that each cost a program its time-out.
func silences() []smtptest.Fault {
	return []smtptest.Fault{smtptest.AcceptThenSlow, smtptest.SlowReader}
}

// undisturbed proves an installation whose program lives, and whose mail server does
// what a script says; patience is how long it waits for the next step. Each fault
// comes behind some mails or connections that pass, for one that comes behind another
// closes the route for a while.
func (p *proof) undisturbed(script []smtptest.Fault, patience time.Duration) judgement {
	p.t.Helper()
	sink, want := p.sinks[0], map[smtptest.Fault]int{}
	for _, f := range script {
		if want[f]++; f.At == smtptest.Connecting {
			sink.PassConnections(3)
			sink.Script(f)
		} else {
			sink.Script(smtptest.None, smtptest.None, smtptest.None, f)
		}
	}
	s := p.serves(0, p.launch(0))
	work := publish(p.t, p.programs, p.token, p.documents)
	within(patience, func() string {
		p.hurry()
		missing := 0
		for f, times := range want {
			missing += max(0, times-sink.Count(f))
		}
		for _, d := range p.documents {
			missing += max(0, versionsAtLeast-d.done())
		}
		return left(missing, "faults have not struck, or versions are not published")
	})
	work.stop()
	if left := p.drain(patience); left != "" {
		p.t.Logf("it came to no end: %s", left)
	}
	if code, _ := s.terminate(); code != 0 {
		p.t.Errorf("SIGTERM: exit %d", code)
	}
	return p.judge()
}

// A server that does everything servers do loses no mail, and there are just as many
// extra copies as it took without an answer.
func TestDigestProofWithoutKills(t *testing.T) {
	p := newProof(t, smtptest.Config{MailsPerConnection: 20})
	faults := append(everyFault(), smtptest.GreetingDrop, smtptest.Greeting421)
	j := p.undisturbed(slices.Concat(faults, silences(), faults), patience)
	proves(t, j)
	sink := p.sinks[0]
	if doubts := sink.Count(smtptest.AcceptThenDrop) + sink.Count(smtptest.AcceptThenSlow); j.extra != doubts || doubts != 3 {
		t.Errorf("%d extra copies, and the server took %d mails without saying so", j.extra, doubts)
	}
	t.Logf("%d mails, faults %v", sink.Len(), sink.Counts())
}

// flaky is a mail server on which now and then something goes wrong.
func flaky(seed uint64) smtptest.Config {
	var rates []smtptest.Rate
	for _, f := range append(everyFault(), silences()...) {
		rates = append(rates, smtptest.Rate{Fault: f, Part: 0.005})
	}
	rates = append(rates, smtptest.Rate{Fault: smtptest.GreetingDrop, Part: 0.01}, smtptest.Rate{Fault: smtptest.Greeting421, Part: 0.01})
	return smtptest.Config{Seed: seed, Rates: rates, MailsPerConnection: 20}
}

// The program is killed at random moments, and each time started again: while it
// starts, while it works, and right after a mail was taken. The server's faults go on
// all the while. Nothing is lost, and there are just as many extra copies as mails
// were taken whose acceptance nobody could record.
func TestDigestProofUnderKills(t *testing.T) {
	seed, random := drawn(t)
	p := newProof(t, flaky(seed))
	s := p.serves(0, p.launch(0))
	work := publish(t, p.programs, p.token, p.documents)
	enough, decided := make(chan struct{}), make(chan error, 1)
	go func() { decided <- p.decide(enough) }()
	for n := kills(t); ; {
		p.live(0, s, random)
		must(t, s.cmd.Process.Kill())
		p.died(0, s, embedded)
		p.hurry()
		if p.kills%5 == 0 {
			p.dailyIsDue()
		}
		if s = p.launch(0); p.kills == n {
			break
		}
	}
	p.serves(0, s)
	close(enough)
	must(t, <-decided)
	work.stop()
	if left := p.drain(patience); left != "" {
		t.Errorf("it came to no end: %s", left)
	}
	if code, _ := s.terminate(); code != 0 {
		t.Errorf("SIGTERM: exit %d", code)
	}
	proves(t, p.judge())
	t.Logf("%d mails, %d of them caught by a kill between answer and record, faults %v", p.sinks[0].Len(), sum(p.caught), p.sinks[0].Counts())
}

// decide lets one reader after the other choose anew while programs are killed: to keep
// another document, and to be told daily and no more at once, or the other way round;
// those who had turned digests off turn them on by it.
func (p *proof) decide(enough <-chan struct{}) error {
	beat := time.NewTicker(pace / 2)
	defer beat.Stop()
	frequencies := []string{"immediate", "daily"}
	for turn := 0; ; turn++ {
		r, round := p.readers[turn%len(p.readers)], turn/len(p.readers)
		chosen := map[string]any{"frequency": frequencies[(turn+round)%2], "hour": time.Now().UTC().Add(12 * time.Hour).Hour(), "zone": "UTC", "language": "en", "address": r.address}
		body, err := json.Marshal(chosen)
		if err != nil {
			return err
		}
		for _, c := range []call{
			{method: http.MethodPut, path: "/api/v1/library/" + p.documents[round%len(p.documents)].document.String(), token: r.token},
			{method: http.MethodPut, path: "/api/v1/settings", token: r.token, body: body},
		} {
			if _, err := p.programs.persist(p.t.Context(), turn, c); err != nil {
				return err
			}
		}
		select {
		case <-enough:
			return nil
		case <-beat.C:
		}
	}
}

// live lets a program live until the moment of its death comes.
func (p *proof) live(place int, s *server, random *rand.Rand) {
	p.t.Helper()
	at := func(most time.Duration) {
		select {
		case <-s.done: // died will tell
		case <-time.After(time.Duration(random.Int64N(int64(most)))):
		}
	}
	switch random.IntN(5) {
	case 0: // while it starts
		at(400 * time.Millisecond)
	case 1, 2: // while it works
		p.serves(place, s)
		at(time.Second)
	default: // right after a mail was taken
		p.serves(place, s)
		ctx, cancel := context.WithTimeout(p.t.Context(), 3*time.Second) // there may be no mail to send
		defer cancel()
		taken := p.sinks[place].Len() + 1 + random.IntN(10)
		_ = p.sinks[place].Until(ctx, func(sink *smtptest.Server) bool { return sink.Len() >= taken })
	}
}

func sum(counts map[string]int) (n int) {
	for _, c := range counts {
		n += c
	}
	return n
}
