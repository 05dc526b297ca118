package calendar

import "time"

// Here: from a schedule to the sequence of its instants.

// maxDates bounds the search for the next date. The longest way is that of a
// monthly schedule: one date back, a date that is already over, and the next
// one at most 31 days after it.
const maxDates = 70

// NextDue is the first instant of the schedule strictly after the given one, in
// UTC. There is none (ok=false) for Off. For Immediate it is `after` itself,
// which means: as soon as there is something to tell.
//
// It is given a schedule that Check has passed. Where the zone has disappeared
// since, UTC takes its place (Zone tells so); a schedule that Check would refuse
// otherwise may answer ok=false, and never fails or hangs.
func (s Schedule) NextDue(after time.Time) (due time.Time, ok bool) {
	switch s.Frequency {
	case Off:
		return time.Time{}, false
	case Immediate:
		return after.UTC(), true
	}
	loc, _ := Zone(s.Zone)

	// A firing can land up to a day after its date (a gap that reaches midnight,
	// a skipped day), so the search starts one date before the local one.
	// Dates are counted in UTC, where every one of them exists.
	year, month, day := after.In(loc).Date()
	date := time.Date(year, month, day-1, 0, 0, 0, 0, time.UTC)
	for range maxDates {
		if s.fallsOn(date) {
			year, month, day := date.Date()
			// Instants never decrease with their dates, so the first one that
			// is late enough is the earliest. Equal ones collapse here.
			if t := Resolve(loc, year, month, day, s.Hour, s.Minute); t.After(after) {
				return t.UTC(), true
			}
		}
		date = date.AddDate(0, 0, 1)
	}
	return time.Time{}, false
}

// fallsOn tells whether the schedule has a firing on a date.
func (s Schedule) fallsOn(date time.Time) bool {
	switch s.Frequency {
	case Daily:
		return true
	case Weekly:
		return date.Weekday() == s.Weekday
	case Monthly:
		// Anchored on the chosen day in every month: 31 gives 28 February and
		// then 31 March again.
		last := date.AddDate(0, 1, -date.Day()).Day()
		return date.Day() == min(s.MonthDay, last)
	}
	return false
}
