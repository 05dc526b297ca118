package projections

import (
	"fmt"
	"reflect"
	"slices"
)

// State is the rows of one key while events are folded into it. The engine loads
// it once per batch; folds read and change it by the functions below, which name
// a table by the type of its rows.
type State struct {
	key     Key
	ordinal int64 // of the event being folded
	tables  map[reflect.Type]*keyRows
}

// keyRows is one table's rows of one key.
type keyRows struct {
	table *Table
	rows  []Values // what holds now: at most one for Current and Interval
	gone  []Values // Current, Set: rows to delete
	past  []Values // Interval: rows closed in this batch; Facts: rows added
	dirty bool
}

// NewState makes the empty state of a key over the tables of its kind.
func NewState(key Key, tables []*Table) *State {
	s := &State{key: key, tables: make(map[reflect.Type]*keyRows)}
	for _, t := range tables {
		if t.KeyKind == key.Kind {
			s.tables[t.row] = &keyRows{table: t}
		}
	}
	return s
}

// Key is the key whose rows these are.
func (s *State) Key() Key { return s.key }

// Ordinal is the ordinal of the event being folded.
func (s *State) Ordinal() int64 { return s.ordinal }

// Row reads the key's row of a Current table, or the open row of an Interval
// table. It panics where R is no table of this key's kind, which the engine
// turns into a parked key and the tests into a failure.
func Row[R any](s *State) (row R, ok bool) {
	kr := rowsOf[R](s)
	if len(kr.rows) == 0 {
		return row, false
	}
	mustDecode(kr.table, kr.rows[0], &row)
	return row, true
}

// Rows reads the key's rows of a Set table, ordered by their sub columns.
func Rows[R any](s *State) []R {
	kr := rowsOf[R](s)
	out := make([]R, len(kr.rows))
	for i, vs := range kr.rows {
		mustDecode(kr.table, vs, &out[i])
	}
	return out
}

// Put replaces the key's row (Current), replaces or adds a row of it (Set),
// closes its open row at this event and opens another (Interval; a row that was
// opened by this same event is replaced), or adds a row for this event (Facts).
// An equal row changes nothing.
func Put[R any](s *State, row R) {
	kr := rowsOf[R](s)
	vs, err := kr.table.encode(reflect.ValueOf(row))
	if err != nil {
		panic(err)
	}
	s.checkKey(kr.table, vs)
	switch kr.table.Kind {
	case Current:
		kr.set(vs)
	case Set:
		kr.putSub(vs)
	case Interval:
		kr.open(vs, s.ordinal)
	case Facts:
		vs[len(vs)-1] = s.ordinal
		kr.past = append(kr.past, vs)
		kr.dirty = true
	}
}

// Clear deletes the key's rows (Current, Set) or closes the open one (Interval).
func Clear[R any](s *State) {
	kr := rowsOf[R](s)
	if len(kr.rows) == 0 {
		return
	}
	if kr.table.Kind == Interval {
		kr.close(s.ordinal)
		return
	}
	kr.gone = append(kr.gone, kr.rows...)
	kr.rows, kr.dirty = nil, true
}

// Replace makes a Set table's rows of this key exactly these.
func Replace[R any](s *State, rows []R) {
	kr := rowsOf[R](s)
	before := kr.rows
	kr.rows = nil
	for _, r := range rows {
		Put(s, r)
	}
	for _, old := range before {
		if kr.find(old) < 0 {
			kr.gone = append(kr.gone, old)
		}
	}
	kr.dirty = true
}

func rowsOf[R any](s *State) *keyRows {
	kr, ok := s.tables[reflect.TypeFor[R]()]
	if !ok {
		panic(fmt.Sprintf("no table of %s for key %s", reflect.TypeFor[R](), s.key))
	}
	return kr
}

func mustDecode(t *Table, vs Values, row any) {
	if err := t.decode(vs, reflect.ValueOf(row).Elem()); err != nil {
		panic(err)
	}
}

// checkKey holds a fold to its own key's rows.
func (s *State) checkKey(t *Table, vs Values) {
	part := 0
	for i, c := range t.Columns {
		if !c.Key {
			continue
		}
		if vs[i] != s.key.Parts[part] {
			panic(fmt.Sprintf("table %s: a fold of key %s put a row of key %v", t.Name, s.key, vs[i]))
		}
		part++
	}
}

func (kr *keyRows) set(vs Values) {
	if len(kr.rows) == 1 && equal(kr.rows[0], vs) {
		return
	}
	kr.rows, kr.dirty = []Values{vs}, true
}

func (kr *keyRows) putSub(vs Values) {
	i := kr.find(vs)
	switch {
	case i >= 0 && equal(kr.rows[i], vs):
		return
	case i >= 0:
		kr.rows = slices.Clone(kr.rows)
		kr.rows[i] = vs
	default:
		kr.rows = append(slices.Clone(kr.rows), vs)
		slices.SortFunc(kr.rows, kr.compareSub)
	}
	kr.dirty = true
}

func (kr *keyRows) open(vs Values, ordinal int64) {
	from, until := len(vs)-2, len(vs)-1
	vs[from], vs[until] = ordinal, Forever
	if len(kr.rows) == 1 {
		old := kr.rows[0]
		if equal(old[:from], vs[:from]) {
			return
		}
		if old[from] != ordinal {
			kr.close(ordinal)
		}
	}
	kr.rows, kr.dirty = []Values{vs}, true
}

// close ends the open row before the ordinal. A row that began at this very
// ordinal never held at any moment one could ask for, and is deleted.
func (kr *keyRows) close(ordinal int64) {
	old := slices.Clone(kr.rows[0])
	kr.rows, kr.dirty = nil, true
	if old[len(old)-2] == ordinal {
		kr.gone = append(kr.gone, old)
		return
	}
	old[len(old)-1] = ordinal
	kr.past = append(kr.past, old)
}

// find is the index of the row with the same sub columns, or -1.
func (kr *keyRows) find(vs Values) int {
	return slices.IndexFunc(kr.rows, func(r Values) bool { return kr.compareSub(r, vs) == 0 })
}

func (kr *keyRows) compareSub(a, b Values) int {
	for i, c := range kr.table.Columns {
		if !c.Sub {
			continue
		}
		if n := compare(a[i], b[i]); n != 0 {
			return n
		}
	}
	return 0
}
