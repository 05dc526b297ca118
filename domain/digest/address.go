package digest

// Here: where a person's mails may go, and the mail that asks whether a new
// address is the person's.

import (
	"time"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/event"
	"imprint/domain/person"
)

// Confirmation is an address that waits to be confirmed, and what became of the
// mail that asks for it.
type Confirmation struct {
	AddressID uuid.UUID     `json:"addressId"`
	Address   *event.Sealed `json:"address"` // sealed under the person's key
	Given     time.Time     `json:"given"`   // also the mail's Date
	Asked     bool          `json:"asked,omitempty"`
	GivenUp   bool          `json:"givenUp,omitempty"` // the mail was refused for good
	Retry     time.Time     `json:"retry"`             // not before this
	Tries     int           `json:"tries,omitempty"`
	Failure   Failure       `json:"failure,omitzero"` // the newest
}

// ConfirmationID identifies the mail that asks whether an address is the person's,
// in its Message-ID.
func ConfirmationID(address uuid.UUID) uuid.UUID { return domain.Derive(address, "confirm") }

// Expires is when the link in that mail ends.
func (c Confirmation) Expires() time.Time { return c.Given.Add(person.ConfirmWithin) }

// Asks tells whether the mail that asks still has to be sent. To one who is disabled
// it is not, until the account is enabled.
func (s Standing) Asks() bool {
	return !s.Barred && s.Pending != nil && !s.Pending.Asked && !s.Pending.GivenUp
}

// AsksBy tells whether that mail is due at an instant.
func (s Standing) AsksBy(now time.Time) bool { return s.Asks() && !s.Pending.Retry.After(now) }

// askFailed tells whether that mail is tried again after a failure.
func (s Standing) askFailed() bool { return s.Asks() && s.Pending.Failure != (Failure{}) }

// give takes the address of new settings: at once where it is in force already (or
// was given before addresses were confirmed), else once it is confirmed.
func (s Standing) give(e person.NotificationSettingsChanged) Standing {
	switch {
	case e.Address.IsZero():
		s.Settings.Address, s.Settings.AddressID, s.Pending, s.Suspended = nil, uuid.Nil, nil, person.NotSuspended
	case e.AddressID == uuid.Nil || e.AddressID == s.Settings.AddressID:
		s.Settings.Address, s.Settings.AddressID, s.Pending = e.Address.Sealed(), e.AddressID, nil
	case s.Pending == nil || s.Pending.AddressID != e.AddressID:
		s.Pending = &Confirmation{AddressID: e.AddressID, Address: e.Address.Sealed(), Given: e.AddressAt, Retry: e.AddressAt}
	}
	return s
}

// confirmed puts the address that waited in force. What became due meanwhile is due
// now.
func (s Standing) confirmed(f Fact, e person.AddressConfirmed) Standing {
	s.Changed = f.Ordinal
	switch {
	case s.Pending != nil && s.Pending.AddressID == e.AddressID:
		s.Settings.Address, s.Settings.AddressID, s.Pending = s.Pending.Address, s.Pending.AddressID, nil
	case s.Settings.AddressID != e.AddressID: // by the link that put it in force it is confirmed anew, too
		return s
	}
	s.Suspended = person.NotSuspended
	return s.retryNow(f.At)
}

// suspended ends mail to the address in force. What is due waits, and cursor and
// carried windows with it.
func (s Standing) suspended(f Fact, e person.MailSuspended) Standing {
	s.Changed = f.Ordinal
	if e.AddressID == s.Settings.AddressID {
		s.Suspended = e.Cause
	}
	return s
}

// bar ends all mail to one who was disabled. An address that waits stays: its link
// may be followed once the account is enabled.
func (s Standing) bar(f Fact) Standing {
	s.Changed, s.Barred = f.Ordinal, true
	return s.stop()
}

// admit lets digests that were on go on, from now.
func (s Standing) admit(f Fact) Standing {
	s.Changed, s.Barred = f.Ordinal, false
	if s.On() {
		return s.start(f)
	}
	return s
}
