package main

// Here: how the events of a log are copied, and two logs held against each other.

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"

	"imprint/domain"
	"imprint/domain/event"
)

const (
	copyPage = 500
	// copyTries bounds how often an append is repeated whose outcome is not known.
	copyTries = 5
)

// logCopy copies one log to another, up to an event of the source. Beyond that the
// source may go on.
type logCopy struct {
	from, to event.Log
	target   string           // how messages name the other
	head     event.Checkpoint // of the source
	out      io.Writer        // tells of progress
}

// appendEvents appends what the target lacks. The order of the log stays, for one
// append ends before the next begins, and with it the ordinals.
func (c *logCopy) appendEvents(ctx context.Context) error {
	has, err := c.to.Head(ctx)
	if err != nil {
		return err
	}
	bar := newProgress(c.out, "events")
	at := event.Checkpoint{}
	if has.Ordinal > 0 { // the source's own place with that ordinal
		if at, err = c.sourceAt(ctx, has.Ordinal); err != nil {
			return err
		}
	}
	for at.Ordinal < c.head.Ordinal {
		page, err := c.from.ReadAll(ctx, at, int(min(copyPage, c.head.Ordinal-at.Ordinal)))
		if err != nil {
			return err
		}
		if len(page) == 0 {
			return fmt.Errorf("the source ends at event %d and had %d: %w", at.Ordinal, c.head.Ordinal, event.ErrCorrupt)
		}
		for len(page) > 0 {
			n := oneAppend(page)
			if err := c.append(ctx, page[:n]); err != nil {
				return err
			}
			at = page[n-1].Checkpoint()
			page = page[n:]
			bar.set(int(at.Ordinal), int(c.head.Ordinal))
		}
	}
	bar.finish(int(at.Ordinal))
	return nil
}

// sourceAt finds the source's checkpoint with an ordinal, by reading up to it: a
// log can be entered at a position only.
func (c *logCopy) sourceAt(ctx context.Context, ordinal int64) (at event.Checkpoint, err error) {
	for e, err := range eventsOf(ctx, c.from, ordinal) {
		if err != nil {
			return at, err
		}
		at = e.Checkpoint()
	}
	return at, nil
}

// oneAppend counts the events at the beginning of a page that go into one append:
// consecutive ones of one stream, within the limits that event.CheckAppend knows.
func oneAppend(page []event.Recorded) int {
	size := 0
	for i, e := range page {
		size += e.Size()
		if i > 0 && (e.Stream != page[0].Stream || i == event.MaxAppendEvents || size > event.MaxAppendBytes) {
			return i
		}
	}
	return len(page)
}

// append writes consecutive events of one stream, under their own ids.
func (c *logCopy) append(ctx context.Context, page []event.Recorded) error {
	events := make([]event.Event, len(page))
	for i, e := range page {
		events[i] = e.Event
	}
	var err error
	for range copyTries {
		_, err = c.to.Append(ctx, page[0].Stream, page[0].Revision-1, events)
		if !errors.Is(err, event.ErrUncertain) {
			break
		}
	}
	var conflict *event.ConflictError
	if errors.As(err, &conflict) {
		return c.written("at " + string(page[0].Stream)).Because(err)
	}
	if err != nil {
		return fmt.Errorf("event %d: %w", page[0].Ordinal, err)
	}
	return nil
}

// compareLogs holds the whole logs against each other, and answers where in the
// target the events are whose ordinals are wanted.
func (c *logCopy) compareLogs(ctx context.Context, wanted map[int64]bool) (placesInTarget, error) {
	head, err := c.to.Head(ctx)
	if err != nil {
		return nil, err
	}
	if head.Ordinal != c.head.Ordinal {
		return nil, c.written(fmt.Sprintf("it has %d events, and not the %d that were copied", head.Ordinal, c.head.Ordinal))
	}
	places := placesInTarget{}
	sum, err := c.walkLogs(ctx, c.head.Ordinal, "verify events", func(e event.Recorded) {
		if wanted[e.Ordinal] {
			places[e.Ordinal] = e.Checkpoint()
		}
	})
	if err == nil {
		fmt.Fprintf(c.out, "both logs have %d events with the SHA-256 %x\n", c.head.Ordinal, sum)
	}
	return places, err
}

// written refuses a target that somebody else writes.
func (c *logCopy) written(sign string) *domain.Error {
	return domain.Refuse(domain.Conflict, "target-written", "somebody else writes %s at the target (%s); stop every imprint serve on it, and begin again with an empty target", c.target, sign)
}

// placesInTarget are the target's checkpoints by their ordinals.
type placesInTarget map[int64]event.Checkpoint

// of is a work.Move.
func (p placesInTarget) of(at event.Checkpoint) (event.Checkpoint, error) {
	if at.Ordinal == 0 {
		return event.Checkpoint{}, nil
	}
	moved, ok := p[at.Ordinal]
	if !ok {
		return at, fmt.Errorf("its place, event %d, is not in the log", at.Ordinal)
	}
	return moved, nil
}

// walkLogs compares both logs up to an ordinal, event by event, gives each of the
// target's to visit, and answers the SHA-256 over all of them.
func (c *logCopy) walkLogs(ctx context.Context, until int64, what string, visit func(event.Recorded)) ([]byte, error) {
	bar := newProgress(c.out, what)
	next, stop := iter.Pull2(eventsOf(ctx, c.to, until))
	defer stop()
	sum := sha256.New()
	for mine, err := range eventsOf(ctx, c.from, until) {
		if err != nil {
			return nil, err
		}
		other, err, _ := next() // it ends with an error if it ends early
		if err != nil {
			return nil, fmt.Errorf("the target: %w", err)
		}
		a, err := inFull(mine)
		if err != nil {
			return nil, err
		}
		b, err := inFull(other)
		if err != nil {
			return nil, err
		}
		if !bytes.Equal(a, b) {
			return nil, domain.Refuse(domain.Conflict, "foreign-target", "event %d is %s (%s, %s@%d) at the source and %s (%s, %s@%d) in %s at the target, or its data or metadata differ: it is no copy of this source; name an empty target",
				mine.Ordinal, mine.ID, mine.Type, mine.Stream, mine.Revision, other.ID, other.Type, other.Stream, other.Revision, c.target)
		}
		sum.Write(b)
		visit(other)
		bar.set(int(mine.Ordinal), int(until))
	}
	bar.finish(int(until))
	return sum.Sum(nil), nil
}

// eventsOf reads a log from its beginning up to an ordinal. A log that ends before
// is an error.
func eventsOf(ctx context.Context, log event.Log, until int64) iter.Seq2[event.Recorded, error] {
	return func(yield func(event.Recorded, error) bool) {
		at := event.Checkpoint{}
		for at.Ordinal < until {
			page, err := log.ReadAll(ctx, at, int(min(copyPage, until-at.Ordinal)))
			if err == nil && len(page) == 0 {
				err = fmt.Errorf("the log ends at event %d and not at %d: %w", at.Ordinal, until, event.ErrCorrupt)
			}
			if err != nil {
				yield(event.Recorded{}, err)
				return
			}
			for _, e := range page {
				if !yield(e, nil) {
					return
				}
				at = e.Checkpoint()
			}
		}
	}
}

// inFull is everything of an event that must be the same on every engine, each
// part behind its length (8 bytes, big endian): ordinal, stream, revision, id,
// type, data, and the metadata as JSON.
func inFull(e event.Recorded) ([]byte, error) {
	meta, err := json.Marshal(e.Meta)
	if err != nil {
		return nil, fmt.Errorf("event %d: %w", e.Ordinal, err)
	}
	var b []byte
	for _, part := range [][]byte{
		binary.BigEndian.AppendUint64(nil, uint64(e.Ordinal)), []byte(e.Stream), binary.BigEndian.AppendUint64(nil, uint64(e.Revision)),
		e.ID[:], []byte(e.Type), e.Data, meta,
	} {
		b = append(binary.BigEndian.AppendUint64(b, uint64(len(part))), part...)
	}
	return b, nil
}
