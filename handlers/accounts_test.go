package handlers_test

// Here: addresses and accounts, from the commands' side.

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"imprint/adapters/work"
	"imprint/domain"
	"imprint/domain/access"
	"imprint/domain/event"
	"imprint/domain/library"
	"imprint/domain/person"
	"imprint/handlers"
	"imprint/handlers/digest"
)

// TestANewAddressWaits: the one in force stays so until the new one is confirmed,
// and one that is known is no new one.
func TestANewAddressWaits(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	ada := w.joined("Ada")
	self := access.Reader{Person: ada.String(), Role: access.Member}
	choose := func(address, language string) handlers.Chosen {
		t.Helper()
		_, err := w.people().ChangeSettings(ctx, w.ask(self), handlers.Settings{Person: ada, Schedule: schedule, Language: language, Address: address})
		ok(t, err)
		got, err := w.people().Settings(ctx, ada)
		ok(t, err)
		return got
	}
	first := choose("ada@one.example", "en")
	if first.Confirmed || first.InForce != "" || !first.Expires.Equal(now.Add(person.ConfirmWithin)) {
		t.Errorf("given: %+v", first)
	}
	if same := choose("ada@one.example", "de"); same.AddressID != first.AddressID {
		t.Error("the same address again is sent another link")
	}
	_, err := w.people().ConfirmAddress(ctx, w.ask(self), ada, first.AddressID)
	ok(t, err)
	second := choose("ada@two.example", "de")
	if second.Confirmed || second.InForce != "ada@one.example" || second.AddressID == first.AddressID {
		t.Errorf("a second: %+v", second)
	}
	if back := choose("ada@one.example", "de"); !back.Confirmed || back.AddressID != first.AddressID {
		t.Errorf("back to the first: %+v", back)
	}
	if written, err := w.people().AskAgain(ctx, w.ask(self), ada); err != nil || written.Events != 0 {
		t.Errorf("asked again with nothing to confirm: %+v, %v", written, err)
	}
	third := choose("ada@three.example", "de")
	_, err = w.people().AskAgain(ctx, w.ask(self), ada)
	ok(t, err)
	asked, err := w.people().Settings(ctx, ada)
	ok(t, err)
	if asked.AddressID == third.AddressID || asked.Address != "ada@three.example" || asked.InForce != "ada@one.example" {
		t.Errorf("asked again: %+v", asked)
	}
	_, err = w.people().ConfirmAddress(ctx, w.ask(self), ada, third.AddressID)
	refused(t, err, domain.Conflict, "address-replaced")
	_, err = w.people().Vouch(ctx, w.ask(self), ada)
	refused(t, err, domain.Forbidden, "not-the-operator")
	_, err = w.people().Vouch(ctx, w.ask(operator), ada)
	ok(t, err)
	if got, err := w.people().Settings(ctx, ada); err != nil || !got.Confirmed || got.Address != "ada@three.example" {
		t.Errorf("vouched for: %+v, %v", got, err)
	}
	// A link that has ended: the same address is given anew.
	earlier := w.peopleAt(now.Add(-person.ConfirmWithin - time.Minute))
	_, err = earlier.ChangeSettings(ctx, w.ask(self), handlers.Settings{Person: ada, Schedule: schedule, Language: "en", Address: "ada@four.example"})
	ok(t, err)
	ended, err := earlier.Settings(ctx, ada)
	ok(t, err)
	if got := choose("ada@four.example", "en"); got.AddressID == ended.AddressID {
		t.Errorf("after the link's end: %+v", got)
	}
}

func TestAMembersAddressLiesInAVerifiedDomain(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	ada, acme := w.joined("Ada"), uuid.New()
	member := access.Reader{Person: ada.String(), Role: access.Member, Organization: acme.String()}
	domains := handlers.NewMailDomains(w.journal(w.log))
	_, err := domains.Verify(ctx, w.ask(publisher), "acme.example", acme)
	refused(t, err, domain.Forbidden, "not-an-administrator")
	_, err = domains.Verify(ctx, w.ask(operator), "Acme.example", acme)
	refused(t, err, domain.Invalid, "bad-domain")
	for _, name := range []string{"acme.example", "xn--bcher-kva.example"} {
		_, err = domains.Verify(ctx, w.ask(operator), name, acme)
		ok(t, err)
	}
	_, err = domains.Verify(ctx, w.ask(operator), "acme.example", uuid.New())
	refused(t, err, domain.Conflict, "domain-taken")
	give := func(who access.Reader, address string) error {
		_, err := w.people().ChangeSettings(ctx, w.ask(who), handlers.Settings{Person: ada, Schedule: schedule, Language: "en", Address: address})
		return err
	}
	ok(t, give(member, "ada@acme.example"))
	ok(t, give(member, "ada@ACME.example"))
	ok(t, give(member, "ada@bücher.example"))
	ok(t, give(member, ""))
	for _, elsewhere := range []string{"ada@home.example", "ada@mail.acme.example", "ada@notacme.example"} {
		refused(t, give(member, elsewhere), domain.Forbidden, "domain-not-verified")
	}
	ok(t, give(access.Reader{Person: ada.String(), Role: access.Member}, "ada@home.example")) // a personal account
	_, err = domains.Release(ctx, w.ask(operator), "acme.example")
	ok(t, err)
	refused(t, give(member, "ada@acme.example"), domain.Forbidden, "domain-not-verified")
}

func TestADisabledAccountHasNoSession(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	p, ada := w.people(), w.joined("Ada")
	issued, err := p.IssueToken(ctx, w.ask(operator), handlers.IssueToken{Person: ada, Role: access.Member, Expires: now.Add(time.Hour)})
	ok(t, err)
	_, err = p.Disable(ctx, w.ask(publisher), ada)
	refused(t, err, domain.Forbidden, "not-an-administrator")
	_, err = p.Disable(ctx, w.ask(operator), ada)
	ok(t, err)
	_, err = p.Authenticate(ctx, issued.Secret)
	refused(t, err, domain.Unauthenticated, "bad-token")
	_, err = p.IssueToken(ctx, w.ask(operator), handlers.IssueToken{Person: ada, Role: access.Member, Expires: now.Add(time.Hour)})
	refused(t, err, domain.Forbidden, "account-disabled")
	_, err = p.Enable(ctx, w.ask(operator), ada)
	ok(t, err)
	_, err = p.IssueToken(ctx, w.ask(operator), handlers.IssueToken{Person: ada, Role: access.Member, Expires: now.Add(time.Hour)})
	ok(t, err)
}

// interposed keeps tokens after something else has happened.
type interposed struct {
	handlers.Tokens
	by func()
}

func (i interposed) Put(ctx context.Context, hash []byte, t person.Token) error {
	i.by()
	return i.Tokens.Put(ctx, hash, t)
}

// TestATokenIssuedWhileTheAccountEndsHasEnded: the disabling did not find its row yet.
func TestATokenIssuedWhileTheAccountEndsHasEnded(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	ada := w.joined("Ada")
	tokens := interposed{Tokens: work.NewTokens(w.db), by: func() {
		_, err := w.people().Disable(ctx, w.ask(operator), ada)
		ok(t, err)
	}}
	p := handlers.NewPeople(w.journal(w.log), w.keys, work.NewNames(w.db), tokens, digest.NewFacts(w.log, w.codec.Registry(), work.NewDigests(w.db)))
	issued, err := p.IssueToken(ctx, w.ask(operator), handlers.IssueToken{Person: ada, Role: access.Member, Expires: now.Add(time.Hour)})
	ok(t, err)
	_, err = p.Authenticate(ctx, issued.Secret)
	refused(t, err, domain.Unauthenticated, "bad-token")
}

// TestErasureIsCompletedAndLeavesANewPerson: nothing of the old one opens, the
// library is empty, and the same name is somebody new. Each step may be repeated.
func TestErasureIsCompletedAndLeavesANewPerson(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	p, ada := w.people(), w.joined("Ada")
	self := access.Reader{Person: ada.String(), Role: access.Member}
	_, err := p.ChangeSettings(ctx, w.ask(self), handlers.Settings{Person: ada, Schedule: schedule, Language: "en", Address: "ada@example.org"})
	ok(t, err)
	issued, err := p.IssueToken(ctx, w.ask(operator), handlers.IssueToken{Person: ada, Role: access.Member, Expires: now.Add(time.Hour)})
	ok(t, err)
	saved := 2*library.MaxBulk + 1 // three groups
	for first := 0; first < saved; first += 100 {
		var events []event.Event
		for range min(100, saved-first) {
			e, err := w.codec.Encode(ctx, event.Draft{Stream: library.Stream(ada), ID: uuid.New(), Meta: event.Metadata{Time: now, Actor: ada.String()},
				Payload: library.Saved{Person: ada, Document: uuid.New(), Version: 1, Title: domain.English("Report")}})
			ok(t, err)
			events = append(events, e)
		}
		_, err := w.log.Append(ctx, library.Stream(ada), int64(first)-1, events)
		ok(t, err)
	}
	req := w.ask(operator)
	for range 2 {
		_, err = w.people().Erase(ctx, req, ada)
		ok(t, err)
	}
	var state library.State
	for _, e := range w.events(library.Stream(ada)) {
		p, err := w.codec.Registry().Decode(e)
		ok(t, err)
		state = state.Fold(p)
	}
	if left := state.Empty(ada); len(left) > 0 {
		t.Errorf("%d things are left in the library", len(left))
	}
	if _, err := w.keys.Key(ctx, person.Key(ada)); !errors.Is(err, event.ErrKeyDestroyed) {
		t.Errorf("the key: %v", err)
	}
	if st, found, err := work.NewDigests(w.db).Find(ctx, ada); err != nil || found && (st.On() || st.Settings.Address != nil) {
		t.Errorf("what may be mailed: %+v, %v", st, err)
	}
	_, err = w.people().Authenticate(ctx, issued.Secret)
	refused(t, err, domain.Unauthenticated, "bad-token")
	if got, err := w.people().Settings(ctx, ada); err != nil || got.Address != "" {
		t.Errorf("settings: %+v, %v", got, err)
	}
	again := w.joined("Ada")
	if again == ada {
		t.Error("the same name is the same person")
	}
	if n := len(w.events(person.Stream(ada))); n != 4 {
		t.Errorf("%d events of the erased person, want joined, settings, token, erased", n)
	}
}
