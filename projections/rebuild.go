package projections

// Building a projection's tables anew beside the live ones.

import (
	"context"
	"errors"
	"fmt"
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
			if err := e.remove(ctx, b); err != nil {
				return nil, held(p, err)
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
	f.keeper.limit = keptBytes
	return f, nil
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
