// The live subscription that wakes readers.

package kurrent

import (
	"context"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
)

// forEver is longer than any outage.
const forEver = 1000 * time.Hour

// watch signals a change for each event of ours, by whomever, until the log is
// closed. It begins at the end again whenever it is dropped, and signals then,
// too, since it may have missed something. Nothing that it receives is kept.
func (l *Log) watch() {
	for pause := firstBackOff; l.life.Err() == nil; pause = min(2*pause, lastBackOff) {
		began := time.Now()
		err := l.listen()
		if time.Since(began) > lastBackOff {
			pause = firstBackOff // it had been well
		}
		l.link.logger.Debug("the log's live subscription was dropped", "host", l.link.host, "error", err)
		if sleep(l.life, jitter(pause)) != nil {
			return
		}
	}
}

// listen subscribes once.
func (l *Log) listen() error {
	s, err := l.link.acquire(l.life, forEver)
	if err != nil {
		return err
	}
	defer l.link.release(s)
	err = shielded(func() error { return l.hear(l.life, s.client) })
	if f := faultOf(err); (f == faultBroken || f == faultRefused) && l.life.Err() == nil {
		l.link.fail(s, err)
	}
	return err
}

func (l *Log) hear(ctx context.Context, c *esdb.Client) error {
	subscription, err := c.SubscribeToAll(ctx, esdb.SubscribeToAllOptions{From: esdb.End{}, Filter: l.filter(), MaxSearchWindow: searchWindow, CheckpointInterval: 1})
	if err != nil {
		return err
	}
	defer func() { _ = subscription.Close() }() // it answers nil always
	for l.changes.Raise(); ; {
		switch got := subscription.Recv(); {
		case got.SubscriptionDropped != nil:
			return got.SubscriptionDropped.Error
		case got.EventAppeared != nil, got.CaughtUp != nil:
			l.changes.Raise()
		}
	}
}
