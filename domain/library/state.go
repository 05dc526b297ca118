package library

import (
	"bytes"
	"maps"
	"slices"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/event"
)

// MaxBulk is how many documents one request saves at most.
const MaxBulk = 200

// State is a library as its events left it. The zero State is an empty one:
// every person has a library.
type State struct {
	saved    map[uuid.UUID]kept // by document
	explicit map[uuid.UUID]bool // series → the latest of follow (true) and unfollow
}

// kept is what was saved of a document.
type kept struct {
	version int
	series  uuid.UUID // the document's when it was saved; zero for none
}

// Saved answers the version of a document that was saved, false if it is not in
// the library.
func (s State) Saved(document uuid.UUID) (version int, ok bool) {
	k, ok := s.saved[document]
	return k.version, ok
}

// Concerns tells whether the library has to do with a series: the person has said
// something about it, or has a document in the library that was in it when saved.
func (s State) Concerns(series uuid.UUID) bool {
	if _, said := s.explicit[series]; said {
		return true
	}
	for _, k := range s.saved {
		if series != uuid.Nil && k.series == series {
			return true
		}
	}
	return false
}

// Fold answers the state after further events, leaving s as it is. Events of
// other aggregates change nothing.
func (s State) Fold(payloads ...event.Payload) State {
	if len(payloads) == 0 {
		return s
	}
	// One copy for all events: a library may hold thousands of documents.
	s = State{saved: cloned(s.saved), explicit: cloned(s.explicit)}
	for _, p := range payloads {
		switch e := p.(type) {
		case Saved:
			s.saved[e.Document] = kept{e.Version, e.Series}
			// A save into a series after an unfollow follows again, so a later
			// unfollow is news.
			if e.Series != uuid.Nil && !s.explicit[e.Series] {
				delete(s.explicit, e.Series)
			}
		case Removed:
			delete(s.saved, e.Document)
		case SeriesFollowed:
			s.explicit[e.Series] = true
		case SeriesUnfollowed:
			s.explicit[e.Series] = false
		}
	}
	return s
}

func cloned[K comparable, V any](m map[K]V) map[K]V {
	if m == nil {
		return map[K]V{}
	}
	return maps.Clone(m)
}

// Item is a document as the person saw it when saving it.
type Item struct {
	Document uuid.UUID
	Version  int
	Title    domain.Text
	Series   uuid.UUID // the document's; zero for none
}

// Save puts items in that are not there yet. More than MaxBulk are refused.
func (s State) Save(person uuid.UUID, items ...Item) ([]event.Payload, error) {
	if len(items) > MaxBulk {
		return nil, domain.Refuse(domain.TooLarge, "too-many-documents", "the request saves %d documents; at most %d go into one, send several", len(items), MaxBulk).In("documents")
	}
	var events []event.Payload
	now := map[uuid.UUID]bool{}
	for _, i := range items {
		if _, there := s.saved[i.Document]; there || now[i.Document] {
			continue
		}
		now[i.Document] = true
		events = append(events, Saved{Person: person, Document: i.Document, Version: i.Version, Title: i.Title, Series: i.Series})
	}
	return events, nil
}

// Remove takes a document out, if it is there.
func (s State) Remove(person, document uuid.UUID) []event.Payload {
	if _, there := s.saved[document]; !there {
		return nil
	}
	return []event.Payload{Removed{Person: person, Document: document}}
}

// Follow follows a series explicitly, if it is not followed so already. One that
// is followed by saving only can be followed explicitly as well: it then stays
// followed when the last saved document is removed.
func (s State) Follow(person, series uuid.UUID) []event.Payload {
	if s.explicit[series] {
		return nil
	}
	return []event.Payload{SeriesFollowed{Person: person, Series: series}}
}

// Unfollow ends following a series, unless the latest word was an unfollow. It
// is recorded also where nothing is followed: documents saved now may join the
// series later, and the person has said no.
func (s State) Unfollow(person, series uuid.UUID) []event.Payload {
	if followed, said := s.explicit[series]; said && !followed {
		return nil
	}
	return []event.Payload{SeriesUnfollowed{Person: person, Series: series}}
}

// Empty takes documents out and ends the following of series, MaxBulk at a time;
// nothing once all is gone.
func (s State) Empty(person uuid.UUID) []event.Payload {
	var events []event.Payload
	for _, document := range sorted(s.saved) {
		events = append(events, s.Remove(person, document)...)
	}
	for _, series := range sorted(s.explicit) {
		events = append(events, s.Unfollow(person, series)...)
	}
	return events[:min(len(events), MaxBulk)]
}

func sorted[V any](m map[uuid.UUID]V) []uuid.UUID {
	return slices.SortedFunc(maps.Keys(m), func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
}
