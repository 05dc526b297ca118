package projections

// What a feed knows by heart while it fills an empty generation: which keys the
// store cannot have, so that they are not looked for there, and in a rebuild the
// rows of the keys it meets again and again, so that they are written when they
// have settled, not once for each batch.

import (
	"container/list"
	"hash/maphash"
)

// keptBytes bounds the rows that a rebuild of one projection holds back, in bytes.
const keptBytes = 32 << 20

// keeper belongs to the feed of a generation that was empty when it began and that
// nobody else has written to since.
type keeper struct {
	tables []*Table
	met    filter
	limit  int // bytes of rows; 0: none are held back
	bytes  int
	// states are rows that the store does not hold, or not as they are now.
	states map[Key]*list.Element // of *kept
	recent *list.List            // the most recently touched first
	buffer []byte                // for packing
}

// kept is the state of one key.
type kept struct {
	key  Key
	rows string // see State.pack
}

// size is about how many bytes it takes.
func (k *kept) size() int {
	const beside = 300 // the key, and its places in map and list
	return beside + len(k.rows)
}

func newKeeper(tables []*Table) *keeper {
	return &keeper{tables: tables, states: map[Key]*list.Element{}, recent: list.New()}
}

// take puts the kept rows into a batch and answers the keys of the others that the
// store may have rows of.
func (k *keeper) take(b *batch) (met []Key) {
	for _, key := range b.order {
		if at, held := k.states[key]; held {
			b.states[key].unpack(at.Value.(*kept).rows)
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
	if k.limit == 0 {
		return b.touched()
	}
	again := make(map[Key]bool, len(met))
	for _, key := range met {
		again[key] = true
	}
	var write []*State
	for _, key := range b.order {
		s := b.states[key]
		at, held := k.states[key]
		switch {
		case held:
			k.bytes -= at.Value.(*kept).size()
			k.recent.MoveToFront(at)
		case again[key]:
			at = k.recent.PushFront(&kept{key: key})
			k.states[key] = at
		default:
			write = append(write, s)
			continue
		}
		if facts := s.takeFacts(); facts != nil {
			write = append(write, facts)
		}
		entry := at.Value.(*kept)
		k.buffer = s.pack(k.buffer[:0])
		entry.rows = string(k.buffer)
		k.bytes += entry.size()
	}
	return append(write, k.release(k.limit)...)
}

// release gives up the states that were touched longest ago until the rest has so
// many bytes at most.
func (k *keeper) release(limit int) (write []*State) {
	for k.bytes > limit {
		entry := k.recent.Remove(k.recent.Back()).(*kept)
		delete(k.states, entry.key)
		k.bytes -= entry.size()
		s := NewState(entry.key, k.tables)
		s.unpack(entry.rows)
		write = append(write, s)
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
