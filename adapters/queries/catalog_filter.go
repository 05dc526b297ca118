package queries

// A filter as conditions on a document.

import (
	"context"
	"slices"
	"strings"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/access"
	"imprint/domain/category"
	"imprint/domain/terms"
	"imprint/projections"
	"imprint/projections/catalog"
)

// maxValues bounds the values of one filter, those listed for it, and the names
// that one word of a search may stand for.
const maxValues = 200

// facets are the filters that readers set, in the order in which they are shown.
var facets = [...]string{catalog.FacetCategory, catalog.FacetService, catalog.FacetRegion, catalog.FacetIndustry}

// chosen are the values of a facet in a filter.
func chosen(f catalog.Filter, facet string) []string {
	switch facet {
	case catalog.FacetCategory:
		return f.Categories
	case catalog.FacetService:
		return f.Services
	case catalog.FacetRegion:
		return f.Regions
	case catalog.FacetIndustry:
		return f.Industries
	}
	return nil
}

// selection is a checked filter, ready to become statements.
type selection struct {
	reader access.Reader
	filter catalog.Filter
	query  terms.Query
	futile bool       // there is a term, and nothing in it that could be found
	hits   *hits      // of the words of the term, nil where there are none
	spoken [][2]*hits // of each version number of the term, as a phrase
}

// choose checks a filter. What the reader may not see is unknown to the reader,
// so that a refusal tells nothing.
func (c *Catalog) choose(ctx context.Context, q Querier, r access.Reader, f catalog.Filter) (selection, error) {
	s := selection{reader: r, filter: f}
	if err := checkGroup(f.Group); err != nil {
		return s, err
	}
	if !f.From.IsZero() && !f.To.IsZero() && !f.From.Before(f.To) {
		return s, domain.Refuse(domain.Invalid, "bad-range", "the date range ends before it begins; swap its dates").In("from")
	}
	for _, facet := range facets {
		if err := c.checkValues(ctx, q, r, facet, chosen(f, facet)); err != nil {
			return s, err
		}
	}
	var err error
	if s.query, err = terms.Parse(f.Term); err != nil {
		return s, err
	}
	s.futile = s.query.Empty() && strings.TrimSpace(f.Term) != ""
	for _, n := range s.query.Versions {
		both, err := c.spoken(ctx, q, n)
		if err != nil {
			return s, err
		}
		s.spoken = append(s.spoken, both)
	}
	if len(s.query.Words) == 0 {
		return s, nil
	}
	s.hits, err = c.find(ctx, q, s.query.Words, f.OldVersions)
	return s, err
}

func checkGroup(g category.Group) error {
	switch g {
	case "", category.Certifications, category.Reports, category.Regional, category.Organization:
		return nil
	}
	return domain.Refuse(domain.Invalid, "unknown-value", "group %.80q does not exist; use one of: %s, %s, %s, %s", string(g),
		category.Certifications, category.Reports, category.Regional, category.Organization).In("group")
}

func (c *Catalog) checkValues(ctx context.Context, q Querier, r access.Reader, facet string, values []string) error {
	if len(values) > maxValues {
		return domain.Refuse(domain.Invalid, "too-many-values", "a filter takes at most %d values; this one has %d", maxValues, len(values)).In(facet)
	}
	for _, v := range values {
		if facet == catalog.FacetRegion && v == catalog.EveryRegion {
			continue
		}
		known := false
		s := new(statement).add(`SELECT 1 FROM `+c.tags+` t WHERE t.facet = ? AND t.value = ? AND (`, facet, v).
			all([]condition{visible(r, "t.audience")}).add(`) LIMIT 1`)
		if err := s.each(ctx, q, func(func(...any) error) error { known = true; return nil }); err != nil {
			return err
		}
		if known {
			continue
		}
		valid, err := c.values(ctx, q, r, facet)
		if err != nil {
			return err
		}
		if len(valid) == 0 {
			return domain.Refuse(domain.Invalid, "unknown-value", "%s %.80q is not known; there are no values of it yet, leave it out", facet, v).In(facet)
		}
		names := make([]string, len(valid))
		for i, n := range valid {
			names[i] = n.value
		}
		return domain.Refuse(domain.Invalid, "unknown-value", "%s %.80q is not known; use one of: %s", facet, v, strings.Join(names, ", ")).In(facet)
	}
	return nil
}

// source is what a statement over documents begins with: the hits of a term, the
// tags of the one value that the filter narrows to, or all documents. The rows of
// the documents are looked up for the page alone; CROSS JOIN, here and elsewhere,
// holds SQLite to the order of its loops.
type source struct {
	from  condition
	alias string // of the columns document, audience, last_updated, title_sort
	facet string // done by the source itself
}

func (c *Catalog) source(s selection, except string) source {
	if s.hits != nil {
		return source{where(`(`+s.hits.text+`) h WHERE 0 = 0`, s.hits.args...), "h", ""}
	}
	tagged := func(facet, value string) source {
		return source{where(c.tags+` t WHERE t.facet = ? AND t.value = ?`, facet, value), "t", facet}
	}
	if s.filter.Series != uuid.Nil {
		return tagged(catalog.FacetSeries, s.filter.Series.String())
	}
	for _, facet := range facets {
		// A region is two values: itself and every region.
		if v := chosen(s.filter, facet); len(v) == 1 && facet != catalog.FacetRegion && facet != except {
			return tagged(facet, v[0])
		}
	}
	return source{where(c.documents + ` d WHERE 0 = 0`), "d", ""}
}

// begin adds a source and what the filter asks beside it, but for the facet
// excepted. Conditions may follow.
func (c *Catalog) begin(st *statement, s selection, except string) source {
	from := c.source(s, except)
	st.add(` FROM `+from.from.text+` AND `, from.from.args...).all(c.conditions(s, from, except))
	return from
}

// conditions are those that the source leaves to be asked.
func (c *Catalog) conditions(s selection, from source, except string) []condition {
	f, row := s.filter, from.alias
	all := []condition{visible(s.reader, row+".audience")}
	if s.futile {
		all = append(all, where(`0 = 1`))
	}
	tagged := func(facet string, values []string) {
		in := anyOf("x.value", values)
		all = append(all, where(`EXISTS (SELECT 1 FROM `+c.tags+` x WHERE x.document = `+row+`.document AND x.facet = ? AND `+in.text+`)`,
			append([]any{facet}, in.args...)...))
	}
	for _, facet := range facets {
		values := chosen(f, facet)
		if len(values) == 0 || facet == except || facet == from.facet {
			continue
		}
		if facet == catalog.FacetRegion && !slices.Contains(values, catalog.EveryRegion) {
			values = append(slices.Clone(values), catalog.EveryRegion)
		}
		tagged(facet, values)
	}
	if f.Group != "" {
		all = append(all, where(`EXISTS (SELECT 1 FROM `+c.tags+` x JOIN `+c.categories+` g ON g.category = x.value WHERE x.document = `+row+`.document AND x.facet = ? AND g.tile_group = ?)`,
			catalog.FacetCategory, string(f.Group)))
	}
	if f.Series != uuid.Nil && from.facet != catalog.FacetSeries {
		tagged(catalog.FacetSeries, []string{f.Series.String()})
	}
	if !f.From.IsZero() {
		all = append(all, where(row+`.last_updated >= ?`, projections.Micros(f.From)))
	}
	if !f.To.IsZero() {
		all = append(all, where(row+`.last_updated < ?`, projections.Micros(f.To)))
	}
	// A number or a hash says which version is meant, so it finds old ones unasked.
	for i, n := range s.query.Versions {
		either := where(`EXISTS (SELECT 1 FROM `+c.versions+` v WHERE v.document = `+row+`.document AND v.number = ?)`, int64(n))
		for _, h := range s.spoken[i] {
			either.text += ` OR ` + row + `.document IN (SELECT p.document FROM (` + h.text + `) p)`
			either.args = append(either.args, h.args...)
		}
		all = append(all, either)
	}
	if s.query.SHA256 != "" {
		all = append(all, where(row+`.document IN (SELECT h.document FROM `+c.hashes+` h WHERE h.sha256 = ?)`, s.query.SHA256))
	}
	return all
}
