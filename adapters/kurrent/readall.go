// Reading the whole log: from the feed that is ahead of this reader, where there
// is one, and otherwise from the tail.

package kurrent

import (
	"context"
	"errors"
	"fmt"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"imprint/domain/event"
)

const (
	// minWindow and maxWindow bound one read of the tail, in events of everybody.
	minWindow, maxWindow = 64, 1024
	// maxPageBytes ends a page early, after the event whose data makes it this large.
	maxPageBytes = 4 << 20
)

// ReadAll reads forwards after a checkpoint; see event.Log. A checkpoint at whose
// position no event of this installation stands is refused with event.ErrCorrupt:
// it belongs to another log, or this one was cut short.
func (l *Log) ReadAll(ctx context.Context, after event.Checkpoint, limit int) ([]event.Recorded, error) {
	page, _, err := l.readAll(ctx, after, limit)
	if err == nil && after.Ordinal == 0 {
		err = l.tell(ctx, l.learn(page))
	}
	return page, err
}

// readAll tells also whether the page goes to the end of the log, as that was
// during the call.
func (l *Log) readAll(ctx context.Context, after event.Checkpoint, limit int) (page []event.Recorded, whole bool, err error) {
	if err := checkLimit(limit); err != nil {
		return nil, false, err
	}
	place, err := parsePlace(after)
	if err != nil {
		return nil, false, err
	}
	if f := l.feeds.take(after); f != nil {
		page, err := f.next(ctx, limit)
		if len(page) > 0 || ctx.Err() != nil || errors.Is(err, event.ErrCorrupt) {
			l.feeds.put(f)
			return page, false, err
		}
		f.close() // it has caught up or lost its connection: the tail goes on
	}
	t := tail{log: l, order: newOrder(after)}
	if err := t.read(ctx, place, min(max(minWindow, limit+1), maxWindow)); err != nil {
		return nil, false, l.tell(ctx, err)
	}
	if len(t.page) == 0 && !t.ended {
		// A long stretch of other people's events: let the server search it.
		page, err = l.search(ctx, t.order, limit)
		return page, err == nil && len(page) == 0, err
	}
	page = t.page[:min(limit, len(t.page))]
	if !t.ended && len(page) == len(t.page) {
		l.feeds.put(l.feed(t.order))
	}
	return page, t.ended && len(page) == len(t.page), nil
}

// search waits for the first page of a feed. What a feed has passed without an
// event of ours is remembered up to the end of $all as it was before, so that the
// next read begins there.
func (l *Log) search(ctx context.Context, o *order, limit int) ([]event.Recorded, error) {
	end, err := fetch(ctx, l, func(ctx context.Context, c *esdb.Client) (end esdb.Position, err error) {
		read, err := c.ReadAll(ctx, esdb.ReadAllOptions{Direction: esdb.Backwards, From: esdb.End{}}, 1)
		err = each(read, err, func(e *esdb.ResolvedEvent) (bool, error) {
			end = e.OriginalEvent().Position
			return true, nil
		})
		return end, err
	})
	if err != nil {
		return nil, l.tell(ctx, err)
	}
	after := o.at.Position
	f := l.feed(o)
	page, err := f.next(ctx, limit)
	if len(page) > 0 {
		l.feeds.put(f)
		return page, nil
	}
	f.close()
	if err != nil {
		return nil, l.tell(ctx, err)
	}
	l.feeds.skip(after, end)
	return nil, nil
}

// tail is one finite read of $all, filtered here.
type tail struct {
	log   *Log
	order *order
	page  []event.Recorded
	ended bool // the read has reached the end of $all
}

// read reads a window from a place, which includes the event at it.
func (t *tail) read(ctx context.Context, place *esdb.Position, window int) error {
	after := t.order.at.Position
	if skipped, ok := t.log.feeds.skipped(after); ok {
		if err := t.window(ctx, skipped, window, false); err == nil || faultOf(err) != faultPlace {
			return err
		}
		// The record there has been scavenged; it was not ours.
		t.log.feeds.unskip(after)
	}
	if place == nil {
		return t.window(ctx, esdb.Start{}, window, false)
	}
	return t.window(ctx, *place, window, true)
}

// errElsewhere: the first record read is not the one at the checkpoint.
var errElsewhere = errors.New("no event of this installation stands there")

// window reads at most so many events of everybody. The first one is the
// checkpoint's own if the read begins at it.
func (t *tail) window(ctx context.Context, from esdb.AllPosition, window int, own bool) error {
	l, after := t.log, t.order.at
	type found struct {
		tail
		last esdb.Position
	}
	// The call fills a tail of its own: its caller may have left before it ends.
	got, err := fetch(ctx, l, func(ctx context.Context, c *esdb.Client) (found, error) {
		f := found{tail: tail{log: l, order: newOrder(after), ended: true}}
		seen, bytes := 0, 0
		read, err := c.ReadAll(ctx, esdb.ReadAllOptions{Direction: esdb.Forwards, From: from}, uint64(window))
		err = each(read, err, func(e *esdb.ResolvedEvent) (bool, error) {
			r, ours, err := l.decode(e)
			if seen++; seen == window {
				f.ended = false
			}
			if seen == 1 && own {
				if !ours || r.Position != after.Position {
					return false, errElsewhere
				}
				f.order.young[r.Stream] = r.Revision
				return true, nil
			}
			f.last = e.OriginalEvent().Position
			if err != nil || !ours {
				return true, err
			}
			if err := f.order.number(&r); err != nil {
				return false, l.damaged(err)
			}
			f.page = append(f.page, r)
			bytes += len(r.Data)
			f.ended = f.ended && bytes < maxPageBytes
			return bytes < maxPageBytes, nil
		})
		if err == nil && own && seen == 0 {
			err = errElsewhere
		}
		return f, err
	})
	if own && (errors.Is(err, errElsewhere) || faultOf(err) == faultPlace) {
		return fmt.Errorf("the log at %s: %w: no event of %s… stands at position %s: %s names another log, or one that was cut short; correct it, or rebuild what was read", l.link.host, event.ErrCorrupt, l.prefix, after.Position, setting)
	}
	if err != nil {
		return err
	}
	*t = got.tail
	if len(t.page) == 0 && t.ended && got.last != (esdb.Position{}) {
		l.feeds.skip(after.Position, got.last)
	}
	return nil
}

func (l *Log) damaged(err error) error {
	return fmt.Errorf("the log at %s: %w; restore it from a backup", l.link.host, err)
}
