package document

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/access"
	"imprint/domain/event"
)

// Here: the state and how events change it.

// State is a document as its events left it. The zero State is a document that
// does not exist yet. A State is a value: folding makes a new one.
type State struct {
	id        uuid.UUID
	details   Details
	audience  access.Audience
	versions  []held // versions[i].Number is i+1
	withdrawn bool
}

// held is a version with its corrections applied.
type held struct {
	Version
	withdrawn bool
}

// Exists tells whether the document has been published.
func (s State) Exists() bool { return s.id != uuid.Nil }

// Newest is the highest version number, withdrawn or not; 0 for no document.
func (s State) Newest() int { return len(s.versions) }

// Current is the highest version that is not withdrawn; 0 for no document.
func (s State) Current() int {
	for i := len(s.versions) - 1; i >= 0; i-- {
		if !s.versions[i].withdrawn {
			return i + 1
		}
	}
	return 0
}

// Withdrawn tells whether the whole document is withdrawn.
func (s State) Withdrawn() bool { return s.withdrawn }

// Audience is who may see the document.
func (s State) Audience() access.Audience { return s.audience }

// Details is what the document says about itself. The caller does not change it.
func (s State) Details() Details { return s.details }

// Fold answers the state after further events, leaving s as it is. Events of
// other aggregates change nothing.
func (s State) Fold(payloads ...event.Payload) State {
	// One copy for all events: a document may have thousands of versions.
	s.versions = slices.Clone(s.versions)
	for _, p := range payloads {
		s.apply(p)
	}
	return s
}

func (s *State) apply(p event.Payload) {
	switch e := p.(type) {
	case Published:
		s.id, s.details, s.audience = e.Document, e.Details, e.Audience
		s.versions = append(s.versions, held{Version: e.Version})
	case Versioned:
		s.versions = append(s.versions, held{Version: e.Version})
	case DetailsRevised:
		s.details = e.Details
	case AudienceChanged:
		s.audience = e.Audience
	case SummaryCorrected:
		if v := s.version(e.Number); v != nil {
			v.Summary = e.Summary
		}
	case DatesCorrected:
		if v := s.version(e.Number); v != nil {
			v.PublishedAt, v.Effective = e.PublishedAt, e.Effective
		}
	case VersionWithdrawn:
		if v := s.version(e.Number); v != nil {
			v.withdrawn = true
		}
	case VersionReinstated:
		if v := s.version(e.Number); v != nil {
			v.withdrawn = false
		}
	case Withdrawn:
		s.withdrawn = true
	case Reinstated:
		s.withdrawn = false
	}
}

// version answers a version in place, nil where there is none of the number.
func (s *State) version(number int) *held {
	if number < 1 || number > len(s.versions) {
		return nil
	}
	return &s.versions[number-1]
}

// existing refuses a document that has not been published.
func (s State) existing() error {
	if !s.Exists() {
		return domain.Refuse(domain.NotFound, "no-document", "there is no such document; check the address")
	}
	return nil
}

// numbered answers a version of an existing document.
func (s State) numbered(number int) (held, error) {
	if err := s.existing(); err != nil {
		return held{}, err
	}
	v := s.version(number)
	if v == nil {
		return held{}, domain.Refuse(domain.NotFound, "no-version", "the document has no version %d; its versions are 1 to %d", number, s.Newest()).In("number")
	}
	return *v, nil
}

// moment brings a claimed time to the form in which it is kept.
func moment(field string, t time.Time) (time.Time, error) {
	t = domain.Moment(t)
	if t.IsZero() || t.Year() < 1 || t.Year() > 9999 {
		return t, domain.Refuse(domain.Invalid, "bad-time", "%s is missing, or not after 0001-01-01T00:00:00Z and before the year 10000; write a time such as 2026-03-01T09:00:00Z", field).In(field)
	}
	return t, nil
}
