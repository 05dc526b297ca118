// One call: beside its caller, bounded in time and number.

package kurrent

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"imprint/domain"
	"imprint/domain/event"
)

// maxCalls bounds the calls under way, those included whose callers have left.
const maxCalls = 128

// do makes one call. It comes back when the context or the call's time is over,
// whatever the client does; the call keeps its place among maxCalls until the
// client lets go of it. The error is the client's, for faultOf, or errTimeout, the
// context's, event.ErrClosed, or that of a closed gate.
func do[T any](ctx context.Context, l *Log, call func(context.Context, *esdb.Client) (T, error)) (T, error) {
	var none T
	select {
	case l.places <- struct{}{}:
	case <-ctx.Done():
		return none, &notSentError{ctx.Err()}
	case <-l.life.Done():
		return none, &notSentError{event.ErrClosed}
	}
	s, err := l.link.acquire(ctx, l.link.patience)
	if err != nil {
		<-l.places
		return none, err
	}
	within, cancel := context.WithTimeout(ctx, l.timeout)
	stop := context.AfterFunc(l.life, cancel)
	type answer struct {
		value T
		err   error
	}
	answered := make(chan answer, 1)
	go func() {
		defer func() {
			stop()
			cancel()
			l.link.release(s)
			<-l.places
		}()
		var a answer
		a.err = shielded(func() (err error) {
			a.value, err = call(within, s.client)
			return err
		})
		answered <- a
	}()
	var a answer
	select {
	case a = <-answered:
	case <-within.Done():
		select {
		case a = <-answered: // the call ended its own context after it had answered
		default:
			a.err = within.Err()
		}
	}
	switch {
	case a.err == nil:
		return a.value, nil
	case ctx.Err() != nil:
		return none, ctx.Err()
	case l.life.Err() != nil:
		return none, event.ErrClosed
	case errors.Is(within.Err(), context.DeadlineExceeded):
		a.err = fmt.Errorf("%w (%s)", errTimeout, l.timeout.Round(time.Millisecond))
	}
	if f := faultOf(a.err); f == faultBroken || f == faultRefused {
		l.link.fail(s, a.err)
	}
	return none, a.err
}

// fetch is do for reads: one whose connection fails is made once more.
func fetch[T any](ctx context.Context, l *Log, call func(context.Context, *esdb.Client) (T, error)) (T, error) {
	value, err := do(ctx, l, call)
	if err != nil && faultOf(err) == faultBroken && domain.KindOf(err) == domain.Internal {
		return do(ctx, l, call) // it waits at the gate
	}
	return value, err
}

// shielded turns a panic of the client into an error: it panics on messages that
// it does not know, and a newer server may send one.
func shielded(call func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the KurrentDB client panicked: %v", p)
		}
	}()
	return call()
}
