// A feed: one subscription that reads ahead of one reader until it has caught up.

package kurrent

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"imprint/domain/event"
)

const (
	maxAhead      = 8192                  // events that wait in one feed
	maxAheadBytes = 8 << 20               // their data and metadata
	linger        = 20 * time.Millisecond // for a page to fill up
	searchWindow  = 2000                  // events that the server looks at in one go
)

// feed is filled by its own goroutine and emptied by the one reader who took it,
// who reads the metadata and numbers the events: the filler only receives, so that
// both have work.
type feed struct {
	log    *Log
	cancel context.CancelFunc

	// Its reader's: where it stands, and what it has found there for good.
	order  *order
	damage error

	mu     sync.Mutex
	ahead  []*esdb.RecordedEvent
	bytes  int
	heard  int64 // messages, of any kind
	wanted int   // events that the reader waits for
	ended  bool
	err    error
	filled chan struct{} // something has changed for the reader
	room   chan struct{} // something has changed for the filler
}

// feed starts one after the last event that the order has numbered.
func (l *Log) feed(o *order) *feed {
	ctx, cancel := context.WithCancel(l.life)
	f := &feed{log: l, cancel: cancel, order: o, filled: make(chan struct{}, 1), room: make(chan struct{}, 1)}
	after := o.at
	go func() {
		err := f.fill(ctx, after)
		f.mu.Lock()
		f.ended, f.err = true, err
		f.mu.Unlock()
		ring(f.filled)
		cancel()
	}()
	return f
}

func ring(bell chan struct{}) {
	select {
	case bell <- struct{}{}:
	default:
	}
}

// fill receives until the subscription has caught up.
func (f *feed) fill(ctx context.Context, after event.Checkpoint) error {
	s, err := f.log.link.acquire(ctx, f.log.link.patience)
	if err != nil {
		return err
	}
	defer f.log.link.release(s)
	options := esdb.SubscribeToAllOptions{From: esdb.Start{}, Filter: f.log.filter(), MaxSearchWindow: searchWindow, CheckpointInterval: 1}
	place, err := parsePlace(after)
	if err != nil {
		return err
	}
	if place != nil {
		options.From = *place
	}
	err = shielded(func() error {
		subscription, err := s.client.SubscribeToAll(ctx, options)
		if err != nil {
			return err
		}
		defer func() { _ = subscription.Close() }() // it answers nil always
		return f.receive(ctx, subscription)
	})
	if faultOf(err) == faultBroken && ctx.Err() == nil {
		f.log.link.fail(s, err)
	}
	return err
}

func (f *feed) receive(ctx context.Context, subscription *esdb.Subscription) error {
	for {
		got := subscription.Recv()
		switch {
		case got.SubscriptionDropped != nil:
			return got.SubscriptionDropped.Error
		case got.CaughtUp != nil:
			return nil
		case got.EventAppeared == nil: // a checkpoint, which says nothing to be relied on
			f.mu.Lock()
			f.heard++
			f.mu.Unlock()
			continue
		}
		e := got.EventAppeared.OriginalEvent()
		if !f.log.ours(e) {
			continue
		}
		e.SystemMetadata = nil // nobody asks for it: it shall not wait as well
		if !f.offer(ctx, e) {
			return ctx.Err()
		}
	}
}

// offer puts an event ahead of the reader, waiting for room.
func (f *feed) offer(ctx context.Context, e *esdb.RecordedEvent) bool {
	f.mu.Lock()
	for len(f.ahead) >= maxAhead || f.bytes >= maxAheadBytes {
		f.mu.Unlock()
		ring(f.filled)
		select {
		case <-f.room:
		case <-ctx.Done():
			return false
		}
		f.mu.Lock()
	}
	f.ahead = append(f.ahead, e)
	f.bytes += size(e)
	f.heard++
	enough := len(f.ahead) == f.wanted
	f.mu.Unlock()
	if enough {
		ring(f.filled)
	}
	return true
}

// next gives the events after the reader's place: a full page, or what has come
// when nothing more comes for a moment. It gives none when the feed has ended, and
// an error if that was not for having caught up.
func (f *feed) next(ctx context.Context, limit int) ([]event.Recorded, error) {
	if f.damage != nil {
		return nil, f.damage
	}
	tick := time.NewTicker(linger)
	defer tick.Stop()
	heard, since := int64(-1), time.Now()
	ticked := false
	for {
		f.mu.Lock()
		f.wanted = limit
		if n := len(f.ahead); n >= limit || n > 0 && (f.ended || ticked || f.bytes >= maxPageBytes) {
			found := f.take(limit)
			f.mu.Unlock()
			ring(f.room)
			return f.read(found)
		}
		if f.ended {
			defer f.mu.Unlock()
			return nil, f.err
		}
		if f.heard != heard {
			heard, since = f.heard, time.Now()
		}
		f.mu.Unlock()
		if time.Since(since) > f.log.timeout {
			return nil, fmt.Errorf("%w: the server has sent nothing for %s", errTimeout, f.log.timeout)
		}
		select {
		case <-f.filled:
		case <-tick.C:
			ticked = true
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// take cuts the page off, with the lock held.
func (f *feed) take(limit int) []*esdb.RecordedEvent {
	n, bytes := 0, 0
	for n < min(limit, len(f.ahead)) && bytes < maxPageBytes {
		bytes += size(f.ahead[n])
		n++
	}
	found := f.ahead[:n:n]
	f.ahead = f.ahead[n:]
	f.bytes -= bytes
	return found
}

// read makes a page of what has come, up to an event that is damaged: beyond it
// nothing is read any more.
func (f *feed) read(found []*esdb.RecordedEvent) ([]event.Recorded, error) {
	page := make([]event.Recorded, len(found))
	for i, e := range found {
		err := f.log.read(e, &page[i])
		if err == nil {
			err = f.order.number(&page[i])
		}
		if err == nil {
			continue
		}
		f.cancel()
		if f.damage = f.log.damaged(err); i > 0 {
			return page[:i], nil // the next page tells
		}
		return nil, f.damage
	}
	return page, nil
}

// size is what the bounds count of an event, in bytes.
func size(e *esdb.RecordedEvent) int { return len(e.Data) + len(e.UserMetadata) }

func (f *feed) close() { f.cancel() }

// filter is the server's: the events of this installation and no others.
func (l *Log) filter() *esdb.SubscriptionFilter {
	return &esdb.SubscriptionFilter{Type: esdb.StreamFilterType, Prefixes: []string{l.prefix}}
}
