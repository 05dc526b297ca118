package library

import (
	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/event"
)

// Saved puts a document into a person's library.
type Saved struct {
	Person   uuid.UUID   `json:"person"`
	Document uuid.UUID   `json:"document"`
	Version  int         `json:"version"`         // the newest one at that time
	Title    domain.Text `json:"title"`           // as the person saw it
	Series   uuid.UUID   `json:"series,omitzero"` // the document's at that time
}

// Removed takes a document out.
type Removed struct {
	Person   uuid.UUID `json:"person"`
	Document uuid.UUID `json:"document"`
}

// SeriesFollowed is an explicit follow. Following by saving is never stored.
type SeriesFollowed struct {
	Person uuid.UUID `json:"person"`
	Series uuid.UUID `json:"series"`
}

// SeriesUnfollowed is an explicit end of following; saved documents stay.
type SeriesUnfollowed struct {
	Person uuid.UUID `json:"person"`
	Series uuid.UUID `json:"series"`
}

// The names under which the events stand in the log, for ever.
func (Saved) EventType() string            { return "LibrarySaved" }
func (Removed) EventType() string          { return "LibraryRemoved" }
func (SeriesFollowed) EventType() string   { return "SeriesFollowed" }
func (SeriesUnfollowed) EventType() string { return "SeriesUnfollowed" }

// Events defines this aggregate's events.
func Events() []event.Definition {
	return []event.Definition{
		event.Define[Saved](false),
		event.Define[Removed](false),
		event.Define[SeriesFollowed](false),
		event.Define[SeriesUnfollowed](false),
	}
}

// Stream is the library of one person.
func Stream(person uuid.UUID) event.Stream {
	return event.StreamOf(event.LibraryCategory, person.String())
}
