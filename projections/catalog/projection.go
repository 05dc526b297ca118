package catalog

// The projection: which events it folds, and which keys each one touches.

import (
	"fmt"
	"strconv"

	"github.com/google/uuid"

	"imprint/domain/category"
	"imprint/domain/document"
	"imprint/domain/series"
	"imprint/projections"
)

// The kinds of key.
const (
	documentKey = "document"
	versionKey  = "version"
	seriesKey   = "series"
	categoryKey = "category"
)

// Name is the projection's name.
const Name = "catalog"

// version is changed with the types, the folds and the columns.
const version = 2

// Projection is the catalog.
func Projection() projections.Projection {
	return projections.Projection{
		Name:    Name,
		Version: version,
		Types: []string{
			document.Published{}.EventType(), document.Versioned{}.EventType(),
			document.DetailsRevised{}.EventType(), document.AudienceChanged{}.EventType(),
			document.SummaryCorrected{}.EventType(), document.DatesCorrected{}.EventType(),
			document.VersionWithdrawn{}.EventType(), document.VersionReinstated{}.EventType(),
			document.Withdrawn{}.EventType(), document.Reinstated{}.EventType(),
			series.Opened{}.EventType(), series.Revised{}.EventType(), series.Discontinued{}.EventType(),
			category.Defined{}.EventType(), category.Moved{}.EventType(), category.Removed{}.EventType(),
		},
		Tables: []*projections.Table{
			projections.NewTable[documentRow](projections.Current, documentKey, "documents",
				projections.Indexed("last_updated DESC", "title_sort", "document", "audience"),
				projections.Indexed("forgotten", "document"),
				projections.Searchable("found_title", "found_text", "found_refs")),
			projections.NewTable[tagRow](projections.Set, documentKey, "tags",
				projections.Indexed("facet", "value", "last_updated DESC", "title_sort", "document", "audience")),
			projections.NewTable[versionRow](projections.Current, versionKey, "versions",
				projections.Indexed("document", "number DESC"),
				projections.Searchable("found_text")),
			projections.NewTable[hashRow](projections.Set, versionKey, "hashes",
				projections.Indexed("sha256", "document", "number")),
			projections.NewTable[seriesRow](projections.Current, seriesKey, "series",
				projections.Indexed("name_sort", "series"),
				projections.Searchable("found_name")),
			projections.NewTable[categoryRow](projections.Current, categoryKey, "categories",
				projections.Searchable("found_name")),
		},
		Keys: keys,
		Fold: fold,
	}
}

func keys(e projections.Event) []projections.Key {
	switch p := e.Payload.(type) {
	case document.Published:
		return ofVersion(p.Document, p.Version.Number)
	case document.Versioned:
		return ofVersion(p.Document, p.Version.Number)
	case document.SummaryCorrected:
		return ofVersion(p.Document, p.Number)
	case document.DatesCorrected:
		return ofVersion(p.Document, p.Number)
	case document.VersionWithdrawn:
		return ofVersion(p.Document, p.Number)
	case document.VersionReinstated:
		return ofVersion(p.Document, p.Number)
	case document.DetailsRevised:
		return ofDocument(p.Document)
	case document.AudienceChanged:
		return ofDocument(p.Document)
	case document.Withdrawn:
		return ofDocument(p.Document)
	case document.Reinstated:
		return ofDocument(p.Document)
	case series.Opened:
		return []projections.Key{projections.KeyOf(seriesKey, p.Series.String())}
	case series.Revised:
		return []projections.Key{projections.KeyOf(seriesKey, p.Series.String())}
	case series.Discontinued:
		return []projections.Key{projections.KeyOf(seriesKey, p.Series.String())}
	case category.Defined:
		return []projections.Key{projections.KeyOf(categoryKey, p.Category)}
	case category.Moved:
		return []projections.Key{projections.KeyOf(categoryKey, p.Category)}
	case category.Removed:
		return []projections.Key{projections.KeyOf(categoryKey, p.Category)}
	}
	return nil
}

func ofDocument(id uuid.UUID) []projections.Key {
	return []projections.Key{projections.KeyOf(documentKey, id.String())}
}

func ofVersion(id uuid.UUID, number int) []projections.Key {
	return append(ofDocument(id), projections.KeyOf(versionKey, id.String(), strconv.Itoa(number)))
}

func fold(s *projections.State, e projections.Event) error {
	switch s.Key().Kind {
	case documentKey:
		return foldDocument(s, e)
	case versionKey:
		return foldVersion(s, e)
	case seriesKey:
		return foldSeries(s, e)
	case categoryKey:
		return foldCategory(s, e)
	}
	return fmt.Errorf("the catalog has no key %s", s.Key())
}
