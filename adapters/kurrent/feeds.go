// The feeds that wait for their readers, and what is known to hold no event of
// ours.

package kurrent

import (
	"sync"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"imprint/domain/event"
)

const (
	maxFeeds   = 8
	maxSkips   = 64
	feedIdling = 30 * time.Second // after which a reader is taken to have gone
)

// feeds keeps each feed under the checkpoint at which its reader will come back.
type feeds struct {
	mu      sync.Mutex
	waiting []*waiting // the longest first
	skips   map[event.Position]esdb.Position
	closed  bool
}

type waiting struct {
	feed  *feed
	timer *time.Timer
}

func newFeeds() *feeds { return &feeds{skips: map[event.Position]esdb.Position{}} }

// take gives the feed that stands at a checkpoint, to be put back or closed.
func (fs *feeds) take(after event.Checkpoint) *feed {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	for i, w := range fs.waiting {
		if at := w.feed.order.at; at.Position == after.Position && at.Ordinal == after.Ordinal && at.LogTime.Equal(after.LogTime) {
			fs.remove(i)
			return w.feed
		}
	}
	return nil
}

// put lets a feed wait for its reader, but not for ever: beyond maxFeeds the one
// that has waited longest is closed, and so is one that idles.
func (fs *feeds) put(f *feed) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if fs.closed {
		f.close()
		return
	}
	if len(fs.waiting) >= maxFeeds {
		fs.remove(0).close()
	}
	w := &waiting{feed: f}
	w.timer = time.AfterFunc(feedIdling, func() { fs.expire(w) })
	fs.waiting = append(fs.waiting, w)
}

func (fs *feeds) expire(w *waiting) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	for i, other := range fs.waiting {
		if other == w {
			fs.remove(i).close()
			return
		}
	}
}

func (fs *feeds) remove(i int) *feed {
	w := fs.waiting[i]
	w.timer.Stop()
	fs.waiting = append(fs.waiting[:i], fs.waiting[i+1:]...)
	return w.feed
}

func (fs *feeds) close() {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	fs.closed = true
	for len(fs.waiting) > 0 {
		fs.remove(0).close()
	}
}

// skip notes that no event of ours lies after a position up to another one.
func (fs *feeds) skip(after event.Position, to esdb.Position) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if len(fs.skips) >= maxSkips {
		clear(fs.skips) // it only saves reading
	}
	if position(to) > after {
		fs.skips[after] = to
	}
}

func (fs *feeds) unskip(after event.Position) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	delete(fs.skips, after)
}

func (fs *feeds) skipped(after event.Position) (esdb.Position, bool) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	to, ok := fs.skips[after]
	return to, ok
}
