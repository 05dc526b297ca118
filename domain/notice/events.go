// Package notice holds the release of what readers are told: an update whose
// grace period has ended and that was not withdrawn in it. Digests are made of
// released notices, in the order of their release.
package notice

import (
	"github.com/google/uuid"

	"imprint/domain/event"
)

// Kind says what the notice tells.
type Kind string

// The kinds of notice; each has a cause event of its own.
const (
	NewDocument       Kind = "published"         // first version of a document
	NewVersion        Kind = "versioned"         // a major version
	VersionWithdrawn  Kind = "version-withdrawn" // one version
	DocumentWithdrawn Kind = "withdrawn"
	Reinstated        Kind = "reinstated"     // the document, or one version
	SeriesChanged     Kind = "series-changed" // a document joined, left or moved
	Discontinued      Kind = "discontinued"   // a series has ended
)

// Released says that a cause may now be told. Exactly one exists per cause: its
// stream is named after the cause and is expected not to exist.
type Released struct {
	Cause        uuid.UUID `json:"cause"` // the event that is told of
	CauseOrdinal int64     `json:"causeOrdinal"`
	Kind         Kind      `json:"kind"`
	Document     uuid.UUID `json:"document,omitzero"` // absent for a series' own notice
	Version      int       `json:"version,omitempty"`
	Series       uuid.UUID `json:"series,omitzero"`     // the document's at the cause, or the series itself
	LeftSeries   uuid.UUID `json:"leftSeries,omitzero"` // SeriesChanged: where readers were last told it was
}

// EventType is the name under which the event stands in the log, for ever.
func (Released) EventType() string { return "NoticeReleased" }

// Events defines the notice's event.
func Events() []event.Definition { return []event.Definition{event.Define[Released](false)} }

// Stream is the stream of the notice of one cause.
func Stream(cause uuid.UUID) event.Stream {
	return event.StreamOf(event.NoticeCategory, cause.String())
}
