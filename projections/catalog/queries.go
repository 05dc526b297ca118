package catalog

import (
	"context"
	"time"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/access"
	"imprint/domain/category"
	"imprint/domain/document"
)

// Queries is what readers ask of the catalog. Every answer holds only what the
// reader may see, and says the ordinal it reflects. What is absent and what is
// hidden give the same domain.NotFound (for an anonymous visitor
// domain.Unauthenticated), by the same statements.
type Queries interface {
	Home(ctx context.Context, r access.Reader) (Home, error)
	List(ctx context.Context, r access.Reader, f Filter, p Page) (Listing, error)
	Document(ctx context.Context, r access.Reader, id uuid.UUID) (Document, error)
	Series(ctx context.Context, r access.Reader, id uuid.UUID, p Page) (Series, error)
	AllSeries(ctx context.Context, r access.Reader, p Page) (SeriesListing, error)
	Category(ctx context.Context, r access.Reader, id string) (Category, error)
	// HeldBy counts the documents that stand in a category, whoever may see them.
	HeldBy(ctx context.Context, category string) (int, error)
}

// Filter narrows a list: OR inside one field, AND between fields. Values that do
// not exist are domain.Invalid errors that list the valid ones.
type Filter struct {
	Term       string // query language of package terms; "" browses
	Group      category.Group
	Categories []string
	Services   []string
	Regions    []string // "global" documents match every region
	Industries []string
	Series     uuid.UUID
	From, To   time.Time // last updated, inclusive From, exclusive To
	// OldVersions also finds superseded versions by their summary, number or hash.
	OldVersions bool
}

// MaxPage is how many items a page holds at most.
const MaxPage = 100

// Page asks for a part of a list. After is the cursor of the answer before.
type Page struct {
	After string
	Limit int // 0: 25; at most MaxPage
}

// Item is one document in a list.
type Item struct {
	ID          uuid.UUID
	Title       domain.Text
	Description domain.Text
	Series      uuid.UUID
	SeriesName  domain.Text
	Categories  []string
	Version     int // the newest the reader may see
	Summary     domain.Text
	LastUpdated time.Time // newest major version, as recorded or, for imports, as claimed
	Withdrawn   bool
	Audience    access.Audience
	// MatchedVersion is the version a search found, where it is not the newest.
	MatchedVersion int
}

// Listing is one page of a list.
type Listing struct {
	Items    []Item
	Next     string // cursor, "" at the end
	Total    Count
	Facets   []Facet
	Reflects int64 // the ordinal the answer reflects
}

// Count is exact up to CountLimit; More tells that there are more.
type Count struct {
	N    int
	More bool
}

// CountLimit is where counting ends: "10,000+".
const CountLimit = 10_000

// Facet is one filter with its values and how many documents each would leave,
// given the other filters.
type Facet struct {
	Name   string // "category", "service", "region", "industry"
	Values []FacetValue
}

// FacetValue is one value of a filter.
type FacetValue struct {
	Value    string
	Label    domain.Text
	Count    Count
	Selected bool
}

// Home is the first page: the groups with their tiles that hold something the
// reader may see.
type Home struct {
	Groups   []Group
	Newest   []Item // the newest few updates
	Reflects int64
}

// Group is one of the four top groups.
type Group struct {
	ID    category.Group
	Tiles []Category
}

// Category is a tile.
type Category struct {
	ID          string
	Group       category.Group
	Name        domain.Text
	Description domain.Text
	Count       Count // of what the reader may see
}

// Document is one document with all its versions.
type Document struct {
	Item
	Details        document.Details
	Reason         domain.Text // of the withdrawal
	WithdrawnAt    time.Time
	Versions       []Version // newest first
	Revision       int64     // of the stream, for conflict messages
	NewestRecorded int       // the highest version number, withdrawn or not: what a new version is based on
	Reflects       int64
}

// Version is one version of a document, with corrections applied.
type Version struct {
	Number      int
	Major       bool
	Files       []document.File
	Summary     domain.Text
	PublishedAt time.Time // claimed
	RecordedAt  time.Time
	Effective   *document.Period
	Origin      *document.Origin
	Withdrawn   bool
	Reason      domain.Text
}

// Series is a series with its documents.
type Series struct {
	ID            uuid.UUID
	Name          domain.Text
	Description   domain.Text
	Discontinued  bool
	Reason        domain.Text
	Successor     uuid.UUID
	SuccessorName domain.Text
	Documents     Listing
	Reflects      int64
}

// SeriesListing is one page of the series that hold something the reader may see.
type SeriesListing struct {
	Items    []Series // without Documents
	Next     string
	Reflects int64
}
