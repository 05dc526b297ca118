package digest

// Here: a mail leaves, and what became of it is recorded.

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"math"
	"strconv"
	"time"

	"github.com/google/uuid"

	"imprint/domain/digest"
	"imprint/domain/mail"
	"imprint/domain/person"
)

// backOff is how long each refusal is waited out. After the last one, or after
// maxAge, the digest is given up and its items are carried into the next.
var backOff = [...]time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 4 * time.Hour}

const maxAge = 24 * time.Hour

// transmit sends what was intended at an instant, and commits the outcome.
func (r *round) transmit(ctx context.Context, st digest.Standing, d digest.Delivery, msg mail.Message, intended time.Time, free func()) error {
	reached("W3")
	outcome, begun := r.send(ctx, attemptOf(st.Person, d), msg, intended, free)
	reached("W6")
	if !begun {
		return errLost
	}
	now := r.now()
	d = settle(d, outcome, now)
	r.tally(outcome.Verdict, d)
	hold := time.Duration(0)
	if d.Closing() {
		hold = lease
	}
	// Not r.change: what happened is recorded also if settings changed meanwhile.
	happened := digest.Change{Person: st.Person, Epoch: st.Epoch, Hold: hold, Apply: func(cur *digest.Standing) bool {
		if cur.Open == nil || cur.Open.Window != d.Window {
			return false
		}
		cur.Open = &d
		return true
	}}
	err := r.journal.commit(happened)
	if err != nil && !errors.Is(err, errLost) {
		r.owe(happened)
	}
	if err != nil || !d.Closing() {
		return err
	}
	if err := r.record(ctx, st.Person, d); err != nil { // W7: dying before it, the row still says so
		return err
	}
	if outcome.Class() != mail.BadAddress {
		return nil
	}
	// Dying before it, the next digest, into which this one is carried, finds out again.
	return r.bounced(ctx, st.Person, person.Failure{AddressID: d.AddressID, Digest: digest.ID(st.Person, d.Window.From), NoSuch: true, Status: outcome.Status})
}

// send gives a mail to the mail server, and frees the connection when the route knows
// what came of it; begun is false if it was not tried. Dying in here leaves a digest
// at Sending: in doubt (W4, W5, W6).
func (r *round) send(ctx context.Context, a Attempt, msg mail.Message, intended time.Time, free func()) (o mail.Outcome, begun bool) {
	ended := r.watch(ctx, a)
	// A process that was paused (SIGSTOP, a moved machine) may wake after its lease
	// and send beside its successor (W8). SMTP cannot be fenced, so what is left of
	// the lease must be longer than a mail can take; by the wall clock, for the
	// other one may stand still meanwhile.
	if left := lease - time.Now().Round(0).Sub(intended.Round(0)); left < leaseNeeded {
		o = mail.Outcome{Verdict: mail.RouteDown, Reason: "not begun: the lease is too short"}
		ended(o)
		return o, false
	}
	ctx, cancel := finishing(ctx)
	defer cancel()
	o = r.mailer.Send(ctx, msg)
	ended(o)
	r.note(ctx, o)
	free()
	return o, true
}

// note tells the route what came of an attempt, and the program's log where mails
// begin to wait and where they go on: once each, for attempts are many.
func (s *Service) note(ctx context.Context, o mail.Outcome) {
	switch o.Verdict {
	case mail.RouteDown, mail.Doubtful:
		if s.route.failed(o.Verdict, s.now()) {
			s.logger.WarnContext(ctx, "mails wait for the mail server; nothing is lost, and it is tried again", "why", o.Reason, "stage", o.Stage, "code", o.Code, "status", o.Status)
		}
	default:
		if s.route.works() {
			s.logger.InfoContext(ctx, "mails go on: the mail server answers again")
		}
	}
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
	d.Failure = digest.Failure{Class: classes[o.Verdict], Code: o.Code, Status: o.Status}
	switch o.Verdict {
	case mail.Accepted:
		d.State, d.SentAt, d.Failure = digest.SentState, now, digest.Failure{}
		return d
	case mail.Refused:
		d.State = digest.GivenUp
		return d
	case mail.RouteDown:
		d.Retry = now.Add(backOff[0]) // the recipient is not to blame: no try is counted
	default:
		d.Doubted = d.Doubted || o.Verdict == mail.Doubtful
		if d.Tries == len(backOff) || now.Sub(d.Began) >= maxAge {
			d.State, d.Failure.Class = digest.GivenUp, digest.TooOften
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

// wait is the back-off of a delivery, spread by up to a quarter so that what was
// refused together does not come back together. The spread follows from the mail
// and the try: nothing is drawn, and a second attempt at this step finds the same.
func wait(d digest.Delivery) time.Duration {
	w := backOff[d.Tries]
	sum := sha256.Sum256([]byte(d.MessageID + strconv.Itoa(d.Tries)))
	return w + time.Duration(float64(w/4)*float64(binary.BigEndian.Uint32(sum[:]))/math.MaxUint32)
}

// classes are what a verdict other than Accepted is recorded as.
var classes = map[mail.Verdict]digest.Class{
	mail.Deferred: digest.ForNow, mail.Refused: digest.ForGood, mail.Doubtful: digest.NoAnswer, mail.RouteDown: digest.RouteDown,
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
		case v == mail.Deferred:
			p.Deferred++
		}
	})
}

// giveUp ends a digest without another attempt.
func (r *round) giveUp(ctx context.Context, st digest.Standing, why digest.Class) error {
	d := *st.Open
	d.Doubted = d.Doubted || d.Frozen()
	d.State, d.Failure, d.Box = digest.GivenUp, digest.Failure{Class: why}, nil
	if err := r.change(st, lease, func(cur *digest.Standing) { cur.Open = &d }); err != nil {
		return err
	}
	r.count(func(p *Report) { p.Failed++ })
	return r.record(ctx, st.Person, d)
}
