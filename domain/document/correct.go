package document

import (
	"time"

	"imprint/domain"
	"imprint/domain/access"
	"imprint/domain/event"
)

// Here: the decisions that correct or rearrange. None touches a version's bytes,
// number or place; what was said before stays on record.

// Revise replaces the details, and so moves the document into, out of or
// between series: it is in one at most. domain.Conflict if nothing changes.
func (s State) Revise(details Details) ([]event.Payload, error) {
	if err := s.existing(); err != nil {
		return nil, err
	}
	details, err := details.tidy()
	if err != nil {
		return nil, err
	}
	if details.equal(s.details) {
		return nil, unchanged("details")
	}
	return []event.Payload{DetailsRevised{Document: s.id, Details: details}}, nil
}

// CorrectSummary corrects the summary of one version; a major one keeps having
// a summary.
func (s State) CorrectSummary(number int, summary domain.Text, reason string) ([]event.Payload, error) {
	v, err := s.numbered(number)
	if err != nil {
		return nil, err
	}
	if err := checkSummary(v.Major, summary); err != nil {
		return nil, err
	}
	if err := domain.CheckLine("reason", reason, MaxReason, true); err != nil {
		return nil, err
	}
	if summary.Equal(v.Summary) {
		return nil, unchanged("summary")
	}
	return []event.Payload{SummaryCorrected{Document: s.id, Number: number, Summary: summary, Reason: reason}}, nil
}

// CorrectDates corrects the claimed publication time and the effective period of
// one version. What is nil stays as it is; a period open at both ends removes it.
// The event states both as they now are.
func (s State) CorrectDates(number int, publishedAt *time.Time, effective *Period, reason string) ([]event.Payload, error) {
	v, err := s.numbered(number)
	if err != nil {
		return nil, err
	}
	at, covers := v.PublishedAt, v.Effective
	if publishedAt != nil {
		if at, err = moment("publishedAt", *publishedAt); err != nil {
			return nil, err
		}
	}
	if effective != nil {
		if covers, err = effective.tidy(); err != nil {
			return nil, err
		}
	}
	if err := domain.CheckLine("reason", reason, MaxReason, true); err != nil {
		return nil, err
	}
	if at.Equal(v.PublishedAt) && covers.equal(v.Effective) {
		field := "publishedAt"
		if publishedAt == nil {
			field = "effective"
		}
		return nil, unchanged(field)
	}
	return []event.Payload{DatesCorrected{Document: s.id, Number: number, PublishedAt: at, Effective: covers, Reason: reason}}, nil
}

// ChangeAudience replaces the audience.
func (s State) ChangeAudience(audience access.Audience, reason string) ([]event.Payload, error) {
	if err := s.existing(); err != nil {
		return nil, err
	}
	if err := audience.Check(); err != nil {
		return nil, err
	}
	if err := domain.CheckLine("reason", reason, MaxReason, true); err != nil {
		return nil, err
	}
	if audience == s.audience {
		return nil, unchanged("audience")
	}
	return []event.Payload{AudienceChanged{Document: s.id, Audience: audience, Reason: reason}}, nil
}

func unchanged(field string) error {
	return domain.Refuse(domain.Conflict, "unchanged", "%s would stay as it is; nothing was recorded", field).In(field)
}
