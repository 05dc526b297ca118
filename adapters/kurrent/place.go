// Positions, and what a reader checks as events pass.

package kurrent

import (
	"fmt"
	"strconv"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"imprint/domain"
	"imprint/domain/event"
)

// position writes a place of $all as 32 hexadecimal digits, commit before
// prepare, which compare as strings the way the places do.
func position(p esdb.Position) event.Position {
	const digits = "0123456789abcdef"
	var b [32]byte
	for i := range 16 {
		shift := 60 - 4*i
		b[i], b[16+i] = digits[p.Commit>>shift&15], digits[p.Prepare>>shift&15]
	}
	return event.Position(b[:])
}

// told is position, or "" where the server did not tell it (it is then the
// largest number, or -1).
func told(p esdb.Position) event.Position {
	if p.Commit>>63 != 0 || p.Prepare>>63 != 0 || p == (esdb.Position{}) {
		return ""
	}
	return position(p)
}

// parsePlace is where a checkpoint lies in $all; nil before the first event.
func parsePlace(c event.Checkpoint) (*esdb.Position, error) {
	if c.Position == "" && c.Ordinal == 0 {
		return nil, nil
	}
	if len(c.Position) == 32 && c.Ordinal > 0 {
		commit, err1 := strconv.ParseUint(string(c.Position[:16]), 16, 64)
		prepare, err2 := strconv.ParseUint(string(c.Position[16:]), 16, 64)
		p := esdb.Position{Commit: commit, Prepare: prepare}
		if err1 == nil && err2 == nil && told(p) == c.Position {
			return &p, nil
		}
	}
	return nil, domain.Refuse(domain.Invalid, "bad-position", "%.40q with ordinal %d is not a place of a KurrentDB log; use one that this log has given, or begin again from the start", c.Position, c.Ordinal)
}

// remembered bounds each of the two generations of an order's memory.
const remembered = 1 << 14

// order numbers the events that pass after a checkpoint and checks what bounded
// memory can: positions only grow, log time never goes back, and a stream's
// revisions follow each other, as long as the stream was seen among the last
// 16,384 to 32,768 streams of this reader. The first event of a stream must have
// revision 0 if the reader began at the log's beginning and has forgotten nothing;
// one that began later cannot know. So an event missing between two pages read
// apart is found by ReadStream, not here.
type order struct {
	at         event.Checkpoint
	young, old map[event.Stream]int64
	complete   bool // every stream seen since the log's beginning is remembered
}

func newOrder(after event.Checkpoint) *order {
	return &order{at: after, young: map[event.Stream]int64{}, complete: after.Ordinal == 0}
}

// number gives the next event its ordinal and log time, or ErrCorrupt.
func (o *order) number(r *event.Recorded) error {
	last, seen := o.young[r.Stream]
	if !seen {
		last, seen = o.old[r.Stream]
	}
	switch {
	case r.Position <= o.at.Position:
		return fmt.Errorf("%w: after position %s comes %s (%s, revision %d)", event.ErrCorrupt, o.at.Position, r.Position, r.Stream, r.Revision)
	case seen && r.Revision != last+1:
		return fmt.Errorf("%w: after revision %d of %s comes %d", event.ErrCorrupt, last, r.Stream, r.Revision)
	case !seen && o.complete && r.Revision != 0:
		return fmt.Errorf("%w: %s begins with revision %d", event.ErrCorrupt, r.Stream, r.Revision)
	}
	if len(o.young) >= remembered {
		o.complete = o.complete && len(o.old) == 0
		o.young, o.old = map[event.Stream]int64{}, o.young
	}
	o.young[r.Stream] = r.Revision
	r.Ordinal = o.at.Ordinal + 1
	r.LogTime = later(o.at.LogTime, r.Meta.Time)
	o.at = r.Checkpoint()
	return nil
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
