package main

// Here: a whole installation of four processes is served, and things die.

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"imprint/domain/access"
	"imprint/domain/calendar"
	"imprint/handlers"
)

// reader is somebody who keeps documents.
type reader struct {
	token, person, address string
	daily                  bool
	keepsAll               bool
}

// whole is an installation with people who publish and people who read.
type whole struct {
	*system
	office             *postOffice
	doorA, doorB       *door
	programs           *programs
	readers            []reader
	publishers         []*publisher
	publisher, auditor string // tokens
}

func newWhole(t *testing.T) *whole {
	t.Helper()
	w := &whole{system: newSystem(t), office: newPostOffice(t)}
	w.doorA, w.doorB = w.office.open("a"), w.office.open("b")
	const daily, atOnce = 3, 8 // twice what one program claims at a time
	w.prepare(func(in *opened) {
		w.publisher, _ = w.token(in, "Paula", access.Publisher)
		w.auditor, _ = w.token(in, "Aude", access.Auditor)
		for i := range atOnce + daily {
			r := reader{address: fmt.Sprintf("reader-%d@halden.example", i), daily: i < daily, keepsAll: true}
			r.token, r.person = w.token(in, fmt.Sprintf("Reader %d", i), access.Member)
			r.choose(t, in)
			w.readers = append(w.readers, r)
		}
	})
	return w
}

// choose turns a reader's digests on, to an address that is in force.
func (r reader) choose(t *testing.T, in *opened) {
	t.Helper()
	schedule := calendar.Schedule{Frequency: calendar.Immediate, Zone: "UTC", MonthDay: 1}
	if r.daily {
		schedule.Frequency, schedule.Hour = calendar.Daily, time.Now().Add(12*time.Hour).UTC().Hour()
	}
	id := uuid.MustParse(r.person)
	_, err := in.people.ChangeSettings(t.Context(), operator(), handlers.Settings{Person: id, Language: "en", Address: r.address, Schedule: schedule})
	must(t, err)
	_, err = in.people.Vouch(t.Context(), operator(), id)
	must(t, err)
}

// settle publishes the first versions, and lets every reader keep all of them.
func (w *whole) settle() {
	w.t.Helper()
	for i := range 4 {
		p := &publisher{document: uuid.New()}
		must(w.t, p.begin(w.t.Context(), w.programs, w.publisher, fmt.Sprintf("Report %d", i)))
		w.publishers = append(w.publishers, p)
	}
	for i, r := range w.readers {
		for j, p := range w.publishers {
			w.ask(i+j, call{method: http.MethodPut, path: "/api/v1/library/" + p.document.String(), token: r.token, header: map[string]string{"Wait": p.newest.WaitToken}}, nil)
		}
	}
}

// ask sends a request with a JSON body to one of the programs.
func (w *whole) ask(turn int, c call, body any) receipt {
	w.t.Helper()
	if body != nil {
		var err error
		c.body, err = json.Marshal(body)
		must(w.t, err)
	}
	r, err := w.programs.persist(w.t.Context(), turn, c)
	must(w.t, err)
	return r
}

// rename gives every document another title, and waits until the mails would show it.
func (w *whole) rename() {
	w.t.Helper()
	for i, p := range w.publishers {
		details := map[string]any{"title": map[string]string{"en": fmt.Sprintf("Renamed Report %d", i)}, "categories": []string{"reports"}}
		done := w.ask(i, call{method: http.MethodPut, path: "/api/v1/documents/" + p.document.String() + "/details", token: w.publisher}, details)
		w.ask(i, call{method: http.MethodGet, path: "/api/v1/documents/" + p.document.String(), token: w.publisher, header: map[string]string{"Wait": done.WaitToken}}, nil)
	}
}

// dailyIsDue brings the hour of those who are told once a day forward to now: the
// one thing of this test that nobody does from outside.
func (w *whole) dailyIsDue() {
	w.t.Helper()
	var people []string
	for _, r := range w.readers {
		if r.daily {
			people = append(people, r.person)
		}
	}
	w.until("every daily digest is due", func() string {
		// One that is under way is left alone until it is over.
		done, err := w.database.Exec(w.t.Context(), `UPDATE imprint_work.digest_standings SET next_due = $1, wake_at = $1 WHERE person = ANY($2) AND delivery = ''`,
			time.Now().UnixMicro(), people)
		must(w.t, err)
		return left(len(people)-int(done.RowsAffected()), "are under way, or their settings not yet known")
	})
}

// ready waits until a program says that it is ready, or that an engine is away.
func ready(s *server, away string) {
	s.t.Helper()
	s.eventually("/readyz", func(status int, body string) bool {
		if away == "" {
			return status == http.StatusOK
		}
		return status == http.StatusServiceUnavailable && strings.Contains(body, away)
	})
}

// Two programs serve one installation over a log, a database and a mail server that
// are elsewhere, and people publish through both. One is killed with kill -9 in the
// moment in which one of its mails is accepted and not recorded; the other loses the
// database in the same moment of one of its own; the log is killed and comes back. Afterwards every acknowledged version stands in the log once, the
// dead program's leases have passed on once they had run out, the read models are
// what the log says, and every reader was told of each version once. The one mail
// that was caught with the killed program came twice: the same bytes under the same
// Message-ID.
func TestAWholeSystemLosesNothingAndTellsNothingTwice(t *testing.T) {
	w := newWhole(t)
	a := w.serve("program a", w.flags.Database, w.doorA)
	w.leads(a)
	b := w.serve("program b", w.overTheLine(), w.doorB)
	w.programs = newPrograms(a.url, b.url)
	w.settle()
	work := publish(t, w.programs, w.publisher, w.publishers)
	work.goOn(w.system)

	// Each of them is caught with a mail that is accepted and not recorded.
	caughtA, caughtB := w.doorA.keepBack(), w.doorB.keepBack()
	w.dailyIsDue()
	mailOfA, mailOfB := caughtA.mail(t), caughtB.mail(t)
	work.goOn(w.system)

	a.kill()
	// It may have renewed them in its last moment, so they are looked at now.
	models, digests := w.heldBy(a, "model", "turn"), w.heldBy(a, "digest")
	w.runOut(models, goesOnWithin)
	w.runOut(digests, digestLease)
	if len(models) == 0 || len(digests) == 0 {
		t.Errorf("the program that was killed held %v and %v; the test would prove nothing", models, digests)
	}
	w.line.fallSilent()
	caughtB.answer()
	ready(b, `"away":["IMPRINT_DATABASE"]`)
	w.line.breakOff()
	w.until("the outcome of the mail could not be recorded", func() string {
		if strings.Contains(b.output(), "digest round failed") {
			return ""
		}
		return "program b has not said so"
	})
	w.line.restore()
	work.goOn(w.system)

	w.log.kill()
	ready(b, `"away":["IMPRINT_LOG"]`)
	w.log.start()
	work.goOn(w.system)

	w.takenOver(models, b)
	ready(b, "")
	w.rename() // what is in doubt goes out again as it was, all the same
	// Nobody waits fifteen minutes here: the database's clock is set forward.
	w.stillHeld(digests)
	w.forward(digestLease)
	w.takenOver(digests, b)

	again := w.serve("program a, started again", w.flags.Database, w.doorA)
	w.programs.replace(a.url, again.url)
	work.goOn(w.system)
	work.stop()
	w.allTold(func(r reader) bool { return !r.daily })
	w.dailyIsDue()
	w.allTold(func(r reader) bool { return r.daily })

	ready(again, "")
	ready(b, "")
	w.inTheLogOnce()
	w.inTheHistoryOfEach(again, b)
	w.toldOnce(mailOfA, mailOfB)
	if stdout, stderr, code := imprint(t, "projections", "verify", "--log", w.flags.Log, "--database", w.flags.Database,
		"--content", w.flags.Content, "--installation", w.flags.Installation, "--master-key-file", w.flags.MasterKeyFile); code != 0 {
		t.Errorf("projections verify: exit %d\n%s%s", code, stdout, stderr)
	}
	for _, s := range []*server{again, b} {
		if code, _ := s.terminate(); code != 0 {
			t.Errorf("SIGTERM: exit %d", code)
		}
	}
}
