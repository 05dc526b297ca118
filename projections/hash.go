package projections

// The content hash of a table: what two engines, or two machines, can compare.

import (
	"crypto/sha256"
	"encoding/binary"
	"hash"
)

// contentHash is SHA-256 over a table's name, the names of its hashed columns,
// and their values row by row in primary-key order. Every value is preceded by
// its type and its length in bytes (8 bytes, big endian), so that no two contents
// have one encoding. Columns marked Unhashed (ordinals, log times, sealed texts)
// are left out: they differ between engines that hold the same facts.
type contentHash struct {
	hash    hash.Hash
	columns []int
	buffer  []byte
}

func newContentHash(t *Table) *contentHash {
	h := &contentHash{hash: sha256.New()}
	header := Values{t.Name}
	for i, c := range t.Columns {
		if !c.Unhashed {
			h.columns = append(h.columns, i)
			header = append(header, c.Name)
		}
	}
	for _, v := range header {
		h.value(v)
	}
	return h
}

func (h *contentHash) add(row Values) {
	for _, i := range h.columns {
		h.value(row[i])
	}
}

func (h *contentHash) sum() []byte { return h.hash.Sum(nil) }

func (h *contentHash) value(v any) {
	b := h.buffer[:0]
	switch v := v.(type) {
	case string:
		b = binary.BigEndian.AppendUint64(append(b, 't'), uint64(len(v)))
		b = append(b, v...)
	case []byte:
		b = binary.BigEndian.AppendUint64(append(b, 'b'), uint64(len(v)))
		b = append(b, v...)
	case int64:
		b = binary.BigEndian.AppendUint64(append(b, 'i'), 8)
		b = binary.BigEndian.AppendUint64(b, uint64(v))
	case bool:
		b = binary.BigEndian.AppendUint64(append(b, 'o'), 1)
		if v {
			b = append(b, 1)
		} else {
			b = append(b, 0)
		}
	}
	h.hash.Write(b)
	h.buffer = b
}
