package digest

// Here: the mail that asks whether a new address is the person's.

import (
	"context"
	"errors"
	"time"

	"imprint/domain"
	"imprint/domain/calendar"
	"imprint/domain/digest"
	"imprint/domain/event"
	"imprint/domain/mail"
	"imprint/domain/person"
	"imprint/handlers/digest/letter"
)

// Statuses (RFC 3463) of a mail that was tried for too long, and of one that was
// refused for good without any.
const (
	expired   = "4.4.7"
	undefined = "5.0.0"
)

// ask sends the mail for the address that waits. Unlike a digest it is not frozen:
// its link, its Date and its Message-ID follow from the address, so a copy after a
// crash says the same. If we die after it was taken and before that is recorded, it
// goes out once more.
func (r *round) ask(ctx context.Context, st digest.Standing, free func()) error {
	p := *st.Pending
	if r.now().After(p.Expires()) { // the link would be refused
		p.GivenUp = true
		return r.change(st, 0, func(cur *digest.Standing) { cur.Pending = &p })
	}
	msg, err := r.asking(ctx, st, p)
	if errors.Is(err, event.ErrKeyDestroyed) {
		return r.change(st, 0, func(cur *digest.Standing) { cur.Pending = nil })
	}
	if err != nil {
		return err
	}
	// The lease is renewed, and the address is still the one: settings that changed
	// meanwhile decline (W10).
	intended := time.Now()
	if err := r.change(st, lease, func(*digest.Standing) {}); err != nil {
		return err
	}
	outcome, begun := r.send(ctx, Attempt{Digest: digest.ConfirmationID(p.AddressID)}, msg, intended, free)
	if !begun {
		return errLost
	}
	now := r.now()
	p = asked(p, outcome, now)
	r.count(func(c *Report) { c.ask(p) })
	err = r.change(st, 0, func(cur *digest.Standing) { cur.Pending = &p })
	if err != nil || !p.GivenUp {
		return err
	}
	status := p.Failure.Status
	switch {
	case outcome.Verdict != mail.Refused:
		status = expired
	case status == "":
		status = undefined
	}
	// The person is told in the settings. Dying before it costs only that.
	return r.bounced(ctx, st.Person, person.Failure{AddressID: p.AddressID, NoSuch: outcome.Class() == mail.BadAddress, Status: status})
}

// asking writes the mail.
func (r *round) asking(ctx context.Context, st digest.Standing, p digest.Confirmation) (mail.Message, error) {
	to, err := r.recipient(ctx, p.Address)
	if err != nil {
		return mail.Message{}, err
	}
	zone, _ := calendar.Zone(st.Settings.Schedule.Zone)
	m, err := letter.RenderAsk(letter.Ask{
		Language: st.Settings.Language, Portal: r.config.Portal, PortalURL: r.links.Portal(),
		ConfirmURL: r.links.Confirm(st.Person, p.AddressID, p.Expires()), Expires: p.Expires(), Zone: zone,
	})
	if err != nil {
		return mail.Message{}, err
	}
	id := digest.ConfirmationID(p.AddressID).String() + "@" + r.host
	b, err := r.encoder.Encode(mail.Draft{From: r.config.From, To: to, Subject: m.Subject, Text: m.Text, HTML: m.HTML, Date: p.Given, MessageID: id})
	if err != nil {
		return mail.Message{}, err
	}
	return mail.Message{ID: id, EnvelopeFrom: r.envelopeFrom(st.Person, p.AddressID, 0), To: to, Bytes: b}, nil
}

// asked is the confirmation after an outcome. A doubt counts as a refusal for now:
// a second copy of the link does no harm.
func asked(p digest.Confirmation, o mail.Outcome, now time.Time) digest.Confirmation {
	p.Failure = digest.Failure{Class: classes[o.Verdict], Code: o.Code, Status: o.Status}
	switch {
	case o.Verdict == mail.Accepted:
		p.Asked, p.Failure = true, digest.Failure{}
	case o.Verdict == mail.Refused || o.Verdict != mail.RouteDown && p.Tries == len(backOff):
		p.GivenUp = true
	case o.Verdict == mail.RouteDown:
		p.Retry = domain.Moment(now.Add(backOff[0]))
	default:
		p.Retry = domain.Moment(now.Add(backOff[p.Tries]))
		p.Tries++
	}
	return p
}

// ask counts the mail that asked for a confirmation.
func (c *Report) ask(p digest.Confirmation) {
	switch {
	case p.Asked:
		c.Asked++
	case p.GivenUp:
		c.Failed++
	case p.Failure.Class != digest.RouteDown:
		c.Deferred++
	}
}
