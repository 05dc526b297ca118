package api

// The reader's own library.

import (
	"context"
	"net/http"
	"time"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/handlers"
	"imprint/handlers/web"
	"imprint/projections/library"
)

// Library is one page of the saved documents, and the series followed.
type Library struct {
	Entries  []LibraryEntry `json:"entries" nullable:"false"`
	Next     string         `json:"next,omitempty"`
	Series   []Followed     `json:"series" nullable:"false"`
	Reflects int64          `json:"reflects"`
}

// LibraryEntry is one saved document.
type LibraryEntry struct {
	Document     uuid.UUID   `json:"document" format:"uuid"`
	Title        domain.Text `json:"title" doc:"As it was saved, where it is no longer available."`
	Available    bool        `json:"available" doc:"False: no longer available to the reader."`
	SavedAt      time.Time   `json:"savedAt"`
	SavedVersion int         `json:"savedVersion"`
	Version      int         `json:"version,omitempty" doc:"The current one."`
	Series       uuid.UUID   `json:"series,omitzero" format:"uuid"`
	SeriesName   domain.Text `json:"seriesName,omitempty"`
	Withdrawn    bool        `json:"withdrawn"`
	Reason       domain.Text `json:"reason,omitempty"`
	Updated      bool        `json:"updated" doc:"A major version, not the first, in the last 30 days."`
	UpdatedAt    time.Time   `json:"updatedAt,omitzero"`
	Summary      domain.Text `json:"summary,omitempty" doc:"Of the newest such version."`
	MoreUpdates  int         `json:"moreUpdates,omitempty" doc:"How many others there were in these 30 days."`
}

// Followed is a series that the person follows.
type Followed struct {
	Series       uuid.UUID   `json:"series" format:"uuid"`
	Name         domain.Text `json:"name"`
	Explicit     bool        `json:"explicit" doc:"By a follow, not only by a saved document."`
	Discontinued bool        `json:"discontinued"`
}

// Saving answers the saving of one document.
type Saving struct {
	Document uuid.UUID `json:"document" format:"uuid"`
	Version  int       `json:"version" doc:"The version saved, that of the first time."`
	Already  bool      `json:"already" doc:"It was there before this request."`
	Receipt
}

// Bulk names documents to save together.
type Bulk struct {
	Documents []uuid.UUID `json:"documents" nullable:"false" doc:"1 to 200 of them."`
}

// BulkSaving answers one outcome for each document, in the order of the request.
type BulkSaving struct {
	Results []BulkResult `json:"results" nullable:"false"`
	Receipt
}

// BulkResult is the outcome of one document.
type BulkResult struct {
	Document uuid.UUID `json:"document" format:"uuid"`
	Outcome  string    `json:"outcome" enum:"saved,already,not-available"`
}

type libraryInput struct {
	Waiting
	Paged
}

type entryInput struct {
	Keyed
	DocumentPath
}

type followInput struct {
	Keyed
	SeriesPath
}

type bulkInput struct {
	Keyed
	Body Bulk
}

func (a *api) library() {
	const optional = "The Idempotency-Key is optional here: doing it twice is doing it once."
	register(a, operation{method: http.MethodGet, path: "/library", id: "get-library", tag: "Library",
		summary: "The saved documents, newest saved first, and the series followed"}, a.getLibrary)
	command(a, operation{method: http.MethodPost, path: "/library", id: "save-all", tag: "Library",
		summary: "Save up to 200 documents"}, a.saveAll)
	command(a, operation{method: http.MethodPut, path: "/library/{document}", id: "save", tag: "Library",
		summary: "Save a document", text: optional}, a.save)
	command(a, operation{method: http.MethodDelete, path: "/library/{document}", id: "remove", tag: "Library", summary: "Remove a document", text: optional},
		func(ctx context.Context, r handlers.Request, in *entryInput) (*written[Receipt], error) {
			return a.wrote(a.Libraries.Remove(ctx, r, in.Document))
		})
	command(a, operation{method: http.MethodPut, path: "/library/series/{series}", id: "follow", tag: "Library", summary: "Follow a series", text: optional},
		func(ctx context.Context, r handlers.Request, in *followInput) (*written[Receipt], error) {
			return a.wrote(a.Libraries.Follow(ctx, r, in.Series))
		})
	command(a, operation{method: http.MethodDelete, path: "/library/series/{series}", id: "unfollow", tag: "Library",
		summary: "Unfollow a series; saved documents stay", text: optional},
		func(ctx context.Context, r handlers.Request, in *followInput) (*written[Receipt], error) {
			return a.wrote(a.Libraries.Unfollow(ctx, r, in.Series))
		})
}

func (a *api) getLibrary(ctx context.Context, in *libraryInput) (*answer[Library], error) {
	l, err := a.Library.Library(ctx, web.Reader(ctx), a.Clock(), page(in.Paged))
	if err != nil {
		return nil, err
	}
	out := Library{Next: l.Next, Reflects: l.Reflects}
	out.Entries = each(l.Entries, func(e library.Entry) LibraryEntry { return LibraryEntry(e) })
	out.Series = each(l.Series, func(f library.Followed) Followed { return Followed(f) })
	return &answer[Library]{Reflects: l.Reflects, Body: out}, nil
}

func (a *api) save(ctx context.Context, r handlers.Request, in *entryInput) (*written[Saving], error) {
	s, err := a.Libraries.Save(ctx, r, in.Document)
	if err != nil {
		return nil, err
	}
	receipt := a.receipt(s.Written)
	return &written[Saving]{Token: receipt.WaitToken, Body: Saving{Document: s.Document, Version: s.Version, Already: s.Already, Receipt: receipt}}, nil
}

func (a *api) saveAll(ctx context.Context, r handlers.Request, in *bulkInput) (*written[BulkSaving], error) {
	results, done, err := a.Libraries.SaveAll(ctx, r, in.Body.Documents)
	if err != nil {
		return nil, err
	}
	receipt := a.receipt(done)
	return &written[BulkSaving]{Token: receipt.WaitToken, Body: BulkSaving{Receipt: receipt, Results: each(results, func(r handlers.SaveResult) BulkResult {
		return BulkResult{Document: r.Document, Outcome: string(r.Outcome)}
	})}}, nil
}
