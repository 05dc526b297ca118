// Deleting and limiting streams: metadata in $$stream decides what of a stream
// can be read. Nothing leaves the log: $all keeps showing it, as a real server
// does until it is scavenged.

package ledger

import (
	"encoding/json"
	"fmt"
	"math"
	"time"

	"github.com/google/uuid"
)

const (
	metadataType  = "$metadata"
	tombstoneType = "$streamDeleted"
	jsonType      = "application/json"
)

// limits are the parts of a stream's metadata that hide its records.
type limits struct {
	TruncateBefore *uint64 `json:"$tb"`
	MaxCount       *uint64 `json:"$maxCount"`
	MaxAge         *uint64 `json:"$maxAge"` // seconds
}

// Delete hides all of a stream (softly): an append may continue it later, with
// the next revision.
func (l *Ledger) Delete(name string, expected Expected) (Appended, error) {
	return l.transact(func() (Appended, error) {
		if err := l.checkDeletion(name, expected); err != nil {
			return Appended{}, err
		}
		last := l.stage([]Record{l.truncate(name, math.MaxInt64)})
		return Appended{Revision: int64(last.Revision), Position: last.at()}, nil
	})
}

// Tombstone deletes a stream for ever.
func (l *Ledger) Tombstone(name string, expected Expected) (Appended, error) {
	return l.transact(func() (Appended, error) {
		if err := l.checkDeletion(name, expected); err != nil {
			return Appended{}, err
		}
		event := Event{ID: uuid.New(), Type: tombstoneType, ContentType: "application/octet-stream"}
		last := l.stage([]Record{{Event: event, Stream: name, Revision: tombstoneRevision}})
		return Appended{Revision: int64(last.Revision), Position: last.at()}, nil
	})
}

// checkDeletion: a deletion is checked like an append of one event that cannot
// have been seen before.
func (l *Ledger) checkDeletion(name string, expected Expected) error {
	current := l.last(name)
	_, err := l.check(name, expected, current, []Event{{ID: uuid.New()}})
	if err == errStale {
		return &WrongVersion{Stream: name, Expected: expected, Current: current}
	}
	return err
}

// revive is the record that ends a soft deletion when an append continues the
// stream: what was deleted stays hidden.
func (l *Ledger) revive(name string, current int64) Record {
	return l.truncate(name, uint64(current+1))
}

// truncate is the metadata record that hides what is before a revision, other
// properties of the stream's metadata kept.
func (l *Ledger) truncate(name string, before uint64) Record {
	meta := "$$" + name
	properties := map[string]json.RawMessage{}
	if r := l.newest(meta, len(l.records)); r != nil {
		// Metadata that is no JSON object limits nothing and is replaced.
		if json.Unmarshal(r.Data, &properties) != nil || properties == nil {
			properties = map[string]json.RawMessage{}
		}
	}
	properties["$tb"] = json.RawMessage(fmt.Sprint(before))
	data, err := json.Marshal(properties)
	if err != nil {
		panic(fmt.Sprintf("ledger: metadata that was read cannot be written: %v", err))
	}
	return Record{
		Event:    Event{ID: uuid.New(), Type: metadataType, ContentType: jsonType, Data: data},
		Stream:   meta,
		Revision: uint64(l.last(meta) + 1),
	}
}

// limitsOf reads a stream's limits from the first n records of the log.
func (l *Ledger) limitsOf(name string, n int) limits {
	if isMetadataStream(name) {
		one := uint64(1)
		return limits{MaxCount: &one}
	}
	var found limits
	if r := l.newest("$$"+name, n); r != nil && json.Unmarshal(r.Data, &found) != nil {
		return limits{}
	}
	return found
}

func (l *Ledger) softlyDeleted(name string) bool {
	tb := l.limitsOf(name, len(l.records)).TruncateBefore
	return tb != nil && *tb == math.MaxInt64
}

// newest is a stream's last record among the first n of the log, or nil.
func (l *Ledger) newest(name string, n int) *Record {
	places := l.within(name, n)
	if len(places) == 0 {
		return nil
	}
	return &l.records[places[len(places)-1]]
}

// cut leaves out of a stream's places what the limits hide.
func (l *Ledger) cut(places []int, hide limits) []int {
	if hide.MaxCount != nil && uint64(len(places)) > *hide.MaxCount {
		places = places[uint64(len(places))-*hide.MaxCount:]
	}
	for hide.TruncateBefore != nil && len(places) > 0 && l.records[places[0]].Revision < *hide.TruncateBefore {
		places = places[1:]
	}
	if hide.MaxAge == nil || *hide.MaxAge > math.MaxInt64/uint64(time.Second) {
		return places
	}
	oldest := l.options.Now().Add(-time.Duration(*hide.MaxAge) * time.Second)
	for len(places) > 0 && l.records[places[0]].Created.Before(oldest) {
		places = places[1:]
	}
	return places
}
