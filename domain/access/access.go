// Package access decides who may see what. It is one pure function, resolved at
// the moment of reading; where a query must express the same rule in SQL, a
// property test holds the two against each other.
package access

import "imprint/domain"

// Kind names a sort of audience.
type Kind string

// The audiences. Anything else hides (default deny).
const (
	Everyone Kind = "everyone"
	SignedIn Kind = "signed-in"
)

// Audience is who may see a document.
type Audience struct {
	Kind Kind `json:"kind"`
}

// Restricted tells whether the audience is anything less than everyone. Facts
// about restricted documents have their salts sealed.
func (a Audience) Restricted() bool { return a.Kind != Everyone }

// Check refuses an audience that does not exist.
func (a Audience) Check() error {
	switch a.Kind {
	case Everyone, SignedIn:
		return nil
	}
	return domain.Refuse(domain.Invalid, "bad-audience", "audience %.40q does not exist; use %q or %q", a.Kind, Everyone, SignedIn).In("audience")
}

// Reader is who asks. The zero value is an anonymous visitor.
type Reader struct {
	Person string // opaque id, "" for an anonymous visitor
	Role   Role
	// Organization is the active one of this request: its id, or "" for a personal
	// account. Access is never the union of two.
	Organization string
	// Unsure: the audiences that are asked about may be out of date, so that the
	// reader is shown only what everyone may see.
	Unsure bool
}

// SignedIn tells whether the reader is a known person; a mail server is none.
func (r Reader) SignedIn() bool { return r.Person != "" && r.Role != Postmaster }

// MayKeep tells whether the reader may have a library and settings of their own.
func (r Reader) MayKeep() bool { return r.SignedIn() && r.Role.MayChange() }

// Role is what a person may do beyond reading what the person may see.
type Role string

// The roles that exist so far.
const (
	Visitor       Role = ""
	Member        Role = "reader"
	Publisher     Role = "publisher"
	Auditor       Role = "auditor"
	Administrator Role = "administrator"
	// Postmaster is of mail servers: it hands in reports of failed mails, and may
	// nothing else that an anonymous visitor may not.
	Postmaster Role = "postmaster"
)

// ParseRole reads a role's name.
func ParseRole(s string) (Role, error) {
	switch r := Role(s); r {
	case Member, Publisher, Auditor, Administrator, Postmaster:
		return r, nil
	}
	return "", domain.Refuse(domain.Invalid, "bad-role", "role %.40q does not exist; use reader, publisher, auditor, administrator or postmaster", s).In("role")
}

// MayPublish tells whether the role may change documents, series and categories.
func (r Role) MayPublish() bool { return r == Publisher || r == Administrator }

// MayChange tells whether the role may change anything at all, its own library
// and settings among it: an auditor changes nothing, anywhere.
func (r Role) MayChange() bool { return r != Auditor }

// MayAudit tells whether the role may read everything that ever happened.
func (r Role) MayAudit() bool { return r == Auditor || r == Administrator }

// MayAdminister tells whether the role may look after persons and mail domains.
func (r Role) MayAdminister() bool { return r == Administrator }

// MaySee is the rule: may this reader see a document of this audience?
func MaySee(r Reader, a Audience) bool {
	switch a.Kind {
	case Everyone:
		return true
	case SignedIn:
		return r.SignedIn() && !r.Unsure
	}
	return false
}
