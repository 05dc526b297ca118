package handlers_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"imprint/adapters/conformance/logtest"
	"imprint/adapters/sqlite/eventlog"
	"imprint/domain"
	"imprint/domain/access"
	"imprint/domain/calendar"
	"imprint/domain/person"
	"imprint/handlers"
)

var schedule = calendar.Schedule{Frequency: calendar.Daily, Hour: 8, Zone: "Europe/Berlin"}

func (w *world) joined(name string) uuid.UUID {
	w.t.Helper()
	done, err := w.people().Join(context.Background(), w.ask(operator), name)
	ok(w.t, err)
	return done.Person
}

func TestTheSameNameIsTheSamePerson(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	p := w.people()
	req := w.ask(operator)
	ada, err := p.Join(ctx, req, " Ada Lovelace ")
	ok(t, err)
	if ada.Already || ada.Events != 1 {
		t.Errorf("joined: %+v", ada)
	}
	repeated, err := p.Join(ctx, req, "Ada Lovelace")
	ok(t, err)
	if !repeated.Repeated || repeated.Already || repeated.Person != ada.Person {
		t.Errorf("repeated: %+v", repeated)
	}
	again, err := w.people().Join(ctx, w.ask(operator), "Ada Lovelace")
	ok(t, err)
	if !again.Already || again.Person != ada.Person || again.Events != 0 {
		t.Errorf("again: %+v", again)
	}
	if w.joined("Grace Hopper") == ada.Person {
		t.Error("two names are one person")
	}
	found, known, err := p.Named(ctx, "Ada Lovelace")
	if found != ada.Person || !known || err != nil {
		t.Errorf("found %s, %v, %v", found, known, err)
	}
	if _, known, err := p.Named(ctx, "Nobody"); known || err != nil {
		t.Errorf("found nobody: %v, %v", known, err)
	}
	_, err = p.Join(ctx, w.ask(publisher), "Mallory")
	refused(t, err, domain.Forbidden, "not-an-administrator")
	_, err = p.Join(ctx, w.ask(operator), "\t")
	refused(t, err, domain.Invalid, "missing-name")
}

// A request id used for a second name is refused, and leaves that name to whoever
// joins under it: never to the person of the first name.
func TestARequestUsedTwiceMakesNobodySomebodyElse(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	req := w.ask(operator)
	ada, err := w.people().Join(ctx, req, "Ada")
	ok(t, err)
	req.Fingerprint = "another"
	_, err = w.people().Join(ctx, req, "Mallory")
	refused(t, err, domain.Reused, "request-id-reused")
	mallory, err := w.people().Join(ctx, w.ask(operator), "Mallory")
	ok(t, err)
	if mallory.Person == ada.Person || mallory.Already || mallory.Events != 1 {
		t.Errorf("Mallory joined as %+v; Ada is %s", mallory, ada.Person)
	}
}

// The name is claimed before the person joins; a crash between loses nobody.
func TestAClaimedNameJoinsLater(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	whole := w.log
	w.log = logtest.Break(whole, func(op logtest.Op, _ int) logtest.Fault {
		if op == logtest.Append {
			return logtest.NotDone
		}
		return logtest.None
	})
	_, err := w.people().Join(ctx, w.ask(operator), "Ada")
	refused(t, err, domain.Unavailable, "uncertain")
	w.log = whole
	claimed, known, err := w.people().Named(ctx, "Ada")
	if !known || err != nil {
		t.Fatalf("not claimed: %v", err)
	}
	done, err := w.people().Join(ctx, w.ask(operator), "Ada")
	ok(t, err)
	if done.Person != claimed || done.Events != 1 {
		t.Errorf("joined as %+v, claimed by %s", done, claimed)
	}
}

func TestSettingsAreOnesOwn(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	p, id := w.people(), w.joined("Ada")
	me := access.Reader{Person: id.String(), Role: access.Member}
	settings := handlers.Settings{Person: id, Schedule: schedule, Language: "en", Address: "ada@example.org"}
	for _, who := range []access.Reader{me, operator, {Person: uuid.NewString(), Role: access.Administrator}} {
		_, err := p.ChangeSettings(ctx, w.ask(who), settings)
		ok(t, err)
	}
	_, err := p.ChangeSettings(ctx, w.ask(publisher), settings)
	refused(t, err, domain.Forbidden, "not-your-settings")
	_, err = p.ChangeSettings(ctx, w.ask(access.Reader{}), settings)
	refused(t, err, domain.Unauthenticated, "sign-in")
	for _, address := range []string{"ada", "Ada <ada@example.org>", "ada@example.org, b@example.org", "ada@example.org\r\nBcc: x@example.org", "<ada@example.org>", " ada@example.org", strings.Repeat("a", 250) + "@example.org", "a\xff@example.org"} {
		settings.Address = address
		_, err := p.ChangeSettings(ctx, w.ask(me), settings)
		refused(t, err, domain.Invalid, "bad-address")
		if strings.Contains(err.Error(), address) {
			t.Errorf("the error shows the address: %v", err)
		}
	}
	settings.Address, settings.Schedule.Zone = "", "Mars/Olympus"
	_, err = p.ChangeSettings(ctx, w.ask(me), settings)
	refused(t, err, domain.Invalid, "bad-schedule")
}

func TestATokenWorksUntilItIsRevokedOrExpires(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	p, id := w.people(), w.joined("Ada")
	req, ask := w.ask(operator), handlers.IssueToken{Person: id, Role: access.Publisher, Expires: now.Add(time.Hour)}
	issued, err := p.IssueToken(ctx, req, ask)
	ok(t, err)
	_, err = p.IssueToken(ctx, req, ask)
	refused(t, err, domain.Conflict, "token-told")
	for _, p := range []*handlers.People{p, w.people()} {
		who, err := p.Authenticate(ctx, issued.Secret)
		if want := (access.Reader{Person: id.String(), Role: access.Publisher}); who != want || err != nil {
			t.Errorf("it stands for %+v, %v; want %+v", who, err, want)
		}
	}
	expired := w.peopleAt(now.Add(time.Hour))
	_, err = expired.Authenticate(ctx, issued.Secret)
	refused(t, err, domain.Unauthenticated, "bad-token")
	for _, secret := range []string{"", "imprint_", issued.Secret + "x", issued.Secret[:len(issued.Secret)-1]} {
		_, err := p.Authenticate(ctx, secret)
		refused(t, err, domain.Unauthenticated, "bad-token")
	}
	list, err := p.ListTokens(ctx, w.ask(operator))
	ok(t, err)
	if len(list) != 1 || list[0] != issued.Token {
		t.Errorf("listed %+v, issued %+v", list, issued.Token)
	}
	_, err = p.RevokeToken(ctx, w.ask(publisher), issued.Token.ID)
	refused(t, err, domain.Forbidden, "not-an-administrator")
	revoked, err := p.RevokeToken(ctx, w.ask(operator), issued.Token.ID)
	ok(t, err)
	again, err := p.RevokeToken(ctx, w.ask(operator), issued.Token.ID)
	ok(t, err)
	if again.Token != revoked.Token || again.Events != 0 {
		t.Errorf("revoked again: %+v, at first %+v", again, revoked)
	}
	_, err = p.RevokeToken(ctx, w.ask(operator), uuid.New())
	refused(t, err, domain.NotFound, "no-token")
	_, err = p.Authenticate(ctx, issued.Secret)
	refused(t, err, domain.Unauthenticated, "bad-token")
	_, err = p.IssueToken(ctx, w.ask(operator), handlers.IssueToken{Person: uuid.New(), Role: access.Member, Expires: now.Add(time.Hour)})
	refused(t, err, domain.NotFound, "no-person")
	if n := len(w.events(person.Stream(id))); n != 3 {
		t.Errorf("%d events, want joined, issued, revoked", n)
	}
}

func TestNothingPersonalStandsInTheFiles(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	p, id := w.people(), w.joined("Ada Lovelace")
	_, err := p.ChangeSettings(ctx, w.ask(operator), handlers.Settings{Person: id, Schedule: schedule, Language: "en", Address: "ada@example.org"})
	ok(t, err)
	issued, err := p.IssueToken(ctx, w.ask(operator), handlers.IssueToken{Person: id, Role: access.Member, Expires: now.Add(time.Hour)})
	ok(t, err)
	read := 0
	ok(t, filepath.WalkDir(w.dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		read += len(content)
		for _, personal := range []string{"Lovelace", "ada@example.org", "example.org", issued.Secret, issued.Secret[len("imprint_"):]} {
			if bytes.Contains(content, []byte(personal)) {
				t.Errorf("%s holds %q", filepath.Base(path), personal)
			}
		}
		return err
	}))
	if read == 0 {
		t.Fatal("no files were read")
	}
	for _, e := range w.events(person.Stream(id)) {
		if e.Type == "PersonJoined" {
			payload, err := w.codec.Registry().Decode(e)
			ok(t, err)
			name, err := payload.(person.Joined).Name.Sealed().Open(ctx, w.keys, person.NameField)
			if string(name) != "Ada Lovelace" || err != nil {
				t.Errorf("unsealed %q, %v", name, err)
			}
		}
	}
}

func TestALogIsOpenedOnce(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	opened, err := handlers.OpenInstallation(ctx, w.log, w.codec, clock, uuid.New(), "Acme")
	ok(t, err)
	again, err := handlers.OpenInstallation(ctx, w.log, w.codec, clock, uuid.New(), "Another name")
	ok(t, err)
	if again != opened || opened.Name != "Acme" || opened.Log == uuid.Nil || !opened.OpenedAt.Equal(now) || w.end() != 1 {
		t.Errorf("opened %+v, then %+v", opened, again)
	}

	for _, fault := range []logtest.Fault{logtest.NotDone, logtest.AnswerLost} {
		w := newWorld(t)
		opened, err := handlers.OpenInstallation(ctx, logtest.Break(w.log, logtest.At(logtest.Append, 1, fault)), w.codec, clock, uuid.New(), "Acme")
		ok(t, err)
		if opened.Name != "Acme" || w.end() != 1 {
			t.Errorf("%s: %+v, %d events", fault, opened, w.end())
		}
	}

	stranger := newWorld(t)
	stranger.published(everyone)
	_, err = handlers.OpenInstallation(ctx, stranger.log, stranger.codec, clock, uuid.New(), "Acme")
	refused(t, err, domain.Conflict, "foreign-log")
	empty, err := eventlog.Open(ctx, filepath.Join(t.TempDir(), "log.db"), eventlog.Options{Clock: clock})
	ok(t, err)
	defer func() { _ = empty.Close() }()
	_, err = handlers.OpenInstallation(ctx, empty, w.codec, clock, uuid.New(), " ")
	refused(t, err, domain.Invalid, "missing-name")
}
