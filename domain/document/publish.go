package document

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/access"
	"imprint/domain/event"
)

// Here: the decisions that make versions.

// Draft is a version as its author gives it, without number and time.
type Draft struct {
	Major     bool
	Urgent    bool
	Files     []File
	Summary   domain.Text
	Effective *Period
}

// Publish begins a document with version 1, which is major whatever the draft
// says: it is what readers are told first.
func (s State) Publish(id uuid.UUID, details Details, audience access.Audience, draft Draft, at time.Time) ([]event.Payload, error) {
	return s.begin(id, details, audience, draft, at, nil)
}

func (s State) begin(id uuid.UUID, details Details, audience access.Audience, draft Draft, at time.Time, origin *Origin) ([]event.Payload, error) {
	if s.Exists() {
		return nil, domain.Refuse(domain.Conflict, "document-exists", "the document exists already, at version %d; publish a new version of it", s.Newest())
	}
	if id == uuid.Nil {
		return nil, domain.Refuse(domain.Invalid, "no-id", "a document needs an id").In("document")
	}
	details, err := details.tidy()
	if err != nil {
		return nil, err
	}
	if err := audience.Check(); err != nil {
		return nil, err
	}
	draft.Major = true
	version, err := draft.version(1, at)
	if err != nil {
		return nil, err
	}
	return []event.Payload{Published{Document: id, Details: details, Audience: audience, Version: version, Origin: origin}}, nil
}

// Version adds a version that was based on another. domain.Stale if that is no
// longer the newest; domain.Conflict if the document is withdrawn, or if the
// bytes are the current ones and force is not set.
func (s State) Version(basedOn int, draft Draft, force bool, at time.Time) ([]event.Payload, error) {
	if err := s.existing(); err != nil {
		return nil, err
	}
	if basedOn < 1 {
		return nil, domain.Refuse(domain.Invalid, "no-base", "name the version that the new one is based on; the newest is version %d", s.Newest()).In("basedOn")
	}
	if basedOn != s.Newest() {
		return nil, domain.Refuse(domain.Stale, "stale-version", "the newest version is %d, not %d; look at version %d, then publish on top of it", s.Newest(), basedOn, s.Newest()).In("basedOn")
	}
	if err := s.inForce("a new version"); err != nil {
		return nil, err
	}
	version, err := draft.version(s.Newest()+1, at)
	if err != nil {
		return nil, err
	}
	if current := s.Current(); !force && sameBytes(s.versions[current-1].Files, draft.Files) {
		return nil, domain.Refuse(domain.Conflict, "same-bytes", "the files are those of version %d, the current one; force the version if it is meant", current).In("files")
	}
	return []event.Payload{Versioned{Document: s.id, Version: version}}, nil
}

// version checks the draft and numbers it.
func (d Draft) version(number int, at time.Time) (Version, error) {
	if err := checkFiles(d.Files); err != nil {
		return Version{}, err
	}
	if err := checkSummary(d.Major, d.Summary); err != nil {
		return Version{}, err
	}
	effective, err := d.Effective.tidy()
	if err != nil {
		return Version{}, err
	}
	publishedAt, err := moment("publishedAt", at)
	if err != nil {
		return Version{}, err
	}
	return Version{
		Number: number, Major: d.Major, Urgent: d.Urgent, Files: slices.Clone(d.Files),
		Summary: d.Summary, PublishedAt: publishedAt, Effective: effective,
	}, nil
}

// checkSummary holds that a major version says what changed.
func checkSummary(major bool, summary domain.Text) error {
	if major {
		return summary.Require("summary", MaxSummary)
	}
	return summary.Check("summary", MaxSummary)
}

// inForce refuses what a withdrawn document does not take.
func (s State) inForce(what string) error {
	if s.withdrawn {
		return domain.Refuse(domain.Conflict, "withdrawn", "the document is withdrawn and does not take %s; reinstate it first", what)
	}
	return nil
}

// sameBytes compares what readers would get, language by language. A new file
// name alone makes no new version.
func sameBytes(a, b []File) bool {
	if len(a) != len(b) {
		return false
	}
	for _, f := range a {
		if !slices.ContainsFunc(b, func(o File) bool { return o.Locale == f.Locale && o.SHA256 == f.SHA256 }) {
			return false
		}
	}
	return true
}
