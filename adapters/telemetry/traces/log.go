package traces

// Here: the log, with a span for each append; and what the log tells about causes.

import (
	"context"
	"sync"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"imprint/domain/event"
	"imprint/domain/notice"
)

// Log is the log with a span for each append, in the trace of the first event's
// correlation id. Streams are not named in it, for they hold ids.
func (t *Traces) Log(inner event.Log) event.Log {
	if t == nil {
		return inner
	}
	return tracedLog{inner, t}
}

type tracedLog struct {
	event.Log
	traces *Traces
}

// Append implements event.Log.
func (l tracedLog) Append(ctx context.Context, stream event.Stream, expected int64, events []event.Event) (event.Appended, error) {
	if len(events) == 0 || events[0].Meta.Correlation == uuid.Nil {
		return l.Log.Append(ctx, stream, expected, events)
	}
	first := events[0]
	ctx, span := l.traces.tracer.Start(behind(ctx, first.Meta.Correlation), "append "+first.Type,
		trace.WithAttributes(correlation.String(first.Meta.Correlation.String()), attribute.Int("imprint.events", len(events))))
	defer span.End()
	appended, err := l.Log.Append(ctx, stream, expected, events)
	if err != nil {
		span.SetStatus(codes.Error, "") // the log of the program says why, and names the stream
	}
	return appended, err
}

const (
	// askTime bounds what is asked of the log about one mail.
	askTime = 2 * time.Second
	// maxKnown bounds the causes remembered: many mails tell of the same.
	maxKnown = 4096
)

// causes finds the actions behind events that were told of. The event's notice is
// in a stream named after it, and carries its correlation id.
type causes struct {
	log event.Log

	mu    sync.Mutex
	known map[uuid.UUID]uuid.UUID // correlation id by event
}

// actions answers the distinct correlation ids of the first maxActions events. What
// the log does not tell in time is left out: a span less, and the mail goes on.
func (c *causes) actions(ctx context.Context, told []uuid.UUID) []uuid.UUID {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	var actions []uuid.UUID
	found := map[uuid.UUID]bool{uuid.Nil: true}
	for _, cause := range told[:min(len(told), maxActions)] {
		if id := c.action(ctx, cause); !found[id] {
			found[id] = true
			actions = append(actions, id)
		}
	}
	return actions
}

func (c *causes) action(ctx context.Context, cause uuid.UUID) uuid.UUID {
	c.mu.Lock()
	id, known := c.known[cause]
	c.mu.Unlock()
	if known {
		return id
	}
	page, err := c.log.ReadStream(ctx, notice.Stream(cause), 0, 1)
	if err != nil || len(page) == 0 {
		return uuid.Nil
	}
	id = page[0].Meta.Correlation
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.known) >= maxKnown || c.known == nil {
		c.known = map[uuid.UUID]uuid.UUID{}
	}
	c.known[cause] = id
	return id
}
