package calendar

import (
	"time"
	_ "time/tzdata" // a container without a zone database must not turn everyone to UTC

	"imprint/domain"
)

// Here: what a person chooses, and which choices are refused.

// Frequency is how often a person wants a digest.
type Frequency string

// The frequencies.
const (
	Off       Frequency = "off"
	Immediate Frequency = "immediate" // as soon as there is something to tell
	Daily     Frequency = "daily"
	Weekly    Frequency = "weekly"
	Monthly   Frequency = "monthly"
)

// Schedule is the choice of one person. Weekday counts for weekly schedules,
// MonthDay for monthly ones; both are kept when the frequency changes, so that a
// person who changes back finds them again.
type Schedule struct {
	Frequency Frequency    `json:"frequency"`
	Hour      int          `json:"hour"`     // 0 to 23, local time
	Minute    int          `json:"minute"`   // 0 to 59
	Weekday   time.Weekday `json:"weekday"`  // 0 is Sunday
	MonthDay  int          `json:"monthDay"` // 1 to 31; 0 where never chosen
	Zone      string       `json:"zone"`     // IANA name, as "Europe/Berlin"
}

// Check refuses, as domain.Invalid, a schedule that names no time: the error
// carries the field and what to write instead.
func (s Schedule) Check() error {
	switch s.Frequency {
	case Off, Immediate, Daily, Weekly, Monthly:
	default:
		return refuse("frequency", "%q is no frequency; write off, immediate, daily, weekly or monthly", clip(string(s.Frequency)))
	}
	if s.Hour < 0 || s.Hour > 23 {
		return refuse("hour", "hour is %d; write a whole number from 0 to 23", s.Hour)
	}
	if s.Minute < 0 || s.Minute > 59 {
		return refuse("minute", "minute is %d; write a whole number from 0 to 59", s.Minute)
	}
	if s.Weekday < time.Sunday || s.Weekday > time.Saturday {
		return refuse("weekday", "weekday is %d; write a whole number from 0 (Sunday) to 6 (Saturday)", int(s.Weekday))
	}
	unset := s.MonthDay == 0 && s.Frequency != Monthly
	if !unset && (s.MonthDay < 1 || s.MonthDay > 31) {
		return refuse("monthDay", "monthDay is %d; write a whole number from 1 to 31 (31 is the last day of every month)", s.MonthDay)
	}
	if _, known := Zone(s.Zone); !known {
		return refuse("zone", "%q is no time zone known here; write an IANA name such as \"Europe/Berlin\" or \"UTC\"", clip(s.Zone))
	}
	return nil
}

func refuse(field, format string, args ...any) error {
	return domain.Refuse(domain.Invalid, "bad-schedule", format, args...).In(field)
}

// clip keeps an error short whatever was sent.
func clip(s string) string {
	if len(s) > maxZoneName {
		return s[:maxZoneName] + "…"
	}
	return s
}
