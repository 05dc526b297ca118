package handlers_test

// Here: the world in which the handlers are tested. Log, keys, look-ups and bytes
// are the embedded ones; what is visible is folded from the log itself.

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"imprint/adapters/blob"
	"imprint/adapters/kurrent"
	"imprint/adapters/kurrent/kurrenttest"
	"imprint/adapters/sqlite/eventlog"
	"imprint/adapters/sqlite/workfile"
	"imprint/adapters/work"
	"imprint/domain"
	"imprint/domain/access"
	"imprint/domain/category"
	"imprint/domain/document"
	"imprint/domain/event"
	"imprint/domain/schema"
	"imprint/domain/series"
	"imprint/handlers"
	"imprint/handlers/digest"
	"imprint/projections/catalog"
)

var (
	now       = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	everyone  = access.Audience{Kind: access.Everyone}
	signedIn  = access.Audience{Kind: access.SignedIn}
	publisher = access.Reader{Person: uuid.NewString(), Role: access.Publisher}
	operator  = access.Reader{Person: event.OperatorActor}
	reason    = domain.English("It was wrong.")
)

type world struct {
	t     testing.TB
	dir   string
	log   event.Log
	codec *event.Codec
	keys  *work.Keys
	db    *workfile.DB
	blobs *blob.Directory
	// requests are noted where the log does not know the ids of its events.
	requests handlers.Requests
	asked    int // requests made so far
	titles   int
}

func newWorld(t testing.TB) *world {
	t.Helper()
	dir := t.TempDir()
	log, err := eventlog.Open(t.Context(), filepath.Join(dir, "log.db"), eventlog.Options{Clock: clock})
	ok(t, err)
	t.Cleanup(func() { _ = log.Close() })
	return newWorldOn(t, dir, log)
}

// onEachLog runs a test with a log that knows the ids of its events, and with one
// that does not.
func onEachLog(t *testing.T, test func(t *testing.T, newWorld func(testing.TB) *world)) {
	t.Run("ids are known", func(t *testing.T) { test(t, newWorld) })
	t.Run("ids are not known", func(t *testing.T) {
		test(t, func(t testing.TB) *world {
			t.Helper()
			log, err := kurrent.Open(t.Context(), kurrent.Options{Address: kurrenttest.Start(t).ConnectionString(), Installation: "test", Clock: clock})
			ok(t, err)
			t.Cleanup(func() { _ = log.Close() })
			w := newWorldOn(t, t.TempDir(), log)
			w.requests = work.NewRequests(w.db)
			return w
		})
	})
}

// newWorldOn is a world around a log.
func newWorldOn(t testing.TB, dir string, log event.Log) *world {
	t.Helper()
	ctx := t.Context()
	db, err := workfile.Open(ctx, filepath.Join(dir, "work.db"), time.Now)
	ok(t, err)
	t.Cleanup(func() { _ = db.Close() })
	keys, err := work.NewKeys(db, bytes.Repeat([]byte{1}, event.KeySize), clock)
	ok(t, err)
	registry, err := schema.Registry()
	ok(t, err)
	blobs, err := blob.Open(filepath.Join(dir, "blobs"), blob.Options{MaxBytes: 1 << 20})
	ok(t, err)
	return &world{t: t, dir: dir, log: log, codec: event.NewCodec(registry, keys), keys: keys, db: db, blobs: blobs}
}

func clock() time.Time { return now }

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// refused checks that an error is a refusal by a rule.
func refused(t testing.TB, err error, kind domain.Kind, code string) {
	t.Helper()
	var e *domain.Error
	if !errors.As(err, &e) || e.Kind != kind || e.Code != code {
		t.Fatalf("got %v; want the refusal %s/%s", err, kind, code)
	}
}

func (w *world) journal(log event.Log) *handlers.Journal {
	return handlers.NewJournal(log, w.codec, clock, w.requests)
}

// publishing is a handler of its own, as another program would have it.
func (w *world) publishing() *handlers.Publishing { return w.publishingOn(w.log) }

func (w *world) publishingOn(log event.Log) *handlers.Publishing {
	return handlers.NewPublishing(w.journal(log), w.blobs, w)
}

func (w *world) libraries() *handlers.Libraries {
	return handlers.NewLibraries(w.journal(w.log), w, func(context.Context, event.Position, ...string) error { return nil })
}

func (w *world) people() *handlers.People {
	return w.peopleOf(w.journal(w.log))
}

// peopleAt is the handler at another time.
func (w *world) peopleAt(at time.Time) *handlers.People {
	return w.peopleOf(handlers.NewJournal(w.log, w.codec, func() time.Time { return at }, nil))
}

func (w *world) peopleOf(journal *handlers.Journal) *handlers.People {
	facts := digest.NewFacts(w.log, w.codec.Registry(), work.NewDigests(w.db))
	return handlers.NewPeople(journal, w.keys, work.NewNames(w.db), work.NewTokens(w.db), facts)
}

// ask makes a request of its own id.
func (w *world) ask(who access.Reader) handlers.Request {
	w.asked++
	return handlers.Request{ID: fmt.Sprintf("request %d", w.asked), Actor: who, Fingerprint: fmt.Sprintf("print %d", w.asked)}
}

// files stores bytes and names them.
func (w *world) files(content string) []document.File {
	w.t.Helper()
	hash := sha256.Sum256([]byte(content))
	held, err := w.blobs.Has(context.Background(), hex.EncodeToString(hash[:]))
	ok(w.t, err)
	if !held {
		_, err := w.blobs.Put(context.Background(), strings.NewReader(content))
		ok(w.t, err)
	}
	return []document.File{{Locale: "en", Name: "report.pdf", SHA256: hex.EncodeToString(hash[:]), Bytes: int64(len(content)), MediaType: "application/pdf"}}
}

// first is a document to publish.
func (w *world) first(audience access.Audience) handlers.PublishDocument {
	w.titles++
	return handlers.PublishDocument{
		Details: document.Details{Title: domain.English(fmt.Sprintf("Report %d", w.titles))}, Audience: audience,
		Files: w.files("first"), Summary: domain.English("First"),
	}
}

func (w *world) version(id uuid.UUID, basedOn int, content string) handlers.AddVersion {
	return handlers.AddVersion{Document: id, BasedOn: basedOn, Major: true, Files: w.files(content), Summary: domain.English(content)}
}

// published is a new document.
func (w *world) published(audience access.Audience) uuid.UUID {
	w.t.Helper()
	done, err := w.publishing().Publish(context.Background(), w.ask(publisher), w.first(audience))
	ok(w.t, err)
	return done.Document
}

// hidden is a document with an audience of a newer program, which hides it from
// everyone here.
func (w *world) hidden() uuid.UUID {
	w.t.Helper()
	id := w.published(everyone)
	e, err := w.codec.Encode(context.Background(), event.Draft{
		Stream: document.Stream(id), ID: uuid.New(), Meta: event.Metadata{Time: now, Actor: event.OperatorActor},
		Payload: document.AudienceChanged{Document: id, Audience: access.Audience{Kind: "organisations"}}, SaltKey: document.Key(id),
	})
	ok(w.t, err)
	_, err = w.log.Append(context.Background(), document.Stream(id), 0, []event.Event{e})
	ok(w.t, err)
	return id
}

// events reads a stream.
func (w *world) events(stream event.Stream) []event.Recorded {
	w.t.Helper()
	events, err := w.log.ReadStream(context.Background(), stream, 0, 10_000)
	ok(w.t, err)
	return events
}

// end is how many events the log holds.
func (w *world) end() int64 {
	w.t.Helper()
	head, err := w.log.Head(context.Background())
	ok(w.t, err)
	return head.Ordinal
}

// Document implements handlers.Visible on the log.
func (w *world) Document(_ context.Context, r access.Reader, id uuid.UUID) (catalog.Document, error) {
	var s document.State
	for _, e := range w.events(document.Stream(id)) {
		p, err := w.codec.Registry().Decode(e)
		ok(w.t, err)
		s = s.Fold(p)
	}
	if !s.Exists() || !access.MaySee(r, s.Audience()) {
		return catalog.Document{}, domain.Refuse(domain.NotFound, "not-found", "there is no such document")
	}
	return catalog.Document{Item: catalog.Item{ID: id, Title: s.Details().Title, Series: s.Details().Series, Version: s.Current()}}, nil
}

// Series implements handlers.Visible on the log.
func (w *world) Series(_ context.Context, _ access.Reader, id uuid.UUID, _ catalog.Page) (catalog.Series, error) {
	if len(w.events(series.Stream(id))) == 0 {
		return catalog.Series{}, domain.Refuse(domain.NotFound, "not-found", "there is no such series")
	}
	return catalog.Series{ID: id}, nil
}

// HeldBy implements handlers.CategoryHolds on the log.
func (w *world) HeldBy(ctx context.Context, id string) (int, error) {
	all, err := w.log.ReadAll(ctx, event.Checkpoint{}, 10_000)
	held := map[uuid.UUID]bool{}
	for _, e := range all {
		p, err := w.codec.Registry().Decode(e)
		ok(w.t, err)
		switch e := p.(type) {
		case document.Published:
			held[e.Document] = strings.Contains(strings.Join(e.Details.Categories, " "), id)
		case document.DetailsRevised:
			held[e.Document] = strings.Contains(strings.Join(e.Details.Categories, " "), id)
		}
	}
	n := 0
	for _, in := range held {
		if in {
			n++
		}
	}
	return n, err
}

func (w *world) define(id string) {
	w.t.Helper()
	_, err := w.publishing().DefineCategory(context.Background(), w.ask(publisher), handlers.DefineCategory{Category: id, Group: category.Reports, Name: domain.English(id)})
	ok(w.t, err)
}
