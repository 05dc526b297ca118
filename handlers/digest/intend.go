package digest

// Here: the steps that lead to an intent: the first one of a window, one composed
// anew after a refusal, and the same bytes again after a doubt.

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"imprint/domain/access"
	"imprint/domain/digest"
	"imprint/domain/event"
)

// skip advances a person for whom nothing at all has happened: a window needs a
// start of its own, so there is none.
func (r *round) skip(t task) error {
	if t.window.Until < t.window.From {
		return nil // the read models are behind this person; still due
	}
	now := r.now()
	r.count(func(p *Report) { p.Empty++ })
	return r.change(t.standing, 0, func(cur *digest.Standing) { *cur = cur.Advance(t.window.Until, t.due, now) })
}

// tell makes a person's digest, by what holds now: it may have waited long for a
// connection and for its turn.
func (r *round) tell(ctx context.Context, t task, free func()) error {
	t, err := r.fresh(ctx, t)
	if err != nil {
		return err
	}
	if len(t.items) == 0 {
		return r.conclude(ctx, t)
	}
	d, advance := r.delivery(t)
	return r.intend(ctx, t.standing, d, t.composed, free, advance)
}

// conclude ends a window of which there is nothing to tell.
func (r *round) conclude(ctx context.Context, t task) error {
	d, advance := r.delivery(t)
	if len(t.withheld) > 0 {
		d.State, d.Items, d.Withheld = digest.AllHidden, nil, t.withheld
		return r.withhold(ctx, t.standing, d, advance)
	}
	// Nor is anything left of what was carried, or refused: it is followed no more.
	// No mail, and no fact: nothing was sent and nothing withheld.
	r.count(func(p *Report) { p.Empty++ })
	return r.change(t.standing, 0, func(cur *digest.Standing) { advance(cur); *cur = cur.Forget() })
}

// delivery is that of a task's window, and what the commit that makes it does to the
// schedule. With the first one of a window, cursor and next due move: a crash leaves
// both or neither (W1, W2). One that was refused without doubt is composed anew: no
// copy exists, so the mail may say what holds now.
func (r *round) delivery(t task) (d digest.Delivery, advance func(*digest.Standing)) {
	if t.standing.Open != nil {
		d = *t.standing.Open
		d.AddressID = t.standing.Settings.AddressID // perhaps another one since
		return d, func(*digest.Standing) {}
	}
	now := r.now()
	d = digest.Delivery{
		Window: t.window, Due: t.due, Began: now, Retry: now, AddressID: t.standing.Settings.AddressID,
		MessageID: digest.ID(t.standing.Person, t.window.From).String() + "@" + r.host,
	}
	return d, func(cur *digest.Standing) { *cur = cur.Advance(t.window.Until, t.due, now) }
}

// intend freezes the mail, commits the intent and sends. If we crash after the
// commit, the mail is in doubt though it may never have left (W3, W4).
func (r *round) intend(ctx context.Context, st digest.Standing, d digest.Delivery, c composed, free func(), advance func(*digest.Standing)) error {
	msg, err := r.write(ctx, st, d, c.letter)
	if errors.Is(err, event.ErrKeyDestroyed) {
		// Erased: there is nobody left to tell, and nothing to carry.
		return r.change(st, 0, func(cur *digest.Standing) { advance(cur); *cur = cur.Forget() })
	}
	if err != nil {
		return err
	}
	if d.Box, err = r.freeze(ctx, st.Person, msg); err != nil {
		return err
	}
	d.State, d.Items, d.Withheld, d.Named, d.ContentHash = digest.Sending, c.items, c.withheld, c.named, hash(msg.Bytes)
	reached("W1")
	intended := time.Now()
	if err := r.change(st, lease, func(cur *digest.Standing) { advance(cur); reached("W2"); cur.Open = &d }); err != nil {
		return err
	}
	return r.transmit(ctx, st, d, msg, intended, free)
}

// withhold closes a window of which nothing may be told.
func (r *round) withhold(ctx context.Context, st digest.Standing, d digest.Delivery, advance func(*digest.Standing)) error {
	if err := r.change(st, lease, func(cur *digest.Standing) { advance(cur); cur.Open = &d }); err != nil {
		return err
	}
	r.count(func(p *Report) { p.Withheld++ })
	return r.record(ctx, st.Person, d)
}

// resend sends the frozen bytes of a digest in doubt once more, if every item is
// still allowed and the address is still the person's. It never changes them: the
// first copy may have arrived, and the same Message-ID must mean the same mail.
func (r *round) resend(ctx context.Context, st digest.Standing, free func()) error {
	d := *st.Open
	allowed, err := r.allowed(ctx, st.Person, d)
	if err != nil {
		return err
	}
	if !allowed {
		return r.giveUp(ctx, st, digest.AccessEnded)
	}
	msg, err := r.thaw(ctx, st.Person, d)
	if err == nil {
		var to string
		if to, err = r.address(ctx, st); err == nil && to != msg.To {
			return r.giveUp(ctx, st, digest.TurnedOff)
		}
	}
	if errors.Is(err, event.ErrKeyDestroyed) {
		return r.giveUp(ctx, st, digest.ErasedClass)
	}
	if err != nil {
		return err
	}
	d.State, d.Doubted, d.Resent, d.Box = digest.Sending, true, d.Resent+1, nil // the box stays as it is
	intended := time.Now()
	if err := r.change(st, lease, func(cur *digest.Standing) { cur.Open = &d }); err != nil {
		return err
	}
	r.count(func(p *Report) { p.Resent++ })
	return r.transmit(ctx, st, d, msg, intended, free)
}

// allowed decides access to all that a mail names once more: its items, documents
// and series alike, and the series named beside them. Of items beyond those listed
// it holds no word.
func (r *round) allowed(ctx context.Context, person uuid.UUID, d digest.Delivery) (bool, error) {
	var documents []uuid.UUID
	series := slices.Clone(d.Named)
	for _, i := range d.Items[:min(len(d.Items), digest.ListedItems)] {
		if i.Document != uuid.Nil {
			documents = append(documents, i.Document)
		} else {
			series = append(series, i.Series)
		}
	}
	audiences, err := r.notices.Current(ctx, documents, series)
	if err != nil {
		return false, fmt.Errorf("digest: decide access again: %w", err)
	}
	for _, id := range append(documents, series...) {
		if !access.MaySee(readerOf(person), audiences[id]) { // absent: nobody may
			return false, nil
		}
	}
	return true, nil
}

// change commits one step under the lease, unless the person changed settings
// since it was claimed (W10).
func (r *round) change(st digest.Standing, hold time.Duration, apply func(*digest.Standing)) error {
	return r.journal.commit(digest.Change{Person: st.Person, Epoch: st.Epoch, Hold: hold, Apply: func(cur *digest.Standing) bool {
		if cur.Changed != st.Changed {
			return false
		}
		cur.Later, cur.Turn = time.Time{}, false // used, unless apply gives another
		apply(cur)
		return true
	}})
}
