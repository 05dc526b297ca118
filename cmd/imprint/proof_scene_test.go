package main

// Here: the installation by which the digest worker is proven, and the hands that
// move it: programs that are started and killed, a server that takes their mails, and
// work rows that are brought forward, so that nobody waits out a back-off.

import (
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"imprint/adapters/queries"
	"imprint/adapters/smtp/smtptest"
	"imprint/adapters/sqlite/workfile"
	"imprint/adapters/work"
	"imprint/domain"
	"imprint/domain/access"
	"imprint/domain/document"
	"imprint/handlers"
	"imprint/handlers/control"
)

// proofHost is the sender's domain, and ends every Message-ID.
const proofHost = "halden.example"

// proof is an installation under proof.
type proof struct {
	t           *testing.T
	flags       engineFlags
	places      [][]string    // of each program: where its installation is
	exe         string        // the program; "" is this one
	work        work.Database // of the test, beside the programs
	sinks       []*smtptest.Server
	programs    *programs
	connections int // of each program
	readers     []reader
	documents   []*publisher
	token       string // of the publisher

	ledger *ledger
	news   map[string][]news // by Message-ID
	caught map[string]int    // by Message-ID: copies whose answer died with a program
	kills  int
}

// newProof makes an installation of files and seeds it.
func newProof(t *testing.T, mails smtptest.Config) *proof {
	t.Helper()
	data := filepath.Join(t.TempDir(), "data")
	p := proofOn(t, engineFlags{Data: data}, mails)
	p.places = [][]string{{"--data", data}}
	in, err := open(t.Context(), p.flags, options{create: true, name: "Halden"})
	must(t, err)
	p.seed(in)
	must(t, in.Close())
	file, err := workfile.Open(t.Context(), filepath.Join(p.flags.Data, "work.db"), time.Now)
	must(t, err)
	t.Cleanup(func() { must(t, file.Close()) })
	p.work = file
	return p
}

func proofOn(t *testing.T, flags engineFlags, mails ...smtptest.Config) *proof {
	t.Helper()
	p := &proof{t: t, flags: flags, programs: newPrograms(), connections: 2, ledger: newLedger(), news: map[string][]news{}, caught: map[string]int{}}
	for _, config := range mails {
		config.KeepBytes = true
		sink, err := smtptest.Listen(config)
		must(t, err)
		t.Cleanup(func() { must(t, sink.Close()) })
		p.sinks = append(p.sinks, sink)
	}
	return p
}

// The people and papers of a proof.
const (
	proofAtOnce = 12
	proofDaily  = 3
	proofOff    = 2 // digests are off at first
)

// seed brings in readers and documents: two documents alone, two in a series. Every
// reader keeps one of the series' documents and so follows the other; some keep all.
// Every other document is published with a grace period.
func (p *proof) seed(in *opened) {
	p.t.Helper()
	ctx := p.t.Context()
	_, err := in.publishing.DefineCategory(ctx, operator(), handlers.DefineCategory{Category: "reports", Group: "reports", Name: domain.English("Reports")})
	must(p.t, err)
	line, err := in.publishing.OpenSeries(ctx, operator(), handlers.OpenSeries{Name: domain.English("Yearly reports")})
	must(p.t, err)
	p.token, _ = p.issue(in, "Paula", access.Publisher)
	for i := range 4 {
		d := &publisher{document: uuid.New(), urgent: i%2 == 0, acknowledged: 1}
		details := document.Details{Title: domain.English(fmt.Sprintf("Report %d", i)), Categories: []string{"reports"}}
		if i >= 2 {
			details.Series = line.Series
		}
		stored, err := in.content.Put(ctx, strings.NewReader(d.content(1)))
		must(p.t, err)
		_, err = in.publishing.Publish(ctx, operator(), handlers.PublishDocument{Document: d.document, Audience: access.Audience{Kind: access.SignedIn}, Details: details,
			Files: []document.File{{Locale: "en", Name: "report.md", SHA256: stored.SHA256, Bytes: stored.Bytes, MediaType: "text/markdown"}}, Summary: domain.English("It begins.")})
		must(p.t, err)
		p.documents = append(p.documents, d)
	}
	must(p.t, in.readModels.CatchUp(ctx, nil))
	for i := range proofAtOnce + proofDaily + proofOff {
		r := reader{address: fmt.Sprintf("reader-%d@%s", i, proofHost), daily: i >= proofAtOnce, keepsAll: i%3 == 0}
		r.token, r.person = p.issue(in, fmt.Sprintf("Reader %d", i), access.Member)
		r.choose(p.t, in)
		if i >= proofAtOnce+proofDaily {
			_, err := in.people.TurnOff(ctx, r.request(), uuid.MustParse(r.person))
			must(p.t, err)
		}
		keeps := p.documents[2:3]
		if r.keepsAll {
			keeps = p.documents
		}
		for _, d := range keeps {
			_, err := in.libraries.Save(ctx, r.request(), d.document)
			must(p.t, err)
		}
		p.readers = append(p.readers, r)
	}
}

// request is one of the reader's own.
func (r reader) request() handlers.Request {
	return handlers.Request{ID: uuid.NewString(), Actor: access.Reader{Person: r.person, Role: access.Member}}
}

func (p *proof) issue(in *opened, name string, role access.Role) (secret, person string) {
	p.t.Helper()
	issued, err := in.operations().Issue(p.t.Context(), control.Issue{Person: name, Role: role, Days: 1})
	must(p.t, err)
	return issued.Secret, issued.Person.String()
}

// of is the reader of an address.
func (p *proof) of(address string) uuid.UUID {
	for _, r := range p.readers {
		if r.address == address {
			return uuid.MustParse(r.person)
		}
	}
	p.t.Fatalf("a mail came to %s, who is nobody", address)
	return uuid.Nil
}

// launch starts the program of a place, and does not wait for anything.
func (p *proof) launch(place int, environment ...string) *server {
	p.t.Helper()
	cmd := p.command(slices.Concat([]string{"serve", "--listen", "127.0.0.1:0", "--grace", "1s",
		"--mail", p.mailServer(place), "--mail-from", "Halden <digest@" + proofHost + ">",
		"--portal-name", "Halden", "--portal-url", "http://trust." + proofHost}, p.places[place])...)
	cmd.Env = append(cmd.Env, environment...)
	return launch(p.t, cmd)
}

// mailServer is the setting of the mail server of a place. Time-outs are long, for who
// gives an answer up gets a second copy; they cost only what a silence costs.
func (p *proof) mailServer(place int) string {
	return fmt.Sprintf("%s&connections=%d&timeout=8s", p.sinks[place].URL(), p.connections)
}

// command runs the program, this one or another that was built.
func (p *proof) command(args ...string) *exec.Cmd {
	cmd := program(context.Background(), args...)
	if p.exe != "" {
		cmd.Path, cmd.Args[0] = p.exe, p.exe
	}
	return cmd
}

// serves waits until the program of a place answers, and makes its address known.
func (p *proof) serves(place int, s *server) *server {
	s.tellsAddress()
	p.programs.put(place, s.url)
	return s
}

// died waits until a program is gone, by kill -9 and not by itself, and notes what it
// has left behind: the mails that were taken and answered, and not recorded.
func (p *proof) died(place int, s *server, held func(holder string) bool) {
	p.t.Helper()
	select {
	case <-s.done:
	case <-time.After(patience):
		p.t.Fatalf("it lives on:\n%s", tail(s.output()))
	}
	_ = s.cmd.Wait() // it was killed
	if state := s.cmd.ProcessState.String(); state != "signal: killed" {
		p.t.Fatalf("the program has ended by itself: %s\n%s", state, tail(s.output()))
	}
	// What it had sent may still be read, but by a reader that was slow.
	sink := p.sinks[place]
	sink.Release()
	must(p.t, sink.Until(p.t.Context(), func(sink *smtptest.Server) bool { return sink.Open() == 0 }))
	p.kills++
	all := p.copies()
	for _, d := range p.underWay() {
		if d.State == "sending" && held(d.holder) && answered(all[d.MessageID]) > p.caught[d.MessageID] {
			p.caught[d.MessageID]++
		}
	}
}

// embedded holds of every lease in an installation of files.
func embedded(holder string) bool { return holder == embeddedHolder }

// deliveryRow is a digest under way, as its work row holds it.
type deliveryRow struct {
	person, holder string
	State          string `json:"state"`
	MessageID      string `json:"messageId"`
	Resent         int    `json:"resent"`
}

func (p *proof) underWay() (all []deliveryRow) {
	p.t.Helper()
	must(p.t, queries.Each(p.t.Context(), p.work, func(scan func(...any) error) error {
		var d deliveryRow
		var row string
		if err := scan(&d.person, &d.holder, &row); err != nil {
			return err
		}
		all = append(all, d)
		return json.Unmarshal([]byte(row), &all[len(all)-1])
	}, `SELECT person, holder, delivery FROM digest_standings WHERE delivery <> ''`))
	return all
}

// hurry makes whatever waits after a failure due.
func (p *proof) hurry() {
	p.t.Helper()
	p.rewrite(`UPDATE digest_standings SET wake_at = 1 WHERE wake_at > $1 AND (delivery <> '' OR troubled = 1)`, time.Now().UnixMicro())
}

// dailyIsDue brings the hour of those who are told once a day forward to now, but for
// those whose digest is under way.
func (p *proof) dailyIsDue() {
	p.t.Helper()
	p.rewrite(`UPDATE digest_standings SET next_due = $1, wake_at = $1 WHERE next_due > $1 AND delivery = ''`, time.Now().UnixMicro())
}

func (p *proof) rewrite(query string, args ...any) {
	p.t.Helper()
	must(p.t, p.work.Write(p.t.Context(), func(tx work.Tx) error {
		_, err := tx.Exec(p.t.Context(), query, args...)
		return err
	}))
}

// drain lets whatever is under way come to its end, and answers what did not, though
// for so long nothing has changed.
func (p *proof) drain(patience time.Duration) (left string) {
	p.t.Helper()
	return within(patience, func() string {
		p.hurry()
		p.dailyIsDue()
		open := len(p.underWay())
		j := p.judge()
		if held := len(p.ledger.causes) - p.ledger.released; open+j.lost+held > 0 {
			return fmt.Sprintf("%d notices are not released, %d digests are under way, and of %d updates %d are not told", held, open, j.due, j.lost)
		}
		return ""
	})
}
