// Stability: what readers see while writers write, and what becomes of appends
// whose callers have given up.

package logtest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"sync"
	"testing"

	"github.com/google/uuid"

	"imprint/domain/event"
)

// stability lets writers race on a few common streams beside readers that follow
// the log all the while. Nothing acknowledged may be lost, reordered or repeated,
// and every reader must see the same log.
func stability(t *testing.T, s Suite) {
	const writers, appends, readers = 6, 40, 3
	l := s.Open(t)
	common := []event.Stream{stream(), stream(), stream()}

	written := make(chan struct{}) // closed when all writers are done
	seen := make([][]event.Recorded, readers)
	var reading sync.WaitGroup
	for i := range readers {
		reading.Go(func() {
			var err error
			if seen[i], err = follow(t.Context(), l, 3+20*i, written); err != nil {
				t.Error(err)
			}
		})
	}
	acknowledged := make([]map[event.Stream][]uuid.UUID, writers)
	var writing sync.WaitGroup
	for i := range writers {
		acknowledged[i] = map[event.Stream][]uuid.UUID{}
		writing.Go(func() { write(t, s, l, rand.New(rand.NewPCG(1, uint64(i))), common, appends, acknowledged[i]) })
	}
	writing.Wait()
	close(written)
	reading.Wait()

	all := readAll(t, l, 500)
	for i := range seen {
		if !reflect.DeepEqual(seen[i], all) {
			t.Errorf("reader %d has seen %d events; the log, read afterwards, holds %d and they differ", i, len(seen[i]), len(all))
		}
	}
	place, next := map[uuid.UUID]int{}, map[event.Stream]int64{}
	for i, r := range all {
		if _, twice := place[r.ID]; twice {
			t.Errorf("event %s stands in the log twice", r.ID)
		}
		if r.Ordinal != int64(i+1) || r.Revision != next[r.Stream] {
			t.Errorf("event %d has ordinal %d and revision %d (expected %d)", i, r.Ordinal, r.Revision, next[r.Stream])
		}
		place[r.ID] = i
		next[r.Stream]++
	}
	total := 0
	for _, streams := range acknowledged {
		for of, ids := range streams {
			last := -1
			for _, id := range ids {
				total++
				at, there := place[id]
				if !there || at <= last || all[at].Stream != of {
					t.Errorf("acknowledged event %s of %s is lost or out of order", id, of)
				}
				last = at
			}
		}
	}
	if total != len(all) {
		t.Errorf("%d events were acknowledged and %d stand in the log", total, len(all))
	}
}

// write appends to random streams, learning their revisions from the conflicts.
func write(t *testing.T, s Suite, l event.Log, r *rand.Rand, common []event.Stream, appends int, acknowledged map[event.Stream][]uuid.UUID) {
	revisions := map[event.Stream]int64{}
	streams := append([]event.Stream{stream()}, common...)
	for _, of := range streams {
		revisions[of] = event.NoStream
	}
	for range appends {
		to, events := streams[r.IntN(len(streams))], s.many(1+r.IntN(4))
		for {
			a, err := l.Append(t.Context(), to, revisions[to], events)
			var conflict *event.ConflictError
			if errors.As(err, &conflict) {
				revisions[to] = conflict.Current
				continue
			}
			if err != nil {
				t.Errorf("append: %v", err)
				return
			}
			revisions[to] = a.Revision
			break
		}
		for _, e := range events {
			acknowledged[to] = append(acknowledged[to], e.ID)
		}
	}
}

// follow reads the log as it grows, until done is closed and the end is reached.
func follow(ctx context.Context, l event.Log, limit int, done <-chan struct{}) ([]event.Recorded, error) {
	var all []event.Recorded
	var at event.Checkpoint
	for {
		// The order matters: what is appended after these two is either in the
		// page or wakes the wait below.
		wake, last := l.Changed(), closed(done)
		page, err := l.ReadAll(ctx, at, limit)
		if err != nil {
			return nil, fmt.Errorf("reader with pages of %d: %w", limit, err)
		}
		if len(page) > 0 {
			all = append(all, page...)
			at = page[len(page)-1].Checkpoint()
			continue
		}
		if last {
			return all, nil
		}
		select {
		case <-wake:
		case <-done:
		}
	}
}

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// givingUp cancels appends while they are under way. Whatever the caller was
// told, repeating the append gives the outcome, and each event stands once.
func givingUp(t *testing.T, s Suite) {
	l := s.Open(t)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.Append(gone, stream(), event.NoStream, s.many(1)); !errors.Is(err, context.Canceled) {
		t.Errorf("with a cancelled context: %v", err)
	}
	const callers = 40
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() {
			to, events := stream(), s.many(2)
			ctx, cancel := context.WithCancel(t.Context())
			wg.Go(cancel)
			_, err := l.Append(ctx, to, event.NoStream, events)
			if err != nil && !errors.Is(err, context.Canceled) {
				t.Errorf("caller %d: %v", i, err)
			}
			if a, err := l.Append(t.Context(), to, event.NoStream, events); err != nil || a.Revision != 1 {
				t.Errorf("caller %d, repeated: %+v, %v", i, a, err)
			}
		})
	}
	wg.Wait()
	if n := len(readAll(t, l, 100)); n != 2*callers {
		t.Errorf("the log holds %d events, not %d", n, 2*callers)
	}
}
