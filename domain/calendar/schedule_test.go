package calendar_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"imprint/domain"
	"imprint/domain/calendar"
)

// Here: what Check refuses and says, and the form in JSON.

func TestCheckAccepts(t *testing.T) {
	for _, s := range []calendar.Schedule{
		{Frequency: calendar.Off, Zone: "UTC"},
		{Frequency: calendar.Immediate, Zone: "Europe/Berlin"},
		daily("America/Argentina/ComodRivadavia", 23, 59),
		weekly("Etc/GMT+12", time.Saturday, 0, 0),
		monthly("Asia/Kathmandu", 1, 8, 0),
		monthly("GB-Eire", 31, 8, 0),
	} {
		if err := s.Check(); err != nil {
			t.Errorf("%+v: %v", s, err)
		}
	}
}

func TestCheckRefuses(t *testing.T) {
	good := monthly("Europe/Berlin", 31, 8, 0)
	change := func(f func(*calendar.Schedule)) calendar.Schedule {
		s := good
		f(&s)
		return s
	}
	zone := func(name string) calendar.Schedule {
		return change(func(s *calendar.Schedule) { s.Zone = name })
	}
	for name, c := range map[string]struct {
		schedule calendar.Schedule
		field    string
		remedy   string
	}{
		"no frequency":      {change(func(s *calendar.Schedule) { s.Frequency = "" }), "frequency", "daily"},
		"unknown frequency": {change(func(s *calendar.Schedule) { s.Frequency = "hourly" }), "frequency", `"hourly"`},
		"hour 24":           {change(func(s *calendar.Schedule) { s.Hour = 24 }), "hour", "0 to 23"},
		"hour -1":           {change(func(s *calendar.Schedule) { s.Hour = -1 }), "hour", "0 to 23"},
		"minute 60":         {change(func(s *calendar.Schedule) { s.Minute = 60 }), "minute", "0 to 59"},
		"minute -1":         {change(func(s *calendar.Schedule) { s.Minute = -1 }), "minute", "0 to 59"},
		"weekday 7":         {change(func(s *calendar.Schedule) { s.Weekday = 7 }), "weekday", "0 (Sunday)"},
		"weekday -1":        {change(func(s *calendar.Schedule) { s.Weekday = -1 }), "weekday", "0 (Sunday)"},
		"monthly on day 0":  {change(func(s *calendar.Schedule) { s.MonthDay = 0 }), "monthDay", "1 to 31"},
		"day 32":            {change(func(s *calendar.Schedule) { s.MonthDay = 32 }), "monthDay", "1 to 31"},
		"daily with day 32": {change(func(s *calendar.Schedule) { s.Frequency, s.MonthDay = calendar.Daily, 32 }), "monthDay", "1 to 31"},
		"no zone":           {zone(""), "zone", "Europe/Berlin"},
		"Local":             {zone("Local"), "zone", "Europe/Berlin"},
		"localtime":         {zone("localtime"), "zone", "Europe/Berlin"},
		"right/":            {zone("right/Europe/Berlin"), "zone", "Europe/Berlin"},
		"unknown zone":      {zone("Mars/Olympus"), "zone", `"Mars/Olympus"`},
		"wrong case":        {zone("europe/berlin"), "zone", "Europe/Berlin"},
		"a folder":          {zone("Europe"), "zone", "Europe/Berlin"},
		"a path":            {zone("Europe/../../etc/passwd"), "zone", "Europe/Berlin"},
		"a NUL":             {zone("UTC\x00"), "zone", "Europe/Berlin"},
		"a long zone":       {zone("E" + strings.Repeat("x", 1<<20)), "zone", "Europe/Berlin"},
	} {
		t.Run(name, func(t *testing.T) {
			err := c.schedule.Check()
			var e *domain.Error
			if !errors.As(err, &e) {
				t.Fatalf("got %v, want a domain.Error", err)
			}
			if e.Kind != domain.Invalid || e.Field != c.field || !strings.Contains(e.Message, c.remedy) {
				t.Errorf("got %s, field %q: %s", e.Kind, e.Field, e.Message)
			}
			if len(e.Message) > 300 {
				t.Errorf("message of %d bytes", len(e.Message))
			}
		})
	}
}

func TestScheduleJSON(t *testing.T) {
	const want = `{"frequency":"weekly","hour":8,"minute":30,"weekday":6,"monthDay":0,"zone":"Europe/Berlin"}`
	s := weekly("Europe/Berlin", time.Saturday, 8, 30)
	got, err := json.Marshal(s)
	if err != nil || string(got) != want {
		t.Errorf("got %s, %v", got, err)
	}
	var back calendar.Schedule
	if err := json.Unmarshal(got, &back); err != nil || back != s {
		t.Errorf("back: %+v, %v", back, err)
	}
}
