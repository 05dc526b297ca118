// The ledger against a plain model of what it promises, with and without a file,
// reopened at any time.

package ledger

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"
)

// plain is the model: for each stream the ids it holds, and from where on it can
// be read.
type plain struct {
	streams map[string]*plainStream
	log     []uuid.UUID // of our events, in order
}

type plainStream struct {
	ids              []uuid.UUID
	first            int
	soft, gone, meta bool
}

func (p *plain) stream(name string) *plainStream {
	if p.streams[name] == nil {
		p.streams[name] = &plainStream{}
	}
	return p.streams[name]
}

const (
	fine    = "fine"
	again   = "again"
	wrong   = "wrong version"
	deleted = "deleted"
)

// outcome says what an append must answer, by the words of the real server's
// documentation rather than in the order of its code.
func (s *plainStream) outcome(expected Expected, ids []uuid.UUID) string {
	last := Expected(len(s.ids) - 1)
	switch {
	case s.gone, expected == StreamExists && s.soft:
		return deleted
	case expected == StreamExists && last < 0 && !s.meta:
		return wrong
	case expected == Any || expected == StreamExists:
		known := 0
		for i, id := range ids {
			if slices.Contains(s.ids, id) && known == i {
				known++
			}
		}
		switch {
		case known == 0:
			return fine
		case known == len(ids):
			return again
		}
		return wrong
	case expected == last:
		return fine
	case expected > last:
		return wrong
	}
	tail := s.ids[expected+1:]
	if len(ids) > 0 && len(ids) <= len(tail) && slices.Equal(tail[:len(ids)], ids) {
		return again
	}
	if expected == NoStream && s.soft && (len(ids) == 0 || tail[0] != ids[0]) {
		return fine
	}
	return wrong
}

func outcomeOf(err error) string {
	var w *WrongVersion
	var d *Deleted
	switch {
	case err == nil:
		return fine
	case errors.As(err, &w):
		return wrong
	case errors.As(err, &d):
		return deleted
	}
	return err.Error()
}

func TestWhateverHappensTheLedgerIsAsItsModel(t *testing.T) {
	runs := 0
	folder := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		options := Options{StatisticsEvery: rapid.IntRange(0, 3).Draw(t, "statistics every")}
		if rapid.Bool().Draw(t, "with a file") {
			runs++
			options.File = filepath.Join(folder, fmt.Sprint(runs))
		}
		l, err := Open(options)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { l.Close() }()
		p := &plain{streams: map[string]*plainStream{}}
		// Few ids and streams, so that repetitions and conflicts are common.
		ids := make([]uuid.UUID, 12)
		for i := range ids {
			ids[i] = uuid.UUID{15: byte(i + 1)}
		}
		name := rapid.SampledFrom([]string{"a-1", "a-2"})
		expected := rapid.SampledFrom([]Expected{Any, NoStream, StreamExists, 0, 1, 2, 3, 5})
		// batches have distinct ids, as every client makes them.
		batch := rapid.SliceOfNDistinct(rapid.SampledFrom(ids), 0, 4, func(id uuid.UUID) uuid.UUID { return id })

		t.Repeat(map[string]func(*rapid.T){
			"append": func(t *rapid.T) {
				stream, exp, b := name.Draw(t, "stream"), expected.Draw(t, "expected"), batch.Draw(t, "ids")
				if rapid.Bool().Draw(t, "rightly") {
					exp = Expected(len(p.stream(stream).ids) - 1)
				}
				p.append(t, l, stream, exp, b)
			},
			"delete":    func(t *rapid.T) { p.delete(t, l, name.Draw(t, "stream"), expected.Draw(t, "expected"), false) },
			"tombstone": func(t *rapid.T) { p.delete(t, l, "a-2", expected.Draw(t, "expected"), true) },
			"reopen": func(t *rapid.T) {
				if options.File == "" {
					t.Skip("there is no file")
				}
				if err := l.Close(); err != nil {
					t.Fatal(err)
				}
				if l, err = Open(options); err != nil {
					t.Fatal(err)
				}
			},
			"": func(t *rapid.T) { p.compare(t, l) },
		})
	})
}

func (p *plain) append(t *rapid.T, l *Ledger, stream string, exp Expected, ids []uuid.UUID) {
	s := p.stream(stream)
	want := s.outcome(exp, ids)
	var events []Event
	for _, id := range ids {
		events = append(events, Event{ID: id, Type: "T", ContentType: jsonType, Data: []byte(id.String())})
	}
	before := l.Len()
	got, err := l.Append(stream, exp, events)
	if want == again {
		if err != nil || l.Len() != before {
			t.Fatalf("a repeated append answered %v and wrote %d records", err, l.Len()-before)
		}
		last := len(s.ids) - 1 - slices.Index(reversed(s.ids), ids[len(ids)-1])
		if exp >= NoStream {
			last = int(exp) + len(ids)
		}
		if got.Revision != int64(last) {
			t.Fatalf("a repeated append answered revision %d, want %d", got.Revision, last)
		}
		return
	}
	if outcomeOf(err) != want {
		t.Fatalf("append of %d to %s at %d: %v, want %s", len(ids), stream, exp, err, want)
	}
	if want != fine || len(ids) == 0 {
		if l.Len() != before {
			t.Fatalf("an append that wrote nothing made %d records visible", l.Len()-before)
		}
		return
	}
	if s.soft {
		s.first, s.soft = len(s.ids), false
	}
	s.ids = append(s.ids, ids...)
	p.log = append(p.log, ids...)
	if got.Revision != int64(len(s.ids)-1) {
		t.Fatalf("the append answered revision %d, want %d", got.Revision, len(s.ids)-1)
	}
}

func (p *plain) delete(t *rapid.T, l *Ledger, stream string, exp Expected, hard bool) {
	s := p.stream(stream)
	want := s.outcome(exp, []uuid.UUID{uuid.New()})
	remove := l.Delete
	if hard {
		remove = l.Tombstone
	}
	if _, err := remove(stream, exp); outcomeOf(err) != want {
		t.Fatalf("deletion of %s at %d: %v, want %s", stream, exp, err, want)
	}
	if want == fine {
		s.gone = s.gone || hard
		s.soft = !hard || s.soft
		s.meta = s.meta || !hard
	}
}

func (p *plain) compare(t *rapid.T, l *Ledger) {
	// The log: dense places, sparse and rising positions, ours in order.
	var ours []uuid.UUID
	records := l.Slice(0, math.MaxInt)
	for i, r := range records {
		if r.Stream[0] != '$' && r.Type == "T" {
			ours = append(ours, r.ID)
		}
		if i > 0 && r.Position <= records[i-1].Position+1 {
			t.Fatalf("positions %d and %d are not sparse", records[i-1].Position, r.Position)
		}
		if at, err := l.Seek(*r.at()); err != nil || at != i {
			t.Fatalf("position %d leads to place %d (%v), want %d", r.Position, at, err, i)
		}
		if _, err := l.Seek(Position{r.Position + 1, r.Position + 1}); err == nil {
			t.Fatalf("%d passes for a position", r.Position+1)
		}
	}
	if !slices.Equal(ours, p.log) {
		t.Fatalf("the log has %d of our events, the model %d", len(ours), len(p.log))
	}
	for _, name := range slices.Sorted(maps.Keys(p.streams)) {
		s := p.streams[name]
		view, err := l.Stream(name)
		switch {
		case s.gone:
			if outcomeOf(err) != deleted {
				t.Fatalf("%s: %v, want deleted", name, err)
			}
			continue
		case s.soft || len(s.ids) == 0:
			if !errors.Is(err, ErrNotFound) {
				t.Fatalf("%s: %v, want not found", name, err)
			}
			continue
		case err != nil:
			t.Fatalf("%s: %v", name, err)
		}
		var found []uuid.UUID
		for i := range view.Len() {
			r := view.At(i)
			found = append(found, r.ID)
			if r.Revision != uint64(s.first+i) || view.Search(r.Revision) != i {
				t.Fatalf("%s: revision %d at %d, found at %d", name, r.Revision, i, view.Search(r.Revision))
			}
		}
		if !slices.Equal(found, s.ids[s.first:]) {
			t.Fatalf("%s: can read %d events, the model %d", name, len(found), len(s.ids)-s.first)
		}
	}
}

func reversed(ids []uuid.UUID) []uuid.UUID {
	r := slices.Clone(ids)
	slices.Reverse(r)
	return r
}
