// Package ledger is the store behind the protocol server: one log in memory,
// the streams in it, and optionally a file that makes it survive the process.
//
// # Model
//
// The ledger is a sequence of records. A record belongs to one stream, has a
// revision there (0, 1, 2 …) and a position in the log. Positions are sparse:
// each is the one before it plus the size the record takes, as byte offsets of
// a real log are. A reader that adds one to a position must fail here as it
// would there. The positions at which a record starts, the log's origin and its
// end are the boundaries; no other number is a position.
//
// An append names a stream, what the writer expects of it and the events; all
// become records or none does. The rules by which expectations are checked and
// repeated appends recognised are those of the real server (append.go). Deleting
// is an append as well: of metadata that truncates (soft) or of a tombstone
// (hard) (deletion.go).
//
// # Durability
//
// With a file, records become visible to readers, and appends are answered, only
// after an fsync that covers them; concurrent appends share one (journal.go). A
// failed write or fsync breaks the ledger for good: what the file then holds is
// unknown until it is opened again.
package ledger

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
)

// Event is what a writer proposes.
type Event struct {
	ID          uuid.UUID
	Type        string
	ContentType string
	Data        []byte
	Metadata    []byte
}

// Record is an event in the log. It never changes, and its slices must not be
// changed by who reads it.
type Record struct {
	Event
	Stream   string
	Revision uint64
	// Position is the offset at which the record starts.
	Position uint64
	Created  time.Time
}

// end is the boundary behind the record. The constant stands for the framing and
// fixed fields of a record in a real log.
func (r Record) end() uint64 {
	return r.Position + 96 + uint64(2*len(r.Stream)+2*len(r.Type)+len(r.Data)+len(r.Metadata))
}

// Position is a place in the log as the protocol tells it. Records of this
// ledger have equal parts; readers may ask with a smaller prepare part.
type Position struct {
	Commit, Prepare uint64
}

const (
	// origin is where the first record starts: a real log begins with a record
	// that is no event.
	origin uint64 = 137
	// tombstoneRevision is the revision of the record that deletes a stream for ever.
	tombstoneRevision uint64 = 1<<63 - 1
)

// Options say how a ledger is kept.
type Options struct {
	// File is where it is kept; empty means in memory only.
	File string
	// Now gives the time of a record; nil means the system's clock.
	Now func() time.Time
	// StatisticsEvery n appends one system event of statistics follows, as a
	// real server writes them; 0 means none.
	StatisticsEvery int
	// Report receives what opening found and repaired; nil means nobody cares.
	Report func(string)
}

// Ledger is the store. It is safe for concurrent use.
type Ledger struct {
	options Options
	journal *journal // nil in memory

	// committing is held by the one goroutine that makes records durable.
	committing sync.Mutex

	mu      sync.RWMutex // guards what follows
	records []Record     // the whole log, the tail of it perhaps not durable yet
	visible int          // how many records are durable; readers see only these
	streams map[string]*stream
	changed chan struct{} // closed and replaced when visible grows
	appends int           // counts towards StatisticsEvery
	pending []byte        // frames that wait for the next fsync
	broken  error         // set once the file failed; nothing is written after it
}

// stream is the index of one stream, the not yet durable tail included.
type stream struct {
	places []int                // where its records are in the log
	ids    map[uuid.UUID]uint64 // the newest revision that carries an id
}

// Open reads the file, if one is named, and cuts a torn tail off. A new ledger
// begins with a few system events, as a new server's log does.
func Open(o Options) (*Ledger, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Report == nil {
		o.Report = func(string) {}
	}
	l := &Ledger{options: o, streams: map[string]*stream{}, changed: make(chan struct{})}
	if o.File != "" {
		j, err := openJournal(o.File, l.restore, o.Report)
		if err != nil {
			return nil, err
		}
		l.journal = j
	}
	l.visible = len(l.records)
	if len(l.records) > 0 {
		return l, nil
	}
	if err := l.found(); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

// found writes what a new server writes by itself.
func (l *Ledger) found() error {
	for _, e := range []struct{ stream, kind, data string }{
		{"$epoch-information", "$EpochInformation", `{"epochNumber":0}`},
		{"$$$stats-127.0.0.1:2113", metadataType, `{"$maxAge":86400}`},
		{"$settings", "$settings", `{"$userStreamAcl":{"$r":"$all","$w":"$all"}}`},
	} {
		event := Event{ID: uuid.New(), Type: e.kind, ContentType: jsonType, Data: []byte(e.data)}
		if _, err := l.Append(e.stream, Any, []Event{event}); err != nil {
			return err
		}
	}
	return nil
}

// Close releases the file. Nothing may be appended afterwards.
func (l *Ledger) Close() error {
	l.committing.Lock()
	defer l.committing.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.broken == nil {
		l.broken = fmt.Errorf("the ledger is closed")
	}
	if l.journal == nil {
		return nil
	}
	j := l.journal
	l.journal = nil
	return j.close()
}

// restore takes the records of one frame of the file.
func (l *Ledger) restore(records []Record) error {
	for _, r := range records {
		if want := l.end(); r.Position != want {
			return fmt.Errorf("a record stands at position %d where %d is expected", r.Position, want)
		}
		l.put(r)
	}
	return nil
}

// put adds a record to the log and its stream.
func (l *Ledger) put(r Record) {
	s := l.streams[r.Stream]
	if s == nil {
		s = &stream{ids: map[uuid.UUID]uint64{}}
		l.streams[r.Stream] = s
	}
	s.places = append(s.places, len(l.records))
	s.ids[r.ID] = r.Revision
	l.records = append(l.records, r)
}

// end is the boundary behind the last record, durable or not.
func (l *Ledger) end() uint64 {
	if len(l.records) == 0 {
		return origin
	}
	return l.records[len(l.records)-1].end()
}

// commit makes the first n records durable and visible. Who comes while another
// commits waits for it and usually finds its own work done: the group commit.
//
// If the process ends here, the frames are in the file wholly, in part or not at
// all, and none of their appends has been answered.
func (l *Ledger) commit(n int) error {
	l.committing.Lock()
	defer l.committing.Unlock()
	l.mu.Lock()
	if l.visible >= n {
		l.mu.Unlock()
		return nil
	}
	if l.broken != nil {
		defer l.mu.Unlock()
		return l.broken
	}
	frames, target := l.pending, len(l.records)
	l.pending = nil
	l.mu.Unlock()

	var err error
	if l.journal != nil {
		err = l.journal.write(frames)
	}

	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil {
		l.broken = fmt.Errorf("the ledger's file: %w", err)
		return l.broken
	}
	l.visible = target
	close(l.changed)
	l.changed = make(chan struct{})
	return nil
}

func isMetadataStream(name string) bool { return strings.HasPrefix(name, "$$") }
