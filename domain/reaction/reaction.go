// Package reaction holds the words about reactions, which are consequences of
// events: what has been parked because it failed for good.
package reaction

import (
	"time"

	"github.com/google/uuid"

	"imprint/domain/event"
)

// Parked is one event that a reaction could not deal with, after all retries. It
// waits for an operator; the events after it went on.
type Parked struct {
	Reaction string    // which reaction
	Event    uuid.UUID // the event
	Type     string
	Ordinal  int64
	Before   event.Checkpoint // from where reading gives the event again
	Reason   string           // the error; no personal data
	At       time.Time
}
