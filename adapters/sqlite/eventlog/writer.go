// The writer: group commit. What one append does inside a transaction is in
// apply.go.

package eventlog

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"imprint/adapters/sqlite"
	"imprint/domain/event"
)

// A transaction holds at most this many appends and about this many bytes.
const (
	maxBatch      = 512
	maxBatchBytes = 4 << 20
)

// writer belongs to whoever holds the log's turn; nothing in it is shared.
type writer struct {
	log *Log
	// session is nil after a transaction that ended in doubt, until a new one
	// could be had; without it nothing is tried.
	session *session

	// The end of the log and the last revisions of recent streams, as of the
	// last commit or, within a transaction, of its newest insert.
	head      head
	revisions revisions

	// company: somebody else appends at this time.
	company bool
}

type head struct {
	ordinal int64
	logTime int64 // microseconds
}

// connect gets a session, reads the end of the log and forgets the streams.
func (w *writer) connect(ctx context.Context) (err error) {
	w.revisions = revisions{}
	w.session, w.head, err = connect(ctx, w.log.db)
	return err
}

// serve writes what waits until one append is answered: that of the caller whose
// turn it is. It stands in the queue, or somebody has answered it already. Who had
// to wait for the turn has company.
func (w *writer) serve(own *request, waited bool) {
	w.company = w.company || waited
	for len(own.answer) == 0 {
		w.write(w.gather())
	}
}

// finish writes what still waits and gives up the session; nobody can enter the
// queue any more.
func (w *writer) finish() {
	for batch := w.gather(); len(batch) > 0; batch = w.gather() {
		w.write(batch)
	}
	if w.session != nil {
		w.disconnect()
	}
}

// gather takes what waits. In company it yields before it stops, and again for as
// long as that brings something: the callers answered just now are about to come
// back, and each one that makes it into this transaction saves an fsync. A lone
// caller would only wake another thread by it, and on busy cores wait for that one.
func (w *writer) gather() []*request {
	var batch []*request
	defer func() { w.company = len(batch) > 1 }()
	for bytes, yielded := 0, false; len(batch) < maxBatch && bytes < maxBatchBytes; {
		select {
		case r := <-w.log.queue:
			batch, bytes, yielded = append(batch, r), bytes+r.bytes, false
		default:
			if yielded || !w.company && len(batch) < 2 {
				return batch
			}
			runtime.Gosched()
			yielded = true
		}
	}
	return batch
}

// write does a batch in one transaction and answers it. If that fails before its
// commit, nothing was written and each append is done again by itself: only the
// one at fault fails.
func (w *writer) write(batch []*request) {
	answers, err := w.transact(batch)
	switch {
	case err == nil, errors.Is(err, event.ErrUncertain):
	case len(batch) > 1:
		for i := range batch {
			w.write(batch[i : i+1])
		}
		return
	case sqlite.IsUnique(err):
		err = w.explainUnique(context.Background(), batch[0], err)
	}
	written := false
	for i, r := range batch {
		if err != nil {
			r.answer <- answer{err: fmt.Errorf("append to %s: %w", r.stream, err)}
			continue
		}
		written = written || answers[i].err == nil
		r.answer <- answers[i]
	}
	if written || errors.Is(err, event.ErrUncertain) {
		w.log.changes.Raise()
	}
}

// transact applies a batch and commits. The answers hold only if err is nil; an
// error that is not ErrUncertain means that nothing was written.
func (w *writer) transact(batch []*request) (answers []answer, err error) {
	// Not a caller's context: a transaction serves many, and one that gives up
	// must not undo the work of the others.
	ctx := context.Background()
	if w.session == nil {
		if err := w.connect(ctx); err != nil {
			return nil, err
		}
	}
	if _, err := w.session.begin.ExecContext(ctx); err != nil {
		w.disconnect()
		return nil, sqlite.Explain(w.log.db.Path, err)
	}
	before := w.head
	answers = make([]answer, len(batch))
	for i, r := range batch {
		if answers[i], err = w.apply(ctx, r); err != nil {
			w.head, w.revisions = before, revisions{}
			w.rollback(ctx)
			return nil, sqlite.Explain(w.log.db.Path, err)
		}
	}
	if w.head == before {
		// Only refusals and repetitions: nothing to make durable.
		w.rollback(ctx)
		return answers, nil
	}
	// A crash here: the transaction is whole or absent, and nobody was answered.
	if _, err := w.session.commit.ExecContext(ctx); err != nil {
		// It may yet come back: its frames can stand in the file's write-ahead
		// log, to be found by the next one who opens it.
		w.disconnect()
		return nil, fmt.Errorf("%w: %w", event.ErrUncertain, sqlite.Explain(w.log.db.Path, err))
	}
	return answers, nil
}

// rollback undoes the transaction in the file. SQLite may have done so by itself
// (a full disk), which it reports as an error; a new connection is sure.
func (w *writer) rollback(ctx context.Context) {
	if _, err := w.session.rollback.ExecContext(ctx); err != nil {
		w.disconnect()
	}
}

// disconnect gives up the session; the next transaction begins with a new one.
func (w *writer) disconnect() {
	w.session.discard()
	w.session = nil
}
