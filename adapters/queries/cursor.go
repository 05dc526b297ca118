package queries

// Cursors: where the next page begins. They are opaque to callers and hold no
// secret: a made-up one can only ask for another part of what its reader may see.

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"math"
	"unicode/utf8"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/projections/catalog"
)

// Limits of paging.
const (
	defaultPage = 25
	maxCursor   = 4096   // bytes of its text
	maxDepth    = 10_000 // hits of a search: each of its pages sorts all of them
)

// cursor is the sort key of the last item of a page. A list that is asked for
// what sorts after it is not disturbed by what is published meanwhile.
type cursor struct {
	list   [8]byte // which list with which filter it belongs to
	place  int64   // of a search's hit, 0 to 255
	depth  uint32  // of a search: how many hits came before
	number int64   // last updated
	id     uuid.UUID
	text   string // title or name, normalised
}

// listOf names a list and its filter.
func listOf(name string, filter any) (list [8]byte) {
	b, err := json.Marshal([]any{name, filter})
	if err != nil {
		panic(err) // filters are plain data
	}
	sum := sha256.Sum256(b)
	copy(list[:], sum[:])
	return list
}

func (c cursor) String() string {
	b := append([]byte{1}, c.list[:]...)
	b = binary.BigEndian.AppendUint32(append(b, byte(c.place)), c.depth)
	b = binary.BigEndian.AppendUint64(b, uint64(c.number))
	b = append(b, c.id[:]...)
	return base64.RawURLEncoding.EncodeToString(append(b, c.text...))
}

const cursorHead = 1 + 8 + 1 + 4 + 8 + 16

// parseCursor accepts exactly what String made for the same list; ok is false
// for "", the first page.
func parseCursor(s string, list [8]byte) (c cursor, ok bool, err error) {
	if s == "" {
		return cursor{}, false, nil
	}
	refused := domain.Refuse(domain.Invalid, "bad-cursor", "the cursor does not belong to this list and filter; start again without the cursor").In("after")
	if len(s) > maxCursor {
		return cursor{}, false, refused
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil || len(b) < cursorHead {
		return cursor{}, false, refused
	}
	c = cursor{
		list: list, place: int64(b[9]), depth: binary.BigEndian.Uint32(b[10:14]),
		number: int64(binary.BigEndian.Uint64(b[14:22])), id: uuid.UUID(b[22:38]), text: string(b[cursorHead:]),
	}
	// Writing it again with this list's name shows a cursor of another list or
	// filter, and one that the decoder read too kindly.
	if !utf8.ValidString(c.text) || c.String() != s {
		return cursor{}, false, refused
	}
	return c, true, nil
}

// shallow refuses to go deeper into the hits of a search than is any use.
func (c cursor) shallow() error {
	if c.depth > maxDepth {
		return domain.Refuse(domain.Invalid, "too-deep", "a search shows its first %d hits; narrow it by a word or a filter", maxDepth).In("after")
	}
	return nil
}

// limit is the size of a page.
func limit(p catalog.Page) (int, error) {
	switch {
	case p.Limit == 0:
		return defaultPage, nil
	case p.Limit < 0 || p.Limit > catalog.MaxPage:
		return 0, domain.Refuse(domain.Invalid, "bad-limit", "a page holds 1 to %d items, not %d", catalog.MaxPage, p.Limit).In("limit")
	}
	return p.Limit, nil
}

// count cuts a count where counting ends.
func count(n int64) catalog.Count {
	if n > catalog.CountLimit {
		return catalog.Count{N: catalog.CountLimit, More: true}
	}
	return catalog.Count{N: int(min(n, math.MaxInt32))}
}
