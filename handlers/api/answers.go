package api

// What the API says about documents: the JSON forms of the queries' answers.

import (
	"fmt"
	"net/url"
	"time"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/document"
	"imprint/projections/catalog"
	"imprint/projections/history"
)

// answer is a read: its body, and the ordinal that it reflects.
type answer[T any] struct {
	Reflects int64  `header:"Reflects" doc:"The ordinal that the answer reflects."`
	ETag     string `header:"ETag" doc:"For a document: the number of its newest version, for If-Match."`
	Body     T
}

// Item is one document in a list.
type Item struct {
	ID             uuid.UUID   `json:"id" format:"uuid"`
	Title          domain.Text `json:"title"`
	Description    domain.Text `json:"description,omitempty"`
	Series         uuid.UUID   `json:"series,omitzero" format:"uuid"`
	SeriesName     domain.Text `json:"seriesName,omitempty"`
	Categories     []string    `json:"categories" nullable:"false"`
	Audience       string      `json:"audience" enum:"everyone,signed-in"`
	Version        int         `json:"version" doc:"The newest version the reader may see."`
	Summary        domain.Text `json:"summary,omitempty"`
	LastUpdated    time.Time   `json:"lastUpdated,omitzero" doc:"When the newest major version was published."`
	Withdrawn      bool        `json:"withdrawn"`
	MatchedVersion int         `json:"matchedVersion,omitempty" doc:"The version that the search found, where it is not the newest."`
}

// Listing is one page of documents.
type Listing struct {
	Items    []Item  `json:"items" nullable:"false"`
	Next     string  `json:"next,omitempty" doc:"The cursor of the next page; absent on the last."`
	Total    Count   `json:"total"`
	Facets   []Facet `json:"facets,omitempty"`
	AsOf     *AsOf   `json:"asOf,omitempty"`
	Reflects int64   `json:"reflects"`
}

// Count is exact up to 10,000.
type Count struct {
	Number int  `json:"number"`
	More   bool `json:"more,omitempty" doc:"There are more than number."`
}

// Facet is one filter with its values, and what each would leave.
type Facet struct {
	Name   string       `json:"name"`
	Values []FacetValue `json:"values" nullable:"false"`
}

// FacetValue is one value of a filter.
type FacetValue struct {
	Value    string      `json:"value"`
	Label    domain.Text `json:"label,omitempty"`
	Count    Count       `json:"count"`
	Selected bool        `json:"selected,omitempty"`
}

// AsOf says to which moment an answer about the past belongs.
type AsOf struct {
	By          string    `json:"by" doc:"recorded: by the order of recording. published: by the publication times claimed."`
	Ordinal     int64     `json:"ordinal"`
	LogTime     time.Time `json:"logTime,omitzero"`
	Provisional bool      `json:"provisional" doc:"The moment lies after the log's end: the answer may still change."`
}

// Document is one document with its versions.
type Document struct {
	Item
	Services    []string    `json:"services,omitempty"`
	Regions     []string    `json:"regions,omitempty"`
	Industries  []string    `json:"industries,omitempty"`
	Newest      int         `json:"newest" doc:"The highest version number: what a new version is based on."`
	Reason      domain.Text `json:"reason,omitempty" doc:"Why it was withdrawn."`
	WithdrawnAt time.Time   `json:"withdrawnAt,omitzero"`
	Versions    []Version   `json:"versions" nullable:"false" doc:"Newest first."`
	AsOf        *AsOf       `json:"asOf,omitempty"`
	Reflects    int64       `json:"reflects"`
}

// Versions lists the versions of a document.
type Versions struct {
	Document uuid.UUID `json:"document" format:"uuid"`
	Newest   int       `json:"newest"`
	Versions []Version `json:"versions" nullable:"false" doc:"Newest first."`
	Reflects int64     `json:"reflects"`
}

// Version is one immutable version, with its corrections applied.
type Version struct {
	Number      int         `json:"number"`
	Major       bool        `json:"major"`
	Superseded  bool        `json:"superseded" doc:"There is a newer version that stands."`
	Files       []File      `json:"files" nullable:"false"`
	Summary     domain.Text `json:"summary,omitempty"`
	PublishedAt time.Time   `json:"publishedAt,omitzero" doc:"As claimed."`
	RecordedAt  time.Time   `json:"recordedAt,omitzero"`
	Effective   *Period     `json:"effective,omitempty"`
	Origin      *Origin     `json:"origin,omitempty"`
	Withdrawn   bool        `json:"withdrawn"`
	Reason      domain.Text `json:"reason,omitempty" doc:"Why it was withdrawn."`
}

// File is one file of a version.
type File struct {
	Locale    string `json:"locale"`
	Name      string `json:"name"`
	SHA256    string `json:"sha256"`
	Bytes     int64  `json:"bytes"`
	MediaType string `json:"mediaType"`
	Href      string `json:"href" doc:"Where to download it."`
}

// Period is the days a report covers; an absent end is open.
type Period struct {
	From domain.Date `json:"from,omitzero" format:"date" doc:"The first day covered."`
	To   domain.Date `json:"to,omitzero" format:"date" doc:"The last day covered."`
}

// Origin is where an import found a version.
type Origin struct {
	Source  string `json:"source"`
	Key     string `json:"key"`
	Label   string `json:"label,omitempty"`
	Release string `json:"release,omitempty"`
}

func itemOf(i catalog.Item) Item {
	return Item{
		ID: i.ID, Title: i.Title, Description: i.Description, Series: i.Series, SeriesName: i.SeriesName, Categories: list(i.Categories),
		Audience: string(i.Audience.Kind), Version: i.Version, Summary: i.Summary, LastUpdated: i.LastUpdated,
		Withdrawn: i.Withdrawn, MatchedVersion: i.MatchedVersion,
	}
}

func listingOf(l catalog.Listing) Listing {
	out := Listing{Items: each(l.Items, itemOf), Next: l.Next, Total: countOf(l.Total), Reflects: l.Reflects}
	for _, f := range l.Facets {
		out.Facets = append(out.Facets, Facet{Name: f.Name, Values: each(f.Values, func(v catalog.FacetValue) FacetValue {
			return FacetValue{Value: v.Value, Label: v.Label, Count: countOf(v.Count), Selected: v.Selected}
		})})
	}
	return out
}

func countOf(c catalog.Count) Count { return Count{Number: c.N, More: c.More} }

func asOfOf[T any](a history.AsOf[T]) *AsOf {
	return &AsOf{By: a.By, Ordinal: a.Ordinal, LogTime: a.LogTime, Provisional: a.Provisional}
}

func documentOf(d catalog.Document) Document {
	return Document{
		Item: itemOf(d.Item), Services: d.Details.Services, Regions: d.Details.Regions, Industries: d.Details.Industries,
		Newest: d.NewestRecorded, Reason: d.Reason, WithdrawnAt: d.WithdrawnAt,
		Versions: each(d.Versions, func(v catalog.Version) Version { return versionOf(d, v) }), Reflects: d.Reflects,
	}
}

func versionOf(d catalog.Document, v catalog.Version) Version {
	out := Version{
		Number: v.Number, Major: v.Major, Superseded: v.Number < d.Version, Summary: v.Summary, PublishedAt: v.PublishedAt,
		RecordedAt: v.RecordedAt, Withdrawn: v.Withdrawn, Reason: v.Reason,
		Files: each(v.Files, func(f document.File) File {
			return File{Locale: f.Locale, Name: f.Name, SHA256: f.SHA256, Bytes: f.Bytes, MediaType: f.MediaType, Href: versionPath(d.ID, v.Number) + "/files/" + url.PathEscape(f.Locale)}
		}),
	}
	if v.Effective != nil {
		out.Effective = &Period{From: v.Effective.From, To: v.Effective.To}
	}
	if v.Origin != nil {
		out.Origin = &Origin{Source: v.Origin.Source, Key: v.Origin.Key, Label: v.Origin.Label, Release: v.Origin.Release}
	}
	return out
}

func documentPath(id uuid.UUID) string { return prefix + "/documents/" + id.String() }

func versionPath(id uuid.UUID, number int) string {
	return fmt.Sprintf("%s/versions/%d", documentPath(id), number)
}

// each translates a list; none is an empty one, never null.
func each[A, B any](in []A, translate func(A) B) []B {
	out := make([]B, len(in))
	for i, a := range in {
		out[i] = translate(a)
	}
	return out
}

func list(in []string) []string { return each(in, func(s string) string { return s }) }
