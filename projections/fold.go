package projections

// One batch of events folded in memory: which keys they touch, which of those
// are parked, and what has changed in the end. Nothing here reads or writes.

import (
	"fmt"
	"slices"
	"strings"

	"imprint/domain/event"
)

// maxReason bounds the text kept with a parked key, in bytes. It is the fold's
// own error: the engine never adds an event's data to it.
const maxReason = 500

// touch is an event together with the keys it touches and its place.
type touch struct {
	event  Event
	keys   []Key
	before event.Checkpoint
}

// batch is the events of one commit.
type batch struct {
	projection Projection
	touches    []touch
	states     map[Key]*State
	order      []Key            // of states, by first touch
	parked     map[Key]struct{} // before this batch, and then by it; set before fold
	park       []Parked         // by this batch
	before     []keyRows        // of the key being folded; see try
}

// gather finds the keys of an event and remembers it. The error blames the event
// and not a key: without its keys nobody knows what it would have changed.
func (b *batch) gather(e Event, before event.Checkpoint) error {
	var keys []Key
	err := guard(func() error { keys = b.projection.Keys(e); return nil })
	if err != nil {
		return fmt.Errorf("the keys of event %d (%s): %w", e.Ordinal, e.Type, err)
	}
	keys = distinct(keys)
	for _, k := range keys {
		if _, known := b.states[k]; known {
			continue
		}
		b.states[k] = NewState(k, b.projection.Tables)
		b.order = append(b.order, k)
	}
	if len(keys) > 0 {
		b.touches = append(b.touches, touch{event: e, keys: keys, before: before})
	}
	return nil
}

// distinct leaves out keys that are named again, which is rare.
func distinct(keys []Key) []Key {
	for i, k := range keys {
		if slices.Contains(keys[:i], k) {
			return distinct(slices.Delete(slices.Clone(keys), i, i+1))
		}
	}
	return keys
}

// fold applies the events in order. A key whose fold fails keeps the state from
// before the event and is parked with it; its later events wait behind it, and
// other keys flow on. judge is asked before each fold and after each failure.
func (b *batch) fold(judge judge) error {
	for _, t := range b.touches {
		for _, k := range t.keys {
			entry := Parked{Key: k, Before: t.before, EventID: t.event.ID, Type: t.event.Type}
			if _, waits := b.parked[k]; waits {
				b.park = append(b.park, entry)
				continue
			}
			reason := judge.held(entry)
			if reason == "" {
				err := b.try(b.states[k], t.event)
				if err == nil {
					continue
				}
				reason = brief(err)
				if err := judge.failed(entry, err); err != nil {
					return err
				}
			}
			entry.Reason = reason
			b.parked[k] = struct{}{}
			b.park = append(b.park, entry)
		}
	}
	return nil
}

// try folds one event into one key, all or nothing: rows are never changed in
// place, so that the copy is the state from before.
func (b *batch) try(s *State, e Event) error {
	b.before = append(b.before[:0], s.tables...)
	s.ordinal = e.Ordinal
	err := guard(func() error { return b.projection.Fold(s, e) })
	if err != nil {
		copy(s.tables, b.before)
	}
	return err
}

// touched are the states of all keys, by first touch.
func (b *batch) touched() []*State {
	all := make([]*State, len(b.order))
	for i, k := range b.order {
		all[i] = b.states[k]
	}
	return all
}

// changes lists what has to be written of some states, table by table.
func (p Projection) changes(states []*State) []Change {
	var all []Change
	for _, t := range p.Tables {
		c := Change{Table: t}
		for _, s := range states {
			if s.key.Kind == t.KeyKind {
				s.of(t.row).changes(&c)
			}
		}
		if len(c.Inserts)+len(c.Upserts)+len(c.Deletes) == 0 {
			continue
		}
		// In key order neighbouring rows meet the same pages of the index.
		slices.SortFunc(c.Inserts, t.compareIdentity)
		slices.SortFunc(c.Upserts, t.compareIdentity)
		slices.SortFunc(c.Deletes, compareAll)
		all = append(all, c)
	}
	return all
}

// judge decides about parking where that is not the live runner's business.
type judge struct {
	// known are the keys that the live generation has parked, with the first
	// event of each.
	known map[Key]Parked
	// strict refuses to park a key that the live generation has not parked by the
	// same event (a rebuild).
	strict bool
	// same parks exactly what the live generation has parked, without trying
	// (verify).
	same bool
}

func (j judge) held(p Parked) string {
	if first, ok := j.known[p.Key]; ok && j.same && first.Ordinal() == p.Ordinal() {
		return first.Reason
	}
	return ""
}

func (j judge) failed(p Parked, err error) error {
	if first, ok := j.known[p.Key]; j.strict && !(ok && first.EventID == p.EventID) {
		return &FoldError{Key: p.Key, Ordinal: p.Ordinal(), Type: p.Type, Err: err}
	}
	return nil
}

// FoldError: a rebuild met an event that a key cannot be folded by, and that the
// live generation has not parked.
type FoldError struct {
	Key     Key
	Ordinal int64
	Type    string
	Err     error
}

func (e *FoldError) Error() string {
	return fmt.Sprintf("event %d (%s) cannot be folded into %s: %v", e.Ordinal, e.Type, e.Key, e.Err)
}

// Unwrap gives the fold's own error.
func (e *FoldError) Unwrap() error { return e.Err }

// guard turns a panic of a fold into its error.
func guard(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return f()
}

// brief is the reason kept with a parked key: never empty, valid and bounded.
func brief(err error) string {
	reason := err.Error()
	if len(reason) > maxReason {
		reason = reason[:maxReason] + " …"
	}
	if reason == "" {
		reason = fmt.Sprintf("%T", err)
	}
	return strings.ToValidUTF8(reason, "")
}
