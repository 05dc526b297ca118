// The log as its users see it: opening, appending, closing.

package eventlog

import (
	"context"
	"fmt"
	"io/fs"
	"sync"
	"time"

	"imprint/adapters/sqlite"
	"imprint/domain"
	"imprint/domain/event"
	"imprint/migrations"
)

// maxWaiting bounds the appends that wait to be written; further callers wait
// at the door, where their context can still call them off.
const maxWaiting = 1024

// Options of a log opened for writing.
type Options struct {
	// Clock is the store's clock, which an event's time may not be ahead of by
	// more than event.MaxAhead. The machine's where it is nil.
	Clock domain.Clock
}

// Log is an event.Log in one SQLite file.
type Log struct {
	db    *sqlite.DB
	clock domain.Clock

	// door is held for reading by appenders on their way into the queue, and for
	// writing by Close: once it has closed the queue, nobody can enter any more.
	door   sync.RWMutex
	closed bool
	queue  chan *request // nil for a log that is only read
	// turn is held by the one caller who writes, for itself and for all who wait.
	turn   chan struct{}
	writer *writer // used by whoever holds the turn

	changes event.Signal
}

var _ event.Log = (*Log)(nil)

// Open opens or creates the log for writing. The caller holds the folder's lock:
// two writers on one file would refuse each other's appends.
func Open(ctx context.Context, path string, o Options) (*Log, error) {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	db, err := sqlite.Open(ctx, path, sqlite.Durable)
	if err != nil {
		return nil, err
	}
	l := &Log{
		db: db, clock: o.Clock,
		queue: make(chan *request, maxWaiting), turn: make(chan struct{}, 1),
	}
	l.writer = &writer{log: l}
	if err = sqlite.Migrate(ctx, db, tables()); err == nil {
		err = l.writer.connect(ctx)
	}
	if err != nil {
		_ = db.Close() // the first error tells more
		return nil, err
	}
	return l, nil
}

// OpenReadOnly opens an existing log beside the program that writes it. Changed
// never fires: such a reader polls.
func OpenReadOnly(ctx context.Context, path string) (*Log, error) {
	db, err := sqlite.OpenReadOnly(ctx, path)
	if err != nil {
		return nil, err
	}
	if err := sqlite.CheckMigrated(ctx, db, tables()); err != nil {
		_ = db.Close()
		return nil, err
	}
	return &Log{db: db}, nil
}

// Close refuses further appends, waits until those under way are answered, and
// closes the file.
func (l *Log) Close() error {
	l.door.Lock()
	if l.closed {
		l.door.Unlock()
		return nil
	}
	l.closed = true
	l.door.Unlock()
	if l.queue != nil {
		l.turn <- struct{}{}
		l.writer.finish()
		<-l.turn
	}
	return l.db.Close()
}

// Append writes events to one stream; see event.Log. A context that ends while
// the append is under way gives ErrUncertain: it may still be written.
func (l *Log) Append(ctx context.Context, stream event.Stream, expected int64, events []event.Event) (event.Appended, error) {
	if err := ctx.Err(); err != nil {
		return event.Appended{}, err
	}
	if l.queue == nil {
		return event.Appended{}, domain.Refuse(domain.Unavailable, "read-only", "%s was opened for reading only; append through the program that serves it", l.db.Path)
	}
	if err := event.CheckAppend(stream, expected, events, l.clock()); err != nil {
		return event.Appended{}, err
	}
	r, err := newRequest(stream, expected, events)
	if err != nil {
		return event.Appended{}, err
	}
	if err := l.enter(ctx, r); err != nil {
		return event.Appended{}, err
	}
	select {
	case l.turn <- struct{}{}: // nobody is writing
		l.writer.serve(r, false)
		<-l.turn
	default:
	}
	for {
		select {
		case a := <-r.answer:
			return a.appended, a.err
		case l.turn <- struct{}{}:
			l.writer.serve(r, true)
			<-l.turn
		case <-ctx.Done():
			return event.Appended{}, fmt.Errorf("append to %s: %w: %w", stream, event.ErrUncertain, ctx.Err())
		}
	}
}

// enter puts a request into the queue. Whatever it fails with, nothing has been
// written.
func (l *Log) enter(ctx context.Context, r *request) error {
	l.door.RLock()
	defer l.door.RUnlock()
	if l.closed {
		return event.ErrClosed
	}
	select {
	case l.queue <- r:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Changed gives a channel that is closed after the next append of this program.
func (l *Log) Changed() <-chan struct{} { return l.changes.Changed() }

func tables() fs.FS {
	sub, err := fs.Sub(migrations.SQLite, "sqlite/log")
	if err != nil {
		panic(err) // the constant path is not valid: impossible in a built program
	}
	return sub
}
