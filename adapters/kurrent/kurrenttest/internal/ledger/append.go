// Appending: what a writer may expect of a stream, how a repeated append is
// recognised, and how records get their revisions and positions.

package ledger

import (
	"errors"
	"fmt"

	"github.com/google/uuid"
)

// Expected is the revision a writer expects a stream to be at, or one of the
// constants. The numbers are the real server's.
type Expected int64

const (
	NoStream     Expected = -1 // the stream does not exist
	Any          Expected = -2 // whatever there is
	StreamExists Expected = -4 // the stream exists
)

// Appended is where the last record of an append stands.
type Appended struct {
	// Revision is -1 after an append of nothing to no stream.
	Revision int64
	// Position is nil if the append wrote nothing and repeated nothing.
	Position *Position
}

// WrongVersion is the error of an append whose expectation does not hold.
type WrongVersion struct {
	Stream   string
	Expected Expected
	// Current is -1 if there is no stream.
	Current int64
}

func (e *WrongVersion) Error() string {
	return fmt.Sprintf("stream %q is at %d, not at %d as expected", e.Stream, e.Current, e.Expected)
}

// Deleted is the error of every use of a stream that is deleted for ever, and of
// a writer that expects a softly deleted one to exist.
type Deleted struct{ Stream string }

func (e *Deleted) Error() string { return fmt.Sprintf("stream %q is deleted", e.Stream) }

// errStale tells within this package that the expectation does not hold.
var errStale = errors.New("wrong expected version")

// Append writes the events to the stream, all or none, and returns when they are
// durable. Errors: *WrongVersion, *Deleted, or that of the file.
func (l *Ledger) Append(name string, expected Expected, events []Event) (Appended, error) {
	return l.transact(func() (Appended, error) { return l.append(name, expected, events) })
}

// transact decides under the lock and then waits until all that the decision
// rests on is durable, refusals and repetitions included.
func (l *Ledger) transact(decide func() (Appended, error)) (Appended, error) {
	l.mu.Lock()
	if l.broken != nil {
		defer l.mu.Unlock()
		return Appended{}, l.broken
	}
	answer, refused := decide()
	n := len(l.records)
	l.mu.Unlock()
	if err := l.commit(n); err != nil {
		return Appended{}, err
	}
	return answer, refused
}

func (l *Ledger) append(name string, expected Expected, events []Event) (Appended, error) {
	current := l.last(name)
	repeated, err := l.check(name, expected, current, events)
	switch {
	case errors.Is(err, errStale):
		return Appended{}, &WrongVersion{Stream: name, Expected: expected, Current: current}
	case err != nil:
		return Appended{}, err
	case repeated != nil:
		return Appended{Revision: int64(repeated.Revision), Position: repeated.at()}, nil
	case len(events) == 0:
		return Appended{Revision: current}, nil
	}
	var fresh []Record
	if l.softlyDeleted(name) {
		fresh = append(fresh, l.revive(name, current))
	}
	for i, e := range events {
		fresh = append(fresh, Record{Event: e, Stream: name, Revision: uint64(current + 1 + int64(i))})
	}
	last := l.stage(fresh)
	return Appended{Revision: int64(last.Revision), Position: last.at()}, nil
}

// check applies the real server's rules (its IndexWriter.CheckCommit). It returns
// the record a repeated append ended with, or nothing if the append may proceed.
func (l *Ledger) check(name string, expected Expected, current int64, events []Event) (*Record, error) {
	if current == int64(tombstoneRevision) {
		return nil, &Deleted{Stream: name}
	}
	soft := l.softlyDeleted(name)
	if expected == StreamExists {
		if soft {
			return nil, &Deleted{Stream: name}
		}
		if current < 0 && l.last("$$"+name) < 0 {
			return nil, errStale
		}
	}
	switch {
	case expected == Any || expected == StreamExists:
		return l.repeatsAnywhere(name, events)
	case int64(expected) > current:
		return nil, errStale
	case int64(expected) == current:
		return nil, nil
	}
	again, known := l.repeatsAt(name, int64(expected)+1, events)
	switch {
	case again != nil:
		return again, nil
	case known == 0 && expected == NoStream && soft:
		return nil, nil
	}
	return nil, errStale
}

// repeatsAnywhere: without a revision to compare, an append is a repetition if
// the stream holds each of its ids. Some known and some not is no append to
// carry out: the server calls it a wrong version.
func (l *Ledger) repeatsAnywhere(name string, events []Event) (*Record, error) {
	s := l.streams[name]
	if s == nil {
		return nil, nil
	}
	var last *Record
	for i, e := range events {
		revision, known := s.ids[e.ID]
		switch {
		case known:
			last = l.find(s, revision)
		case i == 0:
			return nil, nil
		default:
			return nil, errStale
		}
	}
	return last, nil
}

// repeatsAt tells whether the events are the stream's records from a revision
// on, and if not, how many of the first are.
func (l *Ledger) repeatsAt(name string, revision int64, events []Event) (last *Record, known int) {
	s := l.streams[name]
	for i, e := range events {
		r := l.find(s, uint64(revision+int64(i)))
		if r == nil || r.ID != e.ID {
			return nil, i
		}
		last = r
	}
	return last, len(events)
}

// find is the record of a stream by its revision, or nil.
func (l *Ledger) find(s *stream, revision uint64) *Record {
	if revision >= uint64(len(s.places)) {
		return nil
	}
	r := &l.records[s.places[revision]]
	if r.Revision != revision { // the tombstone, whose revision is none of the sequence
		return nil
	}
	return r
}

// last is the revision of a stream's last record, or -1.
func (l *Ledger) last(name string) int64 {
	s := l.streams[name]
	if s == nil {
		return -1
	}
	return int64(l.records[s.places[len(s.places)-1]].Revision)
}

// stage gives the records their positions and time and puts them into the log,
// not yet visible, as one frame of the file.
func (l *Ledger) stage(fresh []Record) Record {
	l.appends++
	n := len(fresh)
	if every := l.options.StatisticsEvery; every > 0 && l.appends%every == 0 {
		fresh = append(fresh, l.statistics())
	}
	now := l.options.Now()
	for i := range fresh {
		fresh[i].Position = l.end()
		fresh[i].Created = now
		l.put(fresh[i])
	}
	if l.journal != nil {
		l.pending = appendFrame(l.pending, fresh)
	}
	return fresh[n-1]
}

// statistics is what a real server writes about itself every half minute; here
// it comes after a number of appends, so that tests see it at known places.
func (l *Ledger) statistics() Record {
	const name = "$stats-127.0.0.1:2113"
	return Record{
		Event:    Event{ID: uuid.New(), Type: "$statsCollected", ContentType: jsonType, Data: []byte(`{"proc-threadsCount":24}`)},
		Stream:   name,
		Revision: uint64(l.last(name) + 1),
	}
}

func (r Record) at() *Position { return &Position{Commit: r.Position, Prepare: r.Position} }
