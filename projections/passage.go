package projections

// Reading the log for those who fold it: one stretch at a time, decoded once
// however many projections fold it.

import (
	"context"
	"fmt"
	"slices"

	"imprint/domain/event"
)

// passage is a stretch of the log. Its events are shared by all who fold it:
// nobody changes them.
type passage struct {
	events []decoded
	to     event.Checkpoint
	err    error // what ended the reading; the events before it are good
}

// decoded is an event with its payload, where anybody folds its type.
type decoded struct {
	Event
	err error // it could not be decoded: who folds its type stops before it
}

// read reads on from a checkpoint until the limit, the byte limit or the end of
// the log, and decodes the wanted types.
func (e Engine) read(ctx context.Context, from event.Checkpoint, limit int, wanted map[string]bool) passage {
	p := passage{to: from}
	for bytes := 0; len(p.events) < limit && bytes < bulkBytes; {
		page, err := e.Log.ReadAll(ctx, p.to, limit-len(p.events))
		if err != nil || len(page) == 0 {
			p.err = err
			return p
		}
		p.events = slices.Grow(p.events, len(page))
		for i := range page {
			r := &page[i]
			if r.Ordinal != p.to.Ordinal+1 {
				p.err = fmt.Errorf("%w: event %d follows event %d", event.ErrCorrupt, r.Ordinal, p.to.Ordinal)
				return p
			}
			d := decoded{Event: Event{Recorded: r}}
			if wanted[r.Type] {
				d.Payload, d.err = e.Registry.Decode(*r)
			}
			p.events = append(p.events, d)
			p.to = r.Checkpoint()
			bytes += len(r.Data)
		}
	}
	return p
}
