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

// waits tells whether the mail still has to be sent.
func (c *Confirmation) waits() bool { return c != nil && !c.Asked && !c.GivenUp }

// Due tells whether the mail has to be sent now.
func (c *Confirmation) Due(now time.Time) bool { return c.waits() && !c.Retry.After(now) }

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
	if s.Pending == nil || s.Pending.AddressID != e.AddressID {
		return s
	}
	s.Settings.Address, s.Settings.AddressID = s.Pending.Address, s.Pending.AddressID
	s.Pending, s.Suspended = nil, person.NotSuspended
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

// bar ends everything for one who was disabled.
func (s Standing) bar(f Fact) Standing {
	s.Changed, s.Barred, s.Pending = f.Ordinal, true, nil
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
