// One append as it waits in the queue, its events already in the form of rows:
// the encoding is paid by the callers, side by side, not by the writer.

package eventlog

import (
	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/event"
)

type request struct {
	stream   event.Stream
	expected int64
	rows     []row
	bytes    int
	answer   chan answer // buffered: the writer never waits for a caller
}

type answer struct {
	appended event.Appended
	err      error
}

// row is an event but for its place.
type row struct {
	id         uuid.UUID
	eventType  string
	schema     int
	time       int64 // microseconds
	data, meta []byte
}

func newRequest(stream event.Stream, expected int64, events []event.Event) (*request, error) {
	r := &request{stream: stream, expected: expected, rows: make([]row, len(events)), answer: make(chan answer, 1)}
	for i, e := range events {
		meta, err := event.EncodeMeta(stream, e)
		if err != nil {
			return nil, err
		}
		data := e.Data
		if data == nil {
			data = []byte{}
		}
		r.rows[i] = row{id: e.ID, eventType: e.Type, schema: e.Meta.Schema, time: domain.Moment(e.Meta.Time).UnixMicro(), data: data, meta: meta}
		r.bytes += len(data) + len(meta)
	}
	return r, nil
}
