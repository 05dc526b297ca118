package access_test

import (
	"testing"

	"imprint/domain"
	"imprint/domain/access"
)

func TestWhoMaySee(t *testing.T) {
	visitor := access.Reader{}
	reader := access.Reader{Person: "p", Role: access.Member}
	administrator := access.Reader{Person: "a", Role: access.Administrator}
	unsure := access.Reader{Person: "p", Role: access.Administrator, Unsure: true}
	roleAlone := access.Reader{Role: access.Administrator} // a role does not make a person
	for _, c := range []struct {
		kind access.Kind
		who  access.Reader
		want bool
	}{
		{access.Everyone, visitor, true}, {access.Everyone, reader, true}, {access.Everyone, administrator, true},
		{access.SignedIn, visitor, false}, {access.SignedIn, roleAlone, false}, {access.SignedIn, reader, true}, {access.SignedIn, administrator, true},
		{access.Everyone, unsure, true}, {access.SignedIn, unsure, false},
		// Anything unknown hides, whoever asks: an audience of a newer program, or none.
		{"organisations", administrator, false}, {"", administrator, false}, {"Everyone", visitor, false},
	} {
		if got := access.MaySee(c.who, access.Audience{Kind: c.kind}); got != c.want {
			t.Errorf("%+v and audience %q: %v, want %v", c.who, c.kind, got, c.want)
		}
	}
}

func TestOnlyEveryoneIsUnrestricted(t *testing.T) {
	for kind, restricted := range map[access.Kind]bool{access.Everyone: false, access.SignedIn: true, "": true, "other": true} {
		if got := (access.Audience{Kind: kind}).Restricted(); got != restricted {
			t.Errorf("audience %q restricted: %v", kind, got)
		}
		err := access.Audience{Kind: kind}.Check()
		if known := kind == access.Everyone || kind == access.SignedIn; known != (err == nil) {
			t.Errorf("audience %q: %v", kind, err)
		}
	}
}

func TestRoles(t *testing.T) {
	for role, may := range map[access.Role][2]bool{ // publish, audit
		access.Visitor: {false, false}, access.Member: {false, false}, access.Publisher: {true, false},
		access.Auditor: {false, true}, access.Administrator: {true, true}, "root": {false, false},
	} {
		if got := [2]bool{role.MayPublish(), role.MayAudit()}; got != may {
			t.Errorf("role %q may publish, audit: %v, want %v", role, got, may)
		}
	}
	for _, name := range []string{"reader", "publisher", "auditor", "administrator"} {
		if role, err := access.ParseRole(name); string(role) != name || err != nil {
			t.Errorf("role %q: %q, %v", name, role, err)
		}
	}
	for _, name := range []string{"", "root", "Publisher"} {
		if _, err := access.ParseRole(name); domain.KindOf(err) != domain.Invalid {
			t.Errorf("role %q: %v; want a refusal", name, err)
		}
	}
}

func TestOnlyAnAuditorChangesNothing(t *testing.T) {
	for _, role := range []access.Role{access.Visitor, access.Member, access.Publisher, access.Auditor, access.Administrator} {
		if got := role.MayChange(); got != (role != access.Auditor) {
			t.Errorf("role %q may change: %v", role, got)
		}
		if keeps := (access.Reader{Person: "p", Role: role}).MayKeep(); keeps != role.MayChange() || (access.Reader{Role: role}).MayKeep() {
			t.Errorf("role %q keeps a library: %v", role, keeps)
		}
	}
}
