// Reading: pages over the reading pool, checked for gaps as they pass.

package eventlog

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/google/uuid"

	"imprint/adapters/sqlite"
	"imprint/domain"
	"imprint/domain/event"
)

const (
	// Metadata comes as text, which need not be copied once more to be read.
	columns       = `SELECT ordinal, stream, revision, id, type, log_time, data, CAST(meta AS text) FROM events `
	readAllSQL    = columns + `WHERE ordinal > $1 ORDER BY ordinal LIMIT $2`
	readStreamSQL = columns + `WHERE stream = $1 AND revision >= $2 ORDER BY revision LIMIT $3`
	readBackSQL   = columns + `WHERE stream = $1 ORDER BY revision DESC LIMIT $2`
)

// ReadAll reads forwards after a checkpoint; see event.Log.
func (l *Log) ReadAll(ctx context.Context, after event.Checkpoint, limit int) ([]event.Recorded, error) {
	last, err := place(after)
	if err != nil {
		return nil, err
	}
	logTime := after.LogTime
	page, err := l.page(ctx, limit, event.MaxPageBytes, func(r *event.Recorded) error {
		if r.Ordinal != last+1 {
			return l.corrupt("ordinal %d is missing (after %d comes %d)", last+1, last, r.Ordinal)
		}
		if r.LogTime.Before(logTime) || r.LogTime.Before(r.Meta.Time) {
			return l.corrupt("the log time goes back at ordinal %d", r.Ordinal)
		}
		last, logTime = r.Ordinal, r.LogTime
		return nil
	}, readAllSQL, last, limit)
	if err != nil || len(page) > 0 {
		return page, err
	}
	return nil, l.checkEnd(ctx, last)
}

// checkEnd finds a reader that is ahead of the log: it has read events that the
// log, put back from an older copy perhaps, does not hold.
func (l *Log) checkEnd(ctx context.Context, last int64) error {
	head, err := l.Head(ctx)
	if err != nil || head.Ordinal >= last {
		return err
	}
	return domain.Refuse(domain.Unavailable, "log-cut", "%s ends at ordinal %d and was read up to %d before: it lost its end, or is an older copy; put the newer one back, or build anew what was read from it", l.db.Path, head.Ordinal, last).Because(event.ErrCorrupt)
}

// ReadStream reads forwards from a revision; see event.Log.
func (l *Log) ReadStream(ctx context.Context, stream event.Stream, from int64, limit int) ([]event.Recorded, error) {
	if from < 0 {
		return nil, domain.Refuse(domain.Invalid, "bad-revision", "%s is read from revision 0 or later, not from %d", stream, from)
	}
	next := from
	return l.page(ctx, limit, event.MaxPageBytes, func(r *event.Recorded) error {
		if r.Revision != next {
			return l.missing(stream, next, r.Ordinal)
		}
		next++
		return nil
	}, readStreamSQL, string(stream), from, limit)
}

// ReadStreamBack reads backwards from the newest event; see event.Log.
func (l *Log) ReadStreamBack(ctx context.Context, stream event.Stream, limit int) ([]event.Recorded, error) {
	next := int64(-1)
	page, err := l.page(ctx, limit, math.MaxInt, func(r *event.Recorded) error {
		if next >= 0 && r.Revision != next {
			return l.missing(stream, next, r.Ordinal)
		}
		next = r.Revision - 1
		return nil
	}, readBackSQL, string(stream), limit)
	if err == nil && len(page) < limit && next >= 0 {
		return nil, l.missing(stream, next, page[len(page)-1].Ordinal)
	}
	return page, err
}

func (l *Log) missing(stream event.Stream, revision, ordinal int64) error {
	return l.corrupt("revision %d of %s is missing next to ordinal %d", revision, stream, ordinal)
}

// corrupt says how the log breaks its own law.
func (l *Log) corrupt(format string, args ...any) error {
	return sqlite.Damaged(l.db.Path).Because(fmt.Errorf("%w: "+format, append([]any{event.ErrCorrupt}, args...)...))
}

// Head is the checkpoint after the newest event.
func (l *Log) Head(ctx context.Context) (event.Checkpoint, error) {
	var h head
	err := l.db.Read.QueryRowContext(ctx, headSQL).Scan(&h.ordinal, &h.logTime)
	if errors.Is(err, sql.ErrNoRows) {
		return event.Checkpoint{}, nil
	}
	if err != nil {
		return event.Checkpoint{}, l.explain(err)
	}
	return event.Checkpoint{Position: position(h.ordinal), Ordinal: h.ordinal, LogTime: time.UnixMicro(h.logTime).UTC()}, nil
}

// page runs one query. Each event passes check; the one that makes the page
// maxBytes large is its last.
func (l *Log) page(ctx context.Context, limit, maxBytes int, check func(*event.Recorded) error, query string, args ...any) ([]event.Recorded, error) {
	if limit < 1 {
		return nil, domain.Refuse(domain.Invalid, "bad-limit", "a page holds at least one event; %d were asked for", limit)
	}
	rows, err := l.db.Query(ctx, query, args...)
	if err != nil {
		return nil, l.explain(err)
	}
	defer func() { _ = rows.Close() }()
	var page []event.Recorded
	var found found
	into := found.places()
	for bytes := 0; bytes < maxBytes && rows.Next(); {
		if err := rows.Scan(into...); err != nil {
			return nil, l.explain(err)
		}
		if len(page) == cap(page) { // append would copy a large page too often
			page = slices.Grow(page, max(minPage, len(page)))
		}
		page = page[:len(page)+1]
		r := &page[len(page)-1]
		if err := found.read(r); err != nil {
			return nil, l.corrupt("event at ordinal %d: %w", found.ordinal, err)
		}
		if err := check(r); err != nil {
			return nil, err
		}
		bytes += len(r.Data) + len(found.meta)
	}
	if err := rows.Err(); err != nil {
		return nil, l.explain(err)
	}
	return page, nil
}

// minPage is how many events a page has room for from the beginning.
const minPage = 16

// found is a row as it comes from the file, one after the other.
type found struct {
	ordinal, revision, logTime int64
	stream, eventType, meta    string
	id                         sql.RawBytes
	data                       []byte
}

// places is where the columns go.
func (f *found) places() []any {
	return []any{&f.ordinal, &f.stream, &f.revision, &f.id, &f.eventType, &f.logTime, &f.data, &f.meta}
}

// read makes an event of the row, in a zero value.
func (f *found) read(r *event.Recorded) (err error) {
	r.Ordinal, r.Revision, r.Stream = f.ordinal, f.revision, event.Stream(f.stream)
	r.Position, r.LogTime = position(f.ordinal), time.UnixMicro(f.logTime).UTC()
	r.Type, r.Data = f.eventType, f.data
	if r.ID, err = uuid.FromBytes(f.id); err != nil {
		return err
	}
	return event.ReadMetadata(f.meta, &r.Meta)
}

// explain turns the errors of a closed pool and of SQLite into the port's.
func (l *Log) explain(err error) error {
	l.door.RLock()
	closed := l.closed
	l.door.RUnlock()
	if closed {
		return event.ErrClosed
	}
	return sqlite.Explain(l.db.Path, err)
}
