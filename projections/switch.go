package projections

// Handing a read model over from its live generation to another one, whatever is
// being written meanwhile.

import (
	"context"
	"errors"
	"math"
	"time"

	"imprint/domain"
)

const (
	// pauseTime is for how long nobody feeds the live generation if we die in the
	// middle of a handover: then its runners find its lease free again.
	pauseTime = 10 * time.Second
	// handovers bounds how often a handover begins anew because the lease of the
	// live generation was taken away in its middle: by a replay, by another switch,
	// or by a runner after one batch took longer than pauseTime.
	handovers = 3
)

// Switch brings a generation up to the live one and points the views at it, in
// one transaction. The former is kept until the next Rebuild, Prune or Drop, so
// that one can switch back. An unknown number is NotFound; Conflict where another
// process is at work on the generation, or its rebuild has not ended well.
//
// Writes do not stop for it, and nothing of it depends on their rate: the
// generation approaches the live one while that is fed, then the live one stands
// still for the moment in which the rest is folded. Readers see it as it is until
// the views move, and never less than that afterwards; whoever waits for a newer
// write waits for as long. If we crash on the way, the live generation goes on
// after pauseTime at the latest, and the same call later begins where this one
// was; behind the move, the runners find the new one free.
func (e Engine) Switch(ctx context.Context, p Projection, number int64) error {
	if err := p.check(); err != nil {
		return err
	}
	builds, _, err := e.standing(ctx, Generation{})
	if err != nil {
		return err
	}
	for _, b := range builds {
		if b.Generation != (Generation{Projection: p.Name, Version: p.Version, Number: number}) {
			continue
		}
		if b.Live {
			return nil
		}
		if !b.Indexed {
			// Its rows need not be those of its checkpoint: a rebuild holds some back.
			return domain.Refuse(domain.Conflict, "generation-unfinished", "generation %d of the read model %s is not finished: it is being built, or its rebuild broke off; imprint projections rebuild makes a new one", number, p.Name)
		}
		return held(p, e.switchTo(ctx, p, b))
	}
	return domain.Refuse(domain.NotFound, "no-generation", "the read model %s (version %d) has no generation %d; imprint projections list shows those it has", p.Name, p.Version, number)
}

func (e Engine) switchTo(ctx context.Context, p Projection, b Build) error {
	f, err := e.open(ctx, p, b, false)
	if err != nil {
		return err
	}
	for range handovers {
		if err = f.approach(ctx); err != nil {
			break
		}
		if err = f.takeOver(ctx); !errors.Is(err, ErrLost) {
			break
		}
	}
	return errors.Join(err, f.close(ctx))
}

// approach folds until one live batch at most is missing, or until what is missing
// does not at least halve any more, because the live generation is fed about as
// fast as this one.
func (f *feed) approach(ctx context.Context) error {
	if err := f.renew(ctx); err != nil {
		return err
	}
	for last := int64(math.MaxInt64); ; {
		live, err := f.engine.Store.Live(ctx, f.projection)
		if err != nil {
			return err
		}
		missing := live.Checkpoint.Ordinal - f.build.Checkpoint.Ordinal
		if missing <= liveEvents || missing > last/2 {
			return nil
		}
		last = missing
		err = feeds{f}.reach(ctx, live.Checkpoint.Ordinal, func(f *feed) error { return f.renew(ctx) })
		if err != nil {
			return err
		}
	}
}

// takeOver takes the lease of the live generation, which stands still from then
// on, folds what is missing, and moves the views. If it fails, the live generation
// is given back to its runners.
func (f *feed) takeOver(ctx context.Context) error {
	store := f.engine.Store
	live, err := store.Live(ctx, f.projection)
	if err != nil {
		return err
	}
	// Under a name of its own, so that a runner of this very process waits too.
	former, err := store.Acquire(ctx, live, f.engine.Holder+" switching", pauseTime, true)
	if err != nil {
		return err
	}
	err = feeds{f}.reach(ctx, former.Checkpoint.Ordinal, func(f *feed) error {
		return errors.Join(f.renew(ctx), store.Renew(ctx, former.Generation, former.Epoch, pauseTime))
	})
	if err == nil {
		err = store.Switch(ctx, f.projection, former, f.build)
	}
	if err != nil {
		return errors.Join(err, store.Release(context.WithoutCancel(ctx), former.Generation, former.Epoch))
	}
	return nil
}
