package notices

import (
	"context"
	"time"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/access"
	"imprint/domain/digest"
	"imprint/domain/notice"
)

// Queries is what the digest worker asks.
type Queries interface {
	// End is the first ordinal that the read models of a selection do not yet
	// cover: a window may not end after it.
	End(ctx context.Context) (int64, error)
	// Due selects the notices of a window that concern a person: by a saved
	// document or a followed series, the cause lying after the save or follow and
	// after since (the last turning on). One Candidate per document or series,
	// newest notice first, with what the mail says now.
	Due(ctx context.Context, person uuid.UUID, w digest.Window, since int64) ([]Candidate, error)
	// Pending tells whether any notice was released at or after an ordinal.
	Pending(ctx context.Context, after int64) (bool, error)
	// Current answers the present audience of documents, for the decision that is
	// made again when a mail is made ready; a document that is parked or absent is
	// missing from the answer.
	Current(ctx context.Context, documents []uuid.UUID) (map[uuid.UUID]access.Audience, error)
}

// Candidate is one possible entry of a digest, before access is decided.
type Candidate struct {
	Item              digest.Item
	Ordinal           int64 // of the newest notice among its updates
	CauseAt           time.Time
	Title             domain.Text
	Summary           domain.Text // corrected, of the newest version told
	Reason            domain.Text // of a withdrawal, reinstatement or discontinuation
	Series            uuid.UUID
	SeriesName        domain.Text
	Successor         uuid.UUID
	SuccessorName     domain.Text
	SuccessorAudience access.Audience // who may know of it: those who see one of its documents
	BySeries          bool            // reached only through a followed series
	Audience          access.Audience
	Kind              notice.Kind // what is told now: withdrawn later wins over new
}
