package projections

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"imprint/domain/event"
)

// step is an event about one key, which does one of the things that folds do.
type step struct {
	Key  string
	What int
	N    int
}

func (step) EventType() string { return "Step" }

// steps folds them; currents count, so that a step that is lost or done twice shows.
func steps() Projection {
	return Projection{
		Name: "steps", Version: 1, Types: []string{"Step"},
		Tables: append(slices.Clone(tables), NewTable[factRow](Facts, "facts", "only_facts")),
		Keys: func(e Event) []Key {
			p := e.Payload.(step)
			return []Key{KeyOf("k", p.Key), KeyOf("facts", p.Key)}
		},
		Fold: func(s *State, e Event) error {
			p := e.Payload.(step)
			if s.Key().Kind == "facts" {
				Put(s, factRow{p.Key, p.N})
				return nil
			}
			row, _ := Row[currentRow](s)
			row.ID, row.N, row.Raw = p.Key, row.N+p.N, []byte{byte(p.N)}
			Put(s, row)
			switch p.What {
			case 1:
				Put(s, setRow{p.Key, fmt.Sprint(p.N), p.N})
			case 2:
				Replace(s, []setRow{{p.Key, "x", p.N}})
			case 3:
				Clear[setRow](s)
			case 4:
				Put(s, intervalRow{p.Key, p.N})
			case 5:
				Clear[intervalRow](s)
			case 6:
				Put(s, factRow{p.Key, p.N})
			case 7:
				Clear[currentRow](s)
			}
			return nil
		},
	}
}

// shelf is the rows that a store would hold, by table and identity.
type shelf map[*Table]map[string]Values

// write holds changes to what a store relies on: rows that are new are not there,
// and rows that go are.
func (s shelf) write(t *rapid.T, changes []Change) {
	for _, c := range changes {
		if s[c.Table] == nil {
			s[c.Table] = map[string]Values{}
		}
		there := s[c.Table]
		for _, id := range c.Deletes {
			if _, ok := there[fmt.Sprint(id)]; !ok {
				t.Fatalf("table %s: the row %v goes and is not there", c.Table.Name, id)
			}
			delete(there, fmt.Sprint(id))
		}
		for _, row := range c.Upserts {
			there[fmt.Sprint(c.Table.identity(row))] = row
		}
		for _, row := range c.Inserts {
			id := fmt.Sprint(c.Table.identity(row))
			if old, ok := there[id]; ok {
				t.Fatalf("table %s: the row %v is new and is there as %v", c.Table.Name, row, old)
			}
			there[id] = row
		}
	}
}

// load answers a key's rows as Store.Load does.
func (s shelf) load(table *Table, k Key) (rows []Values) {
	for _, row := range s[table] {
		open := table.Kind != Interval || row[len(row)-1] == Forever
		if table.Kind != Facts && open && table.keyOf(row) == k {
			rows = append(rows, row)
		}
	}
	return rows
}

// TestWhatIsHeldBackIsWrittenInTheEnd folds the same events one by one in memory,
// and in batches through a keeper that has room for all, some or no keys.
func TestWhatIsHeldBackIsWrittenInTheEnd(t *testing.T) {
	p := steps()
	rapid.Check(t, func(t *rapid.T) {
		keeper, stored, trial := newKeeper(p.Tables), shelf{}, NewTrial(p)
		keeper.limit = rapid.SampledFrom([]int{0, 600, 1500, 1 << 20}).Draw(t, "limit")
		ordinal := int64(0)
		for range rapid.IntRange(1, 12).Draw(t, "batches") {
			b := &batch{projection: p, states: map[Key]*State{}, parked: map[Key]struct{}{}}
			for range rapid.IntRange(1, 6).Draw(t, "events") {
				ordinal++
				e := Event{Recorded: &event.Recorded{Event: event.Event{Type: "Step"}, Ordinal: ordinal}, Payload: step{
					rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(t, "key"), rapid.IntRange(0, 7).Draw(t, "what"), rapid.IntRange(0, 3).Draw(t, "n"),
				}}
				if err := trial.Fold(e); err != nil {
					t.Fatal(err)
				}
				if err := b.gather(e, event.Checkpoint{Ordinal: ordinal - 1}); err != nil {
					t.Fatal(err)
				}
			}
			met := keeper.take(b)
			for _, k := range met {
				for _, table := range p.Tables {
					if rows := stored.load(table, k); len(rows) > 0 {
						b.states[k].load(table, rows)
					}
				}
			}
			if err := b.fold(judge{strict: true}); err != nil {
				t.Fatal(err)
			}
			stored.write(t, p.changes(keeper.give(b, met)))
			if keeper.bytes > keeper.limit {
				t.Fatalf("%d bytes are held back, and %d may be", keeper.bytes, keeper.limit)
			}
		}
		stored.write(t, p.changes(keeper.release(0)))
		if len(keeper.states) > 0 || keeper.recent.Len() > 0 || keeper.bytes != 0 {
			t.Fatalf("%d keys, %d bytes are held back still", len(keeper.states), keeper.bytes)
		}
		for _, table := range p.Tables {
			want := trial.Table(table)
			got := make([]Values, 0, len(want))
			for _, row := range stored[table] {
				got = append(got, row)
			}
			slices.SortFunc(got, table.compareIdentity)
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Fatalf("table %s: %v, want %v", table.Name, got, want)
			}
		}
	})
}

// TestAKeyThatComesAgainIsHeldBack, and one that came once is written at once.
func TestAKeyThatComesAgainIsHeldBack(t *testing.T) {
	p := steps()
	keeper := newKeeper(p.Tables)
	keeper.limit = 1 << 20
	written := ""
	for i, keys := range []string{"ab", "ac", "ad"} {
		b := &batch{projection: p, states: map[Key]*State{}, parked: map[Key]struct{}{}}
		for n, k := range keys {
			e := Event{Recorded: &event.Recorded{Ordinal: int64(10*i + n)}, Payload: step{Key: string(k)}}
			if err := b.gather(e, event.Checkpoint{}); err != nil {
				t.Fatal(err)
			}
		}
		met := keeper.take(b)
		if err := b.fold(judge{strict: true}); err != nil {
			t.Fatal(err)
		}
		for _, s := range keeper.give(b, met) {
			if s.key.Kind == "k" {
				written += s.key.Parts[0]
			}
		}
		written += fmt.Sprint(len(met), " ")
	}
	if written != "ab0 c1 d0 " { // a is looked for in the store once, and is kept from then on
		t.Errorf("written, and how many keys were looked for: %s", written)
	}
}
