// Reading: the log by place and position, and what of a stream can be read.

package ledger

import (
	"errors"
	"sort"
)

// ErrPosition is the error of a position that is no boundary of the log.
var ErrPosition = errors.New("no record starts at this position")

// ErrNotFound is the error of reading a stream that was never written or is
// softly deleted.
var ErrNotFound = errors.New("stream not found")

// Len is how many records can be read.
func (l *Ledger) Len() int {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.visible
}

// Changed is closed when more can be read than at the time of this call.
func (l *Ledger) Changed() <-chan struct{} {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.changed
}

// Slice returns the records in the half-open interval of places, as far as they
// can be read.
func (l *Ledger) Slice(from, to int) []Record {
	l.mu.RLock()
	defer l.mu.RUnlock()
	to = min(to, l.visible)
	if from >= to {
		return nil
	}
	return l.records[from:to:to]
}

// Seek returns the place of the first record at or after a position. A position
// beyond the end is one of another server's log, which the real server does not
// notice either: there is nothing after it. ErrPosition if it is no boundary.
func (l *Ledger) Seek(p Position) (int, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if p.Prepare > p.Commit {
		return 0, ErrPosition
	}
	if p.Commit == 0 {
		return 0, nil
	}
	i := sort.Search(l.visible, func(i int) bool { return l.records[i].Position >= p.Commit })
	if i < l.visible && l.records[i].Position != p.Commit {
		return 0, ErrPosition
	}
	if i == l.visible && i > 0 && p.Commit < l.records[i-1].end() {
		return 0, ErrPosition
	}
	return i, nil
}

// View is what can be read of one stream at one moment, oldest first.
type View struct {
	ledger *Ledger
	places []int
}

// Stream returns the view of a stream. Errors: ErrNotFound, *Deleted.
func (l *Ledger) Stream(name string) (View, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	places := l.within(name, l.visible)
	if l.deletedForEver(name) {
		return View{}, &Deleted{Stream: name}
	}
	if len(places) == 0 {
		return View{}, ErrNotFound
	}
	hide := l.limitsOf(name, l.visible)
	if hide.TruncateBefore != nil && *hide.TruncateBefore == tombstoneRevision {
		return View{}, ErrNotFound
	}
	return View{ledger: l, places: l.cut(places, hide)}, nil
}

// deletedForEver: the metadata of a stream goes with it.
func (l *Ledger) deletedForEver(name string) bool {
	if isMetadataStream(name) {
		name = name[len("$$"):]
	}
	r := l.newest(name, l.visible)
	return r != nil && r.Revision == tombstoneRevision
}

// Len is how many records the view has.
func (v View) Len() int { return len(v.places) }

// At returns the i-th record of the view.
func (v View) At(i int) Record {
	v.ledger.mu.RLock()
	defer v.ledger.mu.RUnlock()
	return v.ledger.records[v.places[i]]
}

// Search returns the index of the first record with at least this revision.
func (v View) Search(revision uint64) int {
	return sort.Search(len(v.places), func(i int) bool { return v.At(i).Revision >= revision })
}

// within are a stream's places among the first n records of the log.
func (l *Ledger) within(name string, n int) []int {
	s := l.streams[name]
	if s == nil {
		return nil
	}
	return s.places[:sort.SearchInts(s.places, n)]
}
