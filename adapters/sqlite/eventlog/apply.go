// What one append does inside the writer's transaction, and the rules by which
// a repeated one is recognised.

package eventlog

import (
	"context"
	"database/sql"
	"errors"

	"imprint/adapters/sqlite"
	"imprint/domain"
	"imprint/domain/event"
)

// apply writes one append or answers why not. An error is a fault of the
// transaction as a whole: it must be rolled back.
func (w *writer) apply(ctx context.Context, r *request) (answer, error) {
	current, err := w.revision(ctx, r.stream)
	if err != nil {
		return answer{}, err
	}
	if current != r.expected {
		return w.settle(ctx, r, current)
	}
	h := w.head
	for i, e := range r.rows {
		h.ordinal++
		h.logTime = max(h.logTime, e.time)
		_, err := w.session.insert.ExecContext(ctx, h.ordinal, string(r.stream), r.expected+1+int64(i), e.id[:],
			e.eventType, e.schema, e.time, h.logTime, e.data, e.meta)
		if err != nil {
			return answer{}, err
		}
	}
	w.head = h
	revision := r.expected + int64(len(r.rows))
	w.revisions.put(r.stream, revision)
	return answer{appended: event.Appended{Revision: revision, Position: position(h.ordinal)}}, nil
}

// revision is a stream's last revision, NoStream where it does not exist.
func (w *writer) revision(ctx context.Context, s event.Stream) (int64, error) {
	if r, known := w.revisions.get(s); known {
		return r, nil
	}
	var r int64
	if err := w.session.last.QueryRowContext(ctx, string(s)).Scan(&r); err != nil {
		return 0, err
	}
	w.revisions.put(s, r)
	return r, nil
}

// settle answers an append whose stream is not at the expected revision: the
// earlier answer if the very same ids stand there, following expected (the
// acknowledgement was lost), a conflict otherwise.
func (w *writer) settle(ctx context.Context, r *request, current int64) (answer, error) {
	conflict := answer{err: &event.ConflictError{Stream: r.stream, Expected: r.expected, Current: current}}
	if r.expected+int64(len(r.rows)) > current {
		return conflict, nil
	}
	rows, err := w.session.idsAfter.QueryContext(ctx, string(r.stream), r.expected, len(r.rows))
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = rows.Close() }()
	var ordinal int64
	matched := 0
	for rows.Next() {
		var id []byte
		if err := rows.Scan(&id, &ordinal); err != nil {
			return answer{}, err
		}
		if matched == len(r.rows) || string(id) != string(r.rows[matched].id[:]) {
			return conflict, nil
		}
		matched++
	}
	if err := rows.Err(); err != nil || matched < len(r.rows) {
		return conflict, err
	}
	return answer{appended: event.Appended{Revision: r.expected + int64(matched), Position: position(ordinal)}}, nil
}

// explainUnique says why an append of its own, now rolled back, hit a unique
// index: one of its ids stands elsewhere, or, against the law of one writer per
// folder, somebody else has written.
func (w *writer) explainUnique(ctx context.Context, r *request, cause error) error {
	if w.session == nil {
		return cause
	}
	for _, e := range r.rows {
		var stream string
		var revision int64
		err := w.session.withID.QueryRowContext(ctx, e.id[:]).Scan(&stream, &revision)
		switch {
		case err == nil:
			return domain.Refuse(domain.Conflict, event.KnownID, "event id %s stands already in %s at revision %d; an id is used for one event only", e.id, stream, revision)
		case !errors.Is(err, sql.ErrNoRows):
			return sqlite.Explain(w.log.db.Path, err)
		}
	}
	w.disconnect() // what it remembers is out of date
	return domain.Refuse(domain.Unavailable, "second-writer", "%s was written by another program; stop it, for a data folder has one writer, and try again", w.log.db.Path).Because(cause)
}
