package category_test

import (
	"errors"
	"strings"
	"testing"

	"imprint/domain"
	"imprint/domain/category"
	"imprint/domain/event"
)

var name = domain.English("ISO/IEC")

func does(t *testing.T, s category.State, want int) func([]event.Payload, error) category.State {
	return func(events []event.Payload, err error) category.State {
		t.Helper()
		if err != nil || len(events) != want {
			t.Fatalf("%d events, %v; want %d", len(events), err, want)
		}
		return s.Fold(events...)
	}
}

func refused(t *testing.T, code string, words string) func([]event.Payload, error) {
	return func(events []event.Payload, err error) {
		t.Helper()
		var e *domain.Error
		if !errors.As(err, &e) || e.Code != code || len(events) > 0 || !strings.Contains(e.Message, words) {
			t.Errorf("got %d events, %v; want the refusal %s with %q", len(events), err, code, words)
		}
	}
}

func TestACategoryIsDefinedRenamedMovedAndRemoved(t *testing.T) {
	var s category.State
	refused(t, "bad-slug", "iso-27001")(s.Define("ISO/IEC", category.Certifications, name, nil))
	refused(t, "bad-group", "certifications")(s.Define("iso-iec", "other", name, nil))
	refused(t, "missing-name", "")(s.Define("iso-iec", category.Certifications, nil, nil))
	refused(t, "no-category", "")(s.Move(category.Reports))
	refused(t, "no-category", "")(s.Remove(0))

	s = does(t, s, 1)(s.Define("iso-iec", category.Certifications, name, nil))
	s = does(t, s, 0)(s.Define("iso-iec", category.Certifications, name, nil))
	s = does(t, s, 1)(s.Define("iso-iec", category.Certifications, domain.English("ISO"), nil))
	refused(t, "category-elsewhere", "certifications")(s.Define("iso-iec", category.Reports, name, nil))

	s = does(t, s, 1)(s.Move(category.Reports))
	s = does(t, s, 0)(s.Move(category.Reports))
	s = does(t, s, 1)(s.Define("iso-iec", category.Reports, name, nil))
	refused(t, "bad-group", "")(s.Move("other"))

	refused(t, "category-holds-documents", "3")(s.Remove(3))
	if err := s.Take("iso-iec"); err != nil {
		t.Error(err)
	}
	s = does(t, s, 1)(s.Remove(0))
	refused(t, "no-category", "iso-iec")(nil, s.Take("iso-iec"))
	does(t, s, 1)(s.Define("iso-iec", category.Regional, name, nil))
}
