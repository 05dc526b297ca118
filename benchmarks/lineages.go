package main

// Which records belong together: a document keeps its versions through renames, so
// the keys that renames connect are imported by one importer, or not at all.

import (
	"math/rand/v2"

	"imprint/handlers/importer"
)

// lineages numbers keys; those that renames connect have one number.
type lineages struct {
	numbers  map[string]int
	parents  []int // of a number: itself, or one that it goes by now
	versions []int // by number, of the keys that have just this one
	taken    []bool
}

// of is the number that a key goes by.
func (l *lineages) of(doc string) int {
	n, known := l.numbers[doc]
	if !known {
		n = len(l.parents)
		l.numbers[doc] = n
		l.parents, l.versions = append(l.parents, n), append(l.versions, 0)
		return n
	}
	for l.parents[n] != n {
		l.parents[n] = l.parents[l.parents[n]] // halve the way for the next one
		n = l.parents[n]
	}
	return n
}

// sample takes lineages in an arbitrary order, which is always the same, until
// they have so many versions: a tenth of the versions is a tenth of the documents
// and not the years in which all of them began.
func (rs records) sample(versions int) (*lineages, error) {
	l := &lineages{numbers: map[string]int{}}
	err := rs.each(func(r importer.Record) (bool, error) {
		n := l.of(r.Doc)
		if r.RenamedFrom != "" {
			if former := l.of(r.RenamedFrom); former != n {
				l.parents[former] = n
				l.versions[n] += l.versions[former]
			}
		}
		if !r.Withdrawn {
			l.versions[n]++
		}
		return true, nil
	})
	if err != nil {
		return nil, err
	}
	var order []int
	for n, parent := range l.parents {
		if n == parent {
			order = append(order, n)
		}
	}
	rand.New(rand.NewPCG(1, 0)).Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	l.taken = make([]bool, len(l.parents))
	for _, n := range order {
		if versions <= 0 {
			break
		}
		l.taken[n] = true
		versions -= l.versions[n]
	}
	return l, nil
}
