package digest

// Here: what waits after a failure is tried now, because somebody who looks after the
// program says so.

import (
	"slices"
	"time"

	"imprint/domain"
	"imprint/domain/person"
)

// Hasten makes due now what waits after a failure: a digest that is tried again, one
// whose items wait for the next, or the mail that asks for a confirmation. A refusal
// says why there is nothing to hasten. A turn at a mail domain is waited for all the
// same, and how often something has failed is not forgotten.
func (s Standing) Hasten(now time.Time) (Standing, error) {
	now = domain.Moment(now)
	asks := s.askFailed()
	if asks {
		p := *s.Pending
		p.Retry = earlier(p.Retry, now)
		s.Pending = &p
	}
	if len(s.Carried) == 0 && (s.Open == nil || s.Open.Failure == (Failure{})) {
		if asks {
			return s, nil
		}
		return s, domain.Refuse(domain.NotFound, "nothing-failed", "nothing of person %s waits after a failure; imprint digest failed lists what does", s.Person)
	}
	hastened, err := s.hastenDigest(now)
	if err != nil && asks {
		return s, nil // the mail that asks is hastened, and nothing else can be
	}
	return hastened, err
}

// hastenDigest makes due now a digest that is tried again, or the one that takes up
// what is carried.
func (s Standing) hastenDigest(now time.Time) (Standing, error) {
	d := s.Open
	switch {
	case d != nil && (d.Closing() || d.State == Sending):
		return s, s.UnderWay()
	case !s.reachable():
		return s, domain.Refuse(domain.Conflict, "not-reachable", "no mail may go to person %s now (%s); what is due is told once that has ended", s.Person, s.Blocked())
	case d != nil:
		again := *d
		again.Retry = earlier(d.Retry, now)
		s.Open = &again
		return s, nil
	}
	s.Carried = slices.Clone(s.Carried)
	for i := range s.Carried {
		s.Carried[i].Retry = earlier(s.Carried[i].Retry, now)
	}
	if !s.NextDue.IsZero() {
		s.NextDue = earlier(s.NextDue, now)
	}
	return s, nil
}

// UnderWay refuses what a worker deals with at this moment.
func (s Standing) UnderWay() error {
	return domain.Refuse(domain.Conflict, "under-way", "a worker deals with the digest of person %s at this moment; look again in a minute", s.Person)
}

// Blocked says why no digest may go to the person now; "" where it may.
func (s Standing) Blocked() string {
	switch {
	case s.Barred:
		return "the account is disabled or erased"
	case !s.Settings.on():
		return "digests are off"
	case s.Suspended != person.NotSuspended:
		return "suspended: " + string(s.Suspended)
	case s.Settings.Address == nil:
		return "no address is confirmed"
	}
	return ""
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
