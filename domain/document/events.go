package document

import (
	"time"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/access"
	"imprint/domain/event"
)

// File is one file of a version: its name for the reader and its bytes by hash.
type File struct {
	Locale    string `json:"locale"`
	Name      string `json:"name"`
	SHA256    string `json:"sha256"` // 64 lower-case hex digits
	Bytes     int64  `json:"bytes"`
	MediaType string `json:"mediaType"`
}

// Period is the days a report covers, apart from when it was published: from the
// day From to the day To, both included. Either end may be open (zero).
type Period struct {
	From domain.Date `json:"from,omitzero"`
	To   domain.Date `json:"to,omitzero"`
}

// Ends are the first and the last day; none for the ends of no period.
func (p *Period) Ends() (from, to domain.Date) {
	if p == nil {
		return domain.Date{}, domain.Date{}
	}
	return p.From, p.To
}

// Origin says that an event states the past: where an import found it.
// What has an origin is never mailed.
type Origin struct {
	Source  string `json:"source"`            // e.g. the repository
	Key     string `json:"key"`               // the document's key there at this time
	Label   string `json:"label,omitempty"`   // the source's own version label
	Release string `json:"release,omitempty"` // what was published together, e.g. a commit
}

// CountsFrom is when a version counts as published, for "last updated" and its
// marks: as recorded; where it was imported, by the claim of its source if that is
// earlier. A claim of the future schedules nothing, so it counts from its record.
func CountsFrom(claimed, recorded time.Time, imported bool) time.Time {
	if imported && claimed.Before(recorded) {
		return claimed
	}
	return recorded
}

// Details is everything about a document that is not a version.
type Details struct {
	Title       domain.Text `json:"title"`
	Description domain.Text `json:"description,omitempty"`
	Series      uuid.UUID   `json:"series,omitzero"`
	Categories  []string    `json:"categories"`
	Services    []string    `json:"services,omitempty"`
	Regions     []string    `json:"regions,omitempty"`
	Industries  []string    `json:"industries,omitempty"`
}

// Version is one immutable version.
type Version struct {
	Number      int         `json:"number"` // 1, 2, 3 … without gaps
	Major       bool        `json:"major"`
	Urgent      bool        `json:"urgent,omitempty"` // no grace period
	Files       []File      `json:"files"`
	Summary     domain.Text `json:"summary,omitempty"`
	PublishedAt time.Time   `json:"publishedAt"` // claimed; equals the event's time but for imports
	Effective   *Period     `json:"effective,omitempty"`
}

// Published begins a document with its first version.
type Published struct {
	Document uuid.UUID       `json:"document"`
	Details  Details         `json:"details"`
	Audience access.Audience `json:"audience"`
	Version  Version         `json:"version"`
	Origin   *Origin         `json:"origin,omitempty"`
}

// Versioned adds a version.
type Versioned struct {
	Document uuid.UUID `json:"document"`
	Version  Version   `json:"version"`
	Origin   *Origin   `json:"origin,omitempty"`
}

// DetailsRevised replaces the details; all of them are given.
type DetailsRevised struct {
	Document uuid.UUID `json:"document"`
	Details  Details   `json:"details"`
	Origin   *Origin   `json:"origin,omitempty"`
}

// AudienceChanged replaces the audience.
type AudienceChanged struct {
	Document uuid.UUID       `json:"document"`
	Audience access.Audience `json:"audience"`
	Reason   string          `json:"reason,omitempty"`
}

// SummaryCorrected corrects the change summary of one version.
type SummaryCorrected struct {
	Document uuid.UUID   `json:"document"`
	Number   int         `json:"number"`
	Summary  domain.Text `json:"summary"`
	Reason   string      `json:"reason,omitempty"`
}

// DatesCorrected corrects the claimed publication time and the effective period
// of one version; both are given as they now are.
type DatesCorrected struct {
	Document    uuid.UUID `json:"document"`
	Number      int       `json:"number"`
	PublishedAt time.Time `json:"publishedAt"`
	Effective   *Period   `json:"effective,omitempty"`
	Reason      string    `json:"reason,omitempty"`
}

// VersionWithdrawn withdraws one version, the document stays.
type VersionWithdrawn struct {
	Document uuid.UUID   `json:"document"`
	Number   int         `json:"number"`
	Reason   domain.Text `json:"reason"` // public
}

// VersionReinstated takes back the withdrawal of one version.
type VersionReinstated struct {
	Document uuid.UUID   `json:"document"`
	Number   int         `json:"number"`
	Reason   domain.Text `json:"reason"`
}

// Withdrawn withdraws the whole document; its page stays and shows the reason.
type Withdrawn struct {
	Document    uuid.UUID   `json:"document"`
	Reason      domain.Text `json:"reason"`      // public
	WithdrawnAt time.Time   `json:"withdrawnAt"` // claimed; equals the event's time but for imports
	Origin      *Origin     `json:"origin,omitempty"`
}

// Reinstated takes back the withdrawal of the document.
type Reinstated struct {
	Document     uuid.UUID   `json:"document"`
	Reason       domain.Text `json:"reason,omitempty"`
	ReinstatedAt time.Time   `json:"reinstatedAt"` // claimed, as above
	Origin       *Origin     `json:"origin,omitempty"`
}

// The names under which the events stand in the log, for ever.
func (Published) EventType() string         { return "DocumentPublished" }
func (Versioned) EventType() string         { return "DocumentVersioned" }
func (DetailsRevised) EventType() string    { return "DetailsRevised" }
func (AudienceChanged) EventType() string   { return "AudienceChanged" }
func (SummaryCorrected) EventType() string  { return "SummaryCorrected" }
func (DatesCorrected) EventType() string    { return "DatesCorrected" }
func (VersionWithdrawn) EventType() string  { return "VersionWithdrawn" }
func (VersionReinstated) EventType() string { return "VersionReinstated" }
func (Withdrawn) EventType() string         { return "DocumentWithdrawn" }
func (Reinstated) EventType() string        { return "DocumentReinstated" }

// Events defines this aggregate's events; all of them are provable.
func Events() []event.Definition {
	return []event.Definition{
		event.Define[Published](true),
		event.Define[Versioned](true),
		event.Define[DetailsRevised](true),
		event.Define[AudienceChanged](true),
		event.Define[SummaryCorrected](true),
		event.Define[DatesCorrected](true),
		event.Define[VersionWithdrawn](true),
		event.Define[VersionReinstated](true),
		event.Define[Withdrawn](true),
		event.Define[Reinstated](true),
	}
}

// Stream is the stream of one document.
func Stream(id uuid.UUID) event.Stream { return event.StreamOf(event.DocumentCategory, id.String()) }

// Key seals the salts of a restricted document's facts.
func Key(id uuid.UUID) event.KeyID { return event.KeyID("document-" + id.String()) }
