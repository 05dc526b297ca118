package api_test

// The world in which the API is tested: the embedded engines, the read models
// kept up to date by the real runners, and a server in front.

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"imprint/adapters/blob"
	"imprint/adapters/queries"
	"imprint/adapters/sqlite/eventlog"
	"imprint/adapters/sqlite/views"
	"imprint/adapters/sqlite/workfile"
	"imprint/adapters/work"
	"imprint/domain/access"
	"imprint/domain/event"
	"imprint/domain/schema"
	"imprint/handlers"
	"imprint/handlers/api"
	"imprint/handlers/bounces"
	"imprint/handlers/digest"
	"imprint/handlers/web"
	"imprint/projections"
	"imprint/projections/catalog"
	"imprint/projections/history"
	"imprint/projections/library"
)

const maxUpload = 64 << 10 // small, so that tests reach it

type world struct {
	t       *testing.T
	dir     string
	persons map[string]access.Reader
	server  *httptest.Server
	log     event.Log
	logged  *syncBuffer
	close   func()
	run     func()        // starts the read models and waits for the log's end
	halt    func()        // stops them
	ahead   atomic.Int64  // nanoseconds by which the clock of the edge is ahead
	waiting chan struct{} // a signal for each wait that begins, as far as anybody listens
}

// newWorld opens a folder with a publisher, two readers, an auditor and an
// administrator.
func newWorld(t *testing.T) *world {
	t.Helper()
	w := newStillWorld(t)
	w.run()
	return w
}

// newStillWorld is a world whose read models stand still until they are run.
func newStillWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir(), logged: &syncBuffer{}, persons: map[string]access.Reader{}, waiting: make(chan struct{})}
	w.open()
	t.Cleanup(func() { w.close() })
	return w
}

// reopen is a restart.
func (w *world) reopen() {
	w.t.Helper()
	w.close()
	w.open()
	w.run()
}

func (w *world) open() {
	t := w.t
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	log, err := eventlog.Open(ctx, filepath.Join(w.dir, "log.db"), eventlog.Options{})
	check(t, err)
	db, err := workfile.Open(ctx, filepath.Join(w.dir, "work.db"), time.Now)
	check(t, err)
	keys, err := work.NewKeys(db, bytes.Repeat([]byte{1}, event.KeySize), time.Now)
	check(t, err)
	registry, err := schema.Registry()
	check(t, err)
	blobs, err := blob.Open(filepath.Join(w.dir, "blobs"), blob.Options{})
	check(t, err)
	store, err := views.Open(ctx, filepath.Join(w.dir, "views.db"), time.Now)
	check(t, err)
	engine := projections.Engine{Log: log, Registry: registry, Store: store, Holder: "test"}
	group, err := engine.Group(catalog.Projection(), library.Projection(), history.Projection())
	check(t, err)
	var running sync.WaitGroup
	w.halt = func() {}
	w.run = func() {
		fed, halt := context.WithCancel(ctx)
		w.halt = func() { halt(); running.Wait() }
		running.Go(func() { _ = group.Run(fed) })
		head, err := log.Head(ctx)
		check(t, err)
		check(t, group.Wait(ctx, head.Position))
	}

	codec := event.NewCodec(registry, keys)
	questions := queries.NewCatalog(store, views.Search{})
	journal := handlers.NewJournal(log, codec, time.Now, nil)
	facts := digest.NewFacts(log, registry, work.NewDigests(db))
	people := handlers.NewPeople(journal, keys, work.NewNames(db), work.NewTokens(db), facts)
	links, err := digest.NewLinks("https://trust.halden.example", bytes.Repeat([]byte{1}, 32))
	check(t, err)
	w.join(ctx, people)
	secret, err := web.NewKeys(bytes.Repeat([]byte{2}, 32))
	check(t, err)
	h, err := api.New(api.Parts{
		Publishing: handlers.NewPublishing(journal, blobs, questions),
		Libraries:  handlers.NewLibraries(journal, questions, group.Wait),
		People:     people,
		Domains:    handlers.NewMailDomains(journal),
		Catalog:    questions,
		Library:    queries.NewLibrary(store),
		History:    queries.NewHistory(store),
		Settings:   people,
		Reports:    bounces.New(links, bounces.Commands{People: people}, facts, slog.New(slog.NewJSONHandler(w.logged, nil))),
		Store:      blobs,
		Head:       log.Head,
		Wait: func(ctx context.Context, p event.Position, names ...string) error {
			select {
			case w.waiting <- struct{}{}:
			default:
			}
			return group.Wait(ctx, p, names...)
		},
		Clock:     time.Now,
		Keys:      secret,
		MaxUpload: maxUpload,
	})
	check(t, err)
	fresh := web.Freshness{
		Log: log, Lag: time.Minute, Clock: func() time.Time { return time.Now().Add(time.Duration(w.ahead.Load())) },
		Applied: func() (event.Checkpoint, bool) { return group.Status()[0].Checkpoint, group.Status()[0].Stopped != "" },
	}
	edge := &web.Edge{Stale: fresh.Stale, Log: slog.New(slog.NewJSONHandler(w.logged, nil)), Authenticator: web.Development{Persons: w.persons, Otherwise: web.Bearer{Tokens: people}}}
	w.log, w.server = log, httptest.NewServer(edge.Handler(h))
	w.close = func() {
		w.server.Close()
		stop()
		running.Wait()
		check(t, errors.Join(store.Close(), db.Close(), log.Close()))
	}
}

// join makes the persons, at most once a folder.
func (w *world) join(ctx context.Context, people *handlers.People) {
	w.t.Helper()
	for name, role := range map[string]access.Role{"paula": access.Publisher, "rita": access.Member, "ruth": access.Member, "anton": access.Auditor, "ada": access.Administrator, "mx": access.Postmaster} {
		joined, err := people.Join(ctx, handlers.Request{ID: "join " + name, Actor: access.Reader{Person: event.OperatorActor}}, name)
		check(w.t, err)
		w.persons[name] = access.Reader{Person: joined.Person.String(), Role: role}
	}
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// call is one request; the zero fields are left out.
type call struct {
	who    string // "": anonymous
	method string // "": GET
	path   string
	header map[string]string
	body   any // JSON, or []byte and string as they are
	key    string
	noKey  bool
}

// reply is one answer.
type reply struct {
	status int
	header http.Header
	body   []byte
}

func (w *world) do(c call) reply {
	w.t.Helper()
	r, err := w.send(c)
	check(w.t, err)
	return r
}

func (w *world) send(c call) (reply, error) {
	if c.method == "" {
		c.method = http.MethodGet
	}
	var body io.Reader
	typed := "application/json"
	switch b := c.body.(type) {
	case nil:
	case []byte:
		body = bytes.NewReader(b)
	case string:
		body = strings.NewReader(b)
	default:
		text, err := json.Marshal(b)
		if err != nil {
			return reply{}, err
		}
		body = bytes.NewReader(text)
	}
	r, err := http.NewRequest(c.method, w.server.URL+c.path, body)
	if err != nil {
		return reply{}, err
	}
	if c.body != nil {
		r.Header.Set("Content-Type", typed)
	}
	if c.who != "" {
		r.Header.Set(web.PersonHeader, c.who)
	}
	if c.key == "" && !c.noKey && c.method == http.MethodPost {
		c.key = uuid.NewString()
	}
	if c.key != "" {
		r.Header.Set("Idempotency-Key", c.key)
	}
	for name, value := range c.header {
		r.Header.Set(name, value)
	}
	answer, err := w.server.Client().Do(r)
	if err != nil {
		return reply{}, err
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	return reply{status: answer.StatusCode, header: answer.Header, body: text}, err
}

// want fails unless the status is the one wanted.
func (r reply) want(t testing.TB, status int) reply {
	t.Helper()
	if r.status != status {
		t.Fatalf("status %d, not %d: %.500s", r.status, status, r.body)
	}
	return r
}

// problem fails unless the answer is a problem document of the status and code.
func (r reply) problem(t testing.TB, status int, code string) web.Problem {
	t.Helper()
	var p web.Problem
	if err := json.Unmarshal(r.body, &p); err != nil || r.header.Get("Content-Type") != web.ProblemType {
		t.Fatalf("status %d is no problem document (%v, %s): %.300s", r.status, err, r.header.Get("Content-Type"), r.body)
	}
	if r.status != status || p.Status != status || p.Code != code {
		t.Fatalf("status %d, code %q; want %d, %q: %s", r.status, p.Code, status, code, r.body)
	}
	if p.Type != web.ProblemPath+code || p.Title == "" || p.Detail == "" || p.Instance != "urn:uuid:"+r.header.Get(web.CorrelationHeader) {
		t.Fatalf("incomplete problem: %s", r.body)
	}
	return p
}

// into reads the body.
func into[T any](t testing.TB, r reply) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(r.body, &v); err != nil {
		t.Fatalf("%v: %.300s", err, r.body)
	}
	return v
}

const pdf = "%PDF-1.7\n"

// upload stores bytes and answers their hash.
func (w *world) upload(content string) string {
	w.t.Helper()
	r := w.do(call{who: "paula", method: "POST", path: "/api/v1/contents", body: content, noKey: true, header: map[string]string{"Content-Type": "application/pdf"}})
	return into[api.Stored](w.t, r.want(w.t, 201)).SHA256
}

type object = map[string]any

func english(s string) object { return object{"en": s} }

// newDocument describes a document whose bytes are stored.
func (w *world) newDocument(title, audience string) object {
	w.t.Helper()
	return object{
		"title": english(title), "audience": audience, "summary": english("First issue"),
		"files": []object{{"name": "report.pdf", "sha256": w.upload(pdf + title)}},
	}
}

// published is a new document that the read models show.
func (w *world) published(title, audience string) api.DocumentReceipt {
	w.t.Helper()
	r := w.do(call{who: "paula", method: "POST", path: "/api/v1/documents", body: w.newDocument(title, audience)})
	d := into[api.DocumentReceipt](w.t, r.want(w.t, 201))
	w.seen(d.WaitToken)
	return d
}

// seen waits until the read models show a write.
func (w *world) seen(token string) {
	w.t.Helper()
	w.do(call{path: "/api/v1/categories?wait=" + token}).want(w.t, 200)
}

func documentURL(id uuid.UUID) string { return "/api/v1/documents/" + id.String() }

// form writes a multipart body with a boundary of its own.
func form(boundary string, parts ...[3]string) (string, map[string]string) {
	var b strings.Builder
	for _, p := range parts {
		fmt.Fprintf(&b, "--%s\r\nContent-Disposition: form-data; %s\r\nContent-Type: %s\r\n\r\n%s\r\n", boundary, p[0], p[1], p[2])
	}
	fmt.Fprintf(&b, "--%s--\r\n", boundary)
	return b.String(), map[string]string{"Content-Type": "multipart/form-data; boundary=" + boundary}
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}
