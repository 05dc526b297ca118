package notices

// The projection: its row, the events it folds and the keys they touch.

import (
	"fmt"
	"time"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/document"
	"imprint/domain/notice"
	"imprint/domain/series"
	"imprint/projections"
)

// Name is the projection's name.
const Name = "notices"

// version is changed with the types, the folds and the columns.
const version = 1

const noticeKey = "notice"

// noticeRow is one cause and, once it may be told, its release.
type noticeRow struct {
	Cause        uuid.UUID   `col:"cause,key"`
	Ordinal      int64       `col:"ordinal,unhashed"`       // of NoticeReleased, 0 before it
	CauseOrdinal int64       `col:"cause_ordinal,unhashed"` // of the cause
	CauseAt      time.Time   `col:"cause_at"`
	Kind         notice.Kind `col:"kind"`
	Document     uuid.UUID   `col:"document"`
	Version      int         `col:"version"`
	Series       uuid.UUID   `col:"series"`
	LeftSeries   uuid.UUID   `col:"left_series"`
	Reason       domain.Text `col:"reason"` // of a withdrawal, reinstatement or discontinuation
}

// Projection is the notices.
func Projection() projections.Projection {
	return projections.Projection{
		Name:    Name,
		Version: version,
		Types: []string{
			document.Published{}.EventType(), document.Versioned{}.EventType(),
			document.DetailsRevised{}.EventType(),
			document.VersionWithdrawn{}.EventType(), document.VersionReinstated{}.EventType(),
			document.Withdrawn{}.EventType(), document.Reinstated{}.EventType(),
			series.Discontinued{}.EventType(), notice.Released{}.EventType(),
		},
		Tables: []*projections.Table{
			projections.NewTable[noticeRow](projections.Current, noticeKey, "notices",
				projections.Indexed("document", "ordinal"),
				projections.Indexed("series", "ordinal"),
				projections.Indexed("left_series", "ordinal"),
				projections.Indexed("ordinal")),
		},
		Keys: keys,
		Fold: fold,
	}
}

// keys names the notice that an event causes or releases. An imported event and
// a minor version cause none.
func keys(e projections.Event) []projections.Key {
	cause := e.ID
	switch p := e.Payload.(type) {
	case notice.Released:
		cause = p.Cause
	case document.Published:
		if p.Origin != nil {
			return nil
		}
	case document.Versioned:
		if p.Origin != nil || !p.Version.Major {
			return nil
		}
	case document.DetailsRevised:
		if p.Origin != nil {
			return nil
		}
	case document.Withdrawn:
		if p.Origin != nil {
			return nil
		}
	case document.Reinstated:
		if p.Origin != nil {
			return nil
		}
	}
	return []projections.Key{projections.KeyOf(noticeKey, cause.String())}
}

func fold(s *projections.State, e projections.Event) error {
	row, there := projections.Row[noticeRow](s)
	p, released := e.Payload.(notice.Released)
	if released {
		if row.Ordinal != 0 {
			return fmt.Errorf("the notice %s is released again; it was released by event %d", s.Key().Parts[0], row.Ordinal)
		}
		if !there {
			// A release must not be lost because its cause is of a kind that this
			// fold does not expect; it was caused before now.
			row = noticeRow{Cause: p.Cause, CauseAt: e.Meta.Time}
		}
		row.Ordinal, row.CauseOrdinal, row.Kind = e.Ordinal, p.CauseOrdinal, p.Kind
		row.Document, row.Version, row.Series, row.LeftSeries = p.Document, p.Version, p.Series, p.LeftSeries
		projections.Put(s, row)
		return nil
	}
	if there {
		return fmt.Errorf("a %s event for the notice %s, which is there already", e.Type, s.Key().Parts[0])
	}
	row = noticeRow{Cause: e.ID, CauseOrdinal: e.Ordinal, CauseAt: e.Meta.Time}
	switch p := e.Payload.(type) {
	case document.VersionWithdrawn:
		row.Reason = p.Reason
	case document.VersionReinstated:
		row.Reason = p.Reason
	case document.Withdrawn:
		row.Reason = p.Reason
	case document.Reinstated:
		row.Reason = p.Reason
	case series.Discontinued:
		row.Reason = p.Reason
	}
	projections.Put(s, row)
	return nil
}
