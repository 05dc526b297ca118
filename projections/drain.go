package projections

// Feeding generations that stand at one place to the end of the log, together:
// an import, a catch-up or a rebuild of one or of all read models.

import (
	"context"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"
)

// feeds stand at the same checkpoint and are fed the same passages.
type feeds []*feed

// drain folds to the end of the log as it is now, makes the indexes where they are
// missing, and folds what has come meanwhile. Under writes that do not stop there
// is always more, which is for others to fold. progress is called behind each
// commit.
func (fs feeds) drain(ctx context.Context, progress func(Progress)) error {
	engine := fs[0].engine
	for {
		head, err := engine.Log.Head(ctx)
		if err != nil {
			return err
		}
		err = fs.reach(ctx, head.Ordinal, func(f *feed) error {
			progress(Progress{Projection: f.projection.Name, Ordinal: f.build.Checkpoint.Ordinal, Head: head.Ordinal})
			return f.renew(ctx)
		})
		if err != nil {
			return err
		}
		ready, err := fs.index(ctx)
		if err != nil || ready {
			return err
		}
	}
}

// index makes the indexes that are missing, side by side, and answers whether none
// was.
func (fs feeds) index(ctx context.Context) (ready bool, err error) {
	ready = true
	side, ctx := errgroup.WithContext(ctx)
	for _, f := range fs {
		if !f.build.Indexed {
			ready = false
			side.Go(func() error { return f.index(ctx) })
		}
	}
	return ready, side.Wait()
}

// reach folds up to an ordinal that the log has, and not beyond, calling after
// behind each commit, for one feed at a time. The log is read and decoded while the
// feeds fold side by side, each at its own pace but at most two passages behind:
// only their commits wait for each other.
func (fs feeds) reach(ctx context.Context, ordinal int64, after func(*feed) error) error {
	var one sync.Mutex
	side, ctx := errgroup.WithContext(ctx)
	queues := make([]chan passage, len(fs))
	for i, f := range fs {
		queue := make(chan passage, 1)
		queues[i] = queue
		side.Go(func() error {
			for p := range queue {
				if _, err := f.apply(ctx, f.gather(p)); err != nil {
					return fmt.Errorf("projection %s: %w", f.projection.Name, err)
				}
				one.Lock()
				err := after(f)
				one.Unlock()
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	err := fs.read(ctx, ordinal, queues)
	for _, queue := range queues {
		close(queue)
	}
	// A feed that fails ends the reading; its error is the one to tell.
	if failed := side.Wait(); failed != nil {
		return failed
	}
	return err
}

// read puts the log from the feeds' checkpoint up to an ordinal into every queue.
func (fs feeds) read(ctx context.Context, ordinal int64, queues []chan passage) error {
	at, limit, wanted := fs[0].build.Checkpoint, int64(fs[0].limit()), map[string]bool{}
	for _, f := range fs {
		for t := range f.types {
			wanted[t] = true
		}
	}
	for at.Ordinal < ordinal {
		p := fs[0].engine.read(ctx, at, int(min(limit, ordinal-at.Ordinal)), wanted)
		if len(p.events) == 0 {
			if p.err == nil {
				p.err = fmt.Errorf("event %d is known, but the log ends at %d", ordinal, at.Ordinal)
			}
			return p.err
		}
		for _, queue := range queues {
			select {
			case queue <- p:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		at = p.to
	}
	return nil
}
