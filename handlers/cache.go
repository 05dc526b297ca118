package handlers

// Here: the states of the streams that were lately used, so that a long stream
// is not read again for each command; an import of thousands of versions into
// one document relies on it. A cached state is led on from the log each time it
// is used, so it is never out of date when a decision is taken.

import (
	"container/list"
	"context"
	"fmt"
	"sync"

	"github.com/google/uuid"

	"imprint/domain/event"
)

const (
	// maxCachedBytes bounds the cache by the bytes of the events that its states were
	// folded from: a state keeps of an event about what the event says.
	maxCachedBytes = 32 << 20
	// eventOverhead is counted for each event beside its data, and for each stream:
	// ids, maps and structs.
	eventOverhead = 300
)

// cache holds the entries in use and, beyond them, the most recently used ones.
type cache struct {
	mu      sync.Mutex
	entries map[event.Stream]*list.Element // of *entry
	recent  *list.List                     // the most recently used first
	bytes   int64                          // the sum of counted over all entries
}

// entry is one stream with its state.
type entry struct {
	stream event.Stream
	turn   chan struct{} // held by the one command that is decided and appended

	// mu guards what follows. It is held while folding, which may read the log,
	// and never while waiting for another entry.
	mu       sync.Mutex
	state    any // the aggregate's State; nil before the first fold
	revision int64
	position event.Position      // of the last event; "" where the engine does not tell it
	ids      map[uuid.UUID]int64 // every event's revision, to find repeated requests
	size     int64               // bytes of what has been folded

	// Guarded by the cache's mutex.
	users   int
	counted int64 // bytes that the cache counts for this entry
}

func newCache() *cache {
	return &cache{entries: map[event.Stream]*list.Element{}, recent: list.New()}
}

// use answers the entry of a stream, which stays until it is released: two users
// of one stream always share one entry.
func (c *cache) use(stream event.Stream) *entry {
	c.mu.Lock()
	defer c.mu.Unlock()
	at, held := c.entries[stream]
	if !held {
		at = c.recent.PushFront(&entry{stream: stream, turn: make(chan struct{}, 1), revision: event.NoStream, ids: map[uuid.UUID]int64{}, size: eventOverhead})
		c.entries[stream] = at
	}
	c.recent.MoveToFront(at)
	e := at.Value.(*entry)
	e.users++
	return e
}

// release ends a use and drops what has not been used for longest, as far as the
// bound asks for it.
func (c *cache) release(e *entry) {
	e.mu.Lock()
	size := e.size
	e.mu.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	e.users--
	c.bytes += size - e.counted
	e.counted = size
	for at := c.recent.Back(); at != nil && c.bytes > maxCachedBytes; {
		oldest, before := at.Value.(*entry), at.Prev()
		if oldest.users == 0 {
			c.recent.Remove(at)
			delete(c.entries, oldest.stream)
			c.bytes -= oldest.counted
		}
		at = before
	}
}

// load leads an entry's state on to the end of its stream and answers it with
// the revision it stands at. A State is a value that nobody changes, so the
// answer stays good while others lead the entry on.
func load[S folding[S]](ctx context.Context, j *Journal, e *entry) (S, int64, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	state, _ := e.state.(S) // the zero State before the first fold
	err := j.read(ctx, e.stream, e.revision+1, pageEvents, func(page []event.Recorded, payloads []event.Payload) bool {
		state = state.Fold(payloads...)
		for _, r := range page {
			e.ids[r.ID] = r.Revision
			e.revision, e.position = r.Revision, r.Position
			e.size += sizeOf(r.Event)
		}
		e.state = state
		return true
	})
	return state, e.revision, err
}

func sizeOf(e event.Event) int64 { return int64(len(e.Data)) + eventOverhead }

// look answers the present state of a stream that the caller does not write to.
func look[S folding[S]](ctx context.Context, j *Journal, stream event.Stream) (S, error) {
	e := j.states.use(stream)
	defer j.states.release(e)
	state, _, err := load[S](ctx, j, e)
	return state, err
}

// before answers the state that a stream had before an event, folded anew.
func before[S folding[S]](ctx context.Context, j *Journal, stream event.Stream, id uuid.UUID) (S, error) {
	var state S
	err := j.read(ctx, stream, 0, pageEvents, func(page []event.Recorded, payloads []event.Payload) bool {
		for i, r := range page {
			if r.ID == id {
				state = state.Fold(payloads[:i]...)
				return false
			}
		}
		state = state.Fold(payloads...)
		return true
	})
	return state, err
}

// advance leads an entry on over what was just appended at expected, unless it
// has been led on by a reader meanwhile.
func advance[S folding[S]](e *entry, expected int64, appended event.Appended, events []event.Event, payloads []event.Payload) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.revision != expected {
		return
	}
	state, _ := e.state.(S)
	e.state = state.Fold(payloads...)
	for i, ev := range events {
		e.ids[ev.ID] = expected + 1 + int64(i)
		e.size += sizeOf(ev)
	}
	e.revision, e.position = appended.Revision, appended.Position
}

// find answers the revision of an event in what has been loaded.
func (e *entry) find(id uuid.UUID) (int64, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	revision, found := e.ids[id]
	return revision, found
}

// end is the place of the last event loaded, "" where it is not known.
func (e *entry) end() event.Position {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.position
}

// read reads a stream from a revision to its end, limit events a page, until a page is
// not wanted any more. A gap in the revisions is event.ErrCorrupt. An event that
// this program cannot read stops it: no decision is taken on half a history.
func (j *Journal) read(ctx context.Context, stream event.Stream, from int64, limit int, each func([]event.Recorded, []event.Payload) bool) error {
	for {
		page, err := j.log.ReadStream(ctx, stream, from, limit)
		if err != nil {
			return fmt.Errorf("read %s: %w", stream, err)
		}
		if len(page) == 0 {
			return nil
		}
		payloads := make([]event.Payload, len(page))
		for i, r := range page {
			if r.Revision != from {
				return fmt.Errorf("read %s: %w: revision %d follows %d", stream, event.ErrCorrupt, r.Revision, from-1)
			}
			if payloads[i], err = j.codec.Registry().Decode(r); err != nil {
				return fmt.Errorf("read %s: %w", stream, err)
			}
			from++
		}
		if !each(page, payloads) {
			return nil
		}
	}
}
