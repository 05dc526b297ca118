package projections

// Folding in memory, without log or store: what the tests of a projection use.

import (
	"fmt"
	"reflect"
	"slices"
)

// Trial is a projection's rows in memory. It folds as the engine does, one event
// a batch or many.
type Trial struct {
	projection Projection
	states     map[Key]*State
}

// NewTrial makes an empty trial of a projection.
func NewTrial(p Projection) *Trial { return &Trial{projection: p, states: map[Key]*State{}} }

// Fold folds events in order. The first that cannot be folded is a *FoldError;
// its key keeps the rows from before it.
func (t *Trial) Fold(events ...Event) error {
	for _, e := range events {
		if !slices.Contains(t.projection.Types, e.Type) {
			continue
		}
		b := &batch{projection: t.projection, states: t.states, parked: map[Key]struct{}{}}
		before := e.Checkpoint()
		before.Ordinal--
		if err := b.gather(e, before); err != nil {
			return err
		}
		if err := b.fold(judge{strict: true}); err != nil {
			return err
		}
		for _, touch := range b.touches {
			for _, k := range touch.keys {
				if err := t.states[k].readBack(); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// readBack holds what the next fold of a batch sees, the struct that was put,
// against what the first fold of the next batch sees, the row as it is kept; and
// lets the next fold see the latter.
func (s *State) readBack() error {
	for i := range s.tables {
		kr := &s.tables[i]
		if kr.only == nil {
			continue
		}
		kept := reflect.New(kr.table.row)
		if err := kr.table.decode(kr.rows[0], kept.Elem()); err != nil {
			return err
		}
		if !reflect.DeepEqual(kept.Elem().Interface(), kr.only) {
			return fmt.Errorf("table %s: the row %+v comes back as %+v", kr.table.Name, kr.only, kept.Elem().Interface())
		}
		kr.only = nil
	}
	return nil
}

// Table answers all rows of a table in primary-key order, closed ones included.
func (t *Trial) Table(table *Table) []Values {
	var all []Values
	for _, s := range t.states {
		if kr := s.of(table.row); kr != nil && kr.table == table {
			all = append(append(all, kr.past...), kr.rows...)
		}
	}
	slices.SortFunc(all, table.compareIdentity)
	return all
}

// RowsOf answers the rows of the table whose rows are of type R, in primary-key
// order, closed ones included.
func RowsOf[R any](t *Trial) []R {
	var rows []R
	for _, table := range t.projection.Tables {
		if table.row != reflect.TypeFor[R]() {
			continue
		}
		for _, vs := range t.Table(table) {
			var row R
			mustDecode(table, vs, &row)
			rows = append(rows, row)
		}
	}
	return rows
}
