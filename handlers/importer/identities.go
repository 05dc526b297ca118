package importer

// Here: which document a key means at which line, through renames.

import (
	"strconv"

	"github.com/google/uuid"

	"imprint/domain"
)

// namespace of the ids that follow from a source's keys.
var namespace = uuid.MustParse("0b8c7a52-5a1e-5d0c-8f6e-1f4e0d9f2c11")

// identity is one document of a source.
type identity struct {
	id        uuid.UUID
	withdrawn bool
}

// identities follows the keys of all sources line by line.
type identities struct {
	byKey map[string]*identity // the document that holds the key now
	begun map[string]int       // how many documents began under a key
}

func newIdentities() *identities {
	return &identities{byKey: map[string]*identity{}, begun: map[string]int{}}
}

// resolve answers the document that a line is about, and the living document
// whose key it takes, if it takes one.
func (ids *identities) resolve(r Record) (doc, occupant *identity) {
	holder := ids.byKey[r.Doc]
	if renamed := ids.byKey[r.RenamedFrom]; r.RenamedFrom != "" && r.RenamedFrom != r.Doc && renamed != nil {
		delete(ids.byKey, r.RenamedFrom)
		ids.byKey[r.Doc] = renamed
		if holder != nil && !holder.withdrawn {
			occupant = holder
		}
		return renamed, occupant
	}
	// Renamed from a key outside the corpus, or not renamed at all.
	if holder == nil {
		holder = ids.begin(r.Source, r.Doc)
	}
	return holder, nil
}

func (ids *identities) begin(source, key string) *identity {
	ids.begun[key]++
	doc := &identity{id: documentID(source, key, ids.begun[key])}
	ids.byKey[key] = doc
	return doc
}

// documentID is UUIDv5 of source and first key, and of the turn from the second
// document on that begins under this key.
func documentID(source, key string, turn int) uuid.UUID {
	if turn == 1 {
		return domain.Derive(namespace, "document", source, key)
	}
	return domain.Derive(namespace, "document", source, key, strconv.Itoa(turn))
}

func seriesID(source, key string) uuid.UUID {
	return domain.Derive(namespace, "series", source, key)
}
