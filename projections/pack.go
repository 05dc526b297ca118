package projections

// The rows of a key in one piece. To the garbage collector a key that is held back
// is then one thing to pass over, and not one for each value of its rows; and its
// texts keep nothing else in memory, where they are parts of whole events.

import "encoding/binary"

// pack appends all rows of the state, those that the store holds by their primary
// keys alone.
func (s *State) pack(b []byte) []byte {
	for i := range s.tables {
		kr := &s.tables[i]
		b = packRows(b, kr.rows)
		b = packRows(b, kr.past)
		b = binary.AppendUvarint(b, uint64(len(kr.loaded)))
		for _, row := range kr.loaded {
			b = packRow(b, kr.table.identity(row))
		}
		b = packRows(b, kr.there)
	}
	return b
}

// unpack gives a state, which has no rows yet, those that were packed of another
// one of its kind.
func (s *State) unpack(packed string) {
	p := unpacker{packed}
	for i := range s.tables {
		kr := &s.tables[i]
		kr.rows, kr.past = p.rows(), p.rows()
		kr.there = append(p.rows(), p.rows()...)
	}
}

func packRows(b []byte, rows []Values) []byte {
	b = binary.AppendUvarint(b, uint64(len(rows)))
	for _, row := range rows {
		b = packRow(b, row)
	}
	return b
}

// How each type of value begins.
const (
	packedText  = 't'
	packedBytes = 'b'
	packedInt   = 'i'
	packedNo    = 'n'
	packedYes   = 'y'
)

func packRow(b []byte, row Values) []byte {
	b = binary.AppendUvarint(b, uint64(len(row)))
	for _, v := range row {
		switch v := v.(type) {
		case string:
			b = binary.AppendUvarint(append(b, packedText), uint64(len(v)))
			b = append(b, v...)
		case []byte:
			b = binary.AppendUvarint(append(b, packedBytes), uint64(len(v)))
			b = append(b, v...)
		case int64:
			b = binary.AppendVarint(append(b, packedInt), v)
		case bool:
			if v {
				b = append(b, packedYes)
			} else {
				b = append(b, packedNo)
			}
		default:
			panic("a row holds a value of no column type")
		}
	}
	return b
}

// unpacker reads what pack has written. Its texts are parts of it.
type unpacker struct{ rest string }

func (p *unpacker) rows() []Values {
	n := p.number()
	if n == 0 {
		return nil
	}
	rows := make([]Values, n)
	for i := range rows {
		rows[i] = make(Values, p.number())
		for j := range rows[i] {
			rows[i][j] = p.value()
		}
	}
	return rows
}

func (p *unpacker) value() any {
	switch kind := p.text(1); kind[0] {
	case packedText:
		return p.text(p.number())
	case packedBytes:
		return []byte(p.text(p.number()))
	case packedInt:
		n := p.number()
		return int64(n>>1) ^ -int64(n&1) // as binary.Varint
	case packedYes:
		return true
	default:
		return false
	}
}

func (p *unpacker) text(n uint64) string {
	text := p.rest[:n]
	p.rest = p.rest[n:]
	return text
}

// number reads as binary.Uvarint does, which wants bytes.
func (p *unpacker) number() (n uint64) {
	for shift := 0; ; shift += 7 {
		b := p.text(1)[0]
		n |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return n
		}
	}
}
