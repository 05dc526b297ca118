package portal_test

// Here: the world in which the pages are tested. All engines are the embedded
// ones, behind the edge that they have in the program.

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"golang.org/x/net/html"

	"imprint/adapters/blob"
	"imprint/adapters/maildir"
	"imprint/adapters/queries"
	"imprint/adapters/smtp"
	"imprint/adapters/sqlite/eventlog"
	"imprint/adapters/sqlite/views"
	"imprint/adapters/sqlite/workfile"
	"imprint/adapters/work"
	"imprint/domain"
	"imprint/domain/access"
	"imprint/domain/category"
	"imprint/domain/document"
	"imprint/domain/event"
	"imprint/domain/schema"
	"imprint/handlers"
	"imprint/handlers/digest"
	"imprint/handlers/portal"
	"imprint/handlers/web"
	"imprint/projections"
	"imprint/projections/catalog"
	"imprint/projections/history"
	"imprint/projections/library"
	"imprint/projections/notices"
)

var (
	start    = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	operator = access.Reader{Person: event.OperatorActor}
	master   = bytes.Repeat([]byte{7}, 32)
)

// The persons, by the keys under which requests name them.
const (
	nobody = ""
	rosa   = "rosa" // a reader
	lena   = "lena" // another one
	paul   = "paul" // a publisher
	ada    = "ada"  // an auditor
)

type world struct {
	t          testing.TB
	handler    http.Handler
	log        event.Log
	codec      *event.Codec
	blobs      *blob.Directory
	publishing *handlers.Publishing
	people     *handlers.People
	libraries  *handlers.Libraries
	mails      *maildir.Directory
	links      *digest.Links
	readers    map[string]access.Reader
	fold       sync.Mutex
	now        time.Time
	asked      int
	stale      bool   // the read models count as behind
	accepts    string // the language that browsers ask for
}

func newWorld(t testing.TB) *world {
	t.Helper()
	ctx, dir := context.Background(), t.TempDir()
	w := &world{t: t, now: start, readers: map[string]access.Reader{}}
	clock := func() time.Time { return w.now }
	log, err := eventlog.Open(ctx, filepath.Join(dir, "log.db"), eventlog.Options{Clock: clock})
	w.ok(err)
	db, err := workfile.Open(ctx, filepath.Join(dir, "work.db"), time.Now)
	w.ok(err)
	store, err := views.Open(ctx, filepath.Join(dir, "views.db"), clock)
	w.ok(err)
	t.Cleanup(func() { w.ok(store.Close()); w.ok(db.Close()); w.ok(log.Close()) })
	keys, err := work.NewKeys(db, master, clock)
	w.ok(err)
	registry, err := schema.Registry()
	w.ok(err)
	w.blobs, err = blob.Open(filepath.Join(dir, "blobs"), blob.Options{MaxBytes: 1 << 20})
	w.ok(err)
	w.mails, err = maildir.Open(filepath.Join(dir, "mails"))
	w.ok(err)
	w.links, err = digest.NewLinks("https://trust.example", master)
	w.ok(err)
	w.log, w.codec = log, event.NewCodec(registry, keys)
	group, err := projections.Engine{Log: log, Registry: registry, Store: store, Holder: "test"}.Group(catalog.Projection(), library.Projection(), history.Projection(), notices.Projection())
	w.ok(err)
	shelf := queries.NewCatalog(store, views.Search{})
	journal := handlers.NewJournal(log, w.codec, clock, nil)
	w.publishing = handlers.NewPublishing(journal, w.blobs, shelf)
	w.people = handlers.NewPeople(journal, keys, work.NewNames(db), work.NewTokens(db), digest.NewFacts(log, registry, work.NewDigests(db)))
	for key, role := range map[string]access.Role{rosa: access.Member, lena: access.Member, paul: access.Publisher, ada: access.Auditor} {
		joined, err := w.people.Join(ctx, w.ask(operator), key)
		w.ok(err)
		w.readers[key] = access.Reader{Person: joined.Person.String(), Role: role}
	}
	edgeKeys, err := web.NewKeys(master)
	w.ok(err)
	digests, err := digest.New(digest.Config{Portal: "Halden Trust", From: "Halden <trust@halden.example>", Holder: "test", Connections: 1}, digest.Ports{
		Log: log, Codec: w.codec, Keys: keys, Work: work.NewDigests(db), Notices: queries.NewNotices(store), Passed: group,
		Encoder: smtp.Encoder{}, Mailer: w.mails, Sent: w.mails, Links: w.links, Clock: clock, Logger: slog.New(slog.DiscardHandler),
	})
	w.ok(err)
	w.libraries = handlers.NewLibraries(journal, shelf, func(context.Context, event.Position, ...string) error { return nil })
	parts := portal.Parts{
		Name: "Halden Trust", URL: "https://trust.example",
		Catalog: shelf, Library: queries.NewLibrary(store), History: queries.NewHistory(store),
		Libraries: w.libraries, People: w.people, Settings: w.people,
		Store: w.blobs, Head: log.Head, Clock: clock, Keys: edgeKeys, Mails: w.mails, Recipient: w.links.Recipient, Forecasts: digests, Unsubscriber: w, Confirmer: w, Addressee: w.addressee,
		// Waiting folds: what a test wrote by itself is seen once a page asks.
		Wait: func(ctx context.Context, _ event.Position, _ ...string) error {
			w.fold.Lock()
			defer w.fold.Unlock()
			return group.CatchUp(ctx, nil)
		},
	}
	for _, key := range []string{rosa, lena, paul, ada} {
		parts.Persons = append(parts.Persons, portal.Person{Key: key, Name: strings.ToUpper(key), Reader: w.readers[key]})
	}
	pages, err := portal.New(parts)
	w.ok(err)
	edge := &web.Edge{FromAnywhere: []string{portal.OneClick}, Stale: func(context.Context) bool { return w.stale }, Authenticator: web.Development{Persons: w.readers}, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	served := edge.Handler(pages)
	w.handler = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if err := parts.Wait(r.Context(), ""); err != nil {
			t.Error(err)
		}
		served.ServeHTTP(rw, r)
	})
	return w
}

// Unsubscribe implements portal.Unsubscriber as the program does.
func (w *world) Unsubscribe(ctx context.Context, token string) error {
	id, err := w.links.Verify(token)
	if err != nil {
		return err
	}
	_, err = w.people.TurnOff(ctx, w.ask(access.Reader{Person: id.String()}), id)
	return err
}

// addressee answers as the program does.
func (w *world) addressee(token string) (uuid.UUID, bool) {
	if id, err := w.links.Verify(token); err == nil {
		return id, true
	}
	id, _, err := w.links.Confirmed(token, w.now)
	return id, err == nil
}

// Confirm implements portal.Confirmer as the program does.
func (w *world) Confirm(ctx context.Context, token string) error {
	id, address, err := w.links.Confirmed(token, w.now)
	if err != nil {
		return err
	}
	_, err = w.people.ConfirmAddress(ctx, w.ask(access.Reader{Person: id.String()}), id, address)
	return err
}

func (w *world) ok(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) ask(who access.Reader) handlers.Request {
	w.asked++
	return handlers.Request{ID: fmt.Sprintf("request %d", w.asked), Actor: who}
}

// later lets time pass.
func (w *world) later(d time.Duration) { w.now = w.now.Add(d) }

func (w *world) category(id, name string, group category.Group) {
	w.t.Helper()
	_, err := w.publishing.DefineCategory(context.Background(), w.ask(operator), handlers.DefineCategory{Category: id, Group: group, Name: domain.English(name), Description: domain.English("About " + name)})
	w.ok(err)
}

func (w *world) series(name string) uuid.UUID {
	w.t.Helper()
	id := uuid.New()
	_, err := w.publishing.OpenSeries(context.Background(), w.ask(operator), handlers.OpenSeries{Series: id, Name: domain.English(name)})
	w.ok(err)
	return id
}

func (w *world) files(content string) []document.File {
	w.t.Helper()
	stored, err := w.blobs.Put(context.Background(), strings.NewReader(content))
	w.ok(err)
	return []document.File{{Locale: "en", Name: "report.txt", SHA256: stored.SHA256, Bytes: stored.Bytes, MediaType: "text/plain"}}
}

func (w *world) publish(d document.Details, audience access.Kind) uuid.UUID {
	w.t.Helper()
	w.later(time.Minute)
	done, err := w.publishing.Publish(context.Background(), w.ask(w.readers[paul]), handlers.PublishDocument{
		Details: d, Audience: access.Audience{Kind: audience}, Files: w.files("first of " + d.Title.String()), Summary: domain.English("First issue"),
	})
	w.ok(err)
	return done.Document
}

// titled is a public document with nothing but a title.
func (w *world) titled(title string) uuid.UUID {
	return w.publish(document.Details{Title: domain.English(title)}, access.Everyone)
}

func (w *world) version(id uuid.UUID, basedOn int, summary string) {
	w.t.Helper()
	w.later(time.Minute)
	_, err := w.publishing.Version(context.Background(), w.ask(w.readers[paul]), handlers.AddVersion{
		Document: id, BasedOn: basedOn, Major: true, Files: w.files(summary), Summary: domain.English(summary),
	})
	w.ok(err)
}

// hide gives a document an audience of a newer program: nobody here.
func (w *world) hide(id uuid.UUID) {
	w.t.Helper()
	e, err := w.codec.Encode(context.Background(), event.Draft{
		Stream: document.Stream(id), ID: uuid.New(), Meta: event.Metadata{Time: w.now, Actor: event.OperatorActor},
		Payload: document.AudienceChanged{Document: id, Audience: access.Audience{Kind: "organisations"}}, SaltKey: document.Key(id),
	})
	w.ok(err)
	_, err = w.log.Append(context.Background(), document.Stream(id), 0, []event.Event{e})
	w.ok(err)
}

// page is an answer that was read.
type page struct {
	*httptest.ResponseRecorder
	root *html.Node
}

func (w *world) send(who string, r *http.Request) page {
	w.t.Helper()
	if who != nobody {
		r.Header.Set(web.PersonHeader, who)
	}
	if w.accepts != "" {
		r.Header.Set("Accept-Language", w.accepts)
	}
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, r)
	root, err := html.Parse(bytes.NewReader(rec.Body.Bytes()))
	w.ok(err)
	return page{rec, root}
}

func (w *world) get(who, path string) page {
	w.t.Helper()
	return w.send(who, httptest.NewRequest(http.MethodGet, path, nil))
}

// shown is a page that must be there.
func (w *world) shown(who, path string) page {
	w.t.Helper()
	p := w.get(who, path)
	if p.Code != http.StatusOK {
		w.t.Fatalf("%s as %q: %d %s", path, who, p.Code, p.text())
	}
	return p
}

func (w *world) post(who, path string, form url.Values) page {
	w.t.Helper()
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return w.send(who, r)
}

// press sends the form with that action as it stands on the page, with changes.
func (w *world) press(who string, p page, action string, changes url.Values) page {
	w.t.Helper()
	for _, f := range p.all("form") {
		if attr(f, "action") != action || attr(f, "method") != "post" {
			continue
		}
		form := url.Values{}
		for _, in := range under(f, "input") {
			if attr(in, "type") == "hidden" {
				form.Add(attr(in, "name"), attr(in, "value"))
			}
		}
		for name, values := range changes {
			form[name] = values
		}
		return w.post(who, action, form)
	}
	w.t.Fatalf("there is no form for %s on the page: %s", action, p.text())
	return page{}
}

func (p page) all(tag string) []*html.Node { return under(p.root, tag) }

// text is what a reader sees, with single spaces.
func (p page) text() string { return textOf(p.root) }

func (p page) has(texts ...string) bool {
	for _, s := range texts {
		if !strings.Contains(p.text(), s) {
			return false
		}
	}
	return true
}

// links are the addresses on the page by their texts.
func (p page) links() map[string]string {
	all := map[string]string{}
	for _, a := range p.all("a") {
		all[textOf(a)] = attr(a, "href")
	}
	return all
}

func under(n *html.Node, tag string) (found []*html.Node) {
	for d := range n.Descendants() {
		if d.Type == html.ElementNode && d.Data == tag {
			found = append(found, d)
		}
	}
	return found
}

func attr(n *html.Node, name string) string {
	value, _ := attrOf(n, name)
	return value
}

func attrOf(n *html.Node, name string) (value string, given bool) {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val, true
		}
	}
	return "", false
}

func textOf(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		} else if d.Data == "p" || d.Data == "dd" || d.Data == "summary" || d.Data == "code" {
			b.WriteByte(' ') // they begin lines
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}
