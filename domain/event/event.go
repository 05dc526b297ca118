package event

import (
	"encoding/base64"
	"reflect"
	"time"

	"github.com/google/uuid"

	"imprint/domain/jsonform"
)

// Payload is what happened: a struct of one aggregate's package. Its type name
// in the log is this constant string, never a Go name.
type Payload interface {
	EventType() string
}

// Event is one event as it is written down: encoded, sealed and committed.
type Event struct {
	ID   uuid.UUID
	Type string
	Data []byte // JSON; personal fields sealed
	Meta Metadata
}

// Size is what the limits of an append count, in bytes: data and metadata.
func (e Event) Size() int { return len(e.Data) + e.Meta.size() }

// Metadata stands beside the data of every event. The keys with a dollar sign
// are KurrentDB's own convention for correlation and causation.
type Metadata struct {
	Schema       int       `json:"schema"`
	Time         time.Time `json:"time"` // the application's clock, UTC, microseconds
	Actor        string    `json:"actor"`
	Organization string    `json:"organization,omitempty"` // the active one, where there is one
	Correlation  uuid.UUID `json:"$correlationId,omitzero"`
	Causation    uuid.UUID `json:"$causationId,omitzero"`
	// Request is the keyed hash of the request that led here (method, path and
	// body), so that another request under the same id is recognised.
	Request string `json:"request,omitempty"`
	// Commitment is SHA-256(salt ‖ fact) in hex. Exactly one of Salt (base64)
	// and SealedSalt accompanies it. Empty on events that are not provable.
	Commitment string  `json:"commitment,omitempty"`
	Salt       []byte  `json:"salt,omitempty"`
	SealedSalt *Sealed `json:"sealedSalt,omitempty"`
}

var metadataForm = jsonform.Of(reflect.TypeFor[Metadata]())

// ReadMetadata reads metadata in the form in which engines keep it, the JSON of a
// Metadata, into a zero value.
func ReadMetadata(text string, m *Metadata) error { return metadataForm.Unmarshal(text, m) }

// metaFixed is what the names, marks, times and ids of a Metadata take in JSON.
const metaFixed = 340

// size is at least the bytes of the metadata's JSON, in so far as its texts need
// no escapes: ids, names of keys and hashes do not. It is counted for every append
// and therefore not by encoding.
func (m Metadata) size() int {
	n := metaFixed + len(m.Actor) + len(m.Organization) + len(m.Request) + len(m.Commitment) + base64.StdEncoding.EncodedLen(len(m.Salt))
	if m.SealedSalt != nil {
		n += len(m.SealedSalt.Key) + base64.StdEncoding.EncodedLen(len(m.SealedSalt.Box))
	}
	return n
}

// Recorded is an event that the log holds, with its place in it.
type Recorded struct {
	Event
	Stream   Stream
	Revision int64 // 0, 1, 2 … within the stream
	Ordinal  int64 // 1, 2, 3 … in ReadAll order, the same on every engine
	Position Position
	LogTime  time.Time // the running maximum of event times in ordinal order
}

// Checkpoint is the place just after this event.
func (r Recorded) Checkpoint() Checkpoint {
	return Checkpoint{Position: r.Position, Ordinal: r.Ordinal, LogTime: r.LogTime}
}

// Actors that are not persons.
const (
	SystemActor   = "system"   // the program itself: opening a log, reactions
	OperatorActor = "operator" // someone at the command line of the machine
)
