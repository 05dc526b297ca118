package projections

// What a feed knows by heart while it fills an empty generation: which keys the
// store cannot have, so that they are not looked for there, and in a rebuild the
// rows of the keys it meets again and again, so that they are written when they
// have settled, not once for each batch.

import (
	"container/list"
	"hash/maphash"
	"strings"
)

// keptBytes bounds the rows that a rebuild of one projection holds back, in bytes.
const keptBytes = 32 << 20

// keeper belongs to the feed of a generation that was empty when it began and that
// nobody else has written to since.
type keeper struct {
	met   filter
	limit int // bytes of rows; 0: every batch is written whole
	bytes int
	// states are rows that the store does not hold, or not as they are now.
	states map[Key]*list.Element // of *kept
	recent *list.List            // the most recently touched first
}

// kept is the state of one key.
type kept struct {
	state *State
	size  int // as counted in bytes
}

func newKeeper() *keeper {
	return &keeper{states: map[Key]*list.Element{}, recent: list.New()}
}

// take puts the kept states into a batch and answers the keys of the others that
// the store may have rows of.
func (k *keeper) take(b *batch) (met []Key) {
	for _, key := range b.order {
		if at, held := k.states[key]; held {
			b.states[key] = at.Value.(*kept).state
		} else if !b.states[key].factual() && k.met.add(key) {
			met = append(met, key)
		}
	}
	return met
}

// give takes the states of a folded batch back and answers those that are to be
// written now. A key that was met for the first time is among them, for most never
// come again; of the others those stay that were touched last. Facts never wait.
func (k *keeper) give(b *batch, met []Key) []*State {
	again := make(map[Key]bool, len(met))
	for _, key := range met {
		again[key] = true
	}
	var write []*State
	for _, key := range b.order {
		s := b.states[key]
		at, held := k.states[key]
		if !held && !again[key] {
			write = append(write, s)
			continue
		}
		if !held {
			at = k.recent.PushFront(&kept{state: s})
			k.states[key] = at
		}
		if facts := s.takeFacts(); facts != nil {
			write = append(write, facts)
		}
		k.recent.MoveToFront(at)
		entry := at.Value.(*kept)
		k.bytes -= entry.size
		entry.size = s.settle()
		k.bytes += entry.size
	}
	return append(write, k.release(k.limit)...)
}

// release gives up the states that were touched longest ago until the rest has so
// many bytes at most.
func (k *keeper) release(limit int) (write []*State) {
	for k.bytes > limit {
		at := k.recent.Back()
		entry := k.recent.Remove(at).(*kept)
		delete(k.states, entry.state.key)
		k.bytes -= entry.size
		write = append(write, entry.state)
	}
	return write
}

// factual tells whether the key has facts only, which are never loaded.
func (s *State) factual() bool {
	for i := range s.tables {
		if s.tables[i].table.Kind != Facts {
			return false
		}
	}
	return true
}

// takeFacts moves the facts added into a state of their own; nil where there are
// none.
func (s *State) takeFacts() (facts *State) {
	for i := range s.tables {
		kr := &s.tables[i]
		if kr.table.Kind != Facts || len(kr.past) == 0 {
			continue
		}
		if facts == nil {
			facts = &State{key: s.key, tables: make([]keyRows, len(s.tables))}
			for j := range s.tables {
				facts.tables[j].table = s.tables[j].table
			}
		}
		facts.tables[i].past, kr.past = kr.past, nil
	}
	return facts
}

// settle gives up what the next fold can do without: the rows as the store has
// them, but for their keys, and their structs, whose texts are parts of whole events.
// It answers about how many bytes are left.
func (s *State) settle() (bytes int) {
	const each = 16 // an interface, or what a text needs beside its bytes
	for i := range s.tables {
		kr := &s.tables[i]
		for _, row := range kr.loaded {
			kr.there = append(kr.there, kr.table.identity(row))
		}
		kr.loaded, kr.only = nil, nil
		bytes += each * (len(kr.there)*len(kr.table.primary) + 1)
		for _, rows := range [][]Values{kr.rows, kr.past} {
			for _, row := range rows {
				for i, v := range row {
					bytes += each
					switch v := v.(type) {
					case string:
						row[i] = strings.Clone(v)
						bytes += len(v) + each
					case []byte:
						bytes += len(v) + each
					}
				}
			}
		}
	}
	return bytes
}

// filter remembers keys in a few bits each (a Bloom filter). It never forgets one,
// and of some millions it takes none for met that was not; the more there are beyond,
// the more often it does, which costs a look into the store.
type filter struct {
	seed maphash.Seed
	bits []uint64 // none before the first key
}

const (
	filterBits   = 27 // 2^27 bits are 16 MiB
	filterProbes = 7
)

// add remembers a key and tells whether it may have been added before.
func (f *filter) add(key Key) bool {
	if f.bits == nil {
		f.seed, f.bits = maphash.MakeSeed(), make([]uint64, 1<<filterBits/64)
	}
	sum := maphash.Comparable(f.seed, key)
	step := sum>>32 | 1
	met := true
	for range filterProbes {
		at := sum % (1 << filterBits)
		word, bit := &f.bits[at/64], uint64(1)<<(at%64)
		met = met && *word&bit != 0
		*word |= bit
		sum += step
	}
	return met
}
