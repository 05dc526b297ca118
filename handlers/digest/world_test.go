package digest_test

// The world of the tests: a real log, real read models and work tables in files,
// a folder of mails, a clock that is set by hand, and faults at every port.

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"imprint/adapters/maildir"
	"imprint/adapters/queries"
	"imprint/adapters/smtp"
	"imprint/adapters/sqlite/eventlog"
	"imprint/adapters/sqlite/views"
	"imprint/adapters/sqlite/workfile"
	"imprint/adapters/work"
	"imprint/domain"
	"imprint/domain/access"
	"imprint/domain/calendar"
	"imprint/domain/digest"
	"imprint/domain/document"
	"imprint/domain/event"
	"imprint/domain/library"
	"imprint/domain/mail"
	"imprint/domain/notice"
	"imprint/domain/person"
	"imprint/domain/schema"
	worker "imprint/handlers/digest"
	"imprint/projections"
	"imprint/projections/catalog"
	libraries "imprint/projections/library"
	"imprint/projections/notices"
)

// T is what testing.T and rapid.T have in common.
type T interface {
	Helper()
	Fatalf(format string, args ...any)
	Errorf(format string, args ...any)
}

type world struct {
	t       T
	ctx     context.Context
	folder  string
	log     *eventlog.Log
	store   *views.Store
	db      *workfile.DB
	work    *work.Digests
	keys    *work.Keys
	codec   *event.Codec
	engine  projections.Engine
	group   *projections.Group
	lags    bool // the read models do not come to the log's end within a round's patience
	runs    bool // they are fed by somebody else
	mails   *maildir.Directory
	links   *worker.Links
	logged  *bytes.Buffer
	service *worker.Service
	faults  *faults
	watch   worker.Watch     // of the next process
	bounced []person.Failure // what the workers were told of addresses
	mailer  worker.Mailer    // nil: mails go to the folder, as the faults say
	from    string           // the sender of the next process
	bounces string           // where reports of failure go, for the next process
	address string           // that persons choose
	narrow  bool             // memory has room for one person at a time
	broken  bool             // selecting fails

	rate, domainRate mail.Rate // of the next process
	connections      int       // of the next process

	mu       sync.Mutex
	now      time.Time
	leaseNow time.Time // the work database's clock
	began    time.Time // since when time goes by by itself; zero: it does not
}

var master = bytes.Repeat([]byte{5}, event.KeySize)

// start is a Monday, 06:00 in UTC.
var start = time.Date(2027, 3, 1, 6, 0, 0, 0, time.UTC)

func newWorld(t T) (*world, func()) {
	t.Helper()
	folder, err := os.MkdirTemp("", "digest")
	w := &world{t: t, ctx: context.Background(), folder: folder, now: start, leaseNow: start, logged: &bytes.Buffer{},
		from: "Halden <trust@halden.example>", address: address, connections: 2}
	w.must(err)
	w.log, err = eventlog.Open(w.ctx, filepath.Join(folder, "log.db"), eventlog.Options{Clock: w.clock})
	w.must(err)
	w.store, err = views.Open(w.ctx, filepath.Join(folder, "views.db"), time.Now)
	w.must(err)
	w.openWork("work.db")
	registry, err := schema.Registry()
	w.must(err)
	w.codec = event.NewCodec(registry, w.keys)
	w.engine = projections.Engine{Log: w.log, Registry: registry, Store: w.store, Holder: "test"}
	w.feed(readModels())
	w.must(w.group.CatchUp(w.ctx, nil))
	w.mails, err = maildir.Open(filepath.Join(folder, "mails"))
	w.must(err)
	w.links, err = worker.NewLinks("https://trust.halden.example", master)
	w.must(err)
	w.restart("one")
	return w, func() {
		w.must(errors.Join(w.log.Close(), w.store.Close(), w.db.Close(), os.RemoveAll(folder)))
	}
}

func (w *world) openWork(name string) {
	w.t.Helper()
	var err error
	w.db, err = workfile.Open(w.ctx, filepath.Join(w.folder, name), func() time.Time {
		w.mu.Lock()
		defer w.mu.Unlock()
		if !w.began.IsZero() {
			return w.leaseNow.Add(time.Since(w.began))
		}
		return w.leaseNow
	})
	w.must(err)
	w.work = work.NewDigests(w.db)
	if w.keys == nil {
		w.keys, err = work.NewKeys(w.db, master, w.clock)
		w.must(err)
	}
}

// restart is a new process: nothing of the old one is left but the files.
func (w *world) restart(holder string) {
	w.t.Helper()
	w.faults = &faults{copies: w.copies()}
	mailer := w.mailer
	if mailer == nil {
		mailer = faultyMailer{w.mails, w.faults}
	}
	var err error
	w.service, err = worker.New(
		worker.Config{Portal: "Halden Trust Center", From: w.from, Bounces: w.bounces, Holder: holder, Connections: w.connections,
			Rate: w.rate, DomainRate: w.domainRate, DomainSecret: master},
		worker.Ports{
			Log: faultyLog{w.log, w.faults}, Codec: w.codec, Keys: w.keys, Work: faultyWork{w.work, w.faults}, Rates: faultyRates{work.NewRates(w.db), w.faults},
			Notices: selection{queries.NewNotices(w.store), w}, Passed: folded{w}, Encoder: smtp.Encoder{},
			Mailer: mailer, Sent: w.mails, Links: w.links, Clock: w.clock,
			Logger: slog.New(slog.NewTextHandler(w.logged, nil)), Bounced: w.bounce, Watch: w.watch,
		})
	w.must(err)
}

// readModels are those that digests rest on, by name.
func readModels() map[string]projections.Projection {
	return map[string]projections.Projection{catalog.Name: catalog.Projection(), libraries.Name: libraries.Projection(), notices.Name: notices.Projection()}
}

// feed changes the program that folds the read models.
func (w *world) feed(by map[string]projections.Projection) {
	w.t.Helper()
	var err error
	w.group, err = w.engine.Group(slices.Collect(maps.Values(by))...)
	w.must(err)
}

// folded brings the read models to the log's end instead of waiting for it; where
// they lag, patience is at its end at once, and else it has none: a slow machine
// fails no test.
type folded struct{ *world }

func (f folded) Wait(ctx context.Context, at event.Position, names ...string) error {
	switch {
	case f.runs:
		return f.group.Wait(ctx, at, names...)
	case f.lags:
		ctx, end := context.WithCancel(ctx)
		end()
		return f.group.Wait(ctx, at, names...)
	}
	return f.group.CatchUp(context.WithoutCancel(ctx), nil)
}

// selection answers what it is asked, or no more than the least, or nothing.
type selection struct {
	*queries.Notices
	*world
}

func (s selection) Due(ctx context.Context, asks []notices.Ask) ([]notices.Found, error) {
	if s.broken {
		return nil, errDead
	}
	if s.narrow {
		asks = asks[:min(1, len(asks))]
	}
	return s.Notices.Due(ctx, asks)
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatalf("%v", err)
	}
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.began.IsZero() {
		return w.now.Add(time.Since(w.began))
	}
	return w.now
}

// let lets time go by on both clocks by itself, from now on.
func (w *world) let() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.began = time.Now()
}

// pass lets time go by on both clocks.
func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now, w.leaseNow = w.now.Add(d), w.leaseNow.Add(d)
}

// tell appends one event and answers its ordinal.
func (w *world) tell(stream event.Stream, p event.Payload) (ordinal int64, id uuid.UUID) {
	w.t.Helper()
	e, err := w.codec.Encode(w.ctx, event.Draft{Stream: stream, ID: uuid.New(), Payload: p, Meta: event.Metadata{Time: w.clock(), Actor: "someone"}})
	w.must(err)
	newest, err := w.log.ReadStreamBack(w.ctx, stream, 1)
	w.must(err)
	expected := event.NoStream
	if len(newest) > 0 {
		expected = newest[0].Revision
	}
	_, err = w.log.Append(w.ctx, stream, expected, []event.Event{e})
	w.must(err)
	head, err := w.log.Head(w.ctx)
	w.must(err)
	return head.Ordinal, e.ID
}

const address = "rosa@reader.example"

// choose changes a person's settings: daily at 08:00 UTC, weekly on Monday,
// monthly on the 1st.
func (w *world) choose(id uuid.UUID, f calendar.Frequency) int64 {
	w.t.Helper()
	ordinal, _ := w.tell(person.Stream(id), person.NotificationSettingsChanged{
		Person: id, Language: "en", Address: event.Personal(w.address),
		Schedule: calendar.Schedule{Frequency: f, Hour: 8, Weekday: time.Monday, MonthDay: 1, Zone: "UTC"},
	})
	return ordinal
}

func (w *world) publish(title string) uuid.UUID { return w.publishIn(uuid.Nil, title) }

// publishIn publishes a document of a series; its notice is not released.
func (w *world) publishIn(line uuid.UUID, title string) uuid.UUID {
	w.t.Helper()
	id := uuid.New()
	w.tell(document.Stream(id), document.Published{Document: id, Audience: access.Audience{Kind: access.Everyone},
		Details: document.Details{Title: domain.English(title), Series: line, Categories: []string{"reports"}}, Version: version(1, "First")})
	return id
}

func version(n int, summary string) document.Version {
	return document.Version{Number: n, Major: true, Summary: domain.English(summary), PublishedAt: start,
		Files: []document.File{{Locale: "en", Name: "a.pdf", SHA256: fmt.Sprintf("%064d", n), Bytes: 1, MediaType: "application/pdf"}}}
}

func (w *world) save(reader, doc uuid.UUID) {
	w.t.Helper()
	w.tell(library.Stream(reader), library.Saved{Person: reader, Document: doc, Version: 1, Title: domain.English("Saved")})
}

func (w *world) remove(reader, doc uuid.UUID) {
	w.t.Helper()
	w.tell(library.Stream(reader), library.Removed{Person: reader, Document: doc})
}

// update publishes a version and releases its notice; both ordinals are answered.
func (w *world) update(doc uuid.UUID, n int) (cause, release int64) {
	w.t.Helper()
	cause, id := w.tell(document.Stream(doc), document.Versioned{Document: doc, Version: version(n, fmt.Sprintf("Summary of version %d.", n))})
	release, _ = w.tell(notice.Stream(id), notice.Released{Cause: id, CauseOrdinal: cause, Kind: notice.NewVersion, Document: doc, Version: n})
	return cause, release
}

func (w *world) round() worker.Report {
	w.t.Helper()
	r, err := w.service.RunOnce(w.ctx)
	w.must(err)
	return r
}

// facts lists what the log says of a person's digests.
func (w *world) facts(id uuid.UUID) []event.Payload {
	w.t.Helper()
	recorded, err := w.log.ReadStream(w.ctx, digest.Stream(id), 0, 1000)
	w.must(err)
	var facts []event.Payload
	for _, e := range recorded {
		p, err := w.codec.Registry().Decode(e)
		w.must(err)
		facts = append(facts, p)
	}
	return facts
}

func (w *world) sent(id uuid.UUID) []digest.Sent {
	w.t.Helper()
	var sent []digest.Sent
	for _, f := range w.facts(id) {
		if s, ok := f.(digest.Sent); ok {
			sent = append(sent, s)
		}
	}
	return sent
}

func (w *world) standing(id uuid.UUID) digest.Standing {
	w.t.Helper()
	st, _, err := w.work.Find(w.ctx, id)
	w.must(err)
	return st
}
