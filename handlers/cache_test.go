package handlers

import (
	"fmt"
	"testing"

	"github.com/google/uuid"

	"imprint/domain/event"
)

// count is a state that keeps nothing but how many events it was folded from.
type count int

func (c count) Fold(payloads ...event.Payload) count { return c + count(len(payloads)) }

// TestTheCacheIsBoundedByBytes folds ten times what it may hold, from few large
// events and from many small ones.
func TestTheCacheIsBoundedByBytes(t *testing.T) {
	for _, bytes := range []int{1 << 20, 100} {
		c := newCache()
		inUse := c.use("document-in-use")
		data := make([]byte, bytes)
		perStream := max(1, (1<<20)/(bytes+eventOverhead))
		const streams = 10 * maxCachedBytes >> 20
		events := make([]event.Event, perStream)
		for n := range streams {
			e := c.use(event.Stream(fmt.Sprintf("document-%d", n)))
			for i := range events {
				events[i] = event.Event{ID: uuid.New(), Data: data}
			}
			advance[count](e, event.NoStream, event.Appended{Revision: int64(perStream) - 1}, events, make([]event.Payload, perStream))
			c.release(e)
			if c.bytes > maxCachedBytes {
				t.Fatalf("events of %d bytes: %d bytes are kept after %d streams", bytes, c.bytes, n+1)
			}
		}
		kept := len(c.entries)
		if kept < maxCachedBytes>>20-2 || kept > maxCachedBytes>>20+2 {
			t.Errorf("events of %d bytes: %d streams of 1 MB each are kept", bytes, kept)
		}
		if _, held := c.entries["document-in-use"]; !held {
			t.Errorf("events of %d bytes: what is in use was dropped", bytes)
		}
		if newest := fmt.Sprintf("document-%d", streams-1); c.entries[event.Stream(newest)] == nil {
			t.Errorf("events of %d bytes: what was used last was dropped", bytes)
		}
		c.release(inUse)
	}
}
