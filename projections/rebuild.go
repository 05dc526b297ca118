package projections

// Building a projection's tables anew beside the live ones, and pointing the
// views at them.

import (
	"context"
	"errors"
	"fmt"

	"imprint/domain"
)

// switchTries bounds how often a switch catches up again because the live
// generation moved between its last batch and the switch.
const switchTries = 50

// Rebuild makes a new generation beside the live one, which goes on being fed,
// and folds the whole log into it; the indexes are made after the load. It stops
// at an event that the live generation has not parked (*FoldError); a key that
// the live one has parked by that same event is parked again, and one that folds
// now is mended. progress may be nil.
//
// The new generation is not shown until Switch. Generations that are not live,
// left by a crash or by an earlier switch, are dropped first, so that at most two
// exist; one that another process is building is a Conflict.
func (e Engine) Rebuild(ctx context.Context, p Projection, progress func(Progress)) (Build, error) {
	if err := p.check(); err != nil {
		return Build{}, err
	}
	live, err := e.Store.Live(ctx, p)
	if err != nil {
		return Build{}, err
	}
	builds, known, err := e.standing(ctx, live.Generation)
	if err != nil {
		return Build{}, err
	}
	for _, b := range builds {
		if b.Projection == p.Name && b.Version == p.Version && !b.Live {
			if err := e.discard(ctx, b.Generation); err != nil {
				return Build{}, err
			}
		}
	}
	build, err := e.Store.Create(ctx, p)
	if err != nil {
		return Build{}, err
	}
	f, err := e.open(ctx, p, build.Generation, false)
	if err != nil {
		return Build{}, err
	}
	f.judge = judge{known: known, strict: true}
	if progress == nil {
		progress = func(Progress) {}
	}
	if err := f.drain(ctx, progress); err != nil {
		err = fmt.Errorf("rebuild of %s: %w", p.Name, err)
		return Build{}, errors.Join(err, f.close(ctx), e.Store.Drop(context.WithoutCancel(ctx), build.Generation))
	}
	return f.build, f.close(ctx)
}

// Switch brings a generation up to the live one and points the views at it, in
// one transaction; the runner of the former live one loses its epoch and goes on
// with this one. The former is kept until the next Rebuild, so that one can
// switch back. Used with an unknown number it is NotFound.
func (e Engine) Switch(ctx context.Context, p Projection, number int64) error {
	builds, _, err := e.standing(ctx, Generation{})
	if err != nil {
		return err
	}
	g := Generation{Projection: p.Name, Version: p.Version, Number: number}
	for _, b := range builds {
		if b.Generation != g {
			continue
		}
		if b.Live {
			return nil
		}
		return e.switchTo(ctx, p, g)
	}
	return domain.Refuse(domain.NotFound, "no-generation", "the read model %s (version %d) has no generation %d; imprint projections list shows those it has", p.Name, p.Version, number)
}

func (e Engine) switchTo(ctx context.Context, p Projection, g Generation) error {
	f, err := e.open(ctx, p, g, false)
	if err != nil {
		return held(p, err)
	}
	for range switchTries {
		if err = f.drain(ctx, func(Progress) {}); err != nil {
			break
		}
		if err = e.Store.Switch(ctx, p, g); !errors.Is(err, ErrBehind) {
			break
		}
	}
	return errors.Join(err, f.close(ctx))
}

// discard drops a generation unless someone is at work on it.
func (e Engine) discard(ctx context.Context, g Generation) error {
	if _, err := e.Store.Acquire(ctx, g, e.Holder, leaseTime, false); err != nil {
		return held(Projection{Name: g.Projection}, err)
	}
	return e.Store.Drop(ctx, g)
}

// standing answers all builds and what a generation has parked: the first event
// of each key.
func (e Engine) standing(ctx context.Context, g Generation) (builds []Build, first map[Key]Parked, err error) {
	err = e.Store.Read(ctx, func(r Reader) error {
		if builds, err = r.Builds(ctx); err != nil {
			return err
		}
		parked, err := r.Parked(ctx, g)
		first = firstOfEach(parked)
		return err
	})
	return builds, first, err
}

// firstOfEach finds the event that parked each key.
func firstOfEach(parked []Parked) map[Key]Parked {
	first := map[Key]Parked{}
	for _, p := range parked {
		if _, ok := first[p.Key]; !ok {
			first[p.Key] = p
		}
	}
	return first
}

// held words a lease that someone else has.
func held(p Projection, err error) error {
	if errors.Is(err, ErrHeld) {
		return domain.Refuse(domain.Conflict, "projection-busy", "another process is at work on this generation of the read model %s; let it finish or stop it", p.Name).Because(err)
	}
	return err
}
