package main

// Here: two programs share the people, one of them dies or is cut off from the
// database, and accounts end in between.

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"imprint/adapters/smtp/smtptest"
	"imprint/handlers"
)

// pair is an installation for two programs, each with a mail server of its own. The
// second reaches the database over the line that can be cut.
type pair struct {
	*proof
	engines *system
	in      *opened // the installation once more, for commands
	servers [2]*server
}

func newPair(t *testing.T, exe string, mails smtptest.Config) *pair {
	t.Helper()
	s := newSystem(t)
	c := &pair{engines: s, proof: proofOn(t, s.flags, mails, mails)}
	c.exe = exe
	in, err := open(t.Context(), s.flags, options{create: true, name: "Halden"})
	must(t, err)
	c.seed(in)
	must(t, in.Close()) // and with it all that it leads
	c.in, err = open(t.Context(), s.flags, options{})
	must(t, err)
	t.Cleanup(func() { must(t, c.in.Close()) })
	c.work = c.in.work
	for place, database := range []string{s.flags.Database, s.overTheLine()} {
		c.places = append(c.places, []string{"--log", s.flags.Log, "--database", knownAs(t, database, place), "--content", s.flags.Content,
			"--installation", s.flags.Installation, "--master-key-file", s.flags.MasterKeyFile})
	}
	return c
}

// knownAs is the database's address under which it knows the program of a place.
func knownAs(t *testing.T, database string, place int) string {
	t.Helper()
	u, err := url.Parse(database)
	must(t, err)
	query := u.Query()
	query.Set("application_name", applicationAt(place))
	u.RawQuery = query.Encode()
	return u.String()
}

func applicationAt(place int) string { return fmt.Sprintf("program-%d", place) }

// up starts the program of a place and waits until it answers.
func (c *pair) up(place int, environment ...string) *server {
	c.t.Helper()
	c.servers[place] = c.serves(place, c.launch(place, environment...))
	return c.servers[place]
}

// down kills the program of a place, and notes what it has left behind, as soon as the
// database has ended what it was about to do. Its leases are over then: nobody waits a
// quarter of an hour here.
func (c *pair) down(place int) {
	c.t.Helper()
	dead := c.servers[place]
	must(c.t, dead.cmd.Process.Kill())
	<-dead.done
	c.engines.until("the database has ended what the dead program did", func() string {
		var n int
		must(c.t, c.engines.database.QueryRow(c.t.Context(), `SELECT count(*) FROM pg_stat_activity WHERE application_name = $1`, applicationAt(place)).Scan(&n))
		return left(n, "connections are left")
	})
	c.died(place, dead, func(holder string) bool { return strings.Contains(holder, "/"+dead.pid()+"/") })
	c.bury(dead)
	c.hurry()
}

// bury ends the leases of a dead program.
func (c *pair) bury(dead *server) {
	c.t.Helper()
	for _, statement := range []string{
		`UPDATE imprint_work.digest_standings SET lease_until = 1 WHERE lease_until > 0 AND holder LIKE $1`,
		`UPDATE imprint_work.leases SET expires = 1 WHERE holder LIKE $1`,
		`UPDATE imprint_views.generations SET expires = 1 WHERE holder LIKE $1`,
	} {
		_, err := c.engines.database.Exec(c.t.Context(), statement, "%/"+dead.pid()+"/%")
		must(c.t, err)
	}
}

// besideAnother lets one of two programs die, so many times and then for good, while
// both send.
func besideAnother(t *testing.T, exe string, kills int, patience time.Duration) judgement {
	t.Helper()
	seed, random := drawn(t)
	c := newPair(t, exe, flaky(seed))
	c.up(0)
	c.up(1)
	work := publish(t, c.programs, c.token, c.documents)
	for c.kills < kills {
		place := random.IntN(2)
		if c.kills == kills-1 {
			place = 0 // the other goes on alone
		}
		c.atWork(place, random)
		c.down(place)
		if c.kills < kills {
			c.up(place)
		}
	}
	c.programs.put(0, c.servers[1].url)
	work.stop()
	if left := c.drain(patience); left != "" {
		t.Logf("it came to no end: %s", left)
	}
	if code, _ := c.servers[1].terminate(); code != 0 {
		t.Errorf("SIGTERM: exit %d", code)
	}
	return c.judge()
}

// atWork waits until the program of a place is sending: right after one of its mails
// was taken.
func (c *pair) atWork(place int, random *rand.Rand) {
	c.t.Helper()
	waiting, stop := context.WithTimeout(c.t.Context(), patience)
	defer stop()
	sink := c.sinks[place]
	taken := sink.Len() + 1 + random.IntN(5)
	must(c.t, sink.Until(waiting, func(*smtptest.Server) bool { return sink.Len() >= taken }))
}

// Two programs share the people; now one and now the other is killed, and in the end
// one is left. Nobody is told twice, but by the mails that the dead could not record.
func TestDigestProofWithTwoPrograms(t *testing.T) {
	n := max(3, kills(t)/10)
	proves(t, besideAnother(t, "", n, patience))
}

// ended is an account that was ended while mails were under way.
type ended struct {
	reader
	sending string // the mail to it that was in transmission when the command had answered
	came    int    // mails that had come by then
}

// accountCommand disables or erases.
type accountCommand func(context.Context, handlers.Request, uuid.UUID) (handlers.Written, error)

// inTransmission waits until the program of a place has a mail in transmission to
// which the mail server is silent, and answers to whom.
func (c *pair) inTransmission(place int, fault smtptest.Fault) reader {
	c.t.Helper()
	waiting, stop := context.WithTimeout(c.t.Context(), patience)
	defer stop()
	sink := c.sinks[place]
	before := sink.Count(fault)
	sink.Script(fault)
	must(c.t, sink.Until(waiting, func(sink *smtptest.Server) bool { return sink.Count(fault) > before }))
	for _, d := range c.underWay() {
		if d.State == "sending" && strings.Contains(d.holder, "/"+c.servers[place].pid()+"/") {
			return c.readers[slices.IndexFunc(c.readers, func(r reader) bool { return r.person == d.person })]
		}
	}
	c.t.Fatal("a mail is in transmission, and nobody's digest")
	return reader{}
}

// end ends an account, and notes what was in transmission when that was answered.
func (c *pair) end(r reader, command accountCommand) ended {
	c.t.Helper()
	_, err := command(c.t.Context(), operator(), uuid.MustParse(r.person))
	must(c.t, err)
	e := ended{reader: r}
	for _, d := range c.underWay() { // first: a mail that is taken from here on was under way
		if d.person == r.person && d.State == "sending" {
			e.sending = d.MessageID
		}
	}
	e.came = len(c.cameTo(r))
	return e
}

// cameTo are the mails to a reader.
func (c *pair) cameTo(r reader) (all []smtptest.Mail) {
	for _, sink := range c.sinks {
		for _, m := range sink.Mails() {
			if m.To == r.address {
				all = append(all, m)
			}
		}
	}
	return all
}

// To somebody whose account has ended no mail starts once the command has answered; at
// most the one that was in transmission arrives.
func TestDigestProofWhileAccountsEnd(t *testing.T) {
	c := newPair(t, "", smtptest.Config{})
	c.connections = 1
	c.up(0)
	c.up(1)
	work := publish(t, c.programs, c.token, c.documents)
	var all []ended
	for i, command := range []accountCommand{c.in.people.Disable, c.in.people.Erase, c.in.people.Erase, c.in.people.Disable} {
		place, fault := i%2, silences()[i/2]
		all = append(all, c.end(c.inTransmission(place, fault), command))
		c.sinks[place].Release()
	}
	work.goOn(c.engines)
	work.stop()
	c.comesToAnEnd()
	c.stop()
	proves(t, c.judge())
	for _, e := range all {
		late := c.cameTo(e.reader)
		if late = late[min(e.came, len(late)):]; len(late) > 1 || len(late) == 1 && late[0].MessageID != e.sending {
			t.Errorf("%d mails came to %s after the account had ended; %q was in transmission", len(late), e.address, e.sending)
		}
		if e.sending == "" {
			t.Errorf("no mail to %s was in transmission; the test proves nothing", e.address)
		}
	}
}

// The database goes away to one of two programs while a mail of it is in transmission.
// That it was taken cannot be recorded for a while, and is not forgotten: there is no
// second copy.
func TestDigestProofWhileTheDatabaseIsAway(t *testing.T) {
	c := newPair(t, "", smtptest.Config{})
	c.connections = 1
	c.up(0)
	b := c.up(1)
	work := publish(t, c.programs, c.token, c.documents)
	c.inTransmission(1, smtptest.AcceptThenSlow)
	c.engines.line.breakOff()
	c.sinks[1].Release()
	c.engines.until("the outcome of the mail could not be recorded", func() string {
		if strings.Contains(b.output(), "digest round failed") {
			return ""
		}
		return "the program has not said so"
	})
	ready(b, `"away":["IMPRINT_DATABASE"]`)
	work.goOn(c.engines) // by the other one
	c.engines.line.restore()
	ready(b, "")
	work.goOn(c.engines)
	work.stop()
	c.comesToAnEnd()
	c.stop()
	j := c.judge()
	proves(t, j)
	if j.extra != 0 {
		t.Errorf("%d extra copies", j.extra)
	}
}

// comesToAnEnd waits until everybody is told.
func (c *pair) comesToAnEnd() {
	c.t.Helper()
	if left := c.drain(patience); left != "" {
		c.t.Errorf("it came to no end: %s", left)
	}
}

// stop ends the programs that run, as an operator does.
func (c *pair) stop() {
	c.t.Helper()
	for _, s := range c.servers {
		if s == nil {
			continue
		}
		if code, _ := s.terminate(); code != 0 {
			c.t.Errorf("SIGTERM: exit %d", code)
		}
	}
}
