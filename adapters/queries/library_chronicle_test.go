package queries_test

// A chronicle: a real log that the tests of libraries, notices and history write
// event by event, folded by the real engine into the embedded store.

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"

	"imprint/adapters/queries"
	"imprint/adapters/sqlite/eventlog"
	"imprint/domain"
	"imprint/domain/access"
	"imprint/domain/digest"
	"imprint/domain/document"
	"imprint/domain/event"
	"imprint/domain/library"
	"imprint/domain/notice"
	"imprint/domain/person"
	"imprint/domain/schema"
	"imprint/domain/series"
	"imprint/projections"
	"imprint/projections/catalog"
	"imprint/projections/history"
	libraries "imprint/projections/library"
	"imprint/projections/notices"
)

type chronicle struct {
	t         testing.TB
	store     store
	log       *eventlog.Log
	group     *projections.Group
	now       time.Time
	step      time.Duration // between two events
	revisions map[event.Stream]int64
	events    []past

	library *queries.Library
	notices *queries.Notices
	history *queries.History
	catalog *queries.Catalog
}

// past is an event that was told.
type past struct {
	ordinal int64
	id      uuid.UUID
	at      time.Time
	payload event.Payload
}

func newChronicle(t testing.TB) (c *chronicle, end func()) {
	t.Helper()
	folder, err := os.MkdirTemp("", "chronicle")
	check(t, err)
	store := on.open(t)
	log, err := eventlog.Open(t.Context(), filepath.Join(folder, "log.db"), eventlog.Options{})
	check(t, err)
	registry, err := schema.Registry()
	check(t, err)
	group, err := projections.Engine{Log: log, Registry: registry, Store: store, Holder: "test"}.
		Group(catalog.Projection(), libraries.Projection(), notices.Projection(), history.Projection())
	check(t, err)
	c = &chronicle{
		t: t, store: store, log: log, group: group, now: start, step: time.Minute, revisions: map[event.Stream]int64{},
		library: queries.NewLibrary(store), notices: queries.NewNotices(store), history: queries.NewHistory(store),
		catalog: queries.NewCatalog(store, on.search),
	}
	c.fold()
	return c, func() { check(t, errors.Join(log.Close(), os.RemoveAll(folder))) }
}

// opened is a chronicle for the whole of a test.
func opened(t *testing.T) *chronicle {
	t.Helper()
	c, end := newChronicle(t)
	t.Cleanup(end)
	return c
}

// tell writes one event into its own stream and answers its place.
func (c *chronicle) tell(p event.Payload) past {
	c.t.Helper()
	data, err := json.Marshal(p)
	check(c.t, err)
	c.now = c.now.Add(c.step)
	e := event.Event{ID: uuid.New(), Type: p.EventType(), Data: data, Meta: event.Metadata{
		Schema: 1, Time: c.now, Actor: "someone", Commitment: "c0ffee", Salt: []byte("pepper-and-salt"),
	}}
	stream := streamOf(p)
	expected, known := c.revisions[stream]
	if !known {
		expected = event.NoStream
	}
	done, err := c.log.Append(c.t.Context(), stream, expected, []event.Event{e})
	check(c.t, err)
	c.revisions[stream] = done.Revision
	told := past{ordinal: int64(len(c.events) + 1), id: e.ID, at: c.now, payload: p}
	c.events = append(c.events, told)
	return told
}

// fold brings the read models up to date; nothing may be parked.
func (c *chronicle) fold() {
	c.t.Helper()
	check(c.t, c.group.CatchUp(c.t.Context(), nil))
	for _, s := range c.group.Status() {
		if s.Parked > 0 {
			c.t.Fatalf("%s has parked %d keys", s.Projection, s.Parked)
		}
	}
}

// last is the ordinal of the last event told.
func (c *chronicle) last() int64 { return int64(len(c.events)) }

func streamOf(p event.Payload) event.Stream {
	switch p := p.(type) {
	case document.Published:
		return document.Stream(p.Document)
	case document.Versioned:
		return document.Stream(p.Document)
	case document.DetailsRevised:
		return document.Stream(p.Document)
	case document.AudienceChanged:
		return document.Stream(p.Document)
	case document.SummaryCorrected:
		return document.Stream(p.Document)
	case document.DatesCorrected:
		return document.Stream(p.Document)
	case document.VersionWithdrawn:
		return document.Stream(p.Document)
	case document.VersionReinstated:
		return document.Stream(p.Document)
	case document.Withdrawn:
		return document.Stream(p.Document)
	case document.Reinstated:
		return document.Stream(p.Document)
	case series.Opened:
		return series.Stream(p.Series)
	case series.Revised:
		return series.Stream(p.Series)
	case series.Updated:
		return series.Stream(p.Series)
	case series.Discontinued:
		return series.Stream(p.Series)
	case library.Saved:
		return library.Stream(p.Person)
	case library.Removed:
		return library.Stream(p.Person)
	case library.SeriesFollowed:
		return library.Stream(p.Person)
	case library.SeriesUnfollowed:
		return library.Stream(p.Person)
	case notice.Released:
		return notice.Stream(p.Cause)
	case digest.Sent:
		return digest.Stream(p.Person)
	case person.TokenIssued:
		return person.Stream(p.Person)
	}
	return event.LogStream
}

// What the tests tell, in few words.

func edition(number int, summary string) document.Version {
	return document.Version{Number: number, Major: true, Summary: domain.English(summary), PublishedAt: start}
}

func issue(id, line uuid.UUID, title string) document.Published {
	return document.Published{
		Document: id, Audience: access.Audience{Kind: access.Everyone}, Version: edition(1, "First issue"),
		Details: document.Details{Title: domain.English(title), Series: line, Categories: []string{"soc"}},
	}
}

func reissue(id uuid.UUID, number int, summary string) document.Versioned {
	return document.Versioned{Document: id, Version: edition(number, summary)}
}

func moved(id, line uuid.UUID, title string) document.DetailsRevised {
	return document.DetailsRevised{Document: id, Details: document.Details{Title: domain.English(title), Series: line, Categories: []string{"soc"}}}
}

func saved(person, id, line uuid.UUID, title string) library.Saved {
	return library.Saved{Person: person, Document: id, Version: 1, Title: domain.English(title), Series: line}
}

func readerOf(person uuid.UUID) access.Reader {
	return access.Reader{Person: person.String(), Role: access.Member}
}
