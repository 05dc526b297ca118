package projections

// All the projections of a program together.

import (
	"context"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"imprint/domain/event"
)

// Group is one runner per projection. They share nothing but the engine: one
// that stops does not stop the others.
type Group struct {
	runners []*Runner
}

// Group makes the runners of projections.
func (e Engine) Group(projections ...Projection) (*Group, error) {
	g := &Group{}
	for _, p := range projections {
		r, err := NewRunner(e, p)
		if err != nil {
			return nil, err
		}
		g.runners = append(g.runners, r)
	}
	return g, nil
}

// Run runs all of them until the context ends and every lease is given back.
func (g *Group) Run(ctx context.Context) error {
	return g.each(ctx, func(ctx context.Context, r *Runner) error { return r.Run(ctx) })
}

// CatchUp folds all of them to the end of the log. The first error ends it.
// progress may be nil; it is called by one goroutine at a time.
func (g *Group) CatchUp(ctx context.Context, progress func(Progress)) error {
	var mu sync.Mutex
	report := func(p Progress) {
		mu.Lock()
		defer mu.Unlock()
		if progress != nil {
			progress(p)
		}
	}
	return g.each(ctx, func(ctx context.Context, r *Runner) error { return r.CatchUp(ctx, report) })
}

// Wait returns when the named read models, or all if none is named, have passed
// a position; see Runner.Wait.
func (g *Group) Wait(ctx context.Context, position event.Position, names ...string) error {
	for _, r := range g.runners {
		if len(names) > 0 && !slices.Contains(names, r.projection.Name) {
			continue
		}
		if err := r.Wait(ctx, position); err != nil {
			return err
		}
	}
	return nil
}

// Status tells how each of them stands.
func (g *Group) Status() []Status {
	all := make([]Status, len(g.runners))
	for i, r := range g.runners {
		all[i] = r.Status()
	}
	return all
}

func (g *Group) each(ctx context.Context, do func(context.Context, *Runner) error) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, r := range g.runners {
		group.Go(func() error { return do(ctx, r) })
	}
	return group.Wait()
}
