package library

// The projection: its rows, the events it folds and the keys they touch.

import (
	"fmt"
	"time"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/library"
	"imprint/projections"
)

// Name is the projection's name.
const Name = "library"

// version is changed with the types, the folds and the columns.
const version = 2

// The kinds of key. Both name a person and one thing, so no key grows with the
// size of a library or the number of readers.
const (
	entryKey  = "entry"
	followKey = "follow"
)

// entryRow is one document in one person's library.
type entryRow struct {
	Person     uuid.UUID   `col:"person,key"`
	Document   uuid.UUID   `col:"document,key"`
	Saved      int64       `col:"saved,unhashed"` // the ordinal of LibrarySaved
	SavedAt    time.Time   `col:"saved_at"`
	Version    int         `col:"version"` // the newest one when it was saved
	Title      domain.Text `col:"title"`   // as the person saw it
	SeriesThen uuid.UUID   `col:"series_then"`
}

// followRow is what a person has said about a series.
type followRow struct {
	Person     uuid.UUID `col:"person,key"`
	Series     uuid.UUID `col:"series,key"`
	Followed   int64     `col:"followed,unhashed"`   // the first follow after the latest unfollow, or an earlier one
	Unfollowed int64     `col:"unfollowed,unhashed"` // the latest unfollow, 0 for never
	Explicit   bool      `col:"explicit"`            // the latest word was a follow
}

// Projection is the libraries.
func Projection() projections.Projection {
	return projections.Projection{
		Name:    Name,
		Version: version,
		Types: []string{
			library.Saved{}.EventType(), library.Removed{}.EventType(),
			library.SeriesFollowed{}.EventType(), library.SeriesUnfollowed{}.EventType(),
		},
		Tables: []*projections.Table{
			projections.NewTable[entryRow](projections.Current, entryKey, "entries",
				projections.Indexed("person", "saved DESC"),
				projections.Indexed("document", "person")),
			projections.NewTable[followRow](projections.Current, followKey, "follows",
				projections.Indexed("series", "person")),
		},
		Keys: keys,
		Fold: fold,
	}
}

func keys(e projections.Event) []projections.Key {
	switch p := e.Payload.(type) {
	case library.Saved:
		return keyOf(entryKey, p.Person, p.Document)
	case library.Removed:
		return keyOf(entryKey, p.Person, p.Document)
	case library.SeriesFollowed:
		return keyOf(followKey, p.Person, p.Series)
	case library.SeriesUnfollowed:
		return keyOf(followKey, p.Person, p.Series)
	}
	return nil
}

func keyOf(kind string, person, thing uuid.UUID) []projections.Key {
	return []projections.Key{projections.KeyOf(kind, person.String(), thing.String())}
}

// fold is forgiving where the events are: a second save keeps the first time and
// removing what is not there does nothing, as the rules of the library say.
func fold(s *projections.State, e projections.Event) error {
	switch p := e.Payload.(type) {
	case library.Saved:
		if _, there := projections.Row[entryRow](s); !there {
			projections.Put(s, entryRow{
				Person: p.Person, Document: p.Document, Saved: e.Ordinal, SavedAt: e.Meta.Time,
				Version: p.Version, Title: p.Title, SeriesThen: p.Series,
			})
		}
	case library.Removed:
		projections.Clear[entryRow](s)
	case library.SeriesFollowed:
		if row, _ := projections.Row[followRow](s); !row.Explicit {
			row.Person, row.Series, row.Followed, row.Explicit = p.Person, p.Series, e.Ordinal, true
			projections.Put(s, row)
		}
	case library.SeriesUnfollowed:
		row, _ := projections.Row[followRow](s)
		row.Person, row.Series, row.Unfollowed, row.Explicit = p.Person, p.Series, e.Ordinal, false
		projections.Put(s, row)
	default:
		return fmt.Errorf("the libraries have no fold for %s", e.Type)
	}
	return nil
}
