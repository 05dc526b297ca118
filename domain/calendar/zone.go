package calendar

import "time"

// Here: zone names to zones, and local times to instants.

// maxZoneName is the longest name tried, in bytes; the longest that exists has 32.
const maxZoneName = 64

// Zone is the zone of an IANA name. An unknown name (never valid, or removed
// since it was chosen) answers UTC and known=false: a person must be told, but
// must not go without digests meanwhile.
func Zone(name string) (loc *time.Location, known bool) {
	if !plausible(name) {
		return time.UTC, false
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC, false
	}
	return loc, true
}

// plausible tells whether a name has the form of the IANA database. Package time
// would also take "", "Local" and, where the machine has such files, "localtime",
// "posix/…" or "right/…": all of them mean something else on another machine.
func plausible(name string) bool {
	if name == "Local" || len(name) > maxZoneName || name == "" || name[0] < 'A' || name[0] > 'Z' {
		return false
	}
	for _, c := range []byte(name) {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		case c == '/', c == '_', c == '-', c == '+':
		default:
			return false
		}
	}
	return true
}

// probe is how far on both sides of a local time, read as UTC, its offsets are
// looked up: beyond the largest offset ever used (under 16 h), and near enough
// that no zone changed twice in between. (The closest pair of changes that the
// database holds since 1840 is more than three days apart.)
const probe = 24 * time.Hour

// Resolve is the instant of a local time in a zone (RFC 5545 section 3.3.5): the
// first occurrence of a time that exists twice, and the offset before the gap
// for one that does not exist. Values out of range carry over, as in time.Date.
// The answer is in loc; a nil loc is UTC.
func Resolve(loc *time.Location, year int, month time.Month, day, hour, minute int) time.Time {
	if loc == nil {
		loc = time.UTC
	}
	// Looking up offsets is all that is asked of package time here. ZoneBounds
	// would name the change itself, but on 31 December of leap years it gives an
	// end that has passed (Go 1.26, years beyond a zone's table): a walk along
	// the bounds never gets over New Year.
	wall := time.Date(year, month, day, hour, minute, 0, 0, time.UTC)
	before, after := offset(wall.Add(-probe), loc), offset(wall.Add(probe), loc)

	early := wall.Add(-before)
	if offset(early, loc) == before {
		return early.In(loc) // the only occurrence, or the first of two
	}
	if late := wall.Add(-after); offset(late, loc) == after {
		return late.In(loc) // the change lies behind this local time
	}
	return early.In(loc) // a gap: it exists under neither offset
}

// offset is what a zone adds to UTC at an instant.
func offset(t time.Time, loc *time.Location) time.Duration {
	_, s := t.In(loc).Zone()
	return time.Duration(s) * time.Second
}
