package control

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"imprint/adapters/sqlite/eventlog"
	"imprint/adapters/sqlite/workfile"
	"imprint/adapters/work"
	"imprint/domain"
	"imprint/domain/access"
	"imprint/domain/calendar"
	mails "imprint/domain/digest"
	"imprint/domain/event"
	"imprint/domain/person"
	"imprint/domain/schema"
	"imprint/handlers"
	"imprint/handlers/digest"
)

var now = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

// ends are both ends over the embedded engines: the installation, and a client
// that asks for it over a socket.
func ends(t *testing.T) (Local, Client) {
	t.Helper()
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	ctx, dir, clock := t.Context(), t.TempDir(), func() time.Time { return now }
	log, err := eventlog.Open(ctx, filepath.Join(dir, "log.db"), eventlog.Options{Clock: clock})
	must(err)
	t.Cleanup(func() { _ = log.Close() })
	db, err := workfile.Open(ctx, filepath.Join(dir, "work.db"), time.Now)
	must(err)
	t.Cleanup(func() { _ = db.Close() })
	keys, err := work.NewKeys(db, bytes.Repeat([]byte{1}, event.KeySize), clock)
	must(err)
	registry, err := schema.Registry()
	must(err)
	facts := digest.NewFacts(log, registry, work.NewDigests(db))
	local := Local{
		Mails: facts, Digests: work.NewDigests(db),
		People: handlers.NewPeople(handlers.NewJournal(log, event.NewCodec(registry, keys), clock, nil), keys, work.NewNames(db), work.NewTokens(db), facts),
		Clock:  clock,
		Operator: func() handlers.Request {
			return handlers.Request{ID: uuid.NewString(), Actor: access.Reader{Person: event.OperatorActor}}
		},
	}
	return local, over(t, Handler(local))
}

// over is a client of a handler behind a socket.
func over(t *testing.T, h http.Handler) Client {
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return Client{Dial: func(ctx context.Context) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "tcp", server.Listener.Addr().String())
	}}
}

func TestTheClientDoesWhatIsDoneHere(t *testing.T) {
	local, client := ends(t)
	ctx := t.Context()
	got, err := client.Issue(ctx, Issue{Person: "Ada", Role: access.Publisher, Days: 7})
	if err != nil {
		t.Fatal(err)
	}
	want := access.Reader{Person: got.Person.String(), Role: access.Publisher}
	if who, err := local.People.Authenticate(ctx, got.Secret); who != want || err != nil {
		t.Errorf("the secret stands for %+v, %v; want %+v", who, err, want)
	}
	if !got.Expires.Equal(now.AddDate(0, 0, 7)) {
		t.Errorf("it expires %s", got.Expires)
	}
	here, err := local.List(ctx)
	if err != nil {
		t.Fatal(err)
	}
	there, err := client.List(ctx)
	if err != nil || !slices.EqualFunc(here, there, same) || len(there) != 1 || !same(there[0], got.Token) {
		t.Errorf("listed %+v, %v; want %+v", there, err, here)
	}
	if err := client.Revoke(ctx, got.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := local.People.Authenticate(ctx, got.Secret); domain.KindOf(err) != domain.Unauthenticated {
		t.Errorf("the revoked secret: %v", err)
	}
}

// TestWhatFailedIsTriedFromAfar: everybody's where nobody is named.
func TestWhatFailedIsTriedFromAfar(t *testing.T) {
	local, client := ends(t)
	store, ctx := local.Digests.(*work.Digests), t.Context()
	at, err := store.Checkpoint(ctx)
	if err != nil {
		t.Fatal(err)
	}
	id := uuid.New()
	on := person.NotificationSettingsChanged{Person: id, Schedule: calendar.Schedule{Frequency: calendar.Daily, Hour: 12, Zone: "UTC"}}
	facts := []mails.Fact{{Person: id, Ordinal: 1, At: now, Payload: on},
		{Person: id, Ordinal: 2, At: now, Payload: mails.Failed{Person: id, Window: mails.Window{From: 2, Until: 3}, Failure: mails.Failure{Class: mails.ForGood}}}}
	if err := store.Fold(ctx, at, at, facts); err != nil {
		t.Fatal(err)
	}
	got, err := client.Retry(ctx, uuid.Nil)
	if err != nil || got.Due != 0 || got.Waiting != 1 || len(got.Reasons) != 1 || !strings.Contains(got.Reasons[0], "no address is confirmed") {
		t.Errorf("%+v, %v", got, err)
	}
}

func same(a, b person.Token) bool {
	return a.ID == b.ID && a.Person == b.Person && a.Role == b.Role && a.Expires.Equal(b.Expires)
}

func TestRefusalsTravelWhole(t *testing.T) {
	local, client := ends(t)
	for name, ask := range map[string]func(Operations) error{
		"no such role": func(to Operations) error {
			_, err := to.Issue(t.Context(), Issue{Person: "Ada", Role: "king", Days: 1})
			return err
		},
		"no name": func(to Operations) error {
			_, err := to.Issue(t.Context(), Issue{Role: access.Member, Days: 1})
			return err
		},
		"too long": func(to Operations) error {
			_, err := to.Issue(t.Context(), Issue{Person: "Ada", Role: access.Member, Days: 4000})
			return err
		},
		"nothing waits of the person": func(to Operations) error {
			_, err := to.Retry(t.Context(), uuid.MustParse("6f1c3f0e-5d1b-4a43-9d0a-0d3f1f0f7c11"))
			return err
		},
		"no such token": func(to Operations) error { return to.Revoke(t.Context(), uuid.Nil) },
	} {
		var here, there *domain.Error
		if !errors.As(ask(local), &here) || !errors.As(ask(client), &there) || *here != *there {
			t.Errorf("%s: there %+v, here %+v", name, there, here)
		}
	}
	if _, err := client.Issue(t.Context(), Issue{Person: strings.Repeat("x", maxAsked), Role: access.Member, Days: 1}); domain.KindOf(err) != domain.TooLarge {
		t.Errorf("a huge request: %v", err)
	}
	if err := client.ask(t.Context(), http.MethodPost, "/v9/tokens", nil, nil); domain.KindOf(err) != domain.NotFound || !strings.Contains(err.Error(), "/v9/tokens") {
		t.Errorf("an operation of another version: %v", err)
	}
	if err := client.ask(t.Context(), http.MethodPost, tokensPath, map[string]string{"person": "Ada Lovelace", "rank": "king"}, nil); domain.KindOf(err) != domain.Invalid || strings.Contains(err.Error(), "Lovelace") {
		t.Errorf("an unknown field: %v", err)
	}
}

func TestABadAnswerIsAnErrorWithoutTheSecret(t *testing.T) {
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		kind    domain.Kind
	}{
		"cut off": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = w.Write([]byte(`{"secret":"imprint_x`))
		}, domain.Unavailable},
		"no JSON": {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("imprint_x")) }, domain.Internal},
		"endless": {func(w http.ResponseWriter, r *http.Request) {
			for page := bytes.Repeat([]byte("imprint_x"), 4096); r.Context().Err() == nil; {
				if _, err := w.Write(page); err != nil {
					return
				}
			}
		}, domain.TooLarge},
		"a fault without a word": {func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "imprint_x", http.StatusBadGateway) }, domain.Internal},
	} {
		_, err := over(t, c.handler).Issue(t.Context(), Issue{})
		if domain.KindOf(err) != c.kind || strings.Contains(err.Error(), "imprint_x") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
