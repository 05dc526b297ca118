package calendar_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"imprint/domain/calendar"
)

// Here: what must hold for every schedule in every zone, and a second, naive
// implementation to compare with.

// zones has each kind of oddity: gaps at midnight and across it, half-hour and
// quarter-hour offsets, shifts of 30 minutes and of two hours, double summer
// time, changes of standard offset, crossings of the date line, Ramadan breaks.
var zones = []string{
	"UTC", "Europe/Berlin", "Europe/London", "Europe/Dublin", "Europe/Lisbon", "Europe/Moscow", "Europe/Volgograd",
	"Europe/Istanbul", "Europe/Chisinau", "America/New_York", "America/Chicago", "America/St_Johns", "America/Caracas",
	"America/Havana", "America/Santiago", "America/Asuncion", "America/Sao_Paulo", "America/Nuuk", "America/Scoresbysund",
	"America/Anchorage", "America/Phoenix", "America/Godthab", "Africa/Casablanca", "Africa/Cairo", "Africa/Juba",
	"Africa/Windhoek", "Africa/Sao_Tome", "Asia/Beirut", "Asia/Gaza", "Asia/Tehran", "Asia/Amman", "Asia/Kathmandu",
	"Asia/Kolkata", "Asia/Tokyo", "Asia/Pyongyang", "Asia/Almaty", "Asia/Hovd", "Australia/Lord_Howe", "Australia/Sydney",
	"Australia/Eucla", "Pacific/Apia", "Pacific/Kwajalein", "Pacific/Kiritimati", "Pacific/Kanton", "Pacific/Chatham",
	"Pacific/Norfolk", "Pacific/Fiji", "Pacific/Tongatapu", "Antarctica/Troll", "Antarctica/Casey", "Antarctica/Vostok",
}

func anySchedule(frequencies ...calendar.Frequency) *rapid.Generator[calendar.Schedule] {
	return rapid.Custom(func(t *rapid.T) calendar.Schedule {
		return calendar.Schedule{
			Frequency: rapid.SampledFrom(frequencies).Draw(t, "frequency"),
			// Nights are where clocks change; they get half of the draws.
			Hour:     rapid.OneOf(rapid.SampledFrom([]int{0, 1, 2, 3, 23}), rapid.IntRange(0, 23)).Draw(t, "hour"),
			Minute:   rapid.OneOf(rapid.SampledFrom([]int{0, 1, 15, 30, 45, 59}), rapid.IntRange(0, 59)).Draw(t, "minute"),
			Weekday:  time.Weekday(rapid.IntRange(0, 6).Draw(t, "weekday")),
			MonthDay: rapid.IntRange(1, 31).Draw(t, "monthDay"),
			Zone:     rapid.SampledFrom(zones).Draw(t, "zone"),
		}
	})
}

// anyMoment draws whole minutes from 1973 (the last offset with seconds ended
// in 1972) to 2090 (beyond every zone's explicit table), half of them within
// two days of a change of the zone's clocks.
func anyMoment(zone string) *rapid.Generator[time.Time] {
	return rapid.Custom(func(t *rapid.T) time.Time {
		from := time.Date(1973, 1, 1, 0, 0, 0, 0, time.UTC)
		v := from.Add(time.Duration(rapid.IntRange(0, 117*365*24*60).Draw(t, "minute")) * time.Minute)
		if rapid.Bool().Draw(t, "near a change") {
			loc, _ := calendar.Zone(zone)
			if _, end := v.In(loc).ZoneBounds(); !end.IsZero() && end.Year() < 2100 {
				v = end.UTC().Add(time.Duration(rapid.IntRange(-48*60, 60).Draw(t, "offset")) * time.Minute)
			}
		}
		return v
	})
}

// TestChain: strictly increasing, no stretch longer than its frequency and one
// change of offset allow, and no date fired twice.
func TestChain(t *testing.T) {
	longest := map[calendar.Frequency]time.Duration{
		calendar.Daily: 24 * time.Hour, calendar.Weekly: 7 * 24 * time.Hour, calendar.Monthly: 31 * 24 * time.Hour,
	}
	rapid.Check(t, func(t *rapid.T) {
		s := anySchedule(calendar.Daily, calendar.Weekly, calendar.Monthly).Draw(t, "schedule")
		after := anyMoment(s.Zone).Draw(t, "after")
		loc, _ := calendar.Zone(s.Zone)
		fired := map[string]time.Time{}
		for i := range 40 {
			due, ok := s.NextDue(after)
			if !ok || !due.After(after) {
				t.Fatalf("after %v: got %v %v", after, due, ok)
			}
			// Vostok went back seven hours at once (1994); here nobody went further.
			if wait := due.Sub(after); i > 0 && wait > longest[s.Frequency]+7*time.Hour {
				t.Fatalf("%v and then nothing until %v", after, due)
			}
			// The firing's date is that of its local time, or the one before
			// where a gap carried it over midnight.
			local := due.In(loc)
			if exact := local.Hour() == s.Hour && local.Minute() == s.Minute; exact {
				date := local.Format(time.DateOnly)
				if first, twice := fired[date]; twice {
					t.Fatalf("%s fired at %v and %v", date, first, due)
				}
				fired[date] = due
			}
			after = due
		}
	})
}

// TestNoMemory: from any moment between two firings the answer is the second,
// so the chain from anywhere is the tail of the chain from anywhere earlier.
func TestNoMemory(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := anySchedule(calendar.Daily, calendar.Weekly, calendar.Monthly).Draw(t, "schedule")
		late := anyMoment(s.Zone).Draw(t, "late")
		early := late.Add(-time.Duration(rapid.IntRange(0, 100*24*60*60).Draw(t, "earlier")) * time.Second)
		want, _ := s.NextDue(late)
		got := early
		for !got.After(late) {
			next, ok := s.NextDue(got)
			if !ok || !next.After(got) {
				t.Fatalf("after %v: got %v %v", got, next, ok)
			}
			got = next
		}
		if !got.Equal(want) {
			t.Fatalf("from %v: %v; from %v: %v", early, got, late, want)
		}
	})
}

// TestOracle compares with scan, over windows that mostly hold a clock change.
func TestOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := anySchedule(calendar.Daily, calendar.Weekly, calendar.Monthly).Draw(t, "schedule")
		from := anyMoment(s.Zone).Draw(t, "from")
		until := from.Add(4 * 24 * time.Hour)
		want := scan(s, from, until)
		var got []time.Time
		for due, _ := s.NextDue(from); !due.After(until); due, _ = s.NextDue(due) {
			if got = append(got, due); len(got) > len(want) {
				break
			}
		}
		if len(got) != len(want) {
			t.Fatalf("got %v, want %v", got, want)
		}
		for i := range got {
			if !got[i].Equal(want[i]) {
				t.Fatalf("got %v, want %v", got, want)
			}
		}
	})
}

// scan watches a wall clock tick minute by minute, as a person with a calendar
// would: it fires when the clock shows the time on a date of the schedule, for
// the first time on that date; when the clock jumps over such a time, it fires
// as long after the jump as the time lay inside of it. It starts two days early,
// to know what the clock has shown already.
func scan(s calendar.Schedule, after, until time.Time) (due []time.Time) {
	loc, _ := calendar.Zone(s.Zone)
	seen := map[time.Time]bool{} // wall times shown or jumped over
	pending := map[time.Time]bool{}
	show := func(wall, instant time.Time) {
		if seen[wall] {
			return
		}
		seen[wall] = true
		if wall.Hour() == s.Hour && wall.Minute() == s.Minute && onDate(s, wall) && instant.After(after) && !instant.After(until) {
			pending[instant.UTC()] = true
		}
	}
	var last time.Time
	for t := after.Add(-48 * time.Hour).Truncate(time.Minute); !t.After(until); t = t.Add(time.Minute) {
		local := t.In(loc)
		wall := time.Date(local.Year(), local.Month(), local.Day(), local.Hour(), local.Minute(), 0, 0, time.UTC)
		if !last.IsZero() {
			for i, missed := 0, last.Add(time.Minute); missed.Before(wall); i, missed = i+1, missed.Add(time.Minute) {
				show(missed, t.Add(time.Duration(i)*time.Minute))
			}
		}
		show(wall, t)
		last = wall
	}
	for t := after.Truncate(time.Minute); !t.After(until); t = t.Add(time.Minute) {
		if pending[t.UTC()] {
			due = append(due, t.UTC())
		}
	}
	return due
}

func onDate(s calendar.Schedule, wall time.Time) bool {
	switch s.Frequency {
	case calendar.Weekly:
		return wall.Weekday() == s.Weekday
	case calendar.Monthly:
		tomorrow := wall.AddDate(0, 0, 1)
		return wall.Day() == s.MonthDay || wall.Day() < s.MonthDay && tomorrow.Month() != wall.Month()
	}
	return true
}

// FuzzNextDue: whatever stands in the work table, NextDue answers.
func FuzzNextDue(f *testing.F) {
	f.Add("weekly", 9, 0, 5, 0, "Pacific/Apia", int64(1325000000))
	f.Add("monthly", -1, 1<<30, -9, 99, "", int64(-1<<62))
	f.Fuzz(func(t *testing.T, frequency string, hour, minute, weekday, day int, zone string, unix int64) {
		s := calendar.Schedule{Frequency: calendar.Frequency(frequency), Hour: hour, Minute: minute,
			Weekday: time.Weekday(weekday), MonthDay: day, Zone: zone}
		after := time.Unix(unix, 0)
		due, ok := s.NextDue(after)
		if ok && s.Frequency != calendar.Immediate && !due.After(after) {
			t.Errorf("after %v: %v", after, due)
		}
		sane := after.Year() > 0 && after.Year() < 10000
		if !ok && sane && s.Check() == nil && s.Frequency != calendar.Off {
			t.Errorf("%+v is never due after %v", s, after)
		}
	})
}
