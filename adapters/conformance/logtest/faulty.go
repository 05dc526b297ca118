// Faulty: a log whose calls can be made to fail, both ways.

package logtest

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"imprint/domain/event"
)

// Op names a method of event.Log.
type Op string

// The methods that can be made to fail.
const (
	Append         Op = "Append"
	ReadStream     Op = "ReadStream"
	ReadStreamBack Op = "ReadStreamBack"
	ReadAll        Op = "ReadAll"
	Head           Op = "Head"
)

// Fault is the way in which a call fails.
type Fault string

// The faults. Their caller sees the same error: it cannot know which one it was.
const (
	None       Fault = ""
	NotDone    Fault = "not done"    // the call never reaches the log
	AnswerLost Fault = "answer lost" // the log does it, and the answer is dropped
)

// ErrInjected is in the chain of every error that Faulty makes; those of Append
// are event.ErrUncertain as well.
var ErrInjected = errors.New("injected fault")

// Faulty passes calls on to a log, but for those that its plan lets fail.
type Faulty struct {
	event.Log
	plan func(op Op, nth int) Fault

	mu    sync.Mutex
	calls map[Op]int
}

// Break wraps a log. The plan is asked before each call; nth counts the calls of
// that method from 1. It is called under a lock and may keep state.
func Break(log event.Log, plan func(op Op, nth int) Fault) *Faulty {
	return &Faulty{Log: log, plan: plan, calls: map[Op]int{}}
}

// At is the plan that lets the nth call of one method fail, and no other.
func At(op Op, nth int, fault Fault) func(Op, int) Fault {
	return func(o Op, n int) Fault {
		if o == op && n == nth {
			return fault
		}
		return None
	}
}

// Calls counts the calls of a method so far.
func (f *Faulty) Calls(op Op) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls[op]
}

func (f *Faulty) fault(op Op) (Fault, int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls[op]++
	return f.plan(op, f.calls[op]), f.calls[op]
}

// pass makes the call, or fails it as planned.
func pass[T any](f *Faulty, op Op, call func() (T, error)) (T, error) {
	fault, nth := f.fault(op)
	var none T
	if fault == NotDone {
		return none, fmt.Errorf("%w: %s %d", ErrInjected, op, nth)
	}
	answer, err := call()
	if fault == AnswerLost {
		return none, fmt.Errorf("%w: %s %d", ErrInjected, op, nth)
	}
	return answer, err
}

// Append is event.Log's.
func (f *Faulty) Append(ctx context.Context, stream event.Stream, expected int64, events []event.Event) (event.Appended, error) {
	a, err := pass(f, Append, func() (event.Appended, error) { return f.Log.Append(ctx, stream, expected, events) })
	if errors.Is(err, ErrInjected) {
		err = fmt.Errorf("%w: %w", event.ErrUncertain, err)
	}
	return a, err
}

// ReadStream is event.Log's.
func (f *Faulty) ReadStream(ctx context.Context, stream event.Stream, from int64, limit int) ([]event.Recorded, error) {
	return pass(f, ReadStream, func() ([]event.Recorded, error) { return f.Log.ReadStream(ctx, stream, from, limit) })
}

// ReadStreamBack is event.Log's.
func (f *Faulty) ReadStreamBack(ctx context.Context, stream event.Stream, limit int) ([]event.Recorded, error) {
	return pass(f, ReadStreamBack, func() ([]event.Recorded, error) { return f.Log.ReadStreamBack(ctx, stream, limit) })
}

// ReadAll is event.Log's.
func (f *Faulty) ReadAll(ctx context.Context, after event.Checkpoint, limit int) ([]event.Recorded, error) {
	return pass(f, ReadAll, func() ([]event.Recorded, error) { return f.Log.ReadAll(ctx, after, limit) })
}

// Head is event.Log's.
func (f *Faulty) Head(ctx context.Context) (event.Checkpoint, error) {
	return pass(f, Head, func() (event.Checkpoint, error) { return f.Log.Head(ctx) })
}
