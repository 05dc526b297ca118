package catalog

// The rows of the tables. Columns that lists do not read stand last.

import (
	"time"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/access"
	"imprint/domain/category"
	"imprint/domain/document"
)

// documentRow is a document as lists show it.
type documentRow struct {
	Document    uuid.UUID   `col:"document,key"`
	Title       domain.Text `col:"title"`
	TitleSort   string      `col:"title_sort"` // normalised, in the default locale
	Description domain.Text `col:"description"`
	Series      uuid.UUID   `col:"series"`
	Audience    access.Kind `col:"audience"`
	Version     int         `col:"version"` // the newest live one, 0 where none is
	Summary     domain.Text `col:"summary"` // its change summary, none where Forgotten
	LastUpdated time.Time   `col:"last_updated"`
	Withdrawn   bool        `col:"withdrawn"` // as a whole
	Reason      domain.Text `col:"reason"`
	WithdrawnAt time.Time   `col:"withdrawn_at"`
	Newest      int         `col:"newest"` // the highest version number, withdrawn or not
	Categories  []string    `col:"categories"`
	Services    []string    `col:"services"`
	Regions     []string    `col:"regions"`
	Industries  []string    `col:"industries"`
	SeriesSince int64       `col:"series_since,unhashed"` // ordinal since which it is in its series, 0 where in none
	Revision    int64       `col:"revision"`              // of its stream
	// What is searched: normalised texts, and the tokens of what it belongs to
	// (see SeriesToken), so that a renamed series is found without touching its
	// documents.
	FoundTitle string `col:"found_title"`
	FoundText  string `col:"found_text"` // description and newest summary
	FoundRefs  string `col:"found_refs"`

	Forgotten bool      `col:"forgotten"` // Summary is kept no more: only the version's row has it
	Summaries summaries `col:"summaries"` // of the newest versions, the newest last
	Moments   []byte    `col:"moments"`   // of every version: see moments
}

// tagRow is one property of a document that lists filter by, with a copy of what
// sorts and hides the document, so that a filtered list walks one index.
type tagRow struct {
	Document    uuid.UUID   `col:"document,key"`
	Facet       string      `col:"facet,sub"`
	Value       string      `col:"value,sub"`
	LastUpdated time.Time   `col:"last_updated"`
	TitleSort   string      `col:"title_sort"`
	Audience    access.Kind `col:"audience"`
}

// The facets of tagRow. FacetSeries is no filter with counts, but a list.
const (
	FacetCategory = "category"
	FacetService  = "service"
	FacetRegion   = "region"
	FacetIndustry = "industry"
	FacetSeries   = "series"
)

// EveryRegion is the region of what concerns every region.
const EveryRegion = "global"

// versionRow is one version, with corrections applied.
type versionRow struct {
	Document      uuid.UUID        `col:"document,key"`
	Version       string           `col:"version,key"` // Number in decimal: keys are texts
	Number        int              `col:"number"`
	Major         bool             `col:"major"`
	Files         []document.File  `col:"files"`
	Summary       domain.Text      `col:"summary"`
	PublishedAt   time.Time        `col:"published_at"` // claimed
	RecordedAt    time.Time        `col:"recorded_at"`
	UpdatedAt     time.Time        `col:"updated_at"`     // what Last updated is taken from
	EffectiveFrom domain.Date      `col:"effective_from"` // the days it covers, both included; none where open
	EffectiveTo   domain.Date      `col:"effective_to"`
	Origin        *document.Origin `col:"origin"`
	Withdrawn     bool             `col:"withdrawn"`
	Reason        domain.Text      `col:"reason"`
	FoundText     string           `col:"found_text"` // normalised summary
}

// hashRow is one file of a version by its contents.
type hashRow struct {
	Document uuid.UUID `col:"document,key"`
	Version  string    `col:"version,key"`
	SHA256   string    `col:"sha256,sub"`
	Number   int       `col:"number"`
}

// seriesRow is a series.
type seriesRow struct {
	Series         uuid.UUID   `col:"series,key"`
	Name           domain.Text `col:"name"`
	NameSort       string      `col:"name_sort"`
	Description    domain.Text `col:"description"`
	Discontinued   bool        `col:"discontinued"`
	Reason         domain.Text `col:"reason"`
	Successor      uuid.UUID   `col:"successor"`
	DiscontinuedAt time.Time   `col:"discontinued_at"`
	Revision       int64       `col:"revision"`
	FoundName      string      `col:"found_name"`
}

// categoryRow is a category, gone once it is removed.
type categoryRow struct {
	Category    string         `col:"category,key"`
	Group       category.Group `col:"tile_group"`
	Name        domain.Text    `col:"name"`
	NameSort    string         `col:"name_sort"`
	Description domain.Text    `col:"description"`
	FoundName   string         `col:"found_name"`
}
