package digest

// Here: one person is served, as the standing asks for.

import (
	"context"
	"errors"
	"sync"

	"imprint/domain/digest"
	"imprint/domain/event"
	"imprint/projections/notices"
)

// serve does a person's next step, and notes what came of it. If a whole group, one
// after the other, could not be served, the fault is not theirs: the round ends.
func (r *round) serve(ctx context.Context, t task) {
	err := r.step(ctx, t)
	partial, lost := errors.Is(err, notices.ErrPartial), errors.Is(err, errLost)
	switch {
	case err == nil || partial:
	case lost:
		r.count(func(p *Report) { p.Lost++ })
	default:
		r.count(func(p *Report) { p.Errors++ })
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case partial:
		r.partial, r.ended = err, true
	case err == nil || lost:
		r.failing = 0
	default:
		if r.err == nil {
			r.err = err
		}
		if r.failing++; r.failing == r.group() {
			r.ended = true
		}
	}
}

func (r *round) step(ctx context.Context, t task) error {
	st, d := t.standing, t.standing.Open
	switch {
	case d != nil && d.Closing():
		return r.record(ctx, st.Person, *d) // W7
	case r.over(ctx):
		return nil
	case st.AsksBy(r.now()): // what else is due is claimed again
		return r.leaving(ctx, st, st.Pending.Address, func(free func()) error { return r.ask(ctx, st, free) })
	case d != nil && st.Stopped():
		return r.giveUp(ctx, st, digest.TurnedOff)
	case d != nil && d.State != digest.Waiting:
		return r.leaving(ctx, st, st.Settings.Address, func(free func()) error { return r.resend(ctx, st, free) })
	case !t.composes:
		return r.skip(t)
	}
	if len(t.items) == 0 {
		var err error
		if t, err = r.fresh(ctx, t); err != nil {
			return err
		}
		if len(t.items) == 0 { // no mail follows
			return r.conclude(ctx, t)
		}
	}
	return r.leaving(ctx, st, st.Settings.Address, func(free func()) error { return r.tell(ctx, t, free) })
}

// leaving does a step that sends a mail to a person's address: while one of the
// connections is kept for it, and when the rates allow it. So an intent waits for
// neither: one that did would be in doubt for nothing if we crashed. The step frees
// the connection as soon as the mail is out.
func (r *round) leaving(ctx context.Context, st digest.Standing, address *event.Sealed, step func(free func()) error) error {
	r.slots <- struct{}{}
	free := sync.OnceFunc(func() { <-r.slots })
	defer free()
	if r.over(ctx) {
		return nil
	}
	return r.inTurn(ctx, st, address, func() error { return step(free) })
}
