// One append as it waits in the queue, its events already in the form of rows:
// the encoding is paid by the callers, side by side, not by the writer.

package eventlog

import (
	"encoding/json"
	"fmt"

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
		e.Meta.Time = domain.Moment(e.Meta.Time)
		meta, err := json.Marshal(e.Meta)
		if err != nil {
			return nil, fmt.Errorf("metadata of event %s: %w", e.ID, err)
		}
		// event.CheckAppend knows the size of the metadata by an estimate only.
		if n := len(e.Data) + len(meta); n > event.MaxEventBytes {
			return nil, domain.Refuse(domain.TooLarge, "event-too-large", "a %s event for %s has %d bytes with its metadata; at most %d are allowed: shorten its texts", e.Type, stream, n, event.MaxEventBytes)
		}
		data := e.Data
		if data == nil {
			data = []byte{}
		}
		r.rows[i] = row{id: e.ID, eventType: e.Type, schema: e.Meta.Schema, time: e.Meta.Time.UnixMicro(), data: data, meta: meta}
		r.bytes += len(data) + len(meta)
	}
	return r, nil
}
