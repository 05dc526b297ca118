package projections

// Removing generations that nobody reads any more.

import (
	"context"
	"errors"
	"slices"
	"time"

	"imprint/domain"
)

// Unread tells whether a program of the given projections reads a generation no
// more: it is not live, or of a version that is not among them.
func Unread(b Build, inUse []Projection) bool {
	return !b.Live || !slices.ContainsFunc(inUse, func(p Projection) bool { return p.Name == b.Projection && p.Version == b.Version })
}

// Drop removes a generation that is Unread. It is refused as domain.Conflict for
// any other, and where another process is at work on it; as NotFound where there
// is none.
func (e Engine) Drop(ctx context.Context, inUse []Projection, projection string, number int64) error {
	builds, _, err := e.standing(ctx, Generation{})
	if err != nil {
		return err
	}
	for _, b := range builds {
		if b.Projection != projection || b.Number != number {
			continue
		}
		if !Unread(b, inUse) {
			return domain.Refuse(domain.Conflict, "generation-live", "generation %d of the read model %s is the live one, which readers see; rebuild it and switch, then drop this one", number, projection)
		}
		return held(Projection{Name: projection}, e.remove(ctx, b))
	}
	return domain.Refuse(domain.NotFound, "no-generation", "the read model %.60q has no generation %d; imprint projections list shows those there are", projection, number)
}

// Prune removes every generation that is Unread and that nobody has fed for a time,
// and answers those. A program feeds what it reads, and says so by its lease: what
// an older or newer one that runs beside this one reads is never removed, and what
// one reads that was stopped a while ago has to be folded anew when it comes back.
func (e Engine) Prune(ctx context.Context, inUse []Projection, unfed time.Duration) (pruned []Build, err error) {
	builds, _, err := e.standing(ctx, Generation{})
	if err != nil {
		return nil, err
	}
	for _, b := range builds {
		if !Unread(b, inUse) || b.Unfed == 0 || b.Unfed < unfed {
			continue
		}
		err := e.remove(ctx, b)
		if errors.Is(err, ErrHeld) || errors.Is(err, ErrLost) {
			continue // somebody has come back to it, or was faster
		}
		if err != nil {
			return pruned, err
		}
		pruned = append(pruned, b)
	}
	return pruned, nil
}

// remove takes the views of a generation away, if it has some, and then the tables,
// unless someone feeds it. If we die in between, it is a generation that is not
// live, and goes by the next call.
func (e Engine) remove(ctx context.Context, b Build) error {
	if b.Live {
		if _, err := e.Store.Acquire(ctx, b, e.Holder, leaseTime, false); err != nil {
			return err
		}
		if err := e.Store.Retire(ctx, b.Generation); err != nil {
			return err
		}
		b.Live = false
	}
	if _, err := e.Store.Acquire(ctx, b, e.Holder, leaseTime, false); err != nil {
		return err
	}
	return e.Store.Drop(ctx, b.Generation)
}

// held words a lease that someone else has, or has taken away.
func held(p Projection, err error) error {
	if errors.Is(err, ErrHeld) || errors.Is(err, ErrLost) {
		return domain.Refuse(domain.Conflict, "projection-busy", "another process is at work on this generation of the read model %s; let it finish or stop it", p.Name).Because(err)
	}
	return err
}
