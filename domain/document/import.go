package document

import (
	"time"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/access"
	"imprint/domain/event"
)

// Here: the decisions of imports.

// Past is one version as its source states it.
type Past struct {
	Details     Details         // as of this version
	Audience    access.Audience // of a new document; later changes are ours
	Draft       Draft
	PublishedAt time.Time // claimed; in the future too: it schedules nothing
	Origin      Origin
}

// Import states a version: of a new document, or on top of whatever there is.
// A withdrawn document is reinstated by it, and changed details are revised; all
// of it is one append, so that no reader finds half of it.
func (s State) Import(id uuid.UUID, past Past) ([]event.Payload, error) {
	if err := past.Origin.check(); err != nil {
		return nil, err
	}
	origin := &past.Origin
	if !s.Exists() {
		return s.begin(id, past.Details, past.Audience, past.Draft, past.PublishedAt, origin)
	}
	version, err := past.Draft.version(s.Newest()+1, past.PublishedAt)
	if err != nil {
		return nil, err
	}
	events, err := s.ImportDetails(past.Details, past.Origin)
	if err != nil {
		return nil, err
	}
	if s.withdrawn {
		back := Reinstated{Document: s.id, ReinstatedAt: version.PublishedAt, Origin: origin}
		events = append([]event.Payload{back}, events...)
	}
	return append(events, Versioned{Document: s.id, Version: version, Origin: origin}), nil
}

// ImportDetails states changed details; equal ones lead to no event.
func (s State) ImportDetails(details Details, origin Origin) ([]event.Payload, error) {
	if err := s.existing(); err != nil {
		return nil, err
	}
	if err := origin.check(); err != nil {
		return nil, err
	}
	details, err := details.tidy()
	if err != nil || details.equal(s.details) {
		return nil, err
	}
	return []event.Payload{DetailsRevised{Document: s.id, Details: details, Origin: &origin}}, nil
}

// ImportWithdrawal states that the source withdrew the document at the time it
// claims.
func (s State) ImportWithdrawal(reason domain.Text, at time.Time, origin Origin) ([]event.Payload, error) {
	if err := origin.check(); err != nil {
		return nil, err
	}
	return s.withdraw(reason, at, &origin)
}

const maxOrigin = 1000 // characters of each part of an origin

func (o Origin) check() error {
	if o.Source == "" || o.Key == "" {
		return domain.Refuse(domain.Invalid, "no-origin", "an import names its source and the document's key there").In("origin")
	}
	for _, part := range []string{o.Source, o.Key, o.Label, o.Release} {
		if err := domain.CheckLine("origin", part, maxOrigin, false); err != nil {
			return err
		}
	}
	return nil
}
