package event

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"imprint/domain"
)

// Position is a place in one engine's order. It is opaque but for one property:
// positions of one log compare as strings. "" is the place before the first event.
type Position string

// Checkpoint is what a reader keeps to go on later: the engine's position, and
// beside it the ordinal and the log time counted up to it.
type Checkpoint struct {
	Position Position
	Ordinal  int64
	LogTime  time.Time
}

// NoStream is the expected revision of a stream that must not exist yet.
const NoStream int64 = -1

// Limits of one append. They are far below what the engines can take (KurrentDB:
// 1 MiB an append), so that every log can be moved to every engine.
const (
	MaxEventBytes   = 256 << 10 // data and metadata of one event
	MaxAppendEvents = 1000
	MaxAppendBytes  = 768 << 10 // data and metadata of all; leaves room for what engines add
	// MaxPageBytes of data and metadata end a page read forwards, whatever number
	// of events was asked for. The event that reaches it is still in the page.
	MaxPageBytes = 4 << 20
	// MaxAhead is how far an event's time may lie ahead of the store's clock.
	MaxAhead = 2 * time.Minute
)

// Appended answers an append.
type Appended struct {
	Revision int64    // of the last event written
	Position Position // of the last event written: the wait token of this write
}

// Log is the append-only store of events.
//
// Stability: once ReadAll has returned an event at position p, no event ever
// appears at or before p later. Durability: Append answers after the engine has
// made the events durable. Ordinals have no gap; a reader that finds one, or a
// gap in a stream's revisions, stops with ErrCorrupt.
type Log interface {
	// Append writes events to one stream if its last revision is still expected
	// (NoStream: it does not exist). All are written or none. It fails with
	// *ConflictError when the stream has moved on, unless the very same ids stand
	// there already, following expected: then the earlier answer is given again.
	// ErrUncertain means that the events may or may not have been written; the
	// caller repeats the call with the same ids. An engine that knows every id of
	// the log refuses one that stands in another place (domain.Conflict, code
	// KnownID); one that does not (KurrentDB) writes it a second time.
	Append(ctx context.Context, stream Stream, expected int64, events []Event) (Appended, error)

	// ReadStream reads forwards from a revision (inclusive), at most limit events
	// and about MaxPageBytes: a page may be shorter than its limit before the
	// stream's end, and is empty only there. A stream that does not exist is
	// empty. Ordinal, Position and LogTime of the answer may be zero on engines
	// that do not know them here.
	ReadStream(ctx context.Context, stream Stream, from int64, limit int) ([]Recorded, error)

	// ReadStreamBack reads backwards from the newest event: limit events, or all
	// that the stream has. There is no next page, so bytes do not end it; ask for
	// few.
	ReadStreamBack(ctx context.Context, stream Stream, limit int) ([]Recorded, error)

	// ReadAll reads forwards after a checkpoint, at most limit events, numbering
	// on from its ordinal. An empty answer means the end for now; about
	// MaxPageBytes end a page earlier.
	ReadAll(ctx context.Context, after Checkpoint, limit int) ([]Recorded, error)

	// Head is the checkpoint after the newest event.
	Head(ctx context.Context) (Checkpoint, error)

	// Changed gives a channel that is closed at some time after the next append.
	// It is a hint: readers poll as well.
	Changed() <-chan struct{}
}

// KnownID is the code of the refusal of an event id that stands in another place
// of the log already.
const KnownID = "known-event-id"

// DiskFault is the code of the refusal of a log whose disk is full or failing.
const DiskFault = "disk"

// ConflictError says that a stream is not at the expected revision.
type ConflictError struct {
	Stream            Stream
	Expected, Current int64
}

func (e *ConflictError) Error() string {
	return fmt.Sprintf("stream %s is at revision %d, not %d", e.Stream, e.Current, e.Expected)
}

var (
	// ErrUncertain: the append may or may not have happened; repeat it.
	ErrUncertain = errors.New("the outcome of the append is not known; repeat it with the same event ids")
	// ErrCorrupt: the log breaks its own law (a gap, a changed event). Stop reading.
	ErrCorrupt = errors.New("the log is damaged")
	// ErrClosed: the log has been closed.
	ErrClosed = errors.New("the log is closed")
)

// CheckAppend refuses an append that no engine may accept: an empty or oversized
// one, a repeated id, an event without type or time, or a time more than
// MaxAhead after now. Every adapter calls it first.
func CheckAppend(stream Stream, expected int64, events []Event, now time.Time) error {
	if _, err := ParseStream(string(stream)); err != nil {
		return err
	}
	if expected < NoStream {
		return domain.Refuse(domain.Invalid, "bad-revision", "an append to %s must name the revision it was decided on; %d is none", stream, expected)
	}
	if len(events) == 0 || len(events) > MaxAppendEvents {
		return domain.Refuse(domain.Invalid, "bad-append", "an append holds 1 to %d events; this one to %s has %d", MaxAppendEvents, stream, len(events))
	}
	total := 0
	ids := make(map[[16]byte]struct{}, len(events))
	for _, e := range events {
		if _, twice := ids[e.ID]; twice || e.ID == [16]byte{} {
			return domain.Refuse(domain.Invalid, "bad-event-id", "event id %s is empty or repeated in one append to %s", e.ID, stream)
		}
		ids[e.ID] = struct{}{}
		if e.Type == "" || e.Meta.Schema < 1 || e.Meta.Time.IsZero() {
			return domain.Refuse(domain.Invalid, "bad-event", "event %s for %s lacks its type, schema version or time", e.ID, stream)
		}
		if e.Meta.Time.Sub(now) > MaxAhead {
			return domain.Refuse(domain.Invalid, "time-ahead", "event %s is timed %s, ahead of the store's clock by more than %s; check the clocks", e.ID, e.Meta.Time.Format(time.RFC3339), MaxAhead)
		}
		size := e.Size()
		if err := checkSize(stream, e, size); err != nil {
			return err
		}
		total += size
	}
	if total > MaxAppendBytes {
		return domain.Refuse(domain.TooLarge, "append-too-large", "%d events for %s have %d bytes together with their metadata; at most %d go into one append", len(events), stream, total, MaxAppendBytes)
	}
	return nil
}

// EncodeMeta is the metadata of an event as every engine keeps it: JSON, with the
// time as domain.Moment. It holds the event against the limit once more, for
// CheckAppend knows the size of the metadata by an estimate only.
func EncodeMeta(stream Stream, e Event) ([]byte, error) {
	e.Meta.Time = domain.Moment(e.Meta.Time)
	meta, err := json.Marshal(e.Meta)
	if err != nil {
		return nil, fmt.Errorf("metadata of event %s: %w", e.ID, err)
	}
	return meta, checkSize(stream, e, len(e.Data)+len(meta))
}

func checkSize(stream Stream, e Event, size int) error {
	if size <= MaxEventBytes {
		return nil
	}
	return domain.Refuse(domain.TooLarge, "event-too-large", "a %s event for %s has %d bytes with its metadata; at most %d are allowed: shorten its texts", e.Type, stream, size, MaxEventBytes)
}
