package history

// The rows of the tables.

import (
	"time"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/access"
	"imprint/domain/document"
)

// eventRow is one event. What it is about stands in columns of its own, so that
// each filter walks an index.
type eventRow struct {
	Stream     string    `col:"stream,key"`
	ID         uuid.UUID `col:"event"`
	Type       string    `col:"type"`
	Schema     int       `col:"schema_version"`
	Revision   int64     `col:"revision"`
	Time       time.Time `col:"time"`
	LogTime    time.Time `col:"log_time,unhashed"`
	Actor      string    `col:"actor"`
	Document   uuid.UUID `col:"document"`
	Series     uuid.UUID `col:"series"`
	Person     uuid.UUID `col:"person"`
	Version    int       `col:"version"`
	Commitment string    `col:"commitment,unhashed"` // it rests on a random salt
	Data       string    `col:"data"`                // the bytes of the JSON as recorded
}

// documentRow is a document without its versions.
type documentRow struct {
	Document    uuid.UUID   `col:"document,key"`
	Title       domain.Text `col:"title"`
	TitleSort   string      `col:"title_sort"` // as the catalog sorts
	Description domain.Text `col:"description"`
	Series      uuid.UUID   `col:"series"`
	Categories  []string    `col:"categories"`
	Services    []string    `col:"services"`
	Regions     []string    `col:"regions"`
	Industries  []string    `col:"industries"`
	Audience    access.Kind `col:"audience"`
	Withdrawn   bool        `col:"withdrawn"`
	Reason      domain.Text `col:"reason"`
	WithdrawnAt time.Time   `col:"withdrawn_at"`
	StandsSince time.Time   `col:"stands_since"` // claimed, of the latest withdrawal or reinstatement; none before the first
}

// versionRow is a version with the corrections made up to its span.
type versionRow struct {
	Document      uuid.UUID        `col:"document,key"`
	Version       string           `col:"version,key"` // Number in decimal: keys are texts
	Number        int              `col:"number"`
	Major         bool             `col:"major"`
	Files         []document.File  `col:"files"`
	Summary       domain.Text      `col:"summary"`
	PublishedAt   time.Time        `col:"published_at"` // claimed
	RecordedAt    time.Time        `col:"recorded_at"`
	UpdatedAt     time.Time        `col:"updated_at"`     // what Last updated is taken from, as in the catalog
	EffectiveFrom domain.Date      `col:"effective_from"` // the days it covers, both included; none where open
	EffectiveTo   domain.Date      `col:"effective_to"`
	Origin        *document.Origin `col:"origin"`
	Withdrawn     bool             `col:"withdrawn"`
	Reason        domain.Text      `col:"reason"`
	StandsSince   time.Time        `col:"stands_since"` // of the latest withdrawal or reinstatement; none before the first
}

// seriesRow is a series.
type seriesRow struct {
	Series         uuid.UUID   `col:"series,key"`
	Name           domain.Text `col:"name"`
	Description    domain.Text `col:"description"`
	Discontinued   bool        `col:"discontinued"`
	Reason         domain.Text `col:"reason"`
	Successor      uuid.UUID   `col:"successor"`
	DiscontinuedAt time.Time   `col:"discontinued_at"`
}
