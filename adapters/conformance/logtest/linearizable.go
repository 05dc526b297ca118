// Linearizability: each history of concurrent appends and reads on a stream must
// be one that a single caller after another could have made. Appends go through
// a log that loses requests and answers, and are repeated with the same ids, so
// this holds the idempotency rules, too.

package logtest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"imprint/domain/event"
)

// operation is one call as porcupine sees it: an append of one event, or a read
// of the whole stream where id is "".
type operation struct {
	stream   event.Stream
	id       string // 16 bytes
	expected int64
}

// outcome is its answer: the revision of an append, the current one of a
// conflict, or the ids read.
type outcome struct {
	conflict bool
	revision int64
	ids      string
}

// streamModel is a stream as it should be: its ids, one after another.
var streamModel = porcupine.Model{
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		byStream := map[event.Stream][]porcupine.Operation{}
		for _, o := range history {
			s := o.Input.(operation).stream
			byStream[s] = append(byStream[s], o)
		}
		var parts [][]porcupine.Operation
		for _, part := range byStream {
			parts = append(parts, part)
		}
		return parts
	},
	Init: func() any { return "" },
	Step: func(state, input, output any) (bool, any) {
		ids, in, out := state.(string), input.(operation), output.(outcome)
		last := int64(len(ids)/16) - 1
		switch {
		case in.id == "":
			return out.ids == ids, ids
		case out.conflict:
			return in.expected != last && out.revision == last, ids
		default:
			return in.expected == last && out.revision == last+1, ids + in.id
		}
	},
	DescribeOperation: func(input, output any) string {
		in, out := input.(operation), output.(outcome)
		return fmt.Sprintf("%s %x at %d: %d, conflict %v, %d read", in.stream, in.id, in.expected, out.revision, out.conflict, len(out.ids)/16)
	},
}

func linearizable(t *testing.T, s Suite) {
	const clients, calls = 6, 50
	inner := s.Open(t)
	streams := []event.Stream{stream(), stream(), stream()}
	faults := rand.New(rand.NewPCG(2, 3))
	l := Break(inner, func(op Op, _ int) Fault { // asked under a lock
		if op != Append {
			return None
		}
		return []Fault{None, None, None, None, NotDone, AnswerLost}[faults.IntN(6)]
	})

	var clock atomic.Int64 // a logical clock: only the order counts
	var mu sync.Mutex
	var history []porcupine.Operation
	var wg sync.WaitGroup
	for c := range clients {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(4, uint64(c)))
			believed := map[event.Stream]int64{}
			for _, of := range streams {
				believed[of] = event.NoStream
			}
			for range calls {
				in := operation{stream: streams[r.IntN(len(streams))]}
				called := clock.Add(1)
				out, err := call(t, s, l, r, &in, believed)
				returned := clock.Add(1)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				history = append(history, porcupine.Operation{ClientId: c, Input: in, Call: called, Output: out, Return: returned})
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if result := porcupine.CheckOperationsTimeout(streamModel, history, time.Minute); result != porcupine.Ok {
		t.Errorf("the history of %d operations is %s, not linearizable", len(history), result)
	}
}

// call reads, or appends at the revision that the client believes in.
func call(t *testing.T, s Suite, l event.Log, r *rand.Rand, in *operation, believed map[event.Stream]int64) (outcome, error) {
	if r.IntN(4) == 0 {
		page, err := l.ReadStream(t.Context(), in.stream, 0, 1000)
		ids := make([]byte, 0, 16*len(page))
		for _, e := range page {
			ids = append(ids, e.ID[:]...)
		}
		believed[in.stream] = int64(len(page)) - 1
		return outcome{ids: string(ids)}, err
	}
	e := s.one()
	in.id, in.expected = string(e.ID[:]), believed[in.stream]
	a, err := persist(t.Context(), l, in.stream, in.expected, []event.Event{e})
	var conflict *event.ConflictError
	if errors.As(err, &conflict) {
		believed[in.stream] = conflict.Current
		return outcome{conflict: true, revision: conflict.Current}, nil
	}
	believed[in.stream] = a.Revision
	return outcome{revision: a.Revision}, err
}
