package calendar_test

import (
	"testing"
	"time"

	"imprint/domain/calendar"
)

// Here: the golden table of known hard dates, and the cases told beside it.

func daily(zone string, hour, minute int) calendar.Schedule {
	return calendar.Schedule{Frequency: calendar.Daily, Hour: hour, Minute: minute, Zone: zone}
}

func weekly(zone string, day time.Weekday, hour, minute int) calendar.Schedule {
	return calendar.Schedule{Frequency: calendar.Weekly, Weekday: day, Hour: hour, Minute: minute, Zone: zone}
}

func monthly(zone string, day, hour, minute int) calendar.Schedule {
	return calendar.Schedule{Frequency: calendar.Monthly, MonthDay: day, Hour: hour, Minute: minute, Zone: zone}
}

func at(t *testing.T, s string) time.Time {
	t.Helper()
	v, err := time.Parse("2006-01-02T15:04Z", s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// chain collects the next n instants after a moment.
func chain(t *testing.T, s calendar.Schedule, after time.Time, n int) []time.Time {
	t.Helper()
	var out []time.Time
	for range n {
		due, ok := s.NextDue(after)
		if !ok {
			t.Fatalf("%+v has no due after %v", s, after)
		}
		out = append(out, due)
		after = due
	}
	return out
}

// TestGolden checks whole sequences: the row's instant stands among its
// neighbours, so that a skipped or doubled firing shows as well as a shifted one.
func TestGolden(t *testing.T) {
	const ny, lon = "America/New_York", "Europe/London"
	for _, c := range []struct {
		name     string
		schedule calendar.Schedule
		after    string
		want     []string
	}{
		{"New York daily in the gap", daily(ny, 2, 30), "2027-03-13T07:29Z",
			[]string{"2027-03-13T07:30Z", "2027-03-14T07:30Z", "2027-03-15T06:30Z"}},
		{"New York weekly in the gap", weekly(ny, time.Sunday, 2, 30), "2027-03-07T07:29Z",
			[]string{"2027-03-07T07:30Z", "2027-03-14T07:30Z", "2027-03-21T06:30Z"}},
		{"New York monthly in the gap", monthly(ny, 14, 2, 30), "2027-02-14T07:29Z",
			[]string{"2027-02-14T07:30Z", "2027-03-14T07:30Z", "2027-04-14T06:30Z"}},
		{"New York daily in the overlap", daily(ny, 1, 30), "2026-10-31T05:29Z",
			[]string{"2026-10-31T05:30Z", "2026-11-01T05:30Z", "2026-11-02T06:30Z"}},
		{"London daily in the gap", daily(lon, 1, 30), "2027-03-27T01:29Z",
			[]string{"2027-03-27T01:30Z", "2027-03-28T01:30Z", "2027-03-29T00:30Z"}},
		{"London daily in the overlap", daily(lon, 1, 30), "2026-10-24T00:29Z",
			[]string{"2026-10-24T00:30Z", "2026-10-25T00:30Z", "2026-10-26T01:30Z"}},
		{"London daily, window of 23 h", daily(lon, 8, 0), "2027-03-27T07:59Z",
			[]string{"2027-03-27T08:00Z", "2027-03-28T07:00Z", "2027-03-29T07:00Z"}},
		{"London daily, window of 25 h", daily(lon, 8, 0), "2026-10-24T06:59Z",
			[]string{"2026-10-24T07:00Z", "2026-10-25T08:00Z", "2026-10-26T08:00Z"}},
		{"Lord Howe, gap of 30 min", daily("Australia/Lord_Howe", 2, 15), "2026-10-02T15:44Z",
			[]string{"2026-10-02T15:45Z", "2026-10-03T15:45Z", "2026-10-04T15:15Z"}},
		{"Lord Howe, overlap of 30 min", daily("Australia/Lord_Howe", 1, 45), "2027-04-02T14:44Z",
			[]string{"2027-04-02T14:45Z", "2027-04-03T14:45Z", "2027-04-04T15:15Z"}},
		{"Beirut, gap at midnight", daily("Asia/Beirut", 0, 0), "2027-03-26T21:59Z",
			[]string{"2027-03-26T22:00Z", "2027-03-27T22:00Z", "2027-03-28T21:00Z"}},
		{"Cairo, gap at midnight", daily("Africa/Cairo", 0, 0), "2027-04-28T21:59Z",
			[]string{"2027-04-28T22:00Z", "2027-04-29T22:00Z", "2027-04-30T21:00Z"}},
		{"Santiago, gap at midnight", daily("America/Santiago", 0, 0), "2026-09-05T03:59Z",
			[]string{"2026-09-05T04:00Z", "2026-09-06T04:00Z", "2026-09-07T03:00Z"}},
		{"Casablanca, overlap at Ramadan", daily("Africa/Casablanca", 2, 30), "2027-02-06T01:29Z",
			[]string{"2027-02-06T01:30Z", "2027-02-07T01:30Z", "2027-02-08T02:30Z"}},
		{"Kathmandu, offset of 05:45", daily("Asia/Kathmandu", 8, 0), "2027-01-01T02:14Z",
			[]string{"2027-01-01T02:15Z", "2027-01-02T02:15Z"}},
		{"monthly 31 does not drift", monthly("UTC", 31, 8, 0), "2027-01-31T07:59Z",
			[]string{"2027-01-31T08:00Z", "2027-02-28T08:00Z", "2027-03-31T08:00Z", "2027-04-30T08:00Z", "2027-05-31T08:00Z", "2027-06-30T08:00Z", "2027-07-31T08:00Z"}},
		{"monthly 29 in a common year", monthly("UTC", 29, 8, 0), "2027-01-29T08:00Z",
			[]string{"2027-02-28T08:00Z", "2027-03-29T08:00Z"}},
		{"monthly 29 in a leap year", monthly("UTC", 29, 8, 0), "2028-01-29T08:00Z",
			[]string{"2028-02-29T08:00Z", "2028-03-29T08:00Z"}},
		{"Apia daily, a day skipped", daily("Pacific/Apia", 9, 0), "2011-12-29T18:59Z",
			[]string{"2011-12-29T19:00Z", "2011-12-30T19:00Z", "2011-12-31T19:00Z"}},
		{"Apia weekly on the skipped day", weekly("Pacific/Apia", time.Friday, 9, 0), "2011-12-23T18:59Z",
			[]string{"2011-12-23T19:00Z", "2011-12-30T19:00Z", "2012-01-05T19:00Z"}},
		{"Apia monthly on the skipped day", monthly("Pacific/Apia", 30, 9, 0), "2011-11-30T19:00Z",
			[]string{"2011-12-30T19:00Z", "2012-01-29T19:00Z"}},
		{"Nuuk, gap reaching midnight", daily("America/Nuuk", 23, 30), "2027-03-27T01:29Z",
			[]string{"2027-03-27T01:30Z", "2027-03-28T01:30Z", "2027-03-29T00:30Z"}},
		{"Nuuk weekly, asked between the date and its firing", weekly("America/Nuuk", time.Saturday, 23, 30), "2027-03-28T01:10Z",
			[]string{"2027-03-28T01:30Z", "2027-04-04T00:30Z"}},
		{"over the end of the year", weekly("UTC", time.Sunday, 8, 0), "2026-12-27T07:59Z",
			[]string{"2026-12-27T08:00Z", "2027-01-03T08:00Z"}},
		{"New Year's Eve of a leap year", daily(ny, 0, 0), "2040-12-30T04:59Z",
			[]string{"2040-12-30T05:00Z", "2040-12-31T05:00Z", "2041-01-01T05:00Z", "2041-01-02T05:00Z"}},
		{"removed zone falls back to UTC", daily("Mars/Olympus", 8, 0), "2027-01-01T08:00Z",
			[]string{"2027-01-02T08:00Z"}},
		{"no zone falls back to UTC", daily("", 8, 0), "2027-01-01T08:00Z",
			[]string{"2027-01-02T08:00Z"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := chain(t, c.schedule, at(t, c.after), len(c.want))
			for i, w := range c.want {
				if !got[i].Equal(at(t, w)) {
					t.Errorf("firing %d: got %v, want %s", i, got[i], w)
				}
			}
		})
	}
}

// TestGoldenLocal states the same hard instants as a person reads them.
func TestGoldenLocal(t *testing.T) {
	for _, c := range []struct {
		zone              string
		year              int
		month             time.Month
		day, hour, minute int
		local             string
	}{
		{"America/New_York", 2027, 3, 14, 2, 30, "2027-03-14 03:30 -0400"},
		{"America/New_York", 2026, 11, 1, 1, 30, "2026-11-01 01:30 -0400"},
		{"Europe/London", 2027, 3, 28, 1, 30, "2027-03-28 02:30 +0100"},
		{"Europe/London", 2026, 10, 25, 1, 30, "2026-10-25 01:30 +0100"},
		{"Australia/Lord_Howe", 2026, 10, 4, 2, 15, "2026-10-04 02:45 +1100"},
		{"Australia/Lord_Howe", 2027, 4, 4, 1, 45, "2027-04-04 01:45 +1100"},
		{"Asia/Beirut", 2027, 3, 28, 0, 0, "2027-03-28 01:00 +0300"},
		{"Africa/Cairo", 2027, 4, 30, 0, 0, "2027-04-30 01:00 +0300"},
		{"America/Santiago", 2026, 9, 6, 0, 0, "2026-09-06 01:00 -0300"},
		{"Africa/Casablanca", 2027, 2, 7, 2, 30, "2027-02-07 02:30 +0100"},
		{"Asia/Kathmandu", 2027, 5, 5, 8, 0, "2027-05-05 08:00 +0545"},
		{"Pacific/Apia", 2011, 12, 30, 9, 0, "2011-12-31 09:00 +1400"},
		{"America/Nuuk", 2027, 3, 27, 23, 30, "2027-03-28 00:30 -0100"},
		{"UTC", 2027, 2, 31, 8, 0, "2027-03-03 08:00 +0000"}, // carries over, as documented
	} {
		loc, known := calendar.Zone(c.zone)
		if !known {
			t.Fatalf("%s is not known", c.zone)
		}
		got := calendar.Resolve(loc, c.year, c.month, c.day, c.hour, c.minute).Format("2006-01-02 15:04 -0700")
		if got != c.local {
			t.Errorf("%s %d-%d-%d %d:%d: got %s, want %s", c.zone, c.year, c.month, c.day, c.hour, c.minute, got, c.local)
		}
	}
	if got := calendar.Resolve(nil, 2027, 1, 1, 0, 0); !got.Equal(at(t, "2027-01-01T00:00Z")) {
		t.Errorf("no zone: got %v", got)
	}
}

func TestOffAndImmediate(t *testing.T) {
	now := at(t, "2027-06-01T13:00Z")
	if due, ok := (calendar.Schedule{Frequency: calendar.Off, Zone: "UTC"}).NextDue(now); ok {
		t.Errorf("off is due at %v", due)
	}
	if due, ok := (calendar.Schedule{Frequency: calendar.Immediate, Zone: "UTC"}).NextDue(now); !ok || !due.Equal(now) {
		t.Errorf("immediate: got %v %v", due, ok)
	}
	if due, ok := (calendar.Schedule{Frequency: calendar.Monthly, Zone: "UTC"}).NextDue(now); ok {
		t.Errorf("a monthly schedule without a day is due at %v", due)
	}
}

// TestMoves is about changes of mind: zone and frequency are simply another
// sequence, asked for the first instant after now.
func TestMoves(t *testing.T) {
	now := at(t, "2027-06-01T13:00Z")
	for name, c := range map[string]struct {
		schedule calendar.Schedule
		want     string
	}{
		"New York to Tokyo": {daily("Asia/Tokyo", 8, 0), "2027-06-01T23:00Z"},
		"weekly to daily":   {daily("America/New_York", 8, 0), "2027-06-02T12:00Z"},
		"daily to monthly":  {monthly("America/New_York", 31, 8, 0), "2027-06-30T12:00Z"},
	} {
		if got := chain(t, c.schedule, now, 1)[0]; !got.Equal(at(t, c.want)) {
			t.Errorf("%s: got %v, want %s", name, got, c.want)
		}
	}
}

// TestOutage: after three days down, the next slot lies in the future, and going
// through the missed ones ends at the latest of them.
func TestOutage(t *testing.T) {
	s := daily("America/New_York", 2, 30)
	stored, now := at(t, "2027-03-13T07:30Z"), at(t, "2027-03-16T12:00Z")
	next := chain(t, s, now, 1)[0]
	if !next.Equal(at(t, "2027-03-17T06:30Z")) {
		t.Errorf("next slot: got %v", next)
	}
	latest := stored
	for due := stored; !due.After(now); due = chain(t, s, due, 1)[0] {
		latest = due
	}
	if !latest.Equal(at(t, "2027-03-16T06:30Z")) {
		t.Errorf("latest missed: got %v", latest)
	}
}
