package handlers

// Here: the commands of an import, which state the past as a source tells it.

import (
	"context"
	"time"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/access"
	"imprint/domain/document"
	"imprint/domain/event"
)

// ImportVersion states one version of a document as its source has it. It begins
// the document, reinstates it or revises its details as needed, in one append.
type ImportVersion struct {
	Document    uuid.UUID // given: follows from the source's first key
	Details     document.Details
	Audience    access.Audience // of a new document
	Major       bool
	Files       []document.File
	Summary     domain.Text
	PublishedAt time.Time // claimed
	Effective   *document.Period
	Origin      document.Origin
}

// ImportDetails states a change of details without a version.
type ImportDetails struct {
	Document uuid.UUID
	Details  document.Details
	Origin   document.Origin
}

// ImportWithdrawal states that the source withdrew a document.
type ImportWithdrawal struct {
	Document    uuid.UUID
	Reason      domain.Text
	WithdrawnAt time.Time // claimed
	Origin      document.Origin
}

// ImportVersion states a version. Equal bytes are no reason to refuse it.
func (p *Publishing) ImportVersion(ctx context.Context, req Request, c ImportVersion) (DocumentWritten, error) {
	past := document.Past{
		Details: c.Details, Audience: c.Audience, PublishedAt: c.PublishedAt, Origin: c.Origin,
		Draft: document.Draft{Major: c.Major, Files: c.Files, Summary: c.Summary, Effective: c.Effective},
	}
	return p.document(ctx, req, c.Document, func(ctx context.Context, s document.State, _ time.Time) ([]event.Payload, error) {
		return p.complete(ctx, s)(s.Import(c.Document, past))
	})
}

// ImportDetails states changed details; equal ones write nothing.
func (p *Publishing) ImportDetails(ctx context.Context, req Request, c ImportDetails) (DocumentWritten, error) {
	return p.document(ctx, req, c.Document, func(ctx context.Context, s document.State, _ time.Time) ([]event.Payload, error) {
		return p.complete(ctx, s)(s.ImportDetails(c.Details, c.Origin))
	})
}

// ImportWithdrawal states a withdrawal.
func (p *Publishing) ImportWithdrawal(ctx context.Context, req Request, c ImportWithdrawal) (DocumentWritten, error) {
	return p.document(ctx, req, c.Document, func(_ context.Context, s document.State, _ time.Time) ([]event.Payload, error) {
		return s.ImportWithdrawal(c.Reason, c.WithdrawnAt, c.Origin)
	})
}
