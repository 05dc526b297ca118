package history

// The fold of one event into its row: what it is about.

import (
	"github.com/google/uuid"

	"imprint/domain/digest"
	"imprint/domain/document"
	"imprint/domain/library"
	"imprint/domain/notice"
	"imprint/domain/person"
	"imprint/domain/series"
	"imprint/projections"
)

// subject is what an event is about.
type subject struct {
	document, series, person uuid.UUID
	version                  int
}

func entryOf(e projections.Event) eventRow {
	about := subjectOf(e)
	return eventRow{
		Stream: string(e.Stream), ID: e.ID, Type: e.Type, Schema: e.Meta.Schema, Revision: e.Revision,
		Time: e.Meta.Time, LogTime: e.LogTime, Actor: e.Meta.Actor,
		Document: about.document, Series: about.series, Person: about.person, Version: about.version,
		Commitment: e.Meta.Commitment, Data: string(e.Data),
	}
}

// subjectOf names the series only where the event itself does: a version of a
// document in a series is found by the SeriesUpdated that follows from it.
func subjectOf(e projections.Event) subject {
	switch p := e.Payload.(type) {
	case document.Published:
		return subject{document: p.Document, series: p.Details.Series, version: p.Version.Number}
	case document.Versioned:
		return subject{document: p.Document, version: p.Version.Number}
	case document.DetailsRevised:
		return subject{document: p.Document, series: p.Details.Series}
	case document.AudienceChanged:
		return subject{document: p.Document}
	case document.SummaryCorrected:
		return subject{document: p.Document, version: p.Number}
	case document.DatesCorrected:
		return subject{document: p.Document, version: p.Number}
	case document.VersionWithdrawn:
		return subject{document: p.Document, version: p.Number}
	case document.VersionReinstated:
		return subject{document: p.Document, version: p.Number}
	case document.Withdrawn:
		return subject{document: p.Document}
	case document.Reinstated:
		return subject{document: p.Document}
	case series.Opened:
		return subject{series: p.Series}
	case series.Revised:
		return subject{series: p.Series}
	case series.Updated:
		return subject{document: p.Document, series: p.Series, version: p.Version}
	case series.Discontinued:
		return subject{series: p.Series}
	case library.Saved:
		return subject{document: p.Document, series: p.Series, person: p.Person, version: p.Version}
	case library.Removed:
		return subject{document: p.Document, person: p.Person}
	case library.SeriesFollowed:
		return subject{series: p.Series, person: p.Person}
	case library.SeriesUnfollowed:
		return subject{series: p.Series, person: p.Person}
	case person.Joined:
		return subject{person: p.Person}
	case person.NotificationSettingsChanged:
		return subject{person: p.Person}
	case person.AddressConfirmed:
		return subject{person: p.Person}
	case person.MailBounced:
		return subject{person: p.Person}
	case person.MailSuspended:
		return subject{person: p.Person}
	case person.Disabled:
		return subject{person: p.Person}
	case person.Enabled:
		return subject{person: p.Person}
	case person.Erased:
		return subject{person: p.Person}
	case person.TokenIssued:
		return subject{person: p.Person}
	case person.TokenRevoked:
		return subject{person: p.Person}
	case notice.Released:
		return subject{document: p.Document, series: p.Series, version: p.Version}
	case digest.Sent:
		return subject{person: p.Person}
	case digest.Withheld:
		return subject{person: p.Person}
	case digest.Failed:
		return subject{person: p.Person}
	}
	return subject{} // of the log itself, of a category, or of a mail domain
}
