package handlers

// Here: how the commands on documents are carried out.

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/category"
	"imprint/domain/document"
	"imprint/domain/event"
	"imprint/domain/series"
)

// Publish begins a document.
func (p *Publishing) Publish(ctx context.Context, req Request, c PublishDocument) (DocumentWritten, error) {
	if c.Document == uuid.Nil {
		c.Document = req.derive("document")
	}
	draft := document.Draft{Urgent: c.Urgent, Files: c.Files, Summary: c.Summary, Effective: c.Effective}
	return p.document(ctx, req, c.Document, func(ctx context.Context, s document.State, at time.Time) ([]event.Payload, error) {
		return p.complete(ctx, s)(s.Publish(c.Document, c.Details, c.Audience, draft, at))
	})
}

// Version adds a version. domain.Stale names the current version if it is not
// the one that the new version is based on.
func (p *Publishing) Version(ctx context.Context, req Request, c AddVersion) (DocumentWritten, error) {
	draft := document.Draft{Major: c.Major, Urgent: c.Urgent, Files: c.Files, Summary: c.Summary, Effective: c.Effective}
	return p.document(ctx, req, c.Document, func(ctx context.Context, s document.State, at time.Time) ([]event.Payload, error) {
		return p.complete(ctx, s)(s.Version(c.BasedOn, draft, c.Force, at))
	})
}

// Revise replaces the details.
func (p *Publishing) Revise(ctx context.Context, req Request, c ReviseDetails) (DocumentWritten, error) {
	return p.document(ctx, req, c.Document, func(ctx context.Context, s document.State, _ time.Time) ([]event.Payload, error) {
		return p.complete(ctx, s)(s.Revise(c.Details))
	})
}

// CorrectSummary corrects a summary; the wrong one stays in the history.
func (p *Publishing) CorrectSummary(ctx context.Context, req Request, c CorrectSummary) (DocumentWritten, error) {
	return p.document(ctx, req, c.Document, func(_ context.Context, s document.State, _ time.Time) ([]event.Payload, error) {
		return s.CorrectSummary(c.Number, c.Summary, c.Reason)
	})
}

// CorrectDates corrects dates; the wrong ones stay in the history.
func (p *Publishing) CorrectDates(ctx context.Context, req Request, c CorrectDates) (DocumentWritten, error) {
	return p.document(ctx, req, c.Document, func(_ context.Context, s document.State, _ time.Time) ([]event.Payload, error) {
		return s.CorrectDates(c.Number, c.PublishedAt, c.Effective, c.Reason)
	})
}

// ChangeAudience replaces the audience. An edge that narrows access answers only
// after the read models have passed the token.
func (p *Publishing) ChangeAudience(ctx context.Context, req Request, c ChangeAudience) (DocumentWritten, error) {
	return p.document(ctx, req, c.Document, func(_ context.Context, s document.State, _ time.Time) ([]event.Payload, error) {
		return s.ChangeAudience(c.Audience, c.Reason)
	})
}

// WithdrawVersion withdraws one version.
func (p *Publishing) WithdrawVersion(ctx context.Context, req Request, c WithdrawVersion) (DocumentWritten, error) {
	return p.document(ctx, req, c.Document, func(_ context.Context, s document.State, _ time.Time) ([]event.Payload, error) {
		return s.WithdrawVersion(c.Number, c.Reason)
	})
}

// ReinstateVersion takes the withdrawal of one version back.
func (p *Publishing) ReinstateVersion(ctx context.Context, req Request, c ReinstateVersion) (DocumentWritten, error) {
	return p.document(ctx, req, c.Document, func(_ context.Context, s document.State, _ time.Time) ([]event.Payload, error) {
		return s.ReinstateVersion(c.Number, c.Reason)
	})
}

// Withdraw withdraws the document.
func (p *Publishing) Withdraw(ctx context.Context, req Request, c WithdrawDocument) (DocumentWritten, error) {
	return p.document(ctx, req, c.Document, func(_ context.Context, s document.State, at time.Time) ([]event.Payload, error) {
		return s.Withdraw(c.Reason, at)
	})
}

// Reinstate takes the withdrawal of the document back.
func (p *Publishing) Reinstate(ctx context.Context, req Request, c ReinstateDocument) (DocumentWritten, error) {
	return p.document(ctx, req, c.Document, func(_ context.Context, s document.State, at time.Time) ([]event.Payload, error) {
		return s.Reinstate(c.Reason, at)
	})
}

// documentDecision decides on one document.
type documentDecision = func(context.Context, document.State, time.Time) ([]event.Payload, error)

// document carries out a publisher's command on one document.
func (p *Publishing) document(ctx context.Context, req Request, id uuid.UUID, decide documentDecision) (DocumentWritten, error) {
	if err := req.publisher(); err != nil {
		return DocumentWritten{}, err
	}
	done, err := execute(ctx, p.journal, req, command[document.State]{
		stream:  document.Stream(id),
		decide:  decide,
		saltKey: func(before, after document.State) event.KeyID { return saltKey(id, before, after) },
	})
	if err != nil {
		return DocumentWritten{}, err
	}
	return DocumentWritten{Document: id, Version: versionOf(done.events), Written: done.Written}, nil
}

// saltKey seals the facts of a document that is restricted before or after the
// command, so that neither narrowing nor opening it tells what it was about.
func saltKey(id uuid.UUID, before, after document.State) event.KeyID {
	if after.Audience().Restricted() || before.Exists() && before.Audience().Restricted() {
		return document.Key(id)
	}
	return ""
}

// versionOf is the version that events are about, 0 for none.
func versionOf(events []event.Payload) int {
	number := 0
	for _, p := range events {
		switch e := p.(type) {
		case document.Published:
			number = e.Version.Number
		case document.Versioned:
			number = e.Version.Number
		case document.SummaryCorrected:
			number = e.Number
		case document.DatesCorrected:
			number = e.Number
		case document.VersionWithdrawn:
			number = e.Number
		case document.VersionReinstated:
			number = e.Number
		}
	}
	return number
}

// complete takes a decision on, if what it names outside the document is there:
// the bytes of its files, and the categories and the series that the document
// would newly come into. The document's own rules have been checked by then, so
// nothing is looked up for a request that is refused anyway.
func (p *Publishing) complete(ctx context.Context, s document.State) func([]event.Payload, error) ([]event.Payload, error) {
	return func(events []event.Payload, err error) ([]event.Payload, error) {
		if err != nil {
			return nil, err
		}
		for _, e := range events {
			switch e := e.(type) {
			case document.Published:
				err = p.stored(ctx, e.Version.Files)
				if err == nil {
					err = p.arranged(ctx, s, e.Details)
				}
			case document.Versioned:
				err = p.stored(ctx, e.Version.Files)
			case document.DetailsRevised:
				err = p.arranged(ctx, s, e.Details)
			}
			if err != nil {
				return nil, err
			}
		}
		return events, nil
	}
}

// stored refuses files whose bytes are not held.
func (p *Publishing) stored(ctx context.Context, files []document.File) error {
	for _, f := range files {
		held, err := p.content.Has(ctx, f.SHA256)
		if err != nil {
			return err
		}
		if !held {
			return domain.Refuse(domain.Invalid, "no-content", "the bytes of %q (SHA-256 %s) are not stored; upload them first", f.Name, f.SHA256).In("files")
		}
	}
	return nil
}

// arranged refuses details that lead into a category or series that is not there.
func (p *Publishing) arranged(ctx context.Context, s document.State, d document.Details) error {
	for _, id := range d.Categories {
		if slices.Contains(s.Details().Categories, id) {
			continue
		}
		c, err := look[category.State](ctx, p.journal, category.Stream(id))
		if err != nil {
			return err
		}
		if err := c.Take(id); err != nil {
			return err
		}
	}
	if d.Series == uuid.Nil || d.Series == s.Details().Series {
		return nil
	}
	line, err := look[series.State](ctx, p.journal, series.Stream(d.Series))
	if err != nil {
		return err
	}
	return line.Join()
}
