package person

import (
	"time"

	"github.com/google/uuid"

	"imprint/domain/access"
	"imprint/domain/calendar"
	"imprint/domain/event"
)

// Joined begins a person. The id is opaque; the name is sealed under the
// person's own key.
type Joined struct {
	Person uuid.UUID    `json:"person"`
	Name   event.Secret `json:"name"`
}

// NotificationSettingsChanged replaces a person's settings; all are given.
type NotificationSettingsChanged struct {
	Person   uuid.UUID         `json:"person"`
	Schedule calendar.Schedule `json:"schedule"`
	Language string            `json:"language"`
	Address  event.Secret      `json:"address,omitzero"` // where digests go; absent: nowhere yet
}

// TokenIssued records that an access token was issued. Its hash is a work row;
// neither the token nor its hash ever stands in the log.
type TokenIssued struct {
	Person  uuid.UUID   `json:"person"`
	Token   uuid.UUID   `json:"token"`
	Role    access.Role `json:"role"`
	Expires time.Time   `json:"expires"`
}

// TokenRevoked ends a token.
type TokenRevoked struct {
	Person uuid.UUID `json:"person"`
	Token  uuid.UUID `json:"token"`
}

// SubjectKey names the person's own key.
func (e Joined) SubjectKey() event.KeyID { return Key(e.Person) }

// SubjectKey names the person's own key.
func (e NotificationSettingsChanged) SubjectKey() event.KeyID { return Key(e.Person) }

// The names under which the events stand in the log, for ever.
func (Joined) EventType() string                      { return "PersonJoined" }
func (NotificationSettingsChanged) EventType() string { return "NotificationSettingsChanged" }
func (TokenIssued) EventType() string                 { return "TokenIssued" }
func (TokenRevoked) EventType() string                { return "TokenRevoked" }

// Events defines this aggregate's events.
func Events() []event.Definition {
	return []event.Definition{
		event.Define[Joined](false),
		event.Define[NotificationSettingsChanged](false),
		event.Define[TokenIssued](false),
		event.Define[TokenRevoked](false),
	}
}

// Stream is the stream of one person.
func Stream(id uuid.UUID) event.Stream { return event.StreamOf(event.PersonCategory, id.String()) }

// Key seals what is personal about one person.
func Key(id uuid.UUID) event.KeyID { return event.KeyID("person-" + id.String()) }

// The fields that are sealed under a person's key, as Sealed.Open wants them.
const (
	NameField    = "name"
	AddressField = "address"
)
