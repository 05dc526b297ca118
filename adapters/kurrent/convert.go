// Events as the server keeps them, both ways.

package kurrent

import (
	"fmt"
	"strings"
	"unsafe"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"imprint/domain/event"
)

// encode writes events as the client sends them.
func encode(stream event.Stream, events []event.Event) ([]esdb.EventData, error) {
	rows := make([]esdb.EventData, len(events))
	for i, e := range events {
		meta, err := event.EncodeMeta(stream, e)
		if err != nil {
			return nil, err
		}
		rows[i] = esdb.EventData{EventID: e.ID, EventType: e.Type, ContentType: esdb.ContentTypeJson, Data: e.Data, Metadata: meta}
	}
	return rows, nil
}

// decode reads one of our events back; ours is false for everybody else's.
func (l *Log) decode(resolved *esdb.ResolvedEvent) (r event.Recorded, ours bool, err error) {
	e := resolved.OriginalEvent()
	if !l.ours(e) {
		return r, false, nil
	}
	return r, true, l.read(e, &r)
}

// ours tells whether an event is one of this installation's.
func (l *Log) ours(e *esdb.RecordedEvent) bool {
	return e != nil && strings.HasPrefix(e.StreamID, l.prefix)
}

// read makes one of our events of what the server keeps, in a zero value. Metadata
// that is not ours below our prefix, or the mark of a deleted stream, means that
// somebody has written there by hand: ErrCorrupt.
func (l *Log) read(e *esdb.RecordedEvent, r *event.Recorded) error {
	r.ID, r.Type, r.Data = e.EventID, e.EventType, e.Data
	r.Stream, r.Revision, r.Position = event.Stream(e.StreamID[len(l.prefix):]), int64(e.EventNumber), told(e.Position)
	if r.Data == nil {
		r.Data = []byte{}
	}
	// The client gives each event bytes of its own, which nobody changes. A copy of
	// them for each would be a sixth of what reading costs beside the client.
	text := unsafe.String(unsafe.SliceData(e.UserMetadata), len(e.UserMetadata))
	if err := event.ReadMetadata(text, &r.Meta); err != nil {
		return fmt.Errorf("%w: event %d of %s on %s (%s) was not written by Imprint: metadata: %w; nobody else may write below %s", event.ErrCorrupt, e.EventNumber, e.StreamID, l.link.host, e.EventType, err, l.prefix)
	}
	return nil
}
