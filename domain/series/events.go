package series

import (
	"time"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/event"
)

// Opened begins a series.
type Opened struct {
	Series      uuid.UUID   `json:"series"`
	Name        domain.Text `json:"name"`
	Description domain.Text `json:"description,omitempty"`
}

// Revised replaces name and description.
type Revised struct {
	Series      uuid.UUID   `json:"series"`
	Name        domain.Text `json:"name"`
	Description domain.Text `json:"description,omitempty"`
}

// Change says what happened to a member of a series.
type Change string

// The changes of a series.
const (
	Joined    Change = "joined"
	Versioned Change = "versioned"
	Withdrew  Change = "withdrawn"
	Left      Change = "left"
)

// Updated is the consequence, in the series, of an event of one of its
// documents. CauseOrdinal orders the consequences: one that had to wait for an
// operator may stand behind those of later causes.
type Updated struct {
	Series       uuid.UUID `json:"series"`
	Change       Change    `json:"change"`
	Document     uuid.UUID `json:"document"`
	Version      int       `json:"version,omitempty"`
	Cause        uuid.UUID `json:"cause"`
	CauseOrdinal int64     `json:"causeOrdinal"`
}

// Discontinued ends a series, with an optional successor.
type Discontinued struct {
	Series         uuid.UUID   `json:"series"`
	Reason         domain.Text `json:"reason"`
	Successor      uuid.UUID   `json:"successor,omitzero"`
	DiscontinuedAt time.Time   `json:"discontinuedAt"`
}

// The names under which the events stand in the log, for ever.
func (Opened) EventType() string       { return "SeriesOpened" }
func (Revised) EventType() string      { return "SeriesRevised" }
func (Updated) EventType() string      { return "SeriesUpdated" }
func (Discontinued) EventType() string { return "SeriesDiscontinued" }

// Events defines this aggregate's events; all of them are provable.
func Events() []event.Definition {
	return []event.Definition{
		event.Define[Opened](true),
		event.Define[Revised](true),
		event.Define[Updated](true),
		event.Define[Discontinued](true),
	}
}

// Stream is the stream of one series.
func Stream(id uuid.UUID) event.Stream { return event.StreamOf(event.SeriesCategory, id.String()) }
