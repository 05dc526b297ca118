package queries

// Filters with their values, and how many documents each value would leave.

import (
	"context"
	"slices"
	"strings"

	"imprint/domain"
	"imprint/domain/access"
	"imprint/projections/catalog"
)

// valued is one value of a facet and how many documents have it.
type valued struct {
	value string
	n     int64
}

// facets counts, for each filter, the documents that its values would leave given
// all other filters.
func (c *Catalog) facets(ctx context.Context, q Querier, s selection) ([]catalog.Facet, error) {
	labels, err := c.labels(ctx, q)
	if err != nil {
		return nil, err
	}
	found := map[string][]valued{}
	// The facets that nothing is chosen of are counted over the same documents.
	var free []string
	for _, facet := range facets {
		switch {
		case s.browsing(facet):
			if found[facet], err = c.values(ctx, q, s.reader, facet); err != nil {
				return nil, err
			}
		case len(chosen(s.filter, facet)) > 0:
			if err := c.narrowed(ctx, q, s, facet, []string{facet}, found); err != nil {
				return nil, err
			}
		default:
			free = append(free, facet)
		}
	}
	if len(free) > 0 {
		if err := c.narrowed(ctx, q, s, "", free, found); err != nil {
			return nil, err
		}
	}
	var all []catalog.Facet
	for _, facet := range facets {
		all = append(all, catalog.Facet{Name: facet, Values: shown(facet, found[facet], chosen(s.filter, facet), labels)})
	}
	return all, nil
}

// shown adds the chosen values that nothing is left of, and to each region what
// concerns every region.
func shown(facet string, found []valued, chosen []string, labels map[string]domain.Text) []catalog.FacetValue {
	for _, v := range chosen {
		if !slices.ContainsFunc(found, func(f valued) bool { return f.value == v }) {
			found = append(found, valued{value: v})
		}
	}
	slices.SortFunc(found, func(a, b valued) int { return strings.Compare(a.value, b.value) })
	everywhere := int64(0)
	if i := slices.IndexFunc(found, func(f valued) bool { return f.value == catalog.EveryRegion }); i >= 0 && facet == catalog.FacetRegion {
		everywhere = found[i].n
	}
	var values []catalog.FacetValue
	for _, f := range slices.Compact(found) {
		v := catalog.FacetValue{Value: f.value, Label: domain.English(f.value), Count: count(f.n), Selected: slices.Contains(chosen, f.value)}
		if f.value != catalog.EveryRegion {
			v.Count = count(f.n + everywhere)
		}
		if name := labels[f.value]; facet == catalog.FacetCategory && name != nil {
			v.Label = name
		}
		values = append(values, v)
	}
	return values
}

// browsing tells whether nothing but the facet itself narrows the list.
func (s selection) browsing(facet string) bool {
	f := s.filter
	for _, other := range facets {
		if other != facet && len(chosen(f, other)) > 0 {
			return false
		}
	}
	return s.query.Empty() && f.Group == "" && f.From.IsZero() && f.To.IsZero() && f.Series == [16]byte{}
}

// values lists the values of a facet that stand on documents which the reader may
// see, at most maxValues of them. It steps from value to value and counts each as
// far as counting goes, so that it does not read what grows.
//
//	RECURSIVE STEP: SEARCH tags USING COVERING INDEX (facet=? AND value>?)
//	CORRELATED SCALAR SUBQUERY: SEARCH tags USING COVERING INDEX (facet=? AND value=?)
func (c *Catalog) values(ctx context.Context, q Querier, r access.Reader, facet string) (found []valued, err error) {
	see := visible(r, "t.audience")
	st := new(statement).add(`WITH RECURSIVE stepped (value) AS (
SELECT MIN(value) FROM `+c.tags+` WHERE facet = ?
UNION ALL
SELECT (SELECT MIN(t.value) FROM `+c.tags+` t WHERE t.facet = ? AND t.value > s.value) FROM stepped s WHERE s.value IS NOT NULL
) SELECT s.value, (SELECT COUNT(*) FROM (SELECT 1 AS one FROM `+c.tags+` t WHERE t.facet = ? AND t.value = s.value AND (`, facet, facet, facet).
		add(see.text, see.args...).
		add(`) LIMIT ?) few) FROM stepped s WHERE s.value IS NOT NULL`, catalog.CountLimit+1)
	err = st.each(ctx, q, func(scan func(...any) error) error {
		var v valued
		err := scan(&v.value, &v.n)
		// A value that stands on hidden documents only is as good as none.
		if v.n > 0 && len(found) < maxValues {
			found = append(found, v)
		}
		return err
	})
	return found, err
}

// narrowed counts the values of facets among the documents that the filter
// leaves, but for what it says about the facet excepted. Its work grows with the
// documents that are left.
//
//	left_over as in newest, unsorted
//	SEARCH tags USING COVERING INDEX (document=? AND facet=?)
//	USE TEMP B-TREE FOR GROUP BY
func (c *Catalog) narrowed(ctx context.Context, q Querier, s selection, except string, of []string, found map[string][]valued) error {
	st := new(statement).add(`SELECT f.facet, f.value, COUNT(*) FROM (SELECT ` + c.source(s, except).alias + `.document AS document`)
	c.begin(st, s, except)
	in := anyOf("f.facet", of)
	st.add(`) left_over CROSS JOIN `+c.tags+` f WHERE f.document = left_over.document AND `).add(in.text, in.args...).add(` GROUP BY f.facet, f.value ORDER BY f.facet, f.value`)
	return st.each(ctx, q, func(scan func(...any) error) error {
		var facet string
		var v valued
		err := scan(&facet, &v.value, &v.n)
		if len(found[facet]) < maxValues {
			found[facet] = append(found[facet], v)
		}
		return err
	})
}

// labels are the names of the categories: they are few.
func (c *Catalog) labels(ctx context.Context, q Querier) (map[string]domain.Text, error) {
	names := map[string]domain.Text{}
	err := new(statement).add(`SELECT category, name FROM `+c.categories).each(ctx, q, func(scan func(...any) error) error {
		var id string
		var name domain.Text
		err := scan(&id, as(&name))
		names[id] = name
		return err
	})
	return names, err
}
