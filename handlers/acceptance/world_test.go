package acceptance_test

// The world: the embedded engines with everything that runs on them, wired as the
// program wires them, under a clock that is set by hand.

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"imprint/adapters/blob"
	"imprint/adapters/maildir"
	"imprint/adapters/queries"
	"imprint/adapters/smtp"
	"imprint/adapters/sqlite/eventlog"
	"imprint/adapters/sqlite/views"
	"imprint/adapters/sqlite/workfile"
	"imprint/adapters/telemetry/metrics"
	"imprint/adapters/telemetry/traces"
	"imprint/adapters/work"
	"imprint/domain/access"
	"imprint/domain/document"
	"imprint/domain/event"
	"imprint/domain/mail"
	"imprint/domain/schema"
	"imprint/handlers"
	"imprint/handlers/api"
	"imprint/handlers/bounces"
	"imprint/handlers/digest"
	"imprint/handlers/reactions"
	"imprint/handlers/web"
	"imprint/projections"
	"imprint/projections/catalog"
	"imprint/projections/history"
	"imprint/projections/library"
	"imprint/projections/notices"
)

const portal = "https://trust.halden.example"

// start is a Monday, 06:00 in UTC.
var start = time.Date(2027, 3, 1, 6, 0, 0, 0, time.UTC)

type world struct {
	sentMails  *maildir.Directory
	t          testing.TB
	log        *eventlog.Log
	codec      *event.Codec
	group      *projections.Group
	publishing *handlers.Publishing
	people     *handlers.People
	reactions  *reactions.Reactions
	digests    *digest.Service
	links      *digest.Links
	outcomes   *outcomes
	server     *httptest.Server
	persons    map[string]access.Reader
	metrics    *metrics.Metrics
	traces     *traces.Traces
	spans      *spans
	said       *said // by the program's log

	mu  sync.Mutex
	now time.Time
}

// newWorld opens a world whose notices have no grace period.
func newWorld(t *testing.T) *world { return newWorldWith(t, 0) }

func newWorldWith(t *testing.T, grace time.Duration) *world {
	t.Helper()
	ctx, dir := context.Background(), t.TempDir()
	w := &world{t: t, now: start, persons: map[string]access.Reader{}, spans: &spans{}, said: &said{}}
	logger := slog.New(slog.NewTextHandler(w.said, &slog.HandlerOptions{Level: slog.LevelDebug}))
	master := bytes.Repeat([]byte{7}, event.KeySize)
	log, err := eventlog.Open(ctx, filepath.Join(dir, "log.db"), eventlog.Options{Clock: w.clock})
	w.check(err)
	db, err := workfile.Open(ctx, filepath.Join(dir, "work.db"), time.Now)
	w.check(err)
	keys, err := work.NewKeys(db, master, w.clock)
	w.check(err)
	store, err := views.Open(ctx, filepath.Join(dir, "views.db"), time.Now)
	w.check(err)
	blobs, err := blob.Open(filepath.Join(dir, "content"), blob.Options{})
	w.check(err)
	mails, err := maildir.Open(filepath.Join(dir, "mail"))
	w.check(err)
	w.sentMails = mails
	registry, err := schema.Registry()
	w.check(err)

	w.log, w.codec, w.metrics = log, event.NewCodec(registry, keys), metrics.New(w.clock)
	w.traces, err = traces.New(ctx, w.spans, 1, log, logger)
	w.check(err)
	watched := w.traces.Log(w.metrics.Log(log))
	w.group, err = projections.Engine{Log: watched, Registry: registry, Store: store, Holder: "test", Folded: w.folded}.
		Group(catalog.Projection(), library.Projection(), history.Projection(), notices.Projection())
	w.check(err)
	shelf := queries.NewCatalog(store, views.Search{})
	journal := handlers.NewJournal(watched, w.codec, w.clock, nil)
	w.publishing = handlers.NewPublishing(journal, blobs, shelf)
	facts := digest.NewFacts(watched, registry, work.NewDigests(db))
	w.people = handlers.NewPeople(journal, keys, work.NewNames(db), work.NewTokens(db), facts)
	w.reactions = reactions.New(watched, w.codec, work.NewReactions(db), reactions.Commands{People: w.people}, w.clock, grace)
	w.links, err = digest.NewLinks(portal, master)
	w.check(err)
	w.outcomes = &outcomes{Mailer: mails}
	w.digests, err = digest.New(
		digest.Config{Portal: "Halden Trust Center", From: "Halden <trust@halden.example>", Holder: "test", Connections: 1},
		digest.Ports{
			Log: watched, Codec: w.codec, Keys: keys, Work: work.NewDigests(db), Notices: queries.NewNotices(store),
			Passed: follower{w.group}, Encoder: smtp.Encoder{}, Mailer: w.outcomes, Sent: mails, Links: w.links,
			Clock: w.clock, Logger: logger, Watch: w.mailing,
		})
	w.check(err)
	secret, err := web.NewKeys(master)
	w.check(err)
	programming, err := api.New(api.Parts{
		Publishing: w.publishing, Libraries: handlers.NewLibraries(journal, shelf, w.group.Wait), People: w.people, Domains: handlers.NewMailDomains(journal),
		Catalog: shelf, Library: queries.NewLibrary(store), History: queries.NewHistory(store), Settings: w.people,
		Store: w.metrics.Content(blobs), Head: log.Head, Wait: follower{w.group}.Wait, Clock: w.clock, Keys: secret, MaxUpload: 1 << 20,
		Reports: bounces.New(w.links, bounces.Commands{People: w.people}, facts, logger),
	})
	w.check(err)
	edge := &web.Edge{Log: logger, Watch: w.arrived, Authenticator: web.Development{Persons: w.persons, Otherwise: web.Bearer{Tokens: w.people}}}
	w.server = httptest.NewServer(edge.Handler(programming))
	t.Cleanup(func() {
		w.server.Close()
		w.check(errors.Join(w.traces.Close(ctx), log.Close(), store.Close(), db.Close()))
		w.said.holdsNothingPersonal(t)
	})
	for name, role := range map[string]access.Role{"paula": access.Publisher, "peter": access.Publisher, "rita": access.Member, "ruth": access.Member, "anton": access.Auditor} {
		joined, err := w.people.Join(ctx, handlers.Request{ID: "join-" + name, Actor: access.Reader{Person: event.OperatorActor}}, name)
		w.check(err)
		w.persons[name] = access.Reader{Person: joined.Person.String(), Role: role}
	}
	w.follow()
	return w
}

// follower brings the read models to the log's end instead of waiting for it,
// however long that takes.
type follower struct{ group *projections.Group }

func (f follower) Wait(ctx context.Context, _ event.Position, _ ...string) error {
	return f.group.CatchUp(context.WithoutCancel(ctx), nil)
}

// outcomes answers for the mail server as scripted, and then lets mails through.
type outcomes struct {
	digest.Mailer
	script []mail.Outcome
}

func (o *outcomes) Send(ctx context.Context, m mail.Message) mail.Outcome {
	if len(o.script) == 0 {
		return o.Mailer.Send(ctx, m)
	}
	next := o.script[0]
	o.script = o.script[1:]
	return next
}

func (w *world) check(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) pass(d time.Duration) { w.at(w.clock().Add(d)) }

func (w *world) at(t time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = t
}

// follow brings the read models to the log's end; nothing may be parked.
func (w *world) follow() {
	w.t.Helper()
	w.check(w.group.CatchUp(context.Background(), nil))
	for _, s := range w.group.Status() {
		if s.Parked > 0 || s.Stopped != "" {
			w.t.Fatalf("%s: %+v", s.Projection, s)
		}
	}
}

// react lets everything follow that is due now: reactions, then one round of
// digests.
func (w *world) react() digest.Report {
	w.t.Helper()
	w.check(w.reactions.CatchUp(context.Background()))
	w.follow()
	report, err := w.digests.RunOnce(context.Background())
	w.check(err)
	w.follow()
	return report
}

// person is the id of someone by name.
func (w *world) person(name string) uuid.UUID { return uuid.MustParse(w.persons[name].Person) }

// hide narrows a document to an audience that holds nobody: organisations, whose
// audiences the API will set, are not there yet.
func (w *world) hide(id uuid.UUID) {
	w.t.Helper()
	ctx, stream := context.Background(), document.Stream(id)
	newest, err := w.log.ReadStreamBack(ctx, stream, 1)
	w.check(err)
	e, err := w.codec.Encode(ctx, event.Draft{Stream: stream, ID: uuid.New(), Meta: event.Metadata{Time: w.clock(), Actor: "someone"},
		Payload: document.AudienceChanged{Document: id, Audience: access.Audience{Kind: "nobody"}}})
	w.check(err)
	_, err = w.log.Append(ctx, stream, newest[0].Revision, []event.Event{e})
	w.check(err)
	w.follow()
}
