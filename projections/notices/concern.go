package notices

// Whom a notice concerns: what a person keeps and follows, held against what was
// released. The rule of following is domain/library.Follows.

import (
	"cmp"
	"slices"

	"github.com/google/uuid"

	"imprint/domain/library"
)

// Kept is what one person keeps, and has said about series.
type Kept struct {
	Entries []Entry
	Said    map[uuid.UUID]library.Explicit // by series
}

// Entry is one saved document.
type Entry struct {
	Document uuid.UUID
	library.Entry
}

// Released is a released notice, as far as it decides whom it concerns.
type Released struct {
	Cause        uuid.UUID
	Ordinal      int64 // of its release
	CauseOrdinal int64
	Document     uuid.UUID // zero: the notice is the series' own
	Series       uuid.UUID // at the cause
	Left         uuid.UUID // the series that the cause made it leave
}

// Releases are released notices by what they are about.
type Releases struct {
	ByDocument map[uuid.UUID][]*Released
	BySeries   map[uuid.UUID][]*Released // those of a series' documents, its own, and those by which one left it
}

// Concern is a notice that concerns a person.
type Concern struct {
	*Released
	Saved bool // by a saved document, perhaps among others
}

// Concern lists the notices that concern a person: of a document saved before the
// cause, or of a series followed before it, the cause lying after since. Each is
// named once, in the order of release.
func (r Releases) Concern(k Kept, since int64) []Concern {
	var all []Concern
	for _, e := range k.Entries {
		for _, n := range r.ByDocument[e.Document] {
			if n.CauseOrdinal > max(e.Saved, since) {
				all = append(all, Concern{n, true})
			}
		}
	}
	for series, entries := range r.followable(k) {
		from, following := library.Follows(series, entries, k.Said[series])
		if !following {
			continue
		}
		for _, n := range r.BySeries[series] {
			if n.CauseOrdinal > max(from, since) {
				all = append(all, Concern{n, false})
			}
		}
	}
	slices.SortFunc(all, func(a, b Concern) int {
		if a.Ordinal == b.Ordinal && a.Saved != b.Saved { // the same notice: saved first
			if a.Saved {
				return -1
			}
			return 1
		}
		return cmp.Compare(a.Ordinal, b.Ordinal)
	})
	return slices.CompactFunc(all, func(a, b Concern) bool { return a.Released == b.Released })
}

// followable are the series with releases of which the person has said something
// or keeps a document, each with the entries that the rule of following looks at.
func (r Releases) followable(k Kept) map[uuid.UUID][]library.Entry {
	var of map[uuid.UUID][]library.Entry
	add := func(series uuid.UUID, entries ...library.Entry) {
		if series == uuid.Nil || len(r.BySeries[series]) == 0 {
			return
		}
		if of == nil { // mostly there is none
			of = map[uuid.UUID][]library.Entry{}
		}
		of[series] = append(of[series], entries...)
	}
	for _, e := range k.Entries {
		add(e.Series, e.Entry)
		if e.SeriesThen != e.Series {
			add(e.SeriesThen, e.Entry)
		}
	}
	for series := range k.Said {
		add(series)
	}
	return of
}
