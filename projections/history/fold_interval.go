package history

// The folds of what has spans: documents, versions and series. Putting a row ends
// the span of the one before it. The catalog keeps other columns of the same
// things; a property test of the queries holds the two against each other.

import (
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"

	"imprint/domain/document"
	"imprint/domain/series"
	"imprint/domain/terms"
	"imprint/projections"
)

func foldDocument(s *projections.State, e projections.Event) error {
	row, exists := projections.Row[documentRow](s)
	if p, first := e.Payload.(document.Published); first == exists {
		return fmt.Errorf("a %s event for the document %s, which is there: %t", e.Type, s.Key().Parts[0], exists)
	} else if first {
		row.Document, row.Audience = p.Document, p.Audience.Kind
		row.detail(p.Details)
	}
	switch p := e.Payload.(type) {
	case document.DetailsRevised:
		row.detail(p.Details)
	case document.AudienceChanged:
		row.Audience = p.Audience.Kind
	case document.Withdrawn:
		row.Withdrawn, row.Reason, row.WithdrawnAt, row.StandsSince = true, p.Reason, p.WithdrawnAt, p.WithdrawnAt
	case document.Reinstated:
		row.Withdrawn, row.Reason, row.WithdrawnAt, row.StandsSince = false, nil, time.Time{}, p.ReinstatedAt
	}
	projections.Put(s, row)
	return nil
}

func (r *documentRow) detail(d document.Details) {
	r.Title, r.TitleSort, r.Description, r.Series = d.Title, terms.Normalise(d.Title.String()), d.Description, d.Series
	r.Categories, r.Services, r.Regions, r.Industries = d.Categories, d.Services, d.Regions, d.Industries
}

func foldVersion(s *projections.State, e projections.Event) error {
	row, exists := projections.Row[versionRow](s)
	switch p := e.Payload.(type) {
	case document.Published:
		return addVersion(s, e, exists, p.Document, p.Version, p.Origin)
	case document.Versioned:
		return addVersion(s, e, exists, p.Document, p.Version, p.Origin)
	}
	if !exists {
		return fmt.Errorf("a %s event for version %s of document %s, which is not there", e.Type, s.Key().Parts[1], s.Key().Parts[0])
	}
	switch p := e.Payload.(type) {
	case document.SummaryCorrected:
		row.Summary = p.Summary
	case document.DatesCorrected:
		row.PublishedAt = p.PublishedAt
		row.EffectiveFrom, row.EffectiveTo = p.Effective.Ends()
		row.UpdatedAt = document.CountsFrom(p.PublishedAt, row.RecordedAt, row.Origin != nil)
	case document.VersionWithdrawn:
		row.Withdrawn, row.Reason, row.StandsSince = true, p.Reason, e.Meta.Time
	case document.VersionReinstated:
		row.Withdrawn, row.Reason, row.StandsSince = false, nil, e.Meta.Time
	}
	projections.Put(s, row)
	return nil
}

func addVersion(s *projections.State, e projections.Event, exists bool, id uuid.UUID, v document.Version, origin *document.Origin) error {
	if exists {
		return fmt.Errorf("a %s event for version %d of document %s, which is there already", e.Type, v.Number, id)
	}
	row := versionRow{
		Document: id, Version: strconv.Itoa(v.Number), Number: v.Number, Major: v.Major, Files: v.Files, Summary: v.Summary,
		PublishedAt: v.PublishedAt, RecordedAt: e.Meta.Time, UpdatedAt: document.CountsFrom(v.PublishedAt, e.Meta.Time, origin != nil), Origin: origin,
	}
	row.EffectiveFrom, row.EffectiveTo = v.Effective.Ends()
	projections.Put(s, row)
	return nil
}

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
	projections.Put(s, row)
	return nil
}
