package library

import (
	"context"
	"time"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/access"
	"imprint/projections/catalog"
)

// Queries is what a person asks of the own library.
type Queries interface {
	// Library lists a person's saved documents, newest saved first, and the series
	// followed. now decides the 30-day mark.
	Library(ctx context.Context, r access.Reader, now time.Time, p catalog.Page) (Library, error)
	// Saved tells which of the documents the person has saved.
	Saved(ctx context.Context, person uuid.UUID, documents []uuid.UUID) (map[uuid.UUID]bool, error)
	// Follows tells whether the person follows a series, by saving or explicitly.
	Follows(ctx context.Context, person, series uuid.UUID) (bool, error)
}

// UpdatedWindow is how long an update is marked: 30 × 24 hours, both ends
// included.
const UpdatedWindow = 30 * 24 * time.Hour

// Library is one page of a person's library.
type Library struct {
	Entries  []Entry
	Next     string
	Series   []Followed
	Reflects int64
}

// Entry is one saved document.
type Entry struct {
	Document     uuid.UUID
	Title        domain.Text // current; as saved where it is no longer available
	Available    bool        // false: the person may no longer see it
	SavedAt      time.Time
	SavedVersion int
	Version      int // current
	Series       uuid.UUID
	SeriesName   domain.Text
	Withdrawn    bool
	Reason       domain.Text
	Updated      bool        // a major version, not the first, in the last 30 days
	UpdatedAt    time.Time   // of the newest such version
	Summary      domain.Text // of the newest such version
	MoreUpdates  int         // how many others fell into the window
}

// Followed is a series that the person follows.
type Followed struct {
	Series       uuid.UUID
	Name         domain.Text
	Explicit     bool // by a follow, not (only) by a saved document
	Discontinued bool
}
