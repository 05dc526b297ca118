package person

// Here: what becomes of a mail address. It is given, confirmed by whoever reads
// its mail, and suspended when mail to it fails.

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/event"
)

const (
	// ConfirmWithin is how long the link that confirms an address holds.
	ConfirmWithin = 7 * 24 * time.Hour

	// Each new address is a mail to somebody who may not have asked for it.
	maxGiven    = 5
	givenWithin = 24 * time.Hour

	// So many mails that came back within a month suspend an address that exists.
	maxBounces    = 3
	bouncedWithin = 30 * 24 * time.Hour
)

// Address is what a person's state knows of an address, which is not its text.
type Address struct {
	ID      uuid.UUID // nil: given before addresses were confirmed
	Address event.Secret
	Given   time.Time
}

// none tells whether there is no address.
func (a Address) none() bool { return a.Address.IsZero() }

// InForce is the address to which digests go; a zero one if there is none.
func (s State) InForce() Address { return s.inForce }

// Pending is the address that waits for its confirmation; a zero one if none does.
func (s State) Pending() Address {
	if chosen := s.chosen(); chosen.ID != s.inForce.ID && !chosen.none() {
		return chosen
	}
	return Address{}
}

// Suspended says why no mail goes to the address in force.
func (s State) Suspended() Suspension { return s.suspended }

// Bounced is the newest failure of a mail to the address that was chosen last;
// false if none failed.
func (s State) Bounced() (MailBounced, bool) {
	if n := len(s.bounces); n > 0 && s.bounces[n-1].AddressID == s.settings.AddressID {
		return s.bounces[n-1], true
	}
	return MailBounced{}, false
}

func (s State) chosen() Address {
	return Address{ID: s.settings.AddressID, Address: s.settings.Address, Given: s.settings.AddressAt}
}

// Give chooses an address for settings that are about to change: a new one under
// an id that was never used, which waits for its confirmation.
func (s State) Give(address string, id uuid.UUID, at time.Time) (Address, error) {
	recent := 0
	for _, given := range s.given {
		if at.Sub(given) < givenWithin {
			recent++
		}
	}
	if recent >= maxGiven {
		return Address{}, domain.Refuse(domain.TooMany, "too-many-addresses", "%d addresses were given within a day, and each is sent a mail; wait until tomorrow", maxGiven).In("address")
	}
	return Address{ID: id, Address: event.Personal(address), Given: domain.Moment(at)}, nil
}

// ConfirmAddress puts an address in force, and ends its suspension. Confirmed
// already is no error.
func (s State) ConfirmAddress(id uuid.UUID, at time.Time) ([]event.Payload, error) {
	if err := s.existing(); err != nil {
		return nil, err
	}
	switch {
	case s.disabled:
		return nil, disabled()
	case id == uuid.Nil || id != s.settings.AddressID:
		return nil, domain.Refuse(domain.Conflict, "address-replaced", "another address was chosen since this link was sent; use the link in the newest mail, or ask for a new one in the settings")
	case id == s.inForce.ID && s.suspended == NotSuspended:
		return nil, nil
	case at.After(s.settings.AddressAt.Add(ConfirmWithin)):
		return nil, domain.Refuse(domain.Conflict, "link-expired", "this link has expired; ask for a new one in the settings")
	}
	return []event.Payload{AddressConfirmed{Person: s.id, AddressID: id}}, nil
}

// Failure is what a report says about a mail to an address.
type Failure struct {
	AddressID uuid.UUID
	Digest    uuid.UUID // nil: the mail that asked for confirmation
	NoSuch    bool      // the server knows no such address
	Status    string    // RFC 3463
}

// Bounce records a mail that came back. An address that does not exist is
// suspended at once; one that refuses for other reasons (a full mailbox, a policy)
// at the third time within a month. The report of an address that is no longer in
// use, and one told again, change nothing.
func (s State) Bounce(f Failure, at time.Time) ([]event.Payload, error) {
	if !s.uses(f.AddressID) {
		return nil, nil
	}
	bounced := 1
	for _, b := range s.bounces {
		if b.AddressID != f.AddressID {
			continue
		}
		if b.Digest == f.Digest && (b.NoSuch || !f.NoSuch) {
			return nil, nil
		}
		if at.Sub(b.At) < bouncedWithin {
			bounced++
		}
	}
	events := []event.Payload{MailBounced{Person: s.id, AddressID: f.AddressID, Digest: f.Digest, NoSuch: f.NoSuch, Status: f.Status, At: domain.Moment(at)}}
	cause := NotSuspended
	switch {
	case f.AddressID != s.inForce.ID || s.suspended != NotSuspended: // not in force, or suspended already
	case f.NoSuch:
		cause = BadAddress
	case bounced >= maxBounces:
		cause = Refusing
	}
	if cause != NotSuspended {
		events = append(events, MailSuspended{Person: s.id, AddressID: f.AddressID, Cause: cause, Status: f.Status})
	}
	return events, nil
}

// Complain suspends an address whose reader has reported a mail as unwanted.
func (s State) Complain(addressID uuid.UUID) []event.Payload {
	if !s.uses(addressID) || addressID != s.inForce.ID || s.suspended == Complained {
		return nil
	}
	return []event.Payload{MailSuspended{Person: s.id, AddressID: addressID, Cause: Complained}}
}

// uses tells whether an address is in force or waits for its confirmation.
func (s State) uses(id uuid.UUID) bool {
	return s.existing() == nil && (!s.inForce.none() && id == s.inForce.ID || !s.Pending().none() && id == s.settings.AddressID)
}

// choose takes in new settings.
func (s *State) choose(e NotificationSettingsChanged) {
	s.settings = e
	chosen := s.chosen()
	switch {
	case chosen.none():
		s.inForce, s.suspended = Address{}, NotSuspended
	case chosen.ID == uuid.Nil || chosen.ID == s.inForce.ID:
		s.inForce = chosen
	case len(s.given) == 0 || !s.given[len(s.given)-1].Equal(chosen.Given):
		s.given = newest(s.given, chosen.Given, maxGiven)
	}
}

// confirmed puts the pending address in force.
func (s *State) confirmed(e AddressConfirmed) {
	if e.AddressID == s.settings.AddressID {
		s.inForce, s.suspended = s.chosen(), NotSuspended
	}
}

// bounced keeps the newest bounces, as many as are counted.
func (s *State) bounced(e MailBounced) {
	s.bounces = newest(s.bounces, e, maxBounces)
}

// newest adds to a list of bounded length, leaving the list as it is: states that
// others hold share it.
func newest[T any](all []T, one T, most int) []T {
	return append(slices.Clone(all[max(0, len(all)-most+1):]), one)
}
