package projections

// Building a projection's tables anew beside the live ones, and removing what is
// not read any more.

import (
	"context"
	"errors"
	"fmt"

	"imprint/domain"
)

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
	builds, err := e.RebuildAll(ctx, []Projection{p}, progress)
	if err != nil {
		return Build{}, err
	}
	return builds[0], nil
}

// RebuildAll is Rebuild of several projections in one reading of the log, which
// is decoded once for all of them. The first failure ends them all. The answers
// are in the order of the projections.
func (e Engine) RebuildAll(ctx context.Context, projections []Projection, progress func(Progress)) (builds []Build, err error) {
	if progress == nil {
		progress = func(Progress) {}
	}
	var fs feeds
	defer func() {
		failed := err != nil
		for _, f := range fs {
			err = errors.Join(err, f.close(ctx))
			if failed {
				err = errors.Join(err, e.Store.Drop(context.WithoutCancel(ctx), f.build.Generation))
			}
		}
	}()
	for _, p := range projections {
		f, err := e.begin(ctx, p)
		if err != nil {
			return nil, fmt.Errorf("rebuild of %s: %w", p.Name, err)
		}
		fs = append(fs, f)
	}
	if len(fs) == 0 {
		return nil, nil
	}
	if err := fs.drain(ctx, progress); err != nil {
		return nil, fmt.Errorf("rebuild: %w", err)
	}
	for _, f := range fs {
		builds = append(builds, f.build)
	}
	return builds, nil
}

// begin drops what earlier rebuilds of a projection have left and opens a new
// generation beside the live one, to be folded with the judgement of that one.
func (e Engine) begin(ctx context.Context, p Projection) (*feed, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	live, err := e.Store.Live(ctx, p)
	if err != nil {
		return nil, err
	}
	builds, known, err := e.standing(ctx, live.Generation)
	if err != nil {
		return nil, err
	}
	for _, b := range builds {
		if b.Projection == p.Name && b.Version == p.Version && !b.Live {
			if err := e.discard(ctx, b); err != nil {
				return nil, err
			}
		}
	}
	build, err := e.Store.Create(ctx, p)
	if err != nil {
		return nil, err
	}
	f, err := e.open(ctx, p, build, false)
	if err != nil {
		return nil, err
	}
	f.judge = judge{known: known, strict: true}
	return f, nil
}

// Drop removes a generation: one that is not live, or one of a version that is
// not among those in use, which this program would never read again. It is
// refused as domain.Conflict for the live one of a version in use, and where
// another process is at work on it; as NotFound where there is none.
func (e Engine) Drop(ctx context.Context, inUse []Projection, projection string, number int64) error {
	builds, _, err := e.standing(ctx, Generation{})
	if err != nil {
		return err
	}
	for _, b := range builds {
		if b.Projection != projection || b.Number != number {
			continue
		}
		for _, p := range inUse {
			if b.Live && b.Projection == p.Name && b.Version == p.Version {
				return domain.Refuse(domain.Conflict, "generation-live", "generation %d of the read model %s is the live one, which readers see; rebuild it and switch, then drop this one", number, projection)
			}
		}
		if b.Live {
			// If we die before the drop, it is a generation that is not live, and is
			// dropped by the next call.
			if err := e.retire(ctx, b); err != nil {
				return err
			}
			b.Live = false
		}
		return e.discard(ctx, b)
	}
	return domain.Refuse(domain.NotFound, "no-generation", "the read model %.60q has no generation %d; imprint projections list shows those there are", projection, number)
}

// retire takes the views of a generation away unless someone feeds it, such as
// an older program that still runs beside this one.
func (e Engine) retire(ctx context.Context, b Build) error {
	if _, err := e.Store.Acquire(ctx, b, e.Holder, leaseTime, false); err != nil {
		return held(Projection{Name: b.Projection}, err)
	}
	return e.Store.Retire(ctx, b.Generation)
}

// discard drops a generation unless someone is at work on it.
func (e Engine) discard(ctx context.Context, b Build) error {
	if _, err := e.Store.Acquire(ctx, b, e.Holder, leaseTime, false); err != nil {
		return held(Projection{Name: b.Projection}, err)
	}
	return e.Store.Drop(ctx, b.Generation)
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

// held words a lease that someone else has, or has taken away.
func held(p Projection, err error) error {
	if errors.Is(err, ErrHeld) || errors.Is(err, ErrLost) {
		return domain.Refuse(domain.Conflict, "projection-busy", "another process is at work on this generation of the read model %s; let it finish or stop it", p.Name).Because(err)
	}
	return err
}
