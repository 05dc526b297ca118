// The end of the log, counted.

package kurrent

import (
	"context"
	"time"

	"imprint/domain/event"
)

const (
	countPage     = 1000
	countProgress = 10 * time.Second // between two lines of a long count
)

// counter is the furthest checkpoint that has been counted to.
type counter struct {
	turn chan struct{} // held by the one who counts
	at   event.Checkpoint
}

func newCounter(known event.Checkpoint) *counter {
	return &counter{turn: make(chan struct{}, 1), at: known}
}

// Head is the checkpoint after the newest event. The server knows no ordinals, so
// it is counted on from the last answer, at first from Options.Known: without that
// the first call reads the whole log. It ends where a read has come to the end, for
// under steady writes another read would always find more. A call that gives up
// leaves its count to the next one.
func (l *Log) Head(ctx context.Context) (event.Checkpoint, error) {
	c := l.counted
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	case <-ctx.Done():
		return event.Checkpoint{}, ctx.Err()
	}
	for begun, told := c.at.Ordinal, time.Now(); ; {
		page, whole, err := l.readAll(ctx, c.at, countPage)
		if err != nil {
			return event.Checkpoint{}, err
		}
		if len(page) > 0 {
			c.at = page[len(page)-1].Checkpoint()
		}
		if whole {
			return c.at, nil
		}
		if time.Since(told) > countProgress {
			told = time.Now()
			l.link.logger.InfoContext(ctx, "counting the log", "host", l.link.host, "from", begun, "now at", c.at.Ordinal)
		}
	}
}
