package queries_test

// A world to ask about: a real log, the real engine and a real store.

import (
	"context"
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"imprint/adapters/queries"
	"imprint/adapters/sqlite/eventlog"
	"imprint/domain"
	"imprint/domain/access"
	"imprint/domain/category"
	"imprint/domain/document"
	"imprint/domain/event"
	"imprint/domain/series"
	"imprint/projections"
	"imprint/projections/catalog"
)

var (
	anonymous = access.Reader{}
	member    = access.Reader{Person: "p1", Role: access.Member}
	publisher = access.Reader{Person: "p2", Role: access.Publisher}
	start     = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
)

type world struct {
	t         testing.TB
	log       event.Log
	store     store
	group     *projections.Group
	catalog   *queries.Catalog
	now       time.Time
	revisions map[event.Stream]int64
}

func newWorld(t testing.TB) *world {
	t.Helper()
	store := on.open(t)
	log, err := eventlog.Open(t.Context(), filepath.Join(t.TempDir(), "log.db"), eventlog.Options{})
	check(t, err)
	t.Cleanup(func() { check(t, log.Close()) })
	registry, err := event.NewRegistry(document.Events(), series.Events(), category.Events())
	check(t, err)
	group, err := projections.Engine{Log: log, Registry: registry, Store: store, Holder: "test"}.Group(catalog.Projection())
	check(t, err)
	w := &world{t: t, log: log, store: store, group: group, catalog: queries.NewCatalog(store, on.search), now: start, revisions: map[event.Stream]int64{}}
	check(t, group.CatchUp(t.Context(), nil))
	return w
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// write appends payloads, a minute apart, without folding them.
func (w *world) write(stream event.Stream, payloads ...event.Payload) {
	w.t.Helper()
	for chunk := range slices.Chunk(payloads, 500) {
		var events []event.Event
		for _, p := range chunk {
			data, err := json.Marshal(p)
			check(w.t, err)
			w.now = w.now.Add(time.Minute)
			events = append(events, event.Event{ID: uuid.Must(uuid.NewV7()), Type: p.EventType(), Data: data, Meta: event.Metadata{Schema: 1, Time: w.now}})
		}
		expected, known := w.revisions[stream]
		if !known {
			expected = event.NoStream
		}
		done, err := w.log.Append(w.t.Context(), stream, expected, events)
		check(w.t, err)
		w.revisions[stream] = done.Revision
	}
}

// happen writes and folds.
func (w *world) happen(stream event.Stream, payloads ...event.Payload) {
	w.t.Helper()
	w.write(stream, payloads...)
	w.fold()
}

func (w *world) fold() {
	w.t.Helper()
	check(w.t, w.group.CatchUp(w.t.Context(), nil))
	check(w.t, w.store.Read(w.t.Context(), func(r projections.Reader) error {
		builds, err := r.Builds(w.t.Context())
		for _, b := range builds {
			if parked, err := r.Parked(w.t.Context(), b.Generation); err != nil || len(parked) > 0 {
				w.t.Errorf("parked: %v, %v", parked, err)
			}
		}
		return err
	}))
}

// doc is a document to publish; the zero fields have plain values.
type doc struct {
	title, description, summary string
	series                      uuid.UUID
	categories, services        []string
	regions, industries         []string
	audience                    access.Kind
	hash                        string
}

func (w *world) category(id, name string, group category.Group) {
	w.t.Helper()
	w.happen(category.Stream(id), category.Defined{Category: id, Group: group, Name: domain.English(name)})
}

func (w *world) series(name string) uuid.UUID {
	w.t.Helper()
	id := uuid.Must(uuid.NewV7())
	w.happen(series.Stream(id), series.Opened{Series: id, Name: domain.English(name)})
	return id
}

func details(d doc) document.Details {
	return document.Details{
		Title: domain.English(d.title), Description: domain.English(d.description), Series: d.series,
		Categories: d.categories, Services: d.services, Regions: d.regions, Industries: d.industries,
	}
}

func version(number int, summary, hash string) document.Version {
	if hash == "" {
		hash = strings.Repeat("0", 64)
	}
	return document.Version{Number: number, Major: true, Summary: domain.English(summary), PublishedAt: start,
		Files: []document.File{{Locale: "en", Name: "a.pdf", SHA256: hash, Bytes: 1, MediaType: "application/pdf"}}}
}

func published(id uuid.UUID, d doc) document.Published {
	if d.audience == "" {
		d.audience = access.Everyone
	}
	if d.summary == "" {
		d.summary = "First issue"
	}
	return document.Published{Document: id, Details: details(d), Audience: access.Audience{Kind: d.audience}, Version: version(1, d.summary, d.hash)}
}

func (w *world) publish(d doc) uuid.UUID {
	w.t.Helper()
	id := uuid.Must(uuid.NewV7())
	w.happen(document.Stream(id), published(id, d))
	return id
}

func (w *world) list(r access.Reader, f catalog.Filter) catalog.Listing {
	w.t.Helper()
	l, err := w.catalog.List(context.Background(), r, f, catalog.Page{})
	check(w.t, err)
	return l
}

func (w *world) find(r access.Reader, term string) []string {
	w.t.Helper()
	return titles(w.list(r, catalog.Filter{Term: term}))
}

func titles(l catalog.Listing) []string {
	var all []string
	for _, it := range l.Items {
		all = append(all, it.Title.String())
	}
	return all
}

func same(t testing.TB, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: got %q, want %q", what, got, want)
	}
}

func refused(t testing.TB, err error, kind domain.Kind) {
	t.Helper()
	if domain.KindOf(err) != kind {
		t.Errorf("got %v (%s), want a refusal of kind %s", err, domain.KindOf(err), kind)
	}
}
