// Package digest holds the facts about a person's digests: what was sent in
// which window, and what was withheld.
package digest

import (
	"time"

	"github.com/google/uuid"

	"imprint/domain/event"
	"imprint/domain/notice"
	"imprint/domain/person"
)

// Window is the half-open span of ordinals [From, Until) that a digest covers.
// The windows of one person follow each other without gap or overlap.
type Window struct {
	From  int64 `json:"from"`
	Until int64 `json:"until"`
}

// Item is one entry of a digest.
type Item struct {
	Notice   uuid.UUID   `json:"notice"` // the cause that it tells of
	Kind     notice.Kind `json:"kind"`
	Document uuid.UUID   `json:"document,omitzero"`
	Series   uuid.UUID   `json:"series,omitzero"`
	Version  int         `json:"version,omitempty"`
	Updates  int         `json:"updates"` // how many updates of it fell into the window
}

// Sent says that the mail server has accepted a digest.
type Sent struct {
	Person      uuid.UUID `json:"person"`
	AddressID   uuid.UUID `json:"addressId,omitzero"` // to which of the person's addresses
	Window      Window    `json:"window"`
	MessageID   string    `json:"messageId"`
	ContentHash string    `json:"contentHash"` // SHA-256 of the mail's bytes, hex
	Listing               // what it tells
	Withheld    Listing   `json:"withheld,omitzero"` // left out because access had ended
	Resent      int       `json:"resent,omitempty"`  // how often the same bytes went out again after a doubt
	SentAt      time.Time `json:"sentAt"`
}

// Withheld says that all of a window's items were withheld: no mail was sent.
type Withheld struct {
	Person  uuid.UUID `json:"person"`
	Window  Window    `json:"window"`
	Listing           // what was withheld
}

// Failed says that a digest was refused for good or given up; its items are
// carried into the next one by reference.
type Failed struct {
	Person uuid.UUID `json:"person"`
	Window Window    `json:"window"`
	Failure
	InDoubt bool `json:"inDoubt,omitempty"`
}

// The names under which the events stand in the log, for ever.
func (Sent) EventType() string     { return "DigestSent" }
func (Withheld) EventType() string { return "DigestWithheld" }
func (Failed) EventType() string   { return "DigestFailed" }

// Events defines the digest's events. DigestSent is provable; its salt is sealed
// under the person's key.
func Events() []event.Definition {
	return []event.Definition{
		event.Define[Sent](true, event.AsItIs),
		event.Define[Withheld](false),
		event.Define[Failed](false, classed),
	}
}

// Stream holds one person's digests.
func Stream(personID uuid.UUID) event.Stream {
	return event.StreamOf(event.DigestCategory, personID.String())
}

// SaltKey seals the salts of a person's digest facts.
func SaltKey(personID uuid.UUID) event.KeyID { return person.Key(personID) }
