package api

// Series: questions and commands.

import (
	"context"
	"net/http"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/handlers"
	"imprint/handlers/web"
	"imprint/projections/catalog"
)

// Series is a named line of documents.
type Series struct {
	ID            uuid.UUID   `json:"id" format:"uuid"`
	Name          domain.Text `json:"name"`
	Description   domain.Text `json:"description,omitempty"`
	Discontinued  bool        `json:"discontinued"`
	Reason        domain.Text `json:"reason,omitempty" doc:"Why it was discontinued."`
	Successor     uuid.UUID   `json:"successor,omitzero" format:"uuid"`
	SuccessorName domain.Text `json:"successorName,omitempty"`
	Documents     *Listing    `json:"documents,omitempty"`
	Reflects      int64       `json:"reflects,omitempty"`
}

// SeriesListing is one page of series.
type SeriesListing struct {
	Items    []Series `json:"items" nullable:"false"`
	Next     string   `json:"next,omitempty"`
	Reflects int64    `json:"reflects"`
}

// Named is a name and a description, by language.
type Named struct {
	Name        domain.Text `json:"name"`
	Description domain.Text `json:"description,omitempty"`
}

// Discontinuation ends a series.
type Discontinuation struct {
	Reason    domain.Text `json:"reason" doc:"Public, by language."`
	Successor uuid.UUID   `json:"successor,omitzero" format:"uuid" doc:"The series that takes its place."`
}

// SeriesPath names a series.
type SeriesPath struct {
	Series uuid.UUID `path:"series" format:"uuid"`
}

type seriesListInput struct {
	Waiting
	Paged
}

type seriesInput struct {
	Waiting
	Paged
	SeriesPath
}

type openSeriesInput struct {
	Keyed
	Body Named
}

type reviseSeriesInput struct {
	Keyed
	SeriesPath
	Body Named
}

type discontinueInput struct {
	Keyed
	SeriesPath
	Body Discontinuation
}

func (a *api) series() {
	register(a, operation{method: http.MethodGet, path: "/series", id: "list-series", tag: "Series",
		summary: "The series that hold something the reader may see"}, a.listSeries)
	register(a, operation{method: http.MethodGet, path: "/series/{series}", id: "get-series", tag: "Series",
		summary: "One series with its documents"}, a.getSeries)
	command(a, operation{method: http.MethodPost, path: "/series", id: "open-series", tag: "Series", status: created, summary: "Open a series"},
		func(ctx context.Context, r handlers.Request, in *openSeriesInput) (*written[SeriesReceipt], error) {
			return a.wroteSeries(a.Publishing.OpenSeries(ctx, r, handlers.OpenSeries{Name: in.Body.Name, Description: in.Body.Description}))
		})
	command(a, operation{method: http.MethodPut, path: "/series/{series}", id: "revise-series", tag: "Series", summary: "Replace a series' name and description"},
		func(ctx context.Context, r handlers.Request, in *reviseSeriesInput) (*written[SeriesReceipt], error) {
			return a.wroteSeries(a.Publishing.ReviseSeries(ctx, r, handlers.ReviseSeries{Series: in.Series, Name: in.Body.Name, Description: in.Body.Description}))
		})
	command(a, operation{method: http.MethodPost, path: "/series/{series}/discontinue", id: "discontinue-series", tag: "Series", summary: "End a series"},
		func(ctx context.Context, r handlers.Request, in *discontinueInput) (*written[SeriesReceipt], error) {
			return a.wroteSeries(a.Publishing.DiscontinueSeries(ctx, r, handlers.DiscontinueSeries{Series: in.Series, Reason: in.Body.Reason, Successor: in.Body.Successor}))
		})
}

func (a *api) listSeries(ctx context.Context, in *seriesListInput) (*answer[SeriesListing], error) {
	l, err := a.Catalog.AllSeries(ctx, web.Reader(ctx), page(in.Paged))
	if err != nil {
		return nil, err
	}
	return &answer[SeriesListing]{Reflects: l.Reflects, Body: SeriesListing{Items: each(l.Items, seriesOf), Next: l.Next, Reflects: l.Reflects}}, nil
}

func (a *api) getSeries(ctx context.Context, in *seriesInput) (*answer[Series], error) {
	s, err := a.Catalog.Series(ctx, web.Reader(ctx), in.Series, page(in.Paged))
	if err != nil {
		return nil, err
	}
	out, documents := seriesOf(s), listingOf(s.Documents)
	documents.Reflects, out.Reflects, out.Documents = s.Reflects, s.Reflects, &documents
	return &answer[Series]{Reflects: s.Reflects, Body: out}, nil
}

func seriesOf(s catalog.Series) Series {
	return Series{
		ID: s.ID, Name: s.Name, Description: s.Description, Discontinued: s.Discontinued, Reason: s.Reason,
		Successor: s.Successor, SuccessorName: s.SuccessorName,
	}
}
