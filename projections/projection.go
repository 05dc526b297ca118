package projections

import (
	"fmt"

	"imprint/domain/event"
)

// Event is a recorded event with its decoded payload; sealed fields are sealed.
type Event struct {
	event.Recorded
	Payload event.Payload
}

// Key names what an event touches: its kind selects the tables, its parts are
// the values of their key columns (the second is "" where a table has one).
type Key struct {
	Kind  string
	Parts [2]string
}

// KeyOf makes a key of one or two parts.
func KeyOf(kind string, first string, second ...string) Key {
	k := Key{Kind: kind, Parts: [2]string{first}}
	if len(second) > 0 {
		k.Parts[1] = second[0]
	}
	return k
}

// String shows the key as the commands print it.
func (k Key) String() string {
	if k.Parts[1] == "" {
		return k.Kind + ":" + k.Parts[0]
	}
	return k.Kind + ":" + k.Parts[0] + "/" + k.Parts[1]
}

// Projection is a pure fold from events to rows. Change Version whenever the
// types, the fold or the columns change: a new version builds its own tables.
type Projection struct {
	Name    string
	Version int
	Types   []string // the event types it folds; all others pass by
	Tables  []*Table
	// Keys tells which keys an event touches, in the order they are folded.
	Keys func(Event) []Key
	// Fold changes the rows of one key (state.Key()) by one event. An error parks
	// the key with this event and all that follow for it.
	Fold func(*State, Event) error
}

// View is the name under which queries read a table of the live generation.
func (p Projection) View(table string) string {
	return fmt.Sprintf("%s_%s_v%d", p.Name, table, p.Version)
}
