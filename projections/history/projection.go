package history

// The projection: which events it folds, and which keys each one touches.

import (
	"fmt"
	"strconv"

	"github.com/google/uuid"

	"imprint/domain/category"
	"imprint/domain/digest"
	"imprint/domain/document"
	"imprint/domain/installation"
	"imprint/domain/library"
	"imprint/domain/maildomain"
	"imprint/domain/notice"
	"imprint/domain/person"
	"imprint/domain/series"
	"imprint/projections"
)

// Name is the projection's name.
const Name = "history"

// version is changed with the types, the folds and the columns.
const version = 3

// The kinds of key.
const (
	streamKey   = "stream"
	documentKey = "document"
	versionKey  = "version"
	seriesKey   = "series"
)

// Projection is the history.
func Projection() projections.Projection {
	return projections.Projection{
		Name:    Name,
		Version: version,
		// All types there are; a test holds this list against the registry.
		Types: []string{
			installation.LogOpened{}.EventType(), installation.SettingChanged{}.EventType(),
			document.Published{}.EventType(), document.Versioned{}.EventType(),
			document.DetailsRevised{}.EventType(), document.AudienceChanged{}.EventType(),
			document.SummaryCorrected{}.EventType(), document.DatesCorrected{}.EventType(),
			document.VersionWithdrawn{}.EventType(), document.VersionReinstated{}.EventType(),
			document.Withdrawn{}.EventType(), document.Reinstated{}.EventType(),
			series.Opened{}.EventType(), series.Revised{}.EventType(),
			series.Updated{}.EventType(), series.Discontinued{}.EventType(),
			category.Defined{}.EventType(), category.Moved{}.EventType(), category.Removed{}.EventType(),
			library.Saved{}.EventType(), library.Removed{}.EventType(),
			library.SeriesFollowed{}.EventType(), library.SeriesUnfollowed{}.EventType(),
			person.Joined{}.EventType(), person.NotificationSettingsChanged{}.EventType(),
			person.AddressConfirmed{}.EventType(), person.MailBounced{}.EventType(), person.MailSuspended{}.EventType(),
			person.Disabled{}.EventType(), person.Enabled{}.EventType(), person.Erased{}.EventType(),
			person.TokenIssued{}.EventType(), person.TokenRevoked{}.EventType(),
			maildomain.Verified{}.EventType(), maildomain.Released{}.EventType(),
			notice.Released{}.EventType(),
			digest.Sent{}.EventType(), digest.Withheld{}.EventType(), digest.Failed{}.EventType(),
		},
		Tables: []*projections.Table{
			projections.NewTable[eventRow](projections.Facts, streamKey, "events",
				projections.Indexed("document", "ordinal"),
				projections.Indexed("series", "ordinal"),
				projections.Indexed("person", "ordinal"),
				projections.Indexed("actor", "ordinal"),
				projections.Indexed("type", "ordinal"),
				projections.Indexed("log_time", "ordinal")),
			projections.NewTable[documentRow](projections.Interval, documentKey, "documents"),
			projections.NewTable[versionRow](projections.Interval, versionKey, "versions"),
			projections.NewTable[seriesRow](projections.Interval, seriesKey, "series"),
		},
		Keys: keys,
		Fold: fold,
	}
}

func keys(e projections.Event) []projections.Key {
	own := projections.KeyOf(streamKey, string(e.Stream))
	switch p := e.Payload.(type) {
	case document.Published:
		return []projections.Key{own, documentOf(p.Document), versionOf(p.Document, p.Version.Number)}
	case document.Versioned:
		return []projections.Key{own, versionOf(p.Document, p.Version.Number)}
	case document.SummaryCorrected:
		return []projections.Key{own, versionOf(p.Document, p.Number)}
	case document.DatesCorrected:
		return []projections.Key{own, versionOf(p.Document, p.Number)}
	case document.VersionWithdrawn:
		return []projections.Key{own, versionOf(p.Document, p.Number)}
	case document.VersionReinstated:
		return []projections.Key{own, versionOf(p.Document, p.Number)}
	case document.DetailsRevised:
		return []projections.Key{own, documentOf(p.Document)}
	case document.AudienceChanged:
		return []projections.Key{own, documentOf(p.Document)}
	case document.Withdrawn:
		return []projections.Key{own, documentOf(p.Document)}
	case document.Reinstated:
		return []projections.Key{own, documentOf(p.Document)}
	case series.Opened:
		return []projections.Key{own, projections.KeyOf(seriesKey, p.Series.String())}
	case series.Revised:
		return []projections.Key{own, projections.KeyOf(seriesKey, p.Series.String())}
	case series.Discontinued:
		return []projections.Key{own, projections.KeyOf(seriesKey, p.Series.String())}
	}
	return []projections.Key{own}
}

func documentOf(id uuid.UUID) projections.Key {
	return projections.KeyOf(documentKey, id.String())
}

func versionOf(id uuid.UUID, number int) projections.Key {
	return projections.KeyOf(versionKey, id.String(), strconv.Itoa(number))
}

func fold(s *projections.State, e projections.Event) error {
	switch s.Key().Kind {
	case streamKey:
		projections.Put(s, entryOf(e))
		return nil
	case documentKey:
		return foldDocument(s, e)
	case versionKey:
		return foldVersion(s, e)
	case seriesKey:
		return foldSeries(s, e)
	}
	return fmt.Errorf("the history has no key %s", s.Key())
}
