package reactions_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"imprint/adapters/work"
	"imprint/domain"
	"imprint/domain/access"
	"imprint/domain/calendar"
	"imprint/domain/event"
	"imprint/domain/library"
	"imprint/domain/person"
	"imprint/handlers"
	"imprint/handlers/digest"
)

var operator = access.Reader{Person: event.OperatorActor}

// mortal lets a program die around one of its writes: before or after it is done.
// Once dead it writes nothing more.
type mortal struct {
	left  int  // writes until then
	after bool // the last of them is done, and nobody hears of it
	dead  bool
}

var errDied = errors.New("the program has died")

func (m *mortal) write(do func() error) error {
	if m.dead {
		return errDied
	}
	if m.left > 0 {
		m.left--
		return do()
	}
	m.dead = true
	if m.after {
		return errors.Join(do(), errDied)
	}
	return errDied
}

type (
	mortalLog struct {
		event.Log
		*mortal
	}
	mortalKeys struct {
		handlers.DataKeys
		*mortal
	}
	mortalNames struct {
		handlers.Names
		*mortal
	}
	mortalTokens struct {
		handlers.Tokens
		*mortal
	}
)

func (l mortalLog) Append(ctx context.Context, s event.Stream, expected int64, events []event.Event) (done event.Appended, err error) {
	err = l.write(func() error { done, err = l.Log.Append(ctx, s, expected, events); return err })
	return done, err
}

func (k mortalKeys) Destroy(ctx context.Context, id event.KeyID) error {
	return k.write(func() error { return k.DataKeys.Destroy(ctx, id) })
}

func (n mortalNames) Forget(ctx context.Context, id uuid.UUID) error {
	return n.write(func() error { return n.Names.Forget(ctx, id) })
}

func (t mortalTokens) End(ctx context.Context, id uuid.UUID) error {
	return t.write(func() error { return t.Tokens.End(ctx, id) })
}

// mortals are the commands of a program that dies.
func (w *world) mortals(m *mortal) *handlers.People {
	log := mortalLog{w.log, m}
	facts := digest.NewFacts(log, w.codec.Registry(), work.NewDigests(w.db))
	return handlers.NewPeople(handlers.NewJournal(log, w.codec, w.clock, nil), mortalKeys{w.keys, m}, mortalNames{work.NewNames(w.db), m}, mortalTokens{work.NewTokens(w.db), m}, facts)
}

func asked(what string) handlers.Request { return handlers.Request{ID: what, Actor: operator} }

// somebody has a name, an address, two tokens and more in the library than one
// append holds.
func (w *world) somebody(name string) (id uuid.UUID, secrets []string) {
	w.t.Helper()
	ctx, people := context.Background(), w.people()
	joined, err := people.Join(ctx, asked("join "+name), name)
	w.ok(err)
	_, err = people.ChangeSettings(ctx, asked("settings "+name), handlers.Settings{Person: joined.Person, Language: "en", Address: "ada@example.org",
		Schedule: calendar.Schedule{Frequency: calendar.Daily, Hour: 8, Zone: "UTC"}})
	w.ok(err)
	for i := range 2 {
		secrets = append(secrets, w.issued(joined.Person, fmt.Sprintf("token %d of %s", i, name)))
	}
	var saved []event.Payload
	for range library.MaxBulk + 1 {
		saved = append(saved, library.Saved{Person: joined.Person, Document: uuid.New(), Version: 1, Title: domain.English("Report")})
	}
	w.tell(library.Stream(joined.Person), saved[:100]...)
	w.tell(library.Stream(joined.Person), saved[100:200]...)
	w.tell(library.Stream(joined.Person), saved[200:]...)
	return joined.Person, secrets
}

func (w *world) issued(id uuid.UUID, request string) string {
	w.t.Helper()
	issued, err := w.people().IssueToken(context.Background(), asked(request), handlers.IssueToken{Person: id, Role: access.Member, Expires: w.clock().Add(time.Hour)})
	w.ok(err)
	return issued.Secret
}

// wiped tells what is left of an erased person; "" for nothing.
func (w *world) wiped(id uuid.UUID, name string, secrets []string) string {
	w.t.Helper()
	ctx := context.Background()
	_, payloads := w.stream(library.Stream(id))
	if left := (library.State{}).Fold(payloads...).Empty(id); len(left) > 0 {
		return "things in the library"
	}
	for _, secret := range secrets {
		if _, err := w.people().Authenticate(ctx, secret); domain.KindOf(err) != domain.Unauthenticated {
			return "a token"
		}
	}
	if _, known, err := w.people().Named(ctx, name); err != nil || known {
		return fmt.Sprintf("the name (%v)", err)
	}
	if _, err := w.keys.Key(ctx, person.Key(id)); !errors.Is(err, event.ErrKeyDestroyed) {
		return fmt.Sprintf("the key (%v)", err)
	}
	return ""
}

// TestAnErasureThatDiedIsCompleted: a program dies before and after each write of an
// erasure; the next one completes it by itself, or nothing has happened.
func TestAnErasureThatDiedIsCompleted(t *testing.T) {
	w := newWorld(t)
	deaths, untouched := 0, 0
	for _, after := range []bool{false, true} {
		for writes := 0; ; writes++ {
			name := fmt.Sprintf("Ada %d %v", writes, after)
			id, secrets := w.somebody(name)
			m := &mortal{left: writes, after: after}
			if _, err := w.mortals(m).Erase(t.Context(), asked("erase "+name), id); err == nil {
				break // it had no more to write
			} else if !errors.Is(err, errDied) {
				t.Fatal(err)
			}
			deaths++
			w.catchUp()
			state, err := w.people().Account(t.Context(), asked("look"), id)
			w.ok(err)
			left := w.wiped(id, name, secrets)
			switch {
			case state == handlers.ActiveAccount && left != "": // nobody was told anything, and nothing has happened
				untouched++
			case state != handlers.ErasedAccount || left != "":
				t.Errorf("dead after %d writes (done: %v): %s, and what is left is %q", writes, after, state, left)
			}
			if n := len(w.libraryEvents(id)); state == handlers.ErasedAccount && n != 2*(library.MaxBulk+1) {
				t.Errorf("dead after %d writes (done: %v): %d events in the library, some are told twice or not at all", writes, after, n)
			}
		}
	}
	// Recorded; two tokens, two groups of the library, the name, the key: before and after each.
	if deaths != 14 || untouched != 1 {
		t.Errorf("%d deaths, %d before anything was recorded; want 14 and 1", deaths, untouched)
	}
}

func (w *world) libraryEvents(id uuid.UUID) []event.Recorded {
	events, _ := w.stream(library.Stream(id))
	return events
}

// TestADisablingThatDiedIsCompleted: its tokens end, and only those of an account
// that is still disabled.
func TestADisablingThatDiedIsCompleted(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	ada, secrets := w.somebody("Ada")
	if _, err := w.mortals(&mortal{left: 1}).Disable(ctx, asked("disable"), ada); !errors.Is(err, errDied) {
		t.Fatal(err)
	}
	if _, err := w.people().Authenticate(ctx, secrets[0]); err != nil {
		t.Fatalf("the test is idle: the token has ended: %v", err)
	}
	ben, _ := w.somebody("Ben")
	for _, do := range []func(context.Context, handlers.Request, uuid.UUID) (handlers.Written, error){w.people().Disable, w.people().Enable} {
		_, err := do(ctx, asked(uuid.NewString()), ben)
		w.ok(err)
	}
	bens := w.issued(ben, "another token")
	w.catchUp()
	for _, secret := range secrets {
		if _, err := w.people().Authenticate(ctx, secret); domain.KindOf(err) != domain.Unauthenticated {
			t.Errorf("a token of a disabled account: %v", err)
		}
	}
	if _, err := w.people().Authenticate(ctx, bens); err != nil {
		t.Errorf("a token issued after the enabling: %v", err)
	}
}
