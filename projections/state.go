package projections

// The state of one key: what folds read and change, and what has to be written
// when a batch has been folded. How rows become statements belongs to the stores.

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
	tables  []keyRows
}

// keyRows is one table's rows of one key. The rows themselves are never changed
// in place, so that a copy of this struct is a copy of the state.
type keyRows struct {
	table  *Table
	loaded []Values // as the store holds them
	there  []Values // primary keys of rows that the store holds in another form; see keeper
	rows   []Values // what holds now: at most one for Current and Interval
	past   []Values // Interval: rows closed in this batch; Facts: rows added
	// only is the struct of the one row of rows, where it was put or decoded
	// already: the next event of the batch need not decode it again.
	only any
}

// NewState makes the empty state of a key over the tables of its kind.
func NewState(key Key, tables []*Table) *State {
	own := 0
	for _, t := range tables {
		if t.KeyKind == key.Kind {
			own++
		}
	}
	s := &State{key: key, tables: make([]keyRows, 0, own)}
	for _, t := range tables {
		if t.KeyKind == key.Kind {
			s.tables = append(s.tables, keyRows{table: t})
		}
	}
	return s
}

// of is the rows of one table; nil where it has none of this key's kind.
func (s *State) of(row reflect.Type) *keyRows {
	for i := range s.tables {
		if s.tables[i].table.row == row {
			return &s.tables[i]
		}
	}
	return nil
}

// Key is the key whose rows these are.
func (s *State) Key() Key { return s.key }

// Ordinal is the ordinal of the event being folded.
func (s *State) Ordinal() int64 { return s.ordinal }

// Row reads the key's row of a Current table, or the open row of an Interval
// table. The slices, maps and pointers in it are shared with the state: a fold
// replaces them and never changes what they hold. It panics where R is no table
// of this key's kind, which the engine turns into a parked key and the tests into
// a failure.
func Row[R any](s *State) (row R, ok bool) {
	kr := rowsOf[R](s)
	if len(kr.rows) == 0 {
		return row, false
	}
	if row, ok = kr.only.(R); !ok {
		mustDecode(kr.table, kr.rows[0], &row)
		kr.only = row
	}
	return row, true
}

// Rows reads the key's rows of a Set table, ordered by their sub columns. The read
// models replace such rows without reading them; the stores' conformance suite
// reads them, to see that what folds find is what was kept.
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
// An equal row changes nothing. What the row holds is the state's from then on.
func Put[R any](s *State, row R) {
	kr := rowsOf[R](s)
	into := reflect.ValueOf(&row).Elem()
	vs, err := kr.table.encode(into)
	if err == nil {
		err = kr.table.round(vs, into)
	}
	if err != nil {
		panic(err)
	}
	s.checkKey(kr.table, vs)
	switch kr.table.Kind {
	case Current:
		kr.set(vs)
		kr.only = row
	case Set:
		kr.putSub(vs)
	case Interval:
		kr.open(vs, s.ordinal)
		kr.only = row
	case Facts:
		kr.add(vs, s.ordinal)
	}
}

// Clear deletes the key's rows (Current, Set) or closes the open one (Interval).
func Clear[R any](s *State) {
	kr := rowsOf[R](s)
	if len(kr.rows) == 0 {
		return
	}
	kr.only = nil
	if kr.table.Kind == Interval {
		kr.close(s.ordinal)
		return
	}
	kr.rows = nil
}

// Replace makes a Set table's rows of this key exactly these.
func Replace[R any](s *State, rows []R) {
	rowsOf[R](s).rows = nil
	for _, r := range rows {
		Put(s, r)
	}
}

func rowsOf[R any](s *State) *keyRows {
	kr := s.of(reflect.TypeFor[R]())
	if kr == nil {
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

func (kr *keyRows) set(vs Values) { kr.rows = []Values{vs} }

func (kr *keyRows) putSub(vs Values) {
	at, found := slices.BinarySearchFunc(kr.rows, vs, kr.compareSub)
	kr.rows = slices.Clone(kr.rows)
	if found {
		kr.rows[at] = vs
		return
	}
	kr.rows = slices.Insert(kr.rows, at, vs)
}

// add keeps one fact per event: a second one by the same event replaces it.
func (kr *keyRows) add(vs Values, ordinal int64) {
	last := len(vs) - 1
	vs[last] = ordinal
	if n := len(kr.past); n > 0 && kr.past[n-1][last] == ordinal {
		kr.past = kr.past[:n-1]
	}
	kr.past = append(kr.past, vs)
}

func (kr *keyRows) open(vs Values, ordinal int64) {
	from, until := len(vs)-2, len(vs)-1
	vs[from], vs[until] = ordinal, Forever
	if len(kr.rows) == 1 {
		if equal(kr.rows[0][:from], vs[:from]) {
			return
		}
		kr.close(ordinal)
	}
	kr.rows = []Values{vs}
}

// close ends the open row before the ordinal. A row that began at this very
// ordinal never held at any moment one could ask for, and is forgotten.
func (kr *keyRows) close(ordinal int64) {
	old := slices.Clone(kr.rows[0])
	kr.rows = nil
	if old[len(old)-2] == ordinal {
		return
	}
	old[len(old)-1] = ordinal
	kr.past = append(kr.past, old)
}

// changes adds what differs between the rows in the store and the final ones.
func (kr *keyRows) changes(c *Change) {
	for _, final := range [][]Values{kr.past, kr.rows} {
		for _, row := range final {
			at := slices.IndexFunc(kr.loaded, func(old Values) bool { return kr.table.compareIdentity(old, row) == 0 })
			switch {
			case at >= 0:
				if !equal(kr.loaded[at], row) {
					c.Upserts = append(c.Upserts, row)
				}
			case slices.ContainsFunc(kr.there, func(id Values) bool { return compareAll(id, kr.table.identity(row)) == 0 }):
				c.Upserts = append(c.Upserts, row)
			default: // all that could have its identity was loaded
				c.Inserts = append(c.Inserts, row)
			}
		}
	}
	for _, old := range kr.loaded {
		kr.remove(kr.table.identity(old), c)
	}
	for _, id := range kr.there {
		kr.remove(id, c)
	}
}

// remove deletes a row of the store that is not among the final ones.
func (kr *keyRows) remove(id Values, c *Change) {
	same := func(row Values) bool { return compareAll(id, kr.table.identity(row)) == 0 }
	if !slices.ContainsFunc(kr.rows, same) && !slices.ContainsFunc(kr.past, same) {
		c.Deletes = append(c.Deletes, id)
	}
}

// load takes over the rows that the store holds.
func (s *State) load(t *Table, rows []Values) {
	kr := s.of(t.row)
	if t.Kind == Set {
		slices.SortFunc(rows, kr.compareSub)
	}
	kr.loaded, kr.rows = rows, rows
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
