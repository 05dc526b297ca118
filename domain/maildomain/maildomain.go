// Package maildomain holds the rules of one mail domain, such as example.org: which
// organisation has shown that it is theirs. The members of an organisation get
// their digests in its domains only; whoever has a personal account, at any
// address of their own.
//
// A domain has a stream of its own, so that two organisations cannot both have it.
package maildomain

import (
	"strings"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/event"
)

// Verified says that a domain is an organisation's.
type Verified struct {
	Domain       string    `json:"domain"` // in its ASCII form, small letters
	Organization uuid.UUID `json:"organization"`
	How          How       `json:"how"`
}

// Released says that it is theirs no longer.
type Released struct {
	Domain       string    `json:"domain"`
	Organization uuid.UUID `json:"organization"`
}

// How says what a verification rests on.
type How string

// Stated: an administrator has vouched for it.
const Stated How = "stated"

// The names under which the events stand in the log, for ever.
func (Verified) EventType() string { return "DomainVerified" }
func (Released) EventType() string { return "DomainReleased" }

// Events defines this aggregate's events.
func Events() []event.Definition {
	return []event.Definition{event.Define[Verified](false), event.Define[Released](false)}
}

// Stream is the stream of one domain.
func Stream(name string) event.Stream { return event.StreamOf(event.DomainCategory, name) }

// The limits of RFC 1035, section 2.3.4, in bytes; a name is shorter here, for a
// stream is named after it.
const (
	maxName  = 180
	maxLabel = 63
)

// CheckName refuses what is not a domain of two labels or more, in its ASCII form
// and in small letters.
func CheckName(name string) error {
	labels := strings.Split(name, ".")
	ok := len(name) <= maxName && len(labels) > 1
	for _, l := range labels {
		ok = ok && l != "" && len(l) <= maxLabel && l[0] != '-' && l[len(l)-1] != '-'
		for _, c := range []byte(l) {
			ok = ok && (c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-')
		}
	}
	if !ok {
		return domain.Refuse(domain.Invalid, "bad-domain", "%.80q is not a mail domain; write one such as example.org, in small letters, an international one in its ASCII form (xn--…)", name).In("domain")
	}
	return nil
}

// State is a domain as the events left it; the zero State is nobody's.
type State struct {
	organization uuid.UUID
}

// Organization is whose the domain is, nil if nobody's.
func (s State) Organization() uuid.UUID { return s.organization }

// Fold answers the state after further events, leaving s as it is.
func (s State) Fold(payloads ...event.Payload) State {
	for _, p := range payloads {
		switch e := p.(type) {
		case Verified:
			s.organization = e.Organization
		case Released:
			s.organization = uuid.Nil
		}
	}
	return s
}

// Verify gives the domain to an organisation. Theirs already is no error.
func (s State) Verify(name string, organization uuid.UUID, how How) ([]event.Payload, error) {
	if err := CheckName(name); err != nil {
		return nil, err
	}
	if organization == uuid.Nil {
		return nil, domain.Refuse(domain.Invalid, "bad-organization", "the organization is missing; name whose the domain is by its id").In("organization")
	}
	switch s.organization {
	case organization:
		return nil, nil
	case uuid.Nil:
		return []event.Payload{Verified{Domain: name, Organization: organization, How: how}}, nil
	}
	return nil, domain.Refuse(domain.Conflict, "domain-taken", "%s is another organisation's; release it there first", name).In("domain")
}

// Release takes the domain from its organisation. Nobody's already is no error.
func (s State) Release(name string) []event.Payload {
	if s.organization == uuid.Nil {
		return nil
	}
	return []event.Payload{Released{Domain: name, Organization: s.organization}}
}

// Admit refuses an address for a member of an organisation whose domain this is
// not.
func (s State) Admit(organization uuid.UUID) error {
	if s.organization == organization {
		return nil
	}
	return domain.Refuse(domain.Forbidden, "domain-not-verified", "the address does not lie in a verified mail domain of your organisation; choose one that does, or ask your organisation's administrator to have the domain verified").In("address")
}
