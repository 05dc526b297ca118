package projections

// What a projection is: the data that folds are written as.

import (
	"fmt"
	"reflect"
	"regexp"

	"imprint/domain/event"
)

// Event is a recorded event with its decoded payload; sealed fields are sealed.
// All projections that are rebuilt together fold the same one, side by side:
// nobody changes anything in it.
type Event struct {
	*event.Recorded
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

// TextView is the name under which queries search the full text of a table of
// the live generation. Its columns are row_id, terms (the left side of the
// engine's match operator) and rank (ascending: best first). It also finds parked
// rows, so it is always joined with View(table) by row_id, which hides them.
func (p Projection) TextView(table string) string { return p.View(table) + "_text" }

var name = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)

// check finds mistakes of the program: names that no database takes, or two
// tables of one key kind that Put could not tell apart.
func (p Projection) check() error {
	if !name.MatchString(p.Name) || p.Version < 1 {
		return fmt.Errorf("projection %q, version %d: the name must be of a-z, 0-9, _ and the version positive", p.Name, p.Version)
	}
	type place struct {
		kind string
		row  reflect.Type
	}
	rows := map[place]bool{}
	names := map[string]bool{}
	for _, t := range p.Tables {
		at := place{t.KeyKind, t.row}
		if !name.MatchString(t.Name) || names[t.Name] || rows[at] {
			return fmt.Errorf("projection %s: table %q has a bad name, or one like another, or the rows of another", p.Name, t.Name)
		}
		rows[at], names[t.Name] = true, true
		for _, c := range t.Columns {
			if !name.MatchString(c.Name) {
				return fmt.Errorf("projection %s: table %s: bad column name %q", p.Name, t.Name, c.Name)
			}
		}
	}
	return nil
}
