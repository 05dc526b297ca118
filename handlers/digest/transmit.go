package digest

// Here: a mail leaves, and what became of it is recorded.

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"imprint/domain/digest"
	"imprint/domain/mail"
)

// backOff is how long each refusal is waited out. After the last one, or after
// maxAge, the digest is given up and its items are carried into the next.
var backOff = [...]time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 4 * time.Hour}

const maxAge = 24 * time.Hour

// transmit sends what was intended at an instant, frees the connection, and commits
// the outcome.
func (r *round) transmit(ctx context.Context, st digest.Standing, d digest.Delivery, msg mail.Message, intended time.Time, free func()) error {
	ended := r.watch(ctx, attemptOf(st.Person, d))
	// A process that was paused (SIGSTOP, a moved machine) may wake after its lease
	// and send beside its successor (W8). SMTP cannot be fenced, so what is left of
	// the lease must be longer than a mail can take; by the wall clock, for the
	// other one may stand still meanwhile.
	if left := lease - time.Now().Round(0).Sub(intended.Round(0)); left < leaseNeeded {
		ended(mail.Outcome{Verdict: mail.RouteDown, Reason: "not begun: the lease is too short"})
		return errLost
	}
	ctx, cancel := finishing(ctx)
	defer cancel()
	// Dying in here leaves the row at Sending: in doubt (W4, W5, W6).
	outcome := r.mailer.Send(ctx, msg)
	free()
	ended(outcome)
	now := r.now()
	d = settle(d, outcome, now)
	if outcome.Verdict == mail.RouteDown {
		r.route.failed(now)
	} else {
		r.route.works()
	}
	r.tally(outcome.Verdict, d)
	hold := time.Duration(0)
	if d.Closing() {
		hold = lease
	}
	// Not r.change: what happened is recorded also if settings changed meanwhile.
	err := r.journal.commit(digest.Change{Person: st.Person, Epoch: st.Epoch, Hold: hold, Apply: func(cur *digest.Standing) bool {
		if cur.Open == nil || cur.Open.Window != d.Window {
			return false
		}
		cur.Open = &d
		return true
	}})
	if err != nil || !d.Closing() {
		return err
	}
	return r.record(ctx, st.Person, d) // W7: dying before it, the row still says so
}

func attemptOf(personID uuid.UUID, d digest.Delivery) Attempt {
	a := Attempt{Digest: digest.ID(personID, d.Window.From), Causes: make([]uuid.UUID, len(d.Items))}
	for i, item := range d.Items {
		a.Causes[i] = item.Notice
	}
	return a
}

// settle is the delivery after an outcome.
func settle(d digest.Delivery, o mail.Outcome, now time.Time) digest.Delivery {
	d.Box = nil
	d.Reason = reason(o)
	switch o.Verdict {
	case mail.Accepted:
		d.State, d.SentAt, d.Reason = digest.SentState, now, ""
		return d
	case mail.Refused:
		d.State = digest.GivenUp
		return d
	case mail.RouteDown:
		d.Retry = now.Add(backOff[0]) // the recipient is not to blame: no try is counted
	default:
		d.Doubted = d.Doubted || o.Verdict == mail.Doubtful
		if d.Tries == len(backOff) || now.Sub(d.Began) >= maxAge {
			d.State = digest.GivenUp
			return d
		}
		d.Retry = now.Add(wait(d))
		d.Tries++
	}
	d.State = digest.Waiting
	if d.Doubted {
		d.State = digest.InDoubt
	}
	return d
}

// wait is the back-off of a delivery, spread by up to an eighth so that what was
// refused together does not come back together.
func wait(d digest.Delivery) time.Duration {
	w := backOff[d.Tries]
	return w + w/8*time.Duration(d.MessageID[0]%16)/16
}

// reason words an outcome for the log and for operators.
func reason(o mail.Outcome) string {
	if o.Code == 0 {
		return fmt.Sprintf("%s: %s", o.Verdict, o.Reason)
	}
	return fmt.Sprintf("%s (%d): %s", o.Verdict, o.Code, o.Reason)
}

func (r *round) tally(v mail.Verdict, d digest.Delivery) {
	r.count(func(p *Report) {
		switch {
		case v == mail.Accepted:
			p.Accepted++
		case d.State == digest.GivenUp:
			p.Failed++
		case v == mail.Doubtful:
			p.Doubtful++
		case v == mail.RouteDown:
			p.RouteDown = true
		default:
			p.Deferred++
		}
	})
}

// giveUp ends a digest without another attempt.
func (r *round) giveUp(ctx context.Context, st digest.Standing, why string) error {
	d := *st.Open
	d.Doubted = d.Doubted || d.Frozen()
	d.State, d.Reason, d.Box = digest.GivenUp, why, nil
	if err := r.change(st, lease, func(cur *digest.Standing) { cur.Open = &d }); err != nil {
		return err
	}
	r.count(func(p *Report) { p.Failed++ })
	return r.record(ctx, st.Person, d)
}
