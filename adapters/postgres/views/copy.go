package views

// Rows in the binary form of COPY. pgx writes it too, but asks for the columns'
// types before each COPY and for a plan for each value; here both are known.

import (
	"encoding/binary"
	"fmt"
	"io"

	"imprint/projections"
)

// copyChunk is about how many bytes are encoded at a time.
const copyChunk = 64 << 10

const (
	// copyHeader begins the data: a signature, no flags, no extension.
	copyHeader = "PGCOPY\n\xff\r\n\x00" + "\x00\x00\x00\x00" + "\x00\x00\x00\x00"
	// copyTrailer ends it: a row of -1 columns.
	copyTrailer = "\xff\xff"
)

// copyReader encodes rows while they are read.
type copyReader struct {
	columns []projections.Column
	rows    []projections.Values // not encoded yet
	buf     []byte
	sent    int // of buf
	ended   bool
}

func newCopyReader(t *projections.Table, rows []projections.Values) *copyReader {
	return &copyReader{columns: t.Columns, rows: rows, buf: append(make([]byte, 0, copyChunk+copyChunk/4), copyHeader...)}
}

// Read implements io.Reader.
func (c *copyReader) Read(p []byte) (int, error) {
	if c.sent == len(c.buf) {
		if c.ended {
			return 0, io.EOF
		}
		c.buf, c.sent = c.buf[:0], 0
		if err := c.encode(); err != nil {
			return 0, err
		}
	}
	n := copy(p, c.buf[c.sent:])
	c.sent += n
	return n, nil
}

// encode fills the buffer with the next rows, or ends the data.
func (c *copyReader) encode() (err error) {
	for ; len(c.rows) > 0 && len(c.buf) < copyChunk; c.rows = c.rows[1:] {
		c.buf = binary.BigEndian.AppendUint16(c.buf, uint16(len(c.columns)))
		for i, column := range c.columns {
			start := len(c.buf)
			c.buf = append(c.buf, 0, 0, 0, 0) // the length, once it is known
			if c.buf, err = appendBinary(c.buf, column, c.rows[0][i]); err != nil {
				return err
			}
			binary.BigEndian.PutUint32(c.buf[start:], uint32(len(c.buf)-start-4))
		}
	}
	if len(c.rows) == 0 {
		c.buf, c.ended = append(c.buf, copyTrailer...), true
	}
	return nil
}

// copyInto takes what a copyReader of the table's rows reads.
func (r relation) copyInto() string {
	return fmt.Sprintf("COPY imprint_views.%s (%s) FROM STDIN (FORMAT binary)", r.name, list(r.table.ColumnNames()))
}
