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

// NotificationSettingsChanged replaces a person's settings; all are given. Schema
// 1 had no AddressID, for addresses were not confirmed then: one without an id is
// in force as it stands.
type NotificationSettingsChanged struct {
	Person    uuid.UUID         `json:"person"`
	Schedule  calendar.Schedule `json:"schedule"`
	Language  string            `json:"language"`
	AddressID uuid.UUID         `json:"addressId,omitzero"` // names this giving of an address
	AddressAt time.Time         `json:"addressAt,omitzero"` // when it was given
	Address   event.Secret      `json:"address,omitzero"`   // where digests go; absent: nowhere
}

// AddressConfirmed puts an address in force, instead of the one before: whoever
// reads its mail has followed the link that was sent to it.
type AddressConfirmed struct {
	Person    uuid.UUID `json:"person"`
	AddressID uuid.UUID `json:"addressId"`
}

// MailBounced says that a mail to an address did not arrive.
type MailBounced struct {
	Person    uuid.UUID `json:"person"`
	AddressID uuid.UUID `json:"addressId"`
	Digest    uuid.UUID `json:"digest,omitzero"` // which one; absent: the mail that asks for confirmation
	NoSuch    bool      `json:"noSuchAddress"`   // the server knows no such address; else the mail was refused for another reason
	Status    string    `json:"status"`          // RFC 3463, such as 5.1.1; never a server's text
	At        time.Time `json:"at"`
}

// MailSuspended ends mail to an address until it is confirmed anew.
type MailSuspended struct {
	Person    uuid.UUID  `json:"person"`
	AddressID uuid.UUID  `json:"addressId"`
	Cause     Suspension `json:"cause"`
	Status    string     `json:"status,omitempty"` // of the last bounce
}

// Suspension says why no mail goes to an address.
type Suspension string

// The causes.
const (
	NotSuspended Suspension = ""
	BadAddress   Suspension = "bad-address" // the mail server knows no such address
	Refusing     Suspension = "refusing"    // mails came back several times
	Complained   Suspension = "complained"  // a mail was reported as unwanted
)

// Disabled ends a person's sessions and digests; the account stays.
type Disabled struct {
	Person uuid.UUID `json:"person"`
}

// Enabled ends a disabling. Digests that were on are on again, from now.
type Enabled struct {
	Person uuid.UUID `json:"person"`
}

// Erased ends a person for ever. What is sealed under the person's key cannot be
// read any more once this has been answered.
type Erased struct {
	Person uuid.UUID `json:"person"`
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
func (AddressConfirmed) EventType() string            { return "AddressConfirmed" }
func (MailBounced) EventType() string                 { return "MailBounced" }
func (MailSuspended) EventType() string               { return "MailSuspended" }
func (Disabled) EventType() string                    { return "PersonDisabled" }
func (Enabled) EventType() string                     { return "PersonEnabled" }
func (Erased) EventType() string                      { return "PersonErased" }
func (TokenIssued) EventType() string                 { return "TokenIssued" }
func (TokenRevoked) EventType() string                { return "TokenRevoked" }

// Events defines this aggregate's events.
func Events() []event.Definition {
	return []event.Definition{
		event.Define[Joined](false),
		event.Define[NotificationSettingsChanged](false, event.AsItIs),
		event.Define[AddressConfirmed](false),
		event.Define[MailBounced](false),
		event.Define[MailSuspended](false),
		event.Define[Disabled](false),
		event.Define[Enabled](false),
		event.Define[Erased](false),
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
