// Here what is equal in many letters is rendered once.

package letter

import (
	"encoding/binary"
	"strings"
	"sync"

	"imprint/domain"
)

// roomForPrinted bounds what a Press keeps, in bytes: some thousand entries.
const roomForPrinted = 8 << 20

// printed is an entry in one language and zone.
type printed struct {
	subject    string
	text, html string
}

// Press renders letters. Entries and frames are kept by all that they follow from,
// so a letter comes out the same whatever was printed before. The zero Press is
// ready, and safe for concurrent use.
type Press struct {
	mu      sync.Mutex
	entries map[string]printed
	frames  map[string]frame
	used    int // bytes
}

// entry prints an item, or finds it printed.
func (p *Press) entry(r reader, i Item) (printed, error) {
	key := r.key(i)
	p.mu.Lock()
	e, known := p.entries[string(key)]
	p.mu.Unlock()
	if known {
		return e, nil
	}
	e, err := r.entry(i).print(r.portal.text)
	if err == nil {
		p.keep(len(key)+len(e.subject)+len(e.text)+len(e.html), func() { p.entries[string(key)] = e })
	}
	return e, err
}

// frame prints what stands around entries, or finds it printed.
func (p *Press) frame(v view) (frame, error) {
	// All that the parts of a frame show; what follows from the language is not
	// told one by one.
	key := strings.Join([]string{v.W.Locale, v.Portal, v.Heading, v.Window, v.Fallback, v.More, v.PortalURL, v.Settings}, "\x00")
	p.mu.Lock()
	f, known := p.frames[key]
	p.mu.Unlock()
	if known {
		return f, nil
	}
	f, err := v.frame()
	if err == nil {
		p.keep(len(key)+len(f.open)+len(f.head)+len(f.foot)+len(f.textHead)+len(f.textFoot), func() { p.frames[key] = f })
	}
	return f, err
}

// keep makes room for something and keeps it. Where there is none everything is
// forgotten: the next letters print theirs anew.
func (p *Press) keep(size int, put func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.entries == nil || p.used+size > roomForPrinted {
		p.entries, p.frames, p.used = map[string]printed{}, map[string]frame{}, 0
	}
	put()
	p.used += size
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
	add(r.portal.text)
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
