package maildomain_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/event"
	"imprint/domain/maildomain"
)

func code(err error) string {
	var e *domain.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

func TestADomainIsOneOrganisations(t *testing.T) {
	acme, other := uuid.New(), uuid.New()
	var s maildomain.State
	if code(s.Admit(acme)) != "domain-not-verified" {
		t.Error("nobody's domain admits")
	}
	events, err := s.Verify("acme.example", acme, maildomain.Stated)
	if want := []event.Payload{maildomain.Verified{Domain: "acme.example", Organization: acme, How: maildomain.Stated}}; err != nil || !reflect.DeepEqual(events, want) {
		t.Fatalf("%+v, %v", events, err)
	}
	s = s.Fold(events...)
	if s.Admit(acme) != nil || code(s.Admit(other)) != "domain-not-verified" {
		t.Error("it admits its own members and no others")
	}
	if events, err := s.Verify("acme.example", acme, maildomain.Stated); len(events) > 0 || err != nil {
		t.Errorf("again: %+v, %v", events, err)
	}
	if _, err := s.Verify("acme.example", other, maildomain.Stated); code(err) != "domain-taken" {
		t.Errorf("another's: %v", err)
	}
	s = s.Fold(s.Release("acme.example")...)
	if s.Organization() != uuid.Nil || len(s.Release("acme.example")) > 0 || code(s.Admit(acme)) == "" {
		t.Errorf("released: %+v", s)
	}
}

func TestNamesAreChecked(t *testing.T) {
	for _, good := range []string{"a.b", "mail.example.co.uk", "xn--bcher-kva.example", strings.Repeat("a", 63) + ".example"} {
		if err := maildomain.CheckName(good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
		if _, err := event.ParseStream(string(maildomain.Stream(good))); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{"", "example", "Example.org", "exa mple.org", "example..org", ".org", "example.", "-a.org", "a-.org", "bücher.example", "a_b.org", strings.Repeat("a", 64) + ".org", strings.Repeat("a.", 90) + "org"} {
		if code(maildomain.CheckName(bad)) != "bad-domain" {
			t.Errorf("%q passes", bad)
		}
	}
}
