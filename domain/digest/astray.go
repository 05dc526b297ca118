package digest

// Here: what a clock that was far ahead for a moment has left behind.

import (
	"slices"
	"time"

	"imprint/domain"
)

// Farthest is farther ahead than anything of a person's can be due: schedules go by
// months at most, and what has failed is tried again within a day.
const Farthest = 40 * 24 * time.Hour

// Righted is the standing with nothing due farther ahead than can be, as it is when
// a clock was wrong while a digest was made; without it that reader would be told
// nothing for so long. Turns at a mail domain are left as they are.
func (s Standing) Righted(now time.Time) Standing {
	now = domain.Moment(now)
	end := now.Add(Farthest)
	if s.LastDue.After(end) {
		s.LastDue = now
	}
	if s.NextDue.After(end) {
		s.NextDue = s.dueAfter(now)
	}
	if s.Open != nil && s.Open.Retry.After(end) {
		again := *s.Open
		again.Retry = now
		s.Open = &again
	}
	if s.Pending != nil && s.Pending.Retry.After(end) {
		again := *s.Pending
		again.Retry = now
		s.Pending = &again
	}
	s.Carried = slices.Clone(s.Carried)
	for i := range s.Carried {
		if s.Carried[i].Retry.After(end) {
			s.Carried[i].Retry = now
		}
	}
	return s
}
