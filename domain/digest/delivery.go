package digest

// Here: one digest under way, from the intent to send it to the fact that closes
// its window.

import (
	"strconv"
	"time"

	"github.com/google/uuid"

	"imprint/domain"
)

// State says how far a delivery has come.
type State string

// The states. Open ones first; the last three wait for their fact in the log.
const (
	Sending   State = "sending"  // the intent is committed; after a crash: in doubt
	InDoubt   State = "in-doubt" // the server may have accepted it; its bytes never change again
	Waiting   State = "waiting"  // refused for now without doubt; composed anew at its time
	SentState State = "sent"     // accepted; DigestSent is to be appended
	AllHidden State = "withheld" // nothing allowed; DigestWithheld is to be appended
	GivenUp   State = "given-up" // refused for good, stopped or given up; DigestFailed is to be appended
)

// Delivery is one digest under way. A person has at most one.
type Delivery struct {
	Window      Window      `json:"window"`
	Due         time.Time   `json:"due"` // the mail's Date
	State       State       `json:"state"`
	Items       []Item      `json:"items"`              // newest first
	Withheld    []Item      `json:"withheld"`           // left out because access had ended
	Named       []uuid.UUID `json:"named,omitempty"`    // series that the mail names beside its items'
	AddressID   uuid.UUID   `json:"addressId,omitzero"` // to which of the person's addresses it goes
	MessageID   string      `json:"messageId"`
	ContentHash string      `json:"contentHash"`
	Began       time.Time   `json:"began"`            // the first intent
	Retry       time.Time   `json:"retry"`            // not before this; the application's clock
	Tries       int         `json:"tries"`            // refusals that were the recipient's, and doubts
	Resent      int         `json:"resent"`           // how often the same bytes went out again
	Doubted     bool        `json:"doubted"`          // was in doubt at any time
	Failure     Failure     `json:"failure,omitzero"` // the newest
	SentAt      time.Time   `json:"sentAt,omitzero"`

	// Box holds the frozen mail, sealed under the person's key, while it may have
	// to be sent again. It is nil where it need not be read or has not changed.
	Box []byte `json:"-"`
}

// Frozen tells whether the bytes are still needed.
func (d Delivery) Frozen() bool { return d.State == Sending || d.State == InDoubt }

// Closing tells whether only the fact in the log is missing.
func (d Delivery) Closing() bool {
	return d.State == SentState || d.State == AllHidden || d.State == GivenUp
}

// stopped ends a digest that waits for another attempt. One that may be on its way
// at this moment is left to whoever sends it.
func (d Delivery) stopped(class Class, at time.Time) Delivery {
	if d.State == InDoubt || d.State == Waiting {
		d.State, d.Doubted, d.Failure, d.Retry = GivenUp, d.Doubted || d.State == InDoubt, Failure{Class: class}, at
	}
	return d
}

// ID identifies the digest of a person's window, in the outbox and in its
// Message-ID: two workers cannot make two mails of one window.
func ID(personID uuid.UUID, from int64) uuid.UUID {
	return domain.Derive(personID, "digest", strconv.FormatInt(from, 10))
}

// FactID is the event id of the one fact that closes a window.
func FactID(personID uuid.UUID, from int64) uuid.UUID {
	return domain.Derive(ID(personID, from), "closed")
}
