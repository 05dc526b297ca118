// Appending: the expected revision, repetition by id, and the outcome pursued.

package kurrent

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"imprint/domain/event"
)

// Append writes events to one stream; see event.Log. An answer that was lost is
// pursued by repeating the same ids until patience runs out; then, and when the
// context ends while the append is under way, it is event.ErrUncertain.
func (l *Log) Append(ctx context.Context, stream event.Stream, expected int64, events []event.Event) (event.Appended, error) {
	if err := ctx.Err(); err != nil {
		return event.Appended{}, err
	}
	if err := event.CheckAppend(stream, expected, events, l.clock()); err != nil {
		return event.Appended{}, err
	}
	rows, err := encode(stream, events)
	if err != nil {
		return event.Appended{}, err
	}
	until := time.Now().Add(l.link.patience)
	uncertain := false // some attempt may have been written
	for pause := firstBackOff; ; pause = min(2*pause, lastBackOff) {
		a, err := l.attempt(ctx, stream, expected, rows)
		var conflict *event.ConflictError
		if err == nil {
			l.changes.Raise()
			return a, nil
		}
		if errors.As(err, &conflict) || errors.Is(err, event.ErrCorrupt) {
			return a, err
		}
		uncertain = uncertain || !notDone(err)
		final := ctx.Err() != nil || errors.Is(err, event.ErrClosed) || time.Now().After(until)
		kept := (*notSentError)(nil)
		if f := faultOf(err); f == faultRefused || f == faultDenied || f == faultPlace || !uncertain && errors.As(err, &kept) {
			final = true // patience would not help, or has run out at the gate
		}
		if !final {
			final = sleep(ctx, jitter(pause)) != nil
		}
		if !final {
			continue
		}
		if hidden := (*unsettledError)(nil); errors.As(err, &hidden) {
			err = hidden.cause
		}
		if err = l.tell(ctx, err); uncertain {
			err = fmt.Errorf("append to %s: %w: %w", stream, event.ErrUncertain, err)
		}
		return event.Appended{}, err
	}
}

// attempt appends once, and finds out what a wrong version means.
func (l *Log) attempt(ctx context.Context, stream event.Stream, expected int64, rows []esdb.EventData) (event.Appended, error) {
	options := esdb.AppendToStreamOptions{ExpectedRevision: esdb.NoStream{}}
	if expected != event.NoStream {
		options.ExpectedRevision = esdb.Revision(uint64(expected))
	}
	result, err := do(ctx, l, func(ctx context.Context, c *esdb.Client) (*esdb.WriteResult, error) {
		return c.AppendToStream(ctx, l.prefix+string(stream), options, rows...)
	})
	switch {
	case err == nil && int64(result.NextExpectedVersion) != expected+int64(len(rows)):
		// Where the stream was deleted softly, it goes on with its old numbers.
		return event.Appended{}, l.deleted(stream)
	case err == nil:
		at := told(esdb.Position{Commit: result.CommitPosition, Prepare: result.PreparePosition})
		if at != "" {
			return event.Appended{Revision: expected + int64(len(rows)), Position: at}, nil
		}
		// An append that the server has recognised as a repetition may lack it.
		return l.settle(ctx, stream, expected, rows)
	case faultOf(err) == faultVersion:
		return l.settle(ctx, stream, expected, rows)
	case faultOf(err) == faultDeleted:
		return event.Appended{}, l.deleted(stream)
	}
	return event.Appended{}, err
}

// settle reads what stands after the expected revision: the earlier answer if the
// very same ids do (the acknowledgement was lost), a conflict otherwise. Since the
// outcome is not known if it fails, its errors count as uncertain.
func (l *Log) settle(ctx context.Context, stream event.Stream, expected int64, rows []esdb.EventData) (event.Appended, error) {
	current := event.NoStream
	last, err := l.readStream(ctx, stream, esdb.Backwards, esdb.End{}, 1, math.MaxInt)
	if err != nil {
		return event.Appended{}, &unsettledError{err}
	}
	if len(last) > 0 {
		current = last[0].Revision
	}
	if current == expected {
		// It moved while we looked, or the node lags behind: try again.
		return event.Appended{}, &unsettledError{errors.New("the server does not agree with itself about the stream's revision")}
	}
	conflict := &event.ConflictError{Stream: stream, Expected: expected, Current: current}
	if current < expected+int64(len(rows)) {
		return event.Appended{}, conflict
	}
	there, err := l.readStream(ctx, stream, esdb.Forwards, esdb.Revision(uint64(expected+1)), len(rows), math.MaxInt)
	if err != nil {
		return event.Appended{}, &unsettledError{err}
	}
	if len(there) != len(rows) {
		return event.Appended{}, conflict
	}
	for i, r := range there {
		if r.ID != rows[i].EventID || r.Revision != expected+1+int64(i) {
			return event.Appended{}, conflict
		}
	}
	return event.Appended{Revision: expected + int64(len(rows)), Position: there[len(there)-1].Position}, nil
}

// unsettledError hides from notDone what kept settle from an answer.
type unsettledError struct{ cause error }

func (e *unsettledError) Error() string { return e.cause.Error() }

func (l *Log) deleted(stream event.Stream) error {
	return fmt.Errorf("the log at %s: %w: %s%s was deleted on the server; restore it from a backup", l.link.host, event.ErrCorrupt, l.prefix, stream)
}
