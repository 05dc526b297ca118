package reactions

// Here: the log as a Watermill subscriber.

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/message/router/middleware"

	"imprint/domain/event"
)

const (
	// pageEvents is how many events are read at a time.
	pageEvents = 500
	// poll is the truth behind the hint of Log.Changed.
	poll = 2 * time.Second
	// redeliver is how long a refused message waits before it comes again.
	redeliver = time.Second
)

// subscriber delivers the log's events of a reaction's types in order, each after
// the one before has been acknowledged. A topic is a reaction's name: it names the
// checkpoint.
type subscriber struct{ *Reactions }

// Subscribe delivers the events after the topic's checkpoint until ctx ends.
func (s subscriber) Subscribe(ctx context.Context, topic string) (<-chan *message.Message, error) {
	at, err := s.store.Checkpoint(ctx, topic)
	if err != nil {
		return nil, fmt.Errorf("reaction %s: %w", topic, err)
	}
	out := make(chan *message.Message)
	go func() {
		defer close(out)
		s.deliver(ctx, topic, at, out)
	}()
	return out, nil
}

// Close does nothing: a subscription ends with its context.
func (s subscriber) Close() error { return nil }

// deliver reads on for ever. Faults of the log or the store are logged and tried
// again; nothing is passed over. Where the reaction has stopped, so does this.
func (s subscriber) deliver(ctx context.Context, topic string, at event.Checkpoint, out chan<- *message.Message) {
	for ctx.Err() == nil {
		changed := s.log.Changed()
		page, err := s.log.ReadAll(ctx, at, pageEvents)
		if err == nil && len(page) > 0 {
			at, err = s.page(ctx, topic, at, page, out)
		}
		if errors.Is(err, errStopped) {
			<-ctx.Done()
			return
		}
		if err != nil && ctx.Err() == nil {
			slog.ErrorContext(ctx, "a reaction cannot read on; it tries again", "reaction", topic, "ordinal", at.Ordinal, "error", err)
		}
		if err == nil && len(page) > 0 {
			continue
		}
		select {
		case <-ctx.Done():
		case <-changed:
		case <-time.After(poll):
		}
	}
}

// page delivers one page and answers the checkpoint reached.
func (s subscriber) page(ctx context.Context, topic string, at event.Checkpoint, page []event.Recorded, out chan<- *message.Message) (event.Checkpoint, error) {
	for _, e := range page {
		if s.concerns(topic, e) {
			if err := s.send(ctx, topic, delivery{Event: e, Before: at}, out); err != nil {
				return at, err
			}
			// If we crash here, the event comes again; its effect is found done.
			if err := s.store.Advance(ctx, topic, e.Checkpoint()); err != nil {
				return at, err
			}
		}
		at = e.Checkpoint()
	}
	return at, s.store.Advance(ctx, topic, at)
}

// send delivers one event until it is acknowledged; errStopped if that needs a newer
// program.
func (r *Reactions) send(ctx context.Context, topic string, d delivery, out chan<- *message.Message) error {
	body, err := json.Marshal(d)
	if err != nil {
		return fmt.Errorf("event %d: %w", d.Event.Ordinal, err)
	}
	for {
		m := message.NewMessageWithContext(ctx, d.Event.ID.String(), body)
		middleware.SetCorrelationID(d.Event.Meta.Correlation.String(), m)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case out <- m:
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-m.Acked():
			return nil
		case <-m.Nacked(): // a part is down, perhaps the table of parked events itself
		}
		if r.hasStopped(topic) {
			return errStopped
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(redeliver):
		}
	}
}
