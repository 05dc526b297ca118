package projections

// Feeding one generation from the log: take a passage, load the touched keys,
// fold, commit. Runners, rebuilds and verification all go through here.

import (
	"context"
	"errors"
	"maps"
	"time"

	"github.com/google/uuid"

	"imprint/domain/event"
)

// feed is a generation on its way through the log. It knows the checkpoint and
// the parked keys by heart: both change only by its own commits, for whoever else
// wants to change them takes the lease first, under a newer epoch.
type feed struct {
	engine     Engine
	projection Projection
	types      map[string]bool
	build      Build
	parked     map[Key]struct{}
	unknown    map[string]int64 // events by type that the registry does not know
	keys       int              // in the batch before: about as many as in the next
	judge      judge
	keeper     *keeper // nil once the generation is indexed, and where it was begun by another feed
}

// open takes the lease of a generation and learns where it stands.
func (e Engine) open(ctx context.Context, p Projection, b Build, force bool) (*feed, error) {
	build, err := e.Store.Acquire(ctx, b, e.Holder, leaseTime, force)
	if err != nil {
		return nil, err
	}
	f := &feed{engine: e, projection: p, types: map[string]bool{}, build: build, parked: map[Key]struct{}{}, unknown: map[string]int64{}}
	for _, t := range p.Types {
		f.types[t] = true
	}
	if build.Checkpoint.Ordinal == 0 && !build.Indexed {
		f.keeper = newKeeper(p.Tables)
	}
	err = e.Store.Read(ctx, func(r Reader) error {
		waiting, err := r.Parked(ctx, build.Generation)
		for _, w := range waiting {
			f.parked[w.Key] = struct{}{}
		}
		return err
	})
	if err != nil {
		return nil, errors.Join(err, f.close(ctx))
	}
	return f, nil
}

// close gives the lease back, so that the next runner need not wait for its end.
func (f *feed) close(ctx context.Context) error {
	return f.engine.Store.Release(context.WithoutCancel(ctx), f.build.Generation, f.build.Epoch)
}

// renew prolongs the lease.
func (f *feed) renew(ctx context.Context) error {
	return f.engine.Store.Renew(ctx, f.build.Generation, f.build.Epoch, leaseTime)
}

// page is the part of a passage that a feed folds, as one batch.
type page struct {
	batch   *batch
	to      event.Checkpoint
	events  int
	unknown map[string]int64
	err     error // what ended it; the events before it are good
}

// step folds one batch of at most limit events and tells how many it passed; 0
// means that the log has no more for now. If we crash before the commit, the
// batch is folded again from the same place.
func (f *feed) step(ctx context.Context, limit int) (int, error) {
	return f.apply(ctx, f.gather(f.engine.read(ctx, f.build.Checkpoint, limit, f.types)))
}

// apply loads the touched keys, folds the page and commits. An event that stops
// the projection does not hold back those before it.
func (f *feed) apply(ctx context.Context, p page) (int, error) {
	if p.events == 0 {
		return 0, p.err
	}
	began := time.Now()
	p.batch.parked = maps.Clone(f.parked)
	met := p.batch.order
	if f.keeper != nil {
		met = f.keeper.take(p.batch)
	}
	if err := f.load(ctx, p.batch, met); err != nil {
		return 0, err
	}
	if err := p.batch.fold(f.judge); err != nil {
		return 0, err
	}
	touched := p.batch.touched()
	if f.keeper != nil {
		touched = f.keeper.give(p.batch, met)
	}
	changes := f.projection.changes(touched)
	err := f.engine.Store.Commit(ctx, Batch{
		Generation: f.build.Generation,
		Epoch:      f.build.Epoch,
		From:       f.build.Checkpoint,
		To:         p.to,
		Changes:    changes,
		Park:       p.batch.park,
	})
	if err != nil {
		return 0, err
	}
	f.build.Checkpoint, f.parked, f.keys = p.to, p.batch.parked, len(p.batch.order)
	for t, count := range p.unknown {
		f.unknown[t] += count
	}
	if f.engine.Folded != nil {
		f.engine.Folded(p.told(f.projection.Name, began, changes))
	}
	return p.events, p.err
}

// told describes a committed page to those who watch.
func (p page) told(projection string, began time.Time, changes []Change) Folded {
	told := Folded{Projection: projection, Began: began, Ended: time.Now(), Events: p.events}
	for _, c := range changes {
		told.Rows += len(c.Inserts) + len(c.Upserts) + len(c.Deletes)
	}
	known := map[uuid.UUID]bool{uuid.Nil: true}
	for _, t := range p.batch.touches {
		if id := t.event.Meta.Correlation; !known[id] {
			known[id] = true
			told.Actions = append(told.Actions, id)
		}
	}
	return told
}

// gather makes a batch of the events that the projection folds. Everything else
// is passed over in memory. It changes nothing of the feed.
func (f *feed) gather(read passage) page {
	p := page{
		batch:   &batch{projection: f.projection, states: make(map[Key]*State, f.keys), order: make([]Key, 0, f.keys)},
		to:      f.build.Checkpoint,
		unknown: map[string]int64{},
		err:     read.err,
	}
	p.batch.touches = make([]touch, 0, len(read.events))
	for _, d := range read.events {
		if err := f.take(p, d); err != nil {
			p.err = &stopError{err}
			return p
		}
		p.to = d.Checkpoint()
		p.events++
	}
	return p
}

// take adds one event to the batch where the projection folds its type.
func (f *feed) take(p page, d decoded) error {
	if !f.types[d.Type] {
		if _, known := f.engine.Registry.Lookup(d.Type); !known {
			p.unknown[d.Type]++
		}
		return nil
	}
	if d.err != nil {
		return d.err
	}
	return p.batch.gather(d.Event, p.to)
}

// load reads the rows of some keys of a batch, once per table.
func (f *feed) load(ctx context.Context, b *batch, wanted []Key) error {
	for _, t := range f.projection.Tables {
		if t.Kind == Facts {
			continue
		}
		var keys []Key
		for _, k := range wanted {
			if _, waits := b.parked[k]; k.Kind == t.KeyKind && !waits {
				keys = append(keys, k)
			}
		}
		if len(keys) == 0 {
			continue
		}
		rows, err := f.engine.Store.Load(ctx, f.build.Generation, t, keys)
		if err != nil {
			return err
		}
		byKey := make(map[Key][]Values, len(keys))
		for _, row := range rows {
			k := t.keyOf(row)
			byKey[k] = append(byKey[k], row)
		}
		for k, rows := range byKey {
			b.states[k].load(t, rows)
		}
	}
	return nil
}

// index writes what was held back and makes the indexes of a generation that has
// been loaded without them.
func (f *feed) index(ctx context.Context) error {
	if f.keeper != nil {
		at, changes := f.build.Checkpoint, f.projection.changes(f.keeper.release(0))
		if len(changes) > 0 {
			if err := f.engine.Store.Commit(ctx, Batch{Generation: f.build.Generation, Epoch: f.build.Epoch, From: at, To: at, Changes: changes}); err != nil {
				return err
			}
		}
		f.keeper = nil
	}
	if err := f.engine.Store.Index(ctx, f.projection, f.build.Generation); err != nil {
		return err
	}
	f.build.Indexed = true
	return nil
}

// limit is large while a generation is being loaded: it is not ready for readers.
func (f *feed) limit() int {
	if f.build.Indexed {
		return liveEvents
	}
	return bulkEvents
}

// stopError wraps what no repetition can mend: the projection stops there.
type stopError struct{ error }

func (e *stopError) Unwrap() error { return e.error }
