package person_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/access"
	"imprint/domain/calendar"
	"imprint/domain/event"
	"imprint/domain/person"
)

var (
	now      = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	me       = uuid.New()
	schedule = calendar.Schedule{Frequency: calendar.Weekly, Hour: 8, Weekday: time.Monday, Zone: "Europe/Berlin"}
)

func refused(t *testing.T, code string) func([]event.Payload, error) {
	return func(events []event.Payload, err error) {
		t.Helper()
		var e *domain.Error
		if !errors.As(err, &e) || e.Code != code || len(events) > 0 {
			t.Errorf("got %d events, %v; want the refusal %s", len(events), err, code)
		}
	}
}

func joined(t *testing.T) person.State {
	t.Helper()
	events, err := (person.State{}).Join(me, "Ada")
	if err != nil || len(events) != 1 {
		t.Fatalf("%d events, %v", len(events), err)
	}
	return (person.State{}).Fold(events...)
}

func TestAPersonJoinsOnce(t *testing.T) {
	for name, code := range map[string]string{" ": "missing-name", "A\nB": "control-character", strings.Repeat("x", 201): "text-too-long", "\xff": "bad-utf8"} {
		refused(t, code)((person.State{}).Join(me, name))
	}
	s := joined(t)
	if events, err := s.Join(me, "Ada"); len(events) > 0 || err != nil {
		t.Errorf("joined again: %d events, %v", len(events), err)
	}
}

func TestSettingsAreChecked(t *testing.T) {
	s := joined(t)
	refused(t, "no-person")((person.State{}).ChangeSettings(schedule, "en", person.Address{}))
	wrong := schedule
	wrong.Zone = "Mars/Olympus"
	refused(t, "bad-schedule")(s.ChangeSettings(wrong, "en", person.Address{}))
	for _, language := range []string{"", "English", "e", "en-", strings.Repeat("a", 17)} {
		refused(t, "bad-language")(s.ChangeSettings(schedule, language, person.Address{}))
	}
	events, err := s.ChangeSettings(schedule, "pt-br", given(t, s, now))
	if err != nil {
		t.Fatal(err)
	}
	got := events[0].(person.NotificationSettingsChanged)
	if got.Person != me || got.Schedule != schedule || got.Language != "pt-br" || got.Address.IsZero() {
		t.Errorf("got %+v", got)
	}
	events, err = s.ChangeSettings(schedule, "en", person.Address{})
	if err != nil || !events[0].(person.NotificationSettingsChanged).Address.IsZero() {
		t.Errorf("no address: %+v, %v", events, err)
	}
}

func TestTokensAreIssuedForALimitedTimeAndRevokedOnce(t *testing.T) {
	s, token := joined(t), uuid.New()
	refused(t, "no-person")((person.State{}).IssueToken(token, access.Publisher, now.Add(time.Hour), now))
	refused(t, "bad-role")(s.IssueToken(token, "king", now.Add(time.Hour), now))
	refused(t, "bad-expiry")(s.IssueToken(token, access.Publisher, now, now))
	refused(t, "bad-expiry")(s.IssueToken(token, access.Publisher, now.Add(person.MaxTokenLife+1), now))
	refused(t, "no-token")(s.RevokeToken(token))
	events, err := s.IssueToken(token, access.Publisher, now.Add(person.MaxTokenLife), now)
	if err != nil {
		t.Fatal(err)
	}
	s = s.Fold(events...)
	for want := 1; want >= 0; want-- {
		events, err := s.RevokeToken(token)
		if err != nil || len(events) != want {
			t.Errorf("%d events, %v; want %d", len(events), err, want)
		}
		s = s.Fold(events...)
	}
}
