package digest

// Here: who has to wait for a turn, and how long.

import (
	"context"
	"errors"
	"time"

	"imprint/domain/digest"
	"imprint/domain/event"
	"imprint/domain/mail"
)

const (
	// totalWait is how long a mail waits for its turn of the rate over all, at most.
	// Nobody else could leave meanwhile, and the lease is many times longer.
	totalWait = 20 * time.Second
	// turnValid is how long after it a turn is good for which somebody was put off:
	// so late may a round come, and so much of a rate may be made up for.
	turnValid = 10 * time.Second
	// leastPause lies between two rounds for those put off: they leave as a second's
	// worth, not each in a round of its own.
	leastPause = time.Second
)

// inTurn sends a mail to a person's address when the rates allow it. For its turn
// over all a mail waits, a little, with a connection in hand: nobody else could use it.
// Where the turn at its domain lies ahead, the person is put off until then: no
// connection stands idle for a slow domain, and no lease runs.
func (r *round) inTurn(ctx context.Context, st digest.Standing, address *event.Sealed, send func() error) error {
	p := r.pace
	var all turn
	if p.total.Limits() {
		all = p.take(everyMail, p.total, totalWait)
		switch {
		case all.err != nil:
			return all.err
		case !all.given:
			r.end() // nobody's may leave for longer than one would wait
			return nil
		case !until(ctx, all.at):
			return nil
		}
	}
	if late := r.now().Sub(st.Later); !p.domain.Limits() || st.Turn && late >= 0 && late <= turnValid {
		return send()
	}
	to, err := r.recipient(ctx, address)
	if errors.Is(err, event.ErrKeyDestroyed) {
		return send() // which finds out, and sends nothing
	}
	if err != nil {
		return err
	}
	own := p.take(p.nameOf(to), p.domain, mail.MaxAhead)
	wait := time.Until(own.at)
	switch {
	case own.err != nil:
		return own.err
	case own.given && wait <= 0:
		return send()
	case !own.given: // too many are before it to be told when; spread, so as not to ask all together
		wait = mail.MaxAhead + mail.MaxAhead*time.Duration(st.Person[len(st.Person)-1])/256
	}
	if all.given {
		p.giveBack(everyMail, all.at)
	}
	return r.putOff(st, wait, own.given)
}

// putOff lets a person sleep until a turn, or, without one, until it can be asked
// for again.
func (r *round) putOff(st digest.Standing, wait time.Duration, turn bool) error {
	later := r.now().Add(wait + time.Microsecond) // rows hold microseconds
	err := r.change(st, 0, func(cur *digest.Standing) { cur.Later, cur.Turn = later, turn })
	if err == nil {
		r.count(func(p *Report) { p.PutOff++ })
	}
	return err
}

// until waits for an instant; false where the context ends before it.
func until(ctx context.Context, at time.Time) bool {
	timer := time.NewTimer(time.Until(at))
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// nextTurn is a signal at the next turn of those put off. Nil where nobody is, it
// cannot be found out, or a turn has passed that the last round could not serve: the
// next beat comes anyway.
func (s *Service) nextTurn(ctx context.Context) <-chan time.Time {
	if !s.pace.domain.Limits() {
		return nil
	}
	first, err := s.work.PutOff(ctx, 1)
	if err != nil || len(first) == 0 || !first[0].Later.After(s.now()) {
		return nil
	}
	return time.After(max(first[0].Later.Sub(s.now()), leastPause))
}
