package main

// The one event that everybody writes, and the row that everybody folds it into.

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// versioned is an event of a usual size: about 405 bytes of JSON.
type versioned struct {
	Document uuid.UUID `json:"document"` // its stream
	Version  version   `json:"version"`
}

type version struct {
	Number      int               `json:"number"` // its place in the stream, from 1
	Major       bool              `json:"major"`
	Files       []file            `json:"files"`
	Summary     map[string]string `json:"summary"`
	PublishedAt time.Time         `json:"publishedAt"`
}

type file struct {
	Locale    string `json:"locale"`
	Name      string `json:"name"`
	SHA256    string `json:"sha256"`
	Bytes     int64  `json:"bytes"`
	MediaType string `json:"mediaType"`
}

// EventType names the event to the registry of ours.
func (versioned) EventType() string { return eventName }

// Kind names it to river.
func (versioned) Kind() string { return eventName }

const eventName = "versioned"

func newEvent(document uuid.UUID, number int) versioned {
	return versioned{Document: document, Version: version{
		Number: number, Major: true,
		Files:       []file{{Locale: "en", Name: "report.pdf", SHA256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", Bytes: 123456, MediaType: "application/pdf"}},
		Summary:     map[string]string{"en": "Covers the period from January to June, with the new data centres in the north."},
		PublishedAt: time.Date(2026, 2, 3, 4, 5, 6, 7000, time.UTC),
	}}
}

// row is what a document's events are folded into.
type row struct {
	Document string `col:"document,key"`
	Versions int    `col:"versions"`
	Newest   int    `col:"newest"`
	Summary  string `col:"summary"`
	Bytes    int64  `col:"bytes"`
}

// with is the row after one more event.
func (r row) with(e versioned) row {
	r.Document = e.Document.String()
	r.Versions++
	r.Newest = max(r.Newest, e.Version.Number)
	r.Summary = e.Version.Summary["en"]
	for _, f := range e.Version.Files {
		r.Bytes += f.Bytes
	}
	return r
}

// table is a table of rows in some database.
type table interface {
	put(ctx context.Context, rows []row) error
	all(ctx context.Context) (map[string]row, error)
}

// batchEvents is the size of our own batches in a rebuild.
const batchEvents = 4000

// batchFold is what a careful user of a library writes that shows one event after
// the other: rows in memory, and those that changed written once in a batch.
type batchFold struct {
	into    table
	rows    map[uuid.UUID]row
	changed map[uuid.UUID]struct{}
	waiting int
}

func newBatchFold(into table) *batchFold {
	return &batchFold{into: into, rows: map[uuid.UUID]row{}, changed: map[uuid.UUID]struct{}{}}
}

func (b *batchFold) add(ctx context.Context, e versioned) error {
	b.rows[e.Document] = b.rows[e.Document].with(e)
	b.changed[e.Document] = struct{}{}
	if b.waiting++; b.waiting < batchEvents {
		return nil
	}
	return b.flush(ctx)
}

func (b *batchFold) flush(ctx context.Context) error {
	rows := make([]row, 0, len(b.changed))
	for document := range b.changed {
		rows = append(rows, b.rows[document])
	}
	clear(b.changed)
	b.waiting = 0
	return b.into.put(ctx, rows)
}
