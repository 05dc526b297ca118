package handlers

// Here: the commands on documents, as data. documents.go carries them out.

import (
	"time"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/access"
	"imprint/domain/document"
)

// Publishing carries out the commands of publishers on documents, series and
// categories. Actors without the role get domain.Forbidden.
type Publishing struct {
	journal *Journal
	content Content
	holds   CategoryHolds
}

// NewPublishing makes the handler; it is safe for concurrent use.
func NewPublishing(journal *Journal, content Content, holds CategoryHolds) *Publishing {
	return &Publishing{journal: journal, content: content, holds: holds}
}

// DocumentWritten answers a command on a document.
type DocumentWritten struct {
	Document uuid.UUID
	Version  int // the version published or changed; 0 where the command concerns none
	Written
}

// PublishDocument begins a document with version 1, which is major.
type PublishDocument struct {
	Document  uuid.UUID // zero: follows from the request
	Details   document.Details
	Audience  access.Audience
	Urgent    bool
	Files     []document.File
	Summary   domain.Text
	Effective *document.Period
}

// AddVersion adds a version to a document.
type AddVersion struct {
	Document  uuid.UUID
	BasedOn   int // the newest version that the author knew
	Major     bool
	Urgent    bool
	Files     []document.File
	Summary   domain.Text
	Effective *document.Period
	Force     bool // also if the bytes are those of the current version
}

// ReviseDetails replaces title, description, series, categories and facets.
type ReviseDetails struct {
	Document uuid.UUID
	Details  document.Details
}

// CorrectSummary corrects the change summary of one version.
type CorrectSummary struct {
	Document uuid.UUID
	Number   int
	Summary  domain.Text
	Reason   string
}

// CorrectDates corrects the claimed publication time and the effective period of
// one version.
type CorrectDates struct {
	Document    uuid.UUID
	Number      int
	PublishedAt *time.Time       // nil: stays as it is
	Effective   *document.Period // nil: stays as it is; open at both ends: is removed
	Reason      string
}

// ChangeAudience replaces the audience.
type ChangeAudience struct {
	Document uuid.UUID
	Audience access.Audience
	Reason   string
}

// WithdrawVersion withdraws one version for a public reason.
type WithdrawVersion struct {
	Document uuid.UUID
	Number   int
	Reason   domain.Text
}

// ReinstateVersion takes the withdrawal of one version back.
type ReinstateVersion struct {
	Document uuid.UUID
	Number   int
	Reason   domain.Text
}

// WithdrawDocument withdraws the document for a public reason.
type WithdrawDocument struct {
	Document uuid.UUID
	Reason   domain.Text
}

// ReinstateDocument takes the withdrawal of the document back.
type ReinstateDocument struct {
	Document uuid.UUID
	Reason   domain.Text
}
