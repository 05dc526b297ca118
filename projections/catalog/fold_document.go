package catalog

// The folds of a document's own key: documents and tags.

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/document"
	"imprint/domain/terms"
	"imprint/projections"
)

func foldDocument(s *projections.State, e projections.Event) error {
	row, exists := projections.Row[documentRow](s)
	if p, first := e.Payload.(document.Published); first == exists {
		return fmt.Errorf("a %s event for the document %s, which is there: %t", e.Type, s.Key().Parts[0], exists)
	} else if first {
		row.Document = p.Document
	}
	if err := row.apply(e); err != nil {
		return err
	}
	row.Revision = e.Revision
	row.stand()
	row.FoundText = strings.TrimSpace(normalise(row.Description) + " " + normalise(row.Summary))
	projections.Put(s, row)
	projections.Replace(s, row.tags())
	return nil
}

// apply changes what the event tells; everything else follows. It fails where the
// event speaks of a version that cannot be.
func (r *documentRow) apply(e projections.Event) error {
	switch p := e.Payload.(type) {
	case document.Published:
		r.detail(p.Details, e.Ordinal)
		r.Audience = p.Audience.Kind
		return r.add(p.Version.Number, published(p.Version, p.Origin, e.Meta.Time), p.Version.Summary)
	case document.Versioned:
		return r.add(p.Version.Number, published(p.Version, p.Origin, e.Meta.Time), p.Version.Summary)
	case document.DetailsRevised:
		r.detail(p.Details, e.Ordinal)
	case document.AudienceChanged:
		r.Audience = p.Audience.Kind
	case document.SummaryCorrected:
		return r.correct(p.Number, p.Summary)
	case document.DatesCorrected:
		return r.change(p.Number, func(v *moment) {
			v.updated = document.CountsFrom(p.PublishedAt, v.recorded, v.imported)
		})
	case document.VersionWithdrawn:
		return r.change(p.Number, func(v *moment) { v.withdrawn = true })
	case document.VersionReinstated:
		return r.change(p.Number, func(v *moment) { v.withdrawn = false })
	case document.Withdrawn:
		r.Withdrawn, r.Reason, r.WithdrawnAt = true, p.Reason, p.WithdrawnAt
	case document.Reinstated:
		r.Withdrawn, r.Reason, r.WithdrawnAt = false, nil, time.Time{}
	}
	return nil
}

// published is the moment of a new version.
func published(v document.Version, origin *document.Origin, recorded time.Time) moment {
	imported := origin != nil
	return moment{updated: document.CountsFrom(v.PublishedAt, recorded, imported), recorded: recorded, major: v.Major, imported: imported}
}

func (r *documentRow) detail(d document.Details, ordinal int64) {
	switch {
	case d.Series == uuid.Nil:
		r.SeriesSince = 0
	case d.Series != r.Series:
		r.SeriesSince = ordinal
	}
	r.Title, r.Description, r.Series = d.Title, d.Description, d.Series
	r.Categories, r.Services, r.Regions, r.Industries = d.Categories, d.Services, d.Regions, d.Industries
	r.TitleSort, r.FoundTitle = terms.Normalise(d.Title.String()), normalise(d.Title)
	var refs []string
	if r.Series != uuid.Nil {
		refs = append(refs, SeriesToken(r.Series.String()))
	}
	for _, c := range r.Categories {
		refs = append(refs, CategoryToken(c))
	}
	r.FoundRefs = strings.Join(refs, " ")
}

// normalise makes all languages of a text searchable.
func normalise(t domain.Text) string {
	var parts []string
	for _, l := range t.Locales() {
		if n := terms.Normalise(t[l]); n != "" && !slices.Contains(parts, n) {
			parts = append(parts, n)
		}
	}
	return strings.Join(parts, " ")
}

// SeriesToken is the word by which the documents of a series are found once the
// series has been: names join at read.
func SeriesToken(id string) string { return "series" + strings.ReplaceAll(id, "-", "") }

// CategoryToken is the same for a category. Slugs differ in letters, digits and
// dashes; the dash, which would part the token, becomes a letter that no slug's
// other characters can make ambiguous, since z itself is doubled.
func CategoryToken(id string) string { return "category" + slugLetters.Replace(id) }

// slugLetters is kept, for making a replacer costs as much as folding the event.
var slugLetters = strings.NewReplacer("z", "zz", "-", "zy", "_", "zx", ".", "zw")

func (r *documentRow) tags() []tagRow {
	var rows []tagRow
	add := func(facet string, values ...string) {
		for _, v := range values {
			rows = append(rows, tagRow{
				Document: r.Document, Facet: facet, Value: v,
				LastUpdated: r.LastUpdated, TitleSort: r.TitleSort, Audience: r.Audience,
			})
		}
	}
	add(FacetCategory, r.Categories...)
	add(FacetService, r.Services...)
	if slices.Contains(r.Regions, EveryRegion) {
		// It matches every region already: counts add up without a second tag.
		add(FacetRegion, EveryRegion)
	} else {
		add(FacetRegion, r.Regions...)
	}
	add(FacetIndustry, r.Industries...)
	if r.Series != uuid.Nil {
		add(FacetSeries, r.Series.String())
	}
	return rows
}
