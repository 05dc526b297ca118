package storetest

// The projection the suite folds: items on shelves, with a table of every kind.
// Its fold adds to what it loaded, so that an event folded twice or never shows.

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/event"
	"imprint/projections"
)

// put places an item on a shelf; cleared takes it away; passing is known and not
// folded. Poison makes the fold of the item fail until it is mended.
type put struct {
	Item   string    `json:"item"`
	Shelf  string    `json:"shelf"`
	Title  string    `json:"title"`
	Count  int64     `json:"count"`
	Tags   []string  `json:"tags,omitempty"`
	Due    time.Time `json:"due,omitzero"`
	Poison string    `json:"poison,omitempty"` // "error" or "panic"
}

type cleared struct {
	Item string `json:"item"`
}

type passing struct{}

func (put) EventType() string     { return "ItemPut" }
func (cleared) EventType() string { return "ItemCleared" }
func (passing) EventType() string { return "Passing" }

func registry() *event.Registry {
	r, err := event.NewRegistry([]event.Definition{event.Define[put](false), event.Define[cleared](false), event.Define[passing](false)})
	if err != nil {
		panic(err)
	}
	return r
}

type item struct {
	ID    string            `col:"id,key"`
	Title string            `col:"title"`
	Terms string            `col:"terms"`
	Count int64             `col:"count"`
	Even  bool              `col:"even"`
	Raw   []byte            `col:"raw"`
	Notes map[string]string `col:"notes"`
	At    time.Time         `col:"at,unhashed"`
	Due   time.Time         `col:"due"` // the earliest ever given, if any
}

type tag struct {
	Item string `col:"item,key"`
	Tag  string `col:"tag,sub"`
	Seen int64  `col:"seen"`
}

type span struct {
	Item  string `col:"item,key"`
	Count int64  `col:"count"`
}

type place struct {
	Shelf string `col:"shelf,key"`
	Item  string `col:"item,key"`
	Puts  int64  `col:"puts"`
}

type move struct {
	Item string `col:"item,key"`
	What string `col:"what"`
}

var (
	items  = projections.NewTable[item](projections.Current, "item", "items", projections.Indexed("count DESC", "id"), projections.Indexed("due DESC", "id"), projections.Searchable("terms"))
	tags   = projections.NewTable[tag](projections.Set, "item", "tags")
	spans  = projections.NewTable[span](projections.Interval, "item", "spans")
	places = projections.NewTable[place](projections.Current, "place", "places", projections.Indexed("item"))
	moves  = projections.NewTable[move](projections.Facts, "item", "moves")
)

// shelf is the projection; mended, once true, makes poison harmless. Each test
// has its own.
func shelf(mended *atomic.Bool) projections.Projection {
	return projections.Projection{
		Name: "shelf", Version: 1,
		Types:  []string{put{}.EventType(), cleared{}.EventType()},
		Tables: []*projections.Table{items, tags, spans, places, moves},
		Keys: func(e projections.Event) []projections.Key {
			switch p := e.Payload.(type) {
			case put:
				return []projections.Key{projections.KeyOf("item", p.Item), projections.KeyOf("place", p.Shelf, p.Item)}
			case cleared:
				return []projections.Key{projections.KeyOf("item", p.Item)}
			}
			return nil
		},
		Fold: func(s *projections.State, e projections.Event) error {
			if s.Key().Kind == "place" {
				p := e.Payload.(put)
				old, _ := projections.Row[place](s)
				projections.Put(s, place{Shelf: p.Shelf, Item: p.Item, Puts: old.Puts + 1})
				return nil
			}
			return foldItem(s, e, mended)
		},
	}
}

func foldItem(s *projections.State, e projections.Event, mended *atomic.Bool) error {
	p, isPut := e.Payload.(put)
	if !isPut {
		id := e.Payload.(cleared).Item
		projections.Put(s, move{Item: id, What: "cleared"})
		projections.Clear[item](s)
		projections.Clear[tag](s)
		projections.Clear[span](s)
		return nil
	}
	// The rows are changed before the failure, which must leave nothing behind.
	projections.Put(s, move{Item: p.Item, What: "put"})
	old, _ := projections.Row[item](s)
	row := item{ID: p.Item, Title: p.Title, Terms: p.Title, Count: old.Count + p.Count, Notes: map[string]string{"shelf": p.Shelf}, At: e.Meta.Time}
	row.Even = row.Count%2 == 0
	if row.Due = p.Due; p.Due.IsZero() || !old.Due.IsZero() && old.Due.Before(p.Due) {
		row.Due = old.Due
	}
	if !row.Even {
		row.Raw = []byte(p.Title)
	}
	projections.Put(s, row)
	projections.Put(s, span{Item: p.Item, Count: row.Count})
	if p.Poison != "" && !mended.Load() {
		if p.Poison == "panic" {
			panic("this item panics")
		}
		return errors.New("this item cannot be folded")
	}
	seen := map[string]int64{}
	for _, t := range projections.Rows[tag](s) {
		seen[t.Tag] = t.Seen
	}
	var now []tag
	for _, t := range p.Tags {
		now = append(now, tag{Item: p.Item, Tag: t, Seen: seen[t] + 1})
	}
	projections.Replace(s, now)
	return nil
}

// writer appends to a log; one goroutine at a time has it.
type writer struct {
	log    event.Log
	stream event.Stream // of what is added; nobody else writes it
	next   map[event.Stream]int64
}

func newWriter(log event.Log, stream event.Stream) *writer {
	return &writer{log: log, stream: stream, next: map[event.Stream]int64{}}
}

// add appends payloads to its stream, in one durable append, and answers the last
// position. The engine does not look at streams.
func (w *writer) add(t testing.TB, payloads ...event.Payload) event.Position {
	t.Helper()
	events := make([]event.Event, len(payloads))
	for i, p := range payloads {
		data, err := json.Marshal(p)
		ok(t, err)
		events[i] = event.Event{Type: p.EventType(), Data: data, Meta: event.Metadata{Schema: 1}}
	}
	return w.append(t, w.stream, events...)
}

// raw appends an event of any type and schema to a stream of its own.
func (w *writer) raw(t testing.TB, eventType string, schema int, data []byte) event.Position {
	t.Helper()
	return w.append(t, "document-raw", event.Event{Type: eventType, Data: data, Meta: event.Metadata{Schema: schema}})
}

func (w *writer) append(t testing.TB, stream event.Stream, events ...event.Event) event.Position {
	t.Helper()
	expected, known := w.next[stream]
	if !known {
		expected = event.NoStream
	}
	for i := range events {
		events[i].ID = domain.Derive(uuid.NameSpaceOID, string(stream), fmt.Sprint(expected, i))
		events[i].Meta.Actor = event.SystemActor
		events[i].Meta.Time = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	}
	done, err := w.log.Append(t.Context(), stream, expected, events)
	ok(t, err)
	w.next[stream] = done.Revision
	return done.Position
}
