package metrics

// Here: the log, with its appends counted.

import (
	"context"
	"errors"
	"time"

	"imprint/domain"
	"imprint/domain/event"
)

// Outcomes of an append.
const (
	written   = "written"
	conflict  = "conflict"
	refused   = "refused"
	uncertain = "uncertain"
	abandoned = "abandoned"
	failed    = "failed"
)

// Log is the log with its appends counted; reading goes through untouched.
func (m *Metrics) Log(inner event.Log) event.Log { return countedLog{inner, m} }

type countedLog struct {
	event.Log
	metrics *Metrics
}

// Append implements event.Log.
func (l countedLog) Append(ctx context.Context, stream event.Stream, expected int64, events []event.Event) (event.Appended, error) {
	began := time.Now()
	appended, err := l.Log.Append(ctx, stream, expected, events)
	l.metrics.appendTime.Observe(time.Since(began).Seconds())
	l.metrics.appends.WithLabelValues(outcome(ctx, err)).Inc()
	return appended, err
}

func outcome(ctx context.Context, err error) string {
	var moved *event.ConflictError
	switch kind := domain.KindOf(err); {
	case err == nil:
		return written
	case errors.As(err, &moved):
		return conflict
	case errors.Is(err, event.ErrUncertain):
		return uncertain
	case ctx.Err() != nil:
		return abandoned
	case kind == domain.Internal, kind == domain.Unavailable:
		return failed
	}
	return refused
}
