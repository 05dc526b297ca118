package api

// Questions about documents: lists, one document, its versions, its files.

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/category"
	"imprint/handlers/web"
	"imprint/projections/catalog"
	"imprint/projections/history"
)

type listInput struct {
	Waiting
	Paged
	Term        string    `query:"q" doc:"Words to search for, \"quoted phrases\", a SHA-256 or a version number. Symbols alone find nothing; an empty term is none."`
	Group       string    `query:"group" doc:"One of the four top groups."`
	Categories  []string  `query:"category,explode" doc:"Given several times: any of them. The other filters likewise; between filters all must hold."`
	Services    []string  `query:"service,explode"`
	Regions     []string  `query:"region,explode" doc:"Documents of the region global match every region."`
	Industries  []string  `query:"industry,explode"`
	Series      uuid.UUID `query:"series" format:"uuid"`
	From        string    `query:"from" doc:"Last updated at or after this date (UTC) or time (RFC 3339)." example:"2026-01-31"`
	To          string    `query:"to" doc:"Last updated on or before this date (UTC), or before this time." example:"2026-02-28"`
	OldVersions bool      `query:"oldVersions" doc:"Also search superseded versions."`
}

// DocumentPath names a document.
type DocumentPath struct {
	Document uuid.UUID `path:"document" format:"uuid"`
}

// VersionPath names a version of a document.
type VersionPath struct {
	DocumentPath
	Number int `path:"number" minimum:"1"`
}

type documentInput struct {
	Waiting
	DocumentPath
	AsOf string `query:"asOf" doc:"As it was recorded at a moment: a date (its end, UTC), a time (RFC 3339) or an ordinal." example:"2026-01-31"`
}

type documentOnlyInput struct {
	Waiting
	DocumentPath
}

type versionInput struct {
	Waiting
	VersionPath
}

type catalogInput struct {
	Waiting
	Paged
	AsOf        string `query:"asOf" doc:"As it was recorded at a moment: a date (its end, UTC), a time (RFC 3339) or an ordinal."`
	PublishedBy string `query:"publishedBy" doc:"What had been published by a date or time, by the publication times claimed."`
	Ordinal     int64  `query:"ordinal" minimum:"1" doc:"As it was recorded at an ordinal."`
}

type downloadInput struct {
	VersionPath
	File string `path:"file" doc:"The file's language or name."`
}

func (a *api) readDocuments() {
	register(a, operation{method: http.MethodGet, path: "/documents", id: "list-documents", tag: "Documents",
		summary: "List, filter and search documents"}, a.listDocuments)
	register(a, operation{method: http.MethodGet, path: "/documents/{document}", id: "get-document", tag: "Documents",
		summary: "One document with its versions, now or as of a moment"}, a.getDocument)
	register(a, operation{method: http.MethodGet, path: "/documents/{document}/versions", id: "list-versions", tag: "Documents",
		summary: "The versions of a document"}, a.listVersions)
	register(a, operation{method: http.MethodGet, path: "/documents/{document}/versions/{number}", id: "get-version", tag: "Documents",
		summary: "One version; its address holds for ever"}, a.getVersion)
	register(a, operation{method: http.MethodGet, path: "/catalog", id: "get-catalog", tag: "History",
		summary: "The catalog as of a moment, or as published by a date"}, a.catalogAsOf)
	op := register(a, operation{method: http.MethodGet, path: "/documents/{document}/versions/{number}/files/{file}", id: "download", tag: "Documents",
		summary: "Download a file", text: "Takes Range, If-Range and If-None-Match; the ETag is the SHA-256 of the bytes. HEAD works too."}, a.download)
	op.Responses["200"] = &huma.Response{Description: "The bytes.", Headers: map[string]*huma.Param{web.StaleHeader: staleParam()}, Content: map[string]*huma.MediaType{"application/octet-stream": {Schema: &huma.Schema{Type: "string", Format: "binary"}}}}
	op.Responses["206"] = &huma.Response{Description: "A part of the bytes."}
	op.Responses["304"] = &huma.Response{Description: "The bytes named by If-None-Match."}
}

func (a *api) listDocuments(ctx context.Context, in *listInput) (*answer[Listing], error) {
	from, err := moment("from", in.From, startOfDay)
	if err != nil {
		return nil, err
	}
	to, err := moment("to", in.To, nextDay)
	if err != nil {
		return nil, err
	}
	found, err := a.Catalog.List(ctx, web.Reader(ctx), catalog.Filter{
		Term: in.Term, Group: category.Group(in.Group), Categories: in.Categories, Services: in.Services, Regions: in.Regions,
		Industries: in.Industries, Series: in.Series, From: from, To: to, OldVersions: in.OldVersions,
	}, page(in.Paged))
	if err != nil {
		return nil, err
	}
	return &answer[Listing]{Reflects: found.Reflects, Body: listingOf(found)}, nil
}

func (a *api) getDocument(ctx context.Context, in *documentInput) (*answer[Document], error) {
	if in.AsOf != "" {
		m, err := past(in.AsOf)
		if err != nil {
			return nil, err
		}
		then, err := a.History.DocumentAsOf(ctx, web.Reader(ctx), in.Document, m)
		if err != nil {
			return nil, err
		}
		d := documentOf(then.Answer)
		d.AsOf = asOfOf(then)
		return &answer[Document]{Reflects: then.Answer.Reflects, Body: d}, nil
	}
	d, err := a.Catalog.Document(ctx, web.Reader(ctx), in.Document)
	if err != nil {
		return nil, err
	}
	return &answer[Document]{Reflects: d.Reflects, ETag: tag(d.NewestRecorded), Body: documentOf(d)}, nil
}

func (a *api) listVersions(ctx context.Context, in *documentOnlyInput) (*answer[Versions], error) {
	d, err := a.Catalog.Document(ctx, web.Reader(ctx), in.Document)
	if err != nil {
		return nil, err
	}
	return &answer[Versions]{Reflects: d.Reflects, ETag: tag(d.NewestRecorded), Body: Versions{
		Document: d.ID, Newest: d.NewestRecorded, Versions: documentOf(d).Versions, Reflects: d.Reflects,
	}}, nil
}

func (a *api) getVersion(ctx context.Context, in *versionInput) (*answer[Version], error) {
	d, err := a.Catalog.Document(ctx, web.Reader(ctx), in.Document)
	if err != nil {
		return nil, err
	}
	for _, v := range d.Versions {
		if v.Number == in.Number {
			return &answer[Version]{Reflects: d.Reflects, Body: versionOf(d, v)}, nil
		}
	}
	return nil, web.Absent(ctx, "version", strconv.Itoa(in.Number))
}

func (a *api) catalogAsOf(ctx context.Context, in *catalogInput) (*answer[Listing], error) {
	given := 0
	for _, is := range []bool{in.AsOf != "", in.PublishedBy != "", in.Ordinal != 0} {
		if is {
			given++
		}
	}
	if given > 1 {
		return nil, domain.Refuse(domain.Invalid, "one-moment", "asOf, publishedBy and ordinal name different moments; send one of them").In("asOf")
	}
	var then history.AsOf[catalog.Listing]
	var err error
	if in.PublishedBy != "" {
		var by time.Time
		if by, err = moment("publishedBy", in.PublishedBy, endOfDay); err != nil {
			return nil, err
		}
		then, err = a.History.CatalogPublishedBy(ctx, web.Reader(ctx), by, page(in.Paged))
	} else {
		m := history.Moment{Ordinal: in.Ordinal}
		if in.AsOf != "" {
			if m, err = past(in.AsOf); err != nil {
				return nil, err
			}
		}
		then, err = a.History.CatalogAsOf(ctx, web.Reader(ctx), m, page(in.Paged))
	}
	if err != nil {
		return nil, err
	}
	l := listingOf(then.Answer)
	l.AsOf = asOfOf(then)
	return &answer[Listing]{Reflects: l.Reflects, Body: l}, nil
}

func (a *api) download(ctx context.Context, in *downloadInput) (*huma.StreamResponse, error) {
	found, err := a.downloads.Find(ctx, in.Document, in.Number, in.File)
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(c huma.Context) {
		r, w := humago.Unwrap(c)
		found.ServeHTTP(w, r)
	}}, nil
}

func page(p Paged) catalog.Page { return catalog.Page{After: p.After, Limit: p.Limit} }

// How a date stands for a moment; every day is one of UTC.
func startOfDay(day time.Time) time.Time { return day }
func nextDay(day time.Time) time.Time    { return day.AddDate(0, 0, 1) }
func endOfDay(day time.Time) time.Time   { return nextDay(day).Add(-time.Microsecond) }

// moment reads a date or a time; "" is the zero time. No input is: what is asked
// for the zero time would be answered as if no time had been given.
func moment(field, s string, day func(time.Time) time.Time) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.DateOnly, s)
	if err == nil {
		t = day(t)
	} else if t, err = time.Parse(time.RFC3339, s); err == nil {
		t = domain.Moment(t)
	}
	switch {
	case err == nil && t.After(time.Time{}):
		return t, nil
	case err == nil:
		return time.Time{}, domain.Refuse(domain.Invalid, "bad-time", "%s is %.40q; moments lie after 0001-01-01T00:00:00Z and before the year 10000", field, s).In(field)
	}
	return time.Time{}, domain.Refuse(domain.Invalid, "bad-time", "%s is %.40q, which is no date or time; write one such as 2026-01-31 or 2026-01-31T12:00:00Z", field, s).In(field)
}

// past reads a moment of recording: an ordinal, a date or a time.
func past(s string) (history.Moment, error) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		if n < 1 {
			return history.Moment{}, domain.Refuse(domain.Invalid, "bad-ordinal", "ordinals begin with 1, not %d", n).In("asOf")
		}
		return history.Moment{Ordinal: n}, nil
	}
	t, err := moment("asOf", s, endOfDay)
	return history.Moment{Time: t}, err
}
