package projections

import (
	"encoding/hex"
	"testing"
)

func TestContentHashTellsContentsApart(t *testing.T) {
	type row struct {
		A string `col:"a,key"`
		B string `col:"b"`
		C []byte `col:"c"`
		D bool   `col:"d"`
		E int64  `col:"e,unhashed"`
	}
	table := NewTable[row](Current, "k", "rows")
	sum := func(t *Table, rows ...Values) string {
		h := newContentHash(t)
		for _, r := range rows {
			h.add(r)
		}
		return hex.EncodeToString(h.sum())
	}
	a := Values{"ab", "c", []byte("d"), true, int64(1)}
	seen := map[string]int{}
	for i, rows := range [][]Values{
		nil,
		{a},
		{a, a},
		{{"a", "bc", []byte("d"), true, int64(1)}},
		{{"ab", "", []byte("cd"), true, int64(1)}},
		{{"ab", "cd", []byte(""), true, int64(1)}},
		{{"ab", "c", []byte("d"), false, int64(1)}},
	} {
		h := sum(table, rows...)
		if other, twice := seen[h]; twice {
			t.Errorf("contents %d and %d have one hash", other, i)
		}
		seen[h] = i
	}
	if sum(table, a) != sum(table, Values{"ab", "c", []byte("d"), true, int64(2)}) {
		t.Error("an unhashed column changed the hash")
	}
	if sum(table, a) == sum(NewTable[row](Current, "k", "other"), a) {
		t.Error("two tables have one hash")
	}
}

func TestCheckRefusesWhatNoStoreCouldKeep(t *testing.T) {
	type row struct {
		A string `col:"a,key"`
	}
	good := projection()
	if err := good.check(); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Projection){
		"a bad name":             func(p *Projection) { p.Name = "P;" },
		"no version":             func(p *Projection) { p.Version = 0 },
		"a bad table name":       func(p *Projection) { p.Tables = []*Table{NewTable[row](Current, "k", "drop table")} },
		"two tables of one name": func(p *Projection) { p.Tables = []*Table{tables[0], tables[0]} },
		"two tables of one row": func(p *Projection) {
			p.Tables = []*Table{NewTable[row](Current, "k", "one"), NewTable[row](Current, "k", "two")}
		},
	} {
		p := projection()
		change(&p)
		if _, err := NewRunner(Engine{}, p); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}
