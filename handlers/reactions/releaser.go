package reactions

// Here: the end of grace periods. The held notices come to the router like a
// topic of their own, so that a failing one is retried and parked like any event
// and does not hold up the others.

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"

	"imprint/domain"
	"imprint/domain/event"
	"imprint/domain/notice"
)

// releasePage is how many due notices are taken at a time.
const releasePage = 100

// dueNotices delivers the held notices whose grace period has ended.
type dueNotices struct{ *Reactions }

// Subscribe delivers due notices one at a time until ctx ends.
func (d dueNotices) Subscribe(ctx context.Context, _ string) (<-chan *message.Message, error) {
	out := make(chan *message.Message)
	go func() {
		defer close(out)
		d.deliver(ctx, out)
	}()
	return out, nil
}

// Close does nothing: a subscription ends with its context.
func (d dueNotices) Close() error { return nil }

func (d dueNotices) deliver(ctx context.Context, out chan<- *message.Message) {
	for ctx.Err() == nil {
		wait, err := d.eachDue(ctx, func(p notice.Pending) error {
			cause := event.Recorded{Event: event.Event{ID: p.Notice.Cause, Type: p.CauseType}, Ordinal: p.Notice.CauseOrdinal}
			cause.Meta.Correlation = p.Correlation
			return d.send(ctx, releaseName, delivery{Event: cause, Before: p.Before, Due: &p}, out)
		})
		if errors.Is(err, errStopped) {
			<-ctx.Done()
			return
		}
		if err != nil && ctx.Err() == nil {
			slog.ErrorContext(ctx, "the due notices cannot be read; trying again", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-d.wake:
		case <-time.After(wait):
		}
	}
}

// eachDue calls each for all notices that are due, which it must conclude or
// park, and answers how long to wait for the next.
func (r *Reactions) eachDue(ctx context.Context, each func(notice.Pending) error) (time.Duration, error) {
	for {
		due, err := r.store.Held(ctx, r.clock(), releasePage)
		if err != nil {
			return poll, err
		}
		if len(due) == 0 {
			break
		}
		for _, p := range due {
			if err := each(p); err != nil {
				return poll, err
			}
		}
	}
	next, held, err := r.store.NextRelease(ctx)
	if err != nil || !held {
		return poll, err
	}
	// The bound is for a clock that is set forwards.
	return min(max(next.Sub(r.clock()), 0), poll), nil
}

// releaseAgain deals with a cause whose release was parked.
func (r *Reactions) releaseAgain(ctx context.Context, d delivery, payload event.Payload) error {
	p, told, err := r.pendingOf(ctx, d, payload)
	if err != nil || !told {
		return err
	}
	return r.conclude(ctx, p)
}

// conclude releases a notice or lets it go, and forgets it. If we crash between
// the append and the forgetting, the append is repeated and found done.
func (r *Reactions) conclude(ctx context.Context, p notice.Pending) error {
	released, news, err := r.settle(ctx, p)
	if err == nil && news {
		err = r.appendReleased(ctx, released, p)
	}
	if err != nil {
		return fmt.Errorf("notice of %s: %w", p.Notice.Cause, err)
	}
	return r.store.Drop(ctx, p.Notice.Cause)
}

func (r *Reactions) appendReleased(ctx context.Context, n notice.Released, p notice.Pending) error {
	stream := notice.Stream(n.Cause)
	encoded, err := r.codec.Encode(ctx, event.Draft{
		Stream: stream, ID: domain.Derive(namespace, "notice", n.Cause.String()), Payload: n,
		Meta: r.consequence(n.Cause, p.Correlation),
	})
	if err != nil {
		return err
	}
	_, err = r.log.Append(ctx, stream, event.NoStream, []event.Event{encoded})
	var conflict *event.ConflictError
	if errors.As(err, &conflict) {
		return nil // another program has released it
	}
	return err
}
