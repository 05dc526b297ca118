package catalog

// The folds of one version's key: versions and hashes.

import (
	"fmt"
	"strconv"

	"github.com/google/uuid"

	"imprint/domain/document"
	"imprint/projections"
)

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
		row.Summary, row.FoundText = p.Summary, normalise(p.Summary)
	case document.DatesCorrected:
		row.PublishedAt = p.PublishedAt
		row.EffectiveFrom, row.EffectiveTo = p.Effective.Ends()
		row.UpdatedAt = document.CountsFrom(p.PublishedAt, row.RecordedAt, row.Origin != nil)
	case document.VersionWithdrawn:
		row.Withdrawn, row.Reason = true, p.Reason
	case document.VersionReinstated:
		row.Withdrawn, row.Reason = false, nil
	}
	projections.Put(s, row)
	return nil
}

func addVersion(s *projections.State, e projections.Event, exists bool, id uuid.UUID, v document.Version, origin *document.Origin) error {
	key := s.Key()
	if exists {
		return fmt.Errorf("a %s event for version %s of document %s, which is there already", e.Type, key.Parts[1], key.Parts[0])
	}
	row := versionRow{
		Document: id, Version: strconv.Itoa(v.Number), Number: v.Number, Major: v.Major, Files: v.Files, Summary: v.Summary,
		PublishedAt: v.PublishedAt, RecordedAt: e.Meta.Time, UpdatedAt: document.CountsFrom(v.PublishedAt, e.Meta.Time, origin != nil),
		Origin: origin, FoundText: normalise(v.Summary),
	}
	row.EffectiveFrom, row.EffectiveTo = v.Effective.Ends()
	projections.Put(s, row)
	for _, f := range v.Files {
		projections.Put(s, hashRow{Document: id, Version: row.Version, SHA256: f.SHA256, Number: v.Number})
	}
	return nil
}
