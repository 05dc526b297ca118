package history

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"imprint/domain/access"
	"imprint/projections/catalog"
)

// Queries is what auditors ask: every event of a document, and the catalog as it
// was. As-of goes by the order of recording and never changes its answer; an
// answer after the log's end is provisional. Published-by goes by the
// publication time claimed.
type Queries interface {
	// Events lists what happened, in the order of recording.
	Events(ctx context.Context, f EventFilter, p catalog.Page) (EventListing, error)
	// DocumentAsOf answers one document as it was at a moment, with its versions.
	DocumentAsOf(ctx context.Context, r access.Reader, id uuid.UUID, m Moment) (AsOf[catalog.Document], error)
	// CatalogAsOf lists the catalog as it was at a moment.
	CatalogAsOf(ctx context.Context, r access.Reader, m Moment, p catalog.Page) (AsOf[catalog.Listing], error)
	// CatalogPublishedBy lists, by the publication times claimed, the newest
	// version of every document published by then.
	CatalogPublishedBy(ctx context.Context, r access.Reader, by time.Time, p catalog.Page) (AsOf[catalog.Listing], error)
}

// Moment is a place in the log: an ordinal, or a time (the last ordinal whose
// log time is not after it). The zero Moment is now.
type Moment struct {
	Ordinal int64
	Time    time.Time
}

// AsOf is an answer about the past.
type AsOf[T any] struct {
	Answer      T
	Ordinal     int64     // the moment, resolved
	LogTime     time.Time // of that ordinal
	Provisional bool      // the moment lies after the log's end; later events may still fall before it
	By          string    // "recorded" or "published"
}

// EventFilter narrows the history; zero fields do not.
type EventFilter struct {
	Document uuid.UUID
	Series   uuid.UUID
	Person   uuid.UUID // whom it is about; Actor is who did it
	Actor    string
	Types    []string
	From, To int64 // ordinals, [From, To)
	// Since and Before bound the log time, [Since, Before). Log times never go back
	// in the order of recording, so they are bounds of ordinals too.
	Since, Before time.Time
}

// EventListing is one page of events.
type EventListing struct {
	Events   []Entry
	Next     string
	Reflects int64
}

// Entry is one event as the history shows it. Data is as recorded: personal
// fields are sealed.
type Entry struct {
	Ordinal    int64
	ID         uuid.UUID
	Type       string
	Schema     int
	Stream     string
	Revision   int64
	Time       time.Time
	LogTime    time.Time
	Actor      string
	Document   uuid.UUID
	Series     uuid.UUID
	Person     uuid.UUID
	Version    int
	Commitment string
	Data       json.RawMessage
}
