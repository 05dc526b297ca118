package reactions

// Here: reacting to what there is and then stopping, for programs that do not
// keep Run going: the growing of the demo's sample, and tests.

import (
	"context"

	"imprint/domain/notice"
)

// CatchUp deals with all events up to the log's end, one after the other, and
// with all notices that are due by then. Beside Run it costs work, never
// correctness. The first error ends it; nothing is retried or parked.
func (r *Reactions) CatchUp(ctx context.Context) error {
	for name, h := range r.handlers {
		if len(h.types) == 0 {
			continue // it does not read the log
		}
		at, err := r.store.Checkpoint(ctx, name)
		if err != nil {
			return err
		}
		for {
			page, err := r.log.ReadAll(ctx, at, pageEvents)
			if err != nil {
				return err
			}
			if len(page) == 0 {
				break
			}
			for _, e := range page {
				if r.concerns(name, e) {
					if err := r.react(ctx, h, delivery{Event: e, Before: at}); err != nil {
						return err
					}
				}
				at = e.Checkpoint()
			}
			if err := r.store.Advance(ctx, name, at); err != nil {
				return err
			}
		}
	}
	_, err := r.eachDue(ctx, func(p notice.Pending) error { return r.conclude(ctx, p) })
	return err
}
