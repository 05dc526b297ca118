// Here entries that are equal in many letters are rendered once.

package letter

import (
	"encoding/binary"
	"sync"

	"imprint/domain"
)

// roomForEntries bounds what a Press keeps, in bytes: some thousand entries.
const roomForEntries = 8 << 20

// printed is an entry in one language and zone.
type printed struct {
	subject    string
	text, html string
}

// Press renders letters. What an entry looks like is kept by all that it follows
// from, so a letter comes out the same whatever was printed before. The zero Press
// is ready, and safe for concurrent use.
type Press struct {
	mu   sync.Mutex
	kept map[string]printed
	room int // bytes that are used
}

// entry prints an item, or finds it printed.
func (p *Press) entry(r reader, i Item) (printed, error) {
	key := r.key(i)
	p.mu.Lock()
	e, known := p.kept[string(key)]
	p.mu.Unlock()
	if known {
		return e, nil
	}
	e, err := r.entry(i).print(r.portal.base.String())
	if err != nil {
		return e, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	size := len(key) + len(e.subject) + len(e.text) + len(e.html)
	if p.kept == nil || p.room+size > roomForEntries {
		p.kept, p.room = map[string]printed{}, 0 // the next letters print theirs anew
	}
	p.kept[string(key)] = e
	p.room += size
	return e, nil
}

// key holds everything that an entry follows from: of each text, what this reader
// gets to see of it.
func (r reader) key(i Item) []byte {
	key := make([]byte, 0, 1024)
	add := func(s string) {
		key = binary.AppendUvarint(key, uint64(len(s)))
		key = append(key, s...)
	}
	number := func(n int64) { key = binary.AppendVarint(key, n) }
	add(r.locale)
	add(r.portal.base.String())
	add(string(i.Kind))
	add(string(i.Via))
	for _, t := range []domain.Text{i.Title, i.Summary, i.Reason, i.Series, i.Former, i.Successor} {
		text, used := t.In(r.locale)
		add(text)
		add(used)
	}
	for _, address := range []string{i.URL, i.SeriesURL, i.FormerURL, i.SuccessorURL} {
		add(address)
	}
	number(int64(i.Version))
	number(int64(i.Updates))
	if i.MaybeSent {
		number(1)
	} else {
		number(0)
	}
	if !i.At.IsZero() {
		_, offset := i.At.In(r.zone).Zone()
		number(i.At.Unix())
		number(int64(offset))
	}
	return key
}
