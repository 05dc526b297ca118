package projections

// Mending a parked key, once the fold or what it stumbled over is put right.

import (
	"context"
	"errors"
	"fmt"

	"imprint/domain"
)

// Parked lists what the live generation of a projection has parked, in log order.
func (e Engine) Parked(ctx context.Context, p Projection) (parked []Parked, err error) {
	live, err := e.Store.Live(ctx, p)
	if err != nil {
		return nil, err
	}
	err = e.Store.Read(ctx, func(r Reader) error {
		parked, err = r.Parked(ctx, live.Generation)
		return err
	})
	return parked, err
}

// Replay folds the parked events of a key in order and shows it again, in one
// transaction. Where one of them still fails nothing changes and the error is a
// *FoldError. It takes the lease from the runner for the moment, which then reads
// anew what is parked; a key that is not parked is NotFound.
func (e Engine) Replay(ctx context.Context, p Projection, k Key) error {
	if err := p.check(); err != nil {
		return err
	}
	live, err := e.Store.Live(ctx, p)
	if err != nil {
		return err
	}
	// Under a name of its own, so that a runner of this very process waits too and
	// does not take the lease back in the middle.
	e.Holder += " replaying"
	f, err := e.open(ctx, p, live, true)
	if err != nil {
		return err
	}
	return errors.Join(f.replay(ctx, k), f.close(ctx))
}

// replay works on the generation whose lease the feed has. From is To: the
// checkpoint has passed these events long ago.
func (f *feed) replay(ctx context.Context, k Key) error {
	var waiting []Parked
	err := f.engine.Store.Read(ctx, func(r Reader) error {
		all, err := r.Parked(ctx, f.build.Generation)
		for _, p := range all {
			if p.Key == k {
				waiting = append(waiting, p)
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	if len(waiting) == 0 {
		return domain.Refuse(domain.NotFound, "not-parked", "the read model %s has not parked %s; imprint projections parked lists what it has", f.projection.Name, k)
	}
	b := &batch{projection: f.projection, states: map[Key]*State{k: NewState(k, f.projection.Tables)}, order: []Key{k}, parked: map[Key]struct{}{}}
	for _, w := range waiting {
		page, err := f.engine.Log.ReadAll(ctx, w.Before, 1)
		if err != nil {
			return err
		}
		if len(page) != 1 || page[0].ID != w.EventID {
			return fmt.Errorf("parked event %d of %s is not in the log", w.Ordinal(), k)
		}
		payload, err := f.engine.Registry.Decode(page[0])
		if err != nil {
			return err
		}
		e := Event{Recorded: &page[0], Payload: payload}
		b.touches = append(b.touches, touch{event: e, keys: []Key{k}, before: w.Before})
	}
	if err := f.load(ctx, b, b.order); err != nil {
		return err
	}
	if err := b.fold(judge{strict: true}); err != nil {
		return err
	}
	at := f.build.Checkpoint
	return f.engine.Store.Commit(ctx, Batch{Generation: f.build.Generation, Epoch: f.build.Epoch, From: at, To: at, Changes: f.projection.changes(b.touched()), Unpark: []Key{k}})
}
