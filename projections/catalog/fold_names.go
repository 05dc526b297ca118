package catalog

// The folds of what documents belong to: series and categories.

import (
	"fmt"

	"imprint/domain/category"
	"imprint/domain/series"
	"imprint/domain/terms"
	"imprint/projections"
)

func foldSeries(s *projections.State, e projections.Event) error {
	row, exists := projections.Row[seriesRow](s)
	if _, first := e.Payload.(series.Opened); first == exists {
		return fmt.Errorf("a %s event for the series %s, which is there: %t", e.Type, s.Key().Parts[0], exists)
	}
	switch p := e.Payload.(type) {
	case series.Opened:
		row.Series, row.Name, row.Description = p.Series, p.Name, p.Description
	case series.Revised:
		row.Name, row.Description = p.Name, p.Description
	case series.Discontinued:
		row.Discontinued, row.Reason, row.Successor, row.DiscontinuedAt = true, p.Reason, p.Successor, p.DiscontinuedAt
	}
	row.Revision = e.Revision
	row.NameSort, row.FoundName = terms.Normalise(row.Name.String()), normalise(row.Name)
	projections.Put(s, row)
	return nil
}

func foldCategory(s *projections.State, e projections.Event) error {
	row, exists := projections.Row[categoryRow](s)
	if _, defined := e.Payload.(category.Defined); !defined && !exists {
		return fmt.Errorf("a %s event for the category %s, which is not there", e.Type, s.Key().Parts[0])
	}
	switch p := e.Payload.(type) {
	case category.Defined:
		row.Category, row.Group, row.Name, row.Description = p.Category, p.Group, p.Name, p.Description
	case category.Moved:
		row.Group = p.Group
	case category.Removed:
		projections.Clear[categoryRow](s)
		return nil
	}
	row.NameSort, row.FoundName = terms.Normalise(row.Name.String()), normalise(row.Name)
	projections.Put(s, row)
	return nil
}
