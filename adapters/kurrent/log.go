// The log as its users see it: opening, closing, health, the signal of a change.

package kurrent

import (
	"context"
	"fmt"
	"sync"
	"time"

	"imprint/domain"
	"imprint/domain/event"
)

// Log is an event.Log on a KurrentDB cluster.
type Log struct {
	link    *link
	prefix  string // of the streams on the server
	clock   domain.Clock
	timeout time.Duration

	life   context.Context // ends with Close
	end    context.CancelFunc
	closed sync.Once
	places chan struct{} // one for each call under way

	counted *counter
	feeds   *feeds
	changes event.Signal
}

var _ event.Log = (*Log)(nil)

// Open connects to the cluster. It fails with domain.Unavailable, naming the
// setting and the remedy, if the server cannot be reached or refuses the
// credentials. The caller compares the identity in event 1 with its own records.
func Open(ctx context.Context, o Options) (*Log, error) {
	if err := o.setDefaults(); err != nil {
		return nil, err
	}
	config, err := configure(o)
	if err != nil {
		return nil, err
	}
	prefix := o.Installation + ".main."
	life, end := context.WithCancel(context.Background())
	k := &link{
		config: *config, host: hosts(config), probe: prefix + string(event.LogStream),
		logger: o.Logger, patience: o.Patience, timeout: o.CallTimeout,
		life: life,
	}
	l := &Log{
		link: k, prefix: prefix, clock: o.Clock, timeout: o.CallTimeout,
		life: life, end: end, places: make(chan struct{}, maxCalls),
		counted: newCounter(o.Known), feeds: newFeeds(),
	}
	found := make(chan error, 1)
	go func() { found <- k.look(life) }() // the client ignores contexts while it discovers
	select {
	case err = <-found:
	case <-ctx.Done():
		end()
		return nil, fmt.Errorf("open the log at %s: %w", k.host, ctx.Err())
	}
	if err != nil {
		end()
		return nil, k.explain(err)
	}
	k.open()
	k.workers.Go(l.watch)
	return l, nil
}

// Close ends reading and appending and disconnects. Calls under way come back
// with event.ErrClosed, appends among them with event.ErrUncertain.
func (l *Log) Close() error {
	l.closed.Do(func() {
		l.end()
		l.feeds.close()
		l.link.close()
	})
	return nil
}

// Health is nil while the server answers, and otherwise what an operator should
// know. It recovers by itself.
func (l *Log) Health() error { return l.link.health() }

// Changed gives a channel that is closed at some time after the next append, of
// this program or of another.
func (l *Log) Changed() <-chan struct{} { return l.changes.Changed() }
