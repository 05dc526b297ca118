package digest_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"imprint/domain/calendar"
	"imprint/domain/digest"
)

// A clock that was years ahead for a moment silences nobody.
func TestAClockThatWasFarAheadIsRighted(t *testing.T) {
	now := time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)
	far := now.AddDate(3, 0, 0)
	s := digest.Standing{Person: uuid.New(), Cursor: 3, NextDue: now,
		Settings: digest.Settings{Schedule: calendar.Schedule{Frequency: calendar.Daily, Hour: 8, Zone: "UTC"}}}
	s = s.Advance(5, s.DueBy(far), far)
	s.Open = &digest.Delivery{Window: digest.Window{From: 3, Until: 5}, State: digest.Waiting, Retry: far}
	s.Pending = &digest.Confirmation{Retry: far}
	s.Carried = []digest.Carried{{Retry: far}, {Retry: now}}
	if !s.NextDue.After(far) {
		t.Fatalf("next due %s", s.NextDue)
	}
	right := s.Righted(now)
	if want := now.Add(20 * time.Hour); !right.NextDue.Equal(want) || right.LastDue.After(now) {
		t.Errorf("next due %s, not %s; last due %s", right.NextDue, want, right.LastDue)
	}
	if !right.Open.Retry.Equal(now) || !right.Pending.Retry.Equal(now) || !right.Carried[0].Retry.Equal(now) {
		t.Errorf("%+v %+v %+v", right.Open, right.Pending, right.Carried)
	}
	if s.Open.Retry != far || s.Pending.Retry != far || s.Carried[0].Retry != far {
		t.Error("the standing it was made of has changed")
	}

	// One that is a few days ahead is left alone: nothing fires twice.
	days := now.AddDate(0, 0, 5)
	s = digest.Standing{Settings: s.Settings}.Advance(5, days, days)
	if same := s.Righted(now); !same.NextDue.Equal(s.NextDue) || !same.LastDue.Equal(s.LastDue) {
		t.Errorf("%s, %s", same.NextDue, same.LastDue)
	}
}
