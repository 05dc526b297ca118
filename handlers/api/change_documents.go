package api

// Commands on documents that make no version.

import (
	"context"
	"encoding/json"
	"net/http"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"imprint/domain"
	"imprint/domain/access"
	"imprint/domain/document"
	"imprint/handlers"
)

// AudienceChange replaces who may see a document.
type AudienceChange struct {
	Audience string `json:"audience" enum:"everyone,signed-in"`
	Reason   string `json:"reason,omitempty"`
}

// Reason is a public reason, by language.
type Reason struct {
	Reason domain.Text `json:"reason,omitempty" doc:"Public, by language; required to withdraw."`
}

// Correction corrects the summary or the dates of a version; one of them.
type Correction struct {
	Summary     domain.Text `json:"summary,omitempty" doc:"The summary as it is to be."`
	PublishedAt *time.Time  `json:"publishedAt,omitempty" doc:"The publication time as it is to be; absent: it stays."`
	Effective   NewPeriod   `json:"effective,omitzero" doc:"The days covered as they are to be; absent: they stay; null: they are removed."`
	Reason      string      `json:"reason,omitempty" doc:"Why, for the history."`
}

// NewPeriod is a period as it is to be: null is none, which is not the same as
// nothing said.
type NewPeriod struct{ said *document.Period }

// UnmarshalJSON reads a period or null.
func (n *NewPeriod) UnmarshalJSON(b []byte) error {
	var p Period
	if err := json.Unmarshal(b, &p); err != nil {
		return err
	}
	n.said = periodOf(&p) // open at both ends, which null leaves it, is none
	return nil
}

// Schema describes it as the period that it is.
func (NewPeriod) Schema(r huma.Registry) *huma.Schema {
	s := *huma.SchemaFromType(r, reflect.TypeFor[Period]())
	s.Nullable = true
	return &s
}

type detailsInput struct {
	Keyed
	DocumentPath
	Body Details
}

type audienceInput struct {
	Keyed
	DocumentPath
	Body AudienceChange
}

type documentReasonInput struct {
	Keyed
	DocumentPath
	Body Reason
}

type versionReasonInput struct {
	Keyed
	VersionPath
	Body Reason
}

type correctionInput struct {
	Keyed
	VersionPath
	Body Correction
}

func (a *api) changeDocuments() {
	command(a, operation{method: http.MethodPut, path: "/documents/{document}/details", id: "revise-details", tag: "Publishing",
		summary: "Replace title, description, series, categories and filters", text: "All of them are given; what is left out is removed."},
		func(ctx context.Context, r handlers.Request, in *detailsInput) (*written[DocumentReceipt], error) {
			return a.wroteDocument(a.Publishing.Revise(ctx, r, handlers.ReviseDetails{Document: in.Document, Details: detailsOf(in.Body)}))
		})
	command(a, operation{method: http.MethodPut, path: "/documents/{document}/audience", id: "change-audience", tag: "Publishing",
		summary: "Replace who may see a document", text: "Answers only when every read has the change."}, a.changeAudience)
	command(a, operation{method: http.MethodPost, path: "/documents/{document}/versions/{number}/corrections", id: "correct-version", tag: "Publishing",
		summary: "Correct the summary or the dates of a version", text: "What is not sent stays as it is. What was said before stays in the history."}, a.correct)
	command(a, operation{method: http.MethodPost, path: "/documents/{document}/withdraw", id: "withdraw-document", tag: "Publishing",
		summary: "Withdraw a document"},
		func(ctx context.Context, r handlers.Request, in *documentReasonInput) (*written[DocumentReceipt], error) {
			return a.wroteDocument(a.Publishing.Withdraw(ctx, r, handlers.WithdrawDocument{Document: in.Document, Reason: in.Body.Reason}))
		})
	command(a, operation{method: http.MethodPost, path: "/documents/{document}/reinstate", id: "reinstate-document", tag: "Publishing",
		summary: "Take the withdrawal of a document back"},
		func(ctx context.Context, r handlers.Request, in *documentReasonInput) (*written[DocumentReceipt], error) {
			return a.wroteDocument(a.Publishing.Reinstate(ctx, r, handlers.ReinstateDocument{Document: in.Document, Reason: in.Body.Reason}))
		})
	command(a, operation{method: http.MethodPost, path: "/documents/{document}/versions/{number}/withdraw", id: "withdraw-version", tag: "Publishing",
		summary: "Withdraw one version"},
		func(ctx context.Context, r handlers.Request, in *versionReasonInput) (*written[DocumentReceipt], error) {
			return a.wroteDocument(a.Publishing.WithdrawVersion(ctx, r, handlers.WithdrawVersion{Document: in.Document, Number: in.Number, Reason: in.Body.Reason}))
		})
	command(a, operation{method: http.MethodPost, path: "/documents/{document}/versions/{number}/reinstate", id: "reinstate-version", tag: "Publishing",
		summary: "Take the withdrawal of one version back"},
		func(ctx context.Context, r handlers.Request, in *versionReasonInput) (*written[DocumentReceipt], error) {
			return a.wroteDocument(a.Publishing.ReinstateVersion(ctx, r, handlers.ReinstateVersion{Document: in.Document, Number: in.Number, Reason: in.Body.Reason}))
		})
}

// changeAudience answers only after the read models have passed the change: what
// was narrowed is hidden by then (DESIGN law 9).
func (a *api) changeAudience(ctx context.Context, r handlers.Request, in *audienceInput) (*written[DocumentReceipt], error) {
	done, err := a.Publishing.ChangeAudience(ctx, r, handlers.ChangeAudience{
		Document: in.Document, Audience: access.Audience{Kind: access.Kind(in.Body.Audience)}, Reason: in.Body.Reason,
	})
	if err == nil {
		err = a.waiter.Until(ctx, done.Token)
	}
	return a.wroteDocument(done, err)
}

func (a *api) correct(ctx context.Context, r handlers.Request, in *correctionInput) (*written[DocumentReceipt], error) {
	c := in.Body
	switch dates := c.PublishedAt != nil || c.Effective.said != nil; {
	case c.Summary == nil && !dates:
		return nil, domain.Refuse(domain.Invalid, "no-correction", "the request corrects nothing; send summary, or publishedAt and effective or one of them").In("summary")
	case c.Summary != nil && dates:
		return nil, domain.Refuse(domain.Invalid, "one-correction", "the request corrects both summary and dates; send one request for each").In("summary")
	case dates:
		return a.wroteDocument(a.Publishing.CorrectDates(ctx, r, handlers.CorrectDates{
			Document: in.Document, Number: in.Number, PublishedAt: c.PublishedAt, Effective: c.Effective.said, Reason: c.Reason,
		}))
	}
	return a.wroteDocument(a.Publishing.CorrectSummary(ctx, r, handlers.CorrectSummary{
		Document: in.Document, Number: in.Number, Summary: c.Summary, Reason: c.Reason,
	}))
}
