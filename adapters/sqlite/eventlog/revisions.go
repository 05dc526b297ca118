// The writer's memory of last revisions.

package eventlog

import "imprint/domain/event"

// remembered bounds each of the two generations.
const remembered = 1 << 16

// revisions remembers the last revisions of the streams used most recently, in
// two generations: when the young one is full it becomes the old one, and what
// is not asked for during a whole generation is forgotten. A stream that has
// been forgotten costs one look into the index. The zero value is empty.
type revisions struct {
	young, old map[event.Stream]int64
}

func (m *revisions) get(s event.Stream) (int64, bool) {
	if r, ok := m.young[s]; ok {
		return r, true
	}
	r, ok := m.old[s]
	if ok {
		m.put(s, r)
	}
	return r, ok
}

func (m *revisions) put(s event.Stream, revision int64) {
	if len(m.young) >= remembered {
		m.young, m.old = nil, m.young
	}
	if m.young == nil {
		m.young = map[event.Stream]int64{}
	}
	m.young[s] = revision
}
