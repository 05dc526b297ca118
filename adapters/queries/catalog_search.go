package queries

// Full text: which documents hold the words of a term.

import (
	"context"

	"imprint/domain/terms"
	"imprint/projections/catalog"
)

// hits is a SELECT of the documents that a term finds: document, audience,
// last_updated, place (0: found as it is now, 1: by an old version), number (of
// that old version) and rank.
type hits struct {
	text string
	args []any
}

// find finds the documents that hold every word in title, description, newest
// summary or in the names of what they belong to. Names join at read: a word is
// first looked up among the names of series and categories, and then also found
// by their tokens.
//
// Superseded versions are found where all words stand in their own summary. They
// come after the documents that are found as they are now.
func (c *Catalog) find(ctx context.Context, q Querier, words []terms.Word, oldVersions bool) (*hits, error) {
	refs := make([][]string, len(words))
	for i, w := range words {
		series, err := c.named(ctx, q, "series", "series", w)
		if err != nil {
			return nil, err
		}
		for _, id := range series {
			refs[i] = append(refs[i], catalog.SeriesToken(id))
		}
		categories, err := c.named(ctx, q, "categories", "category", w)
		if err != nil {
			return nil, err
		}
		for _, id := range categories {
			refs[i] = append(refs[i], catalog.CategoryToken(id))
		}
	}
	text, args := c.search.Hits(c.projection, "documents", "d.document AS document, d.audience AS audience, d.last_updated AS last_updated, 0 AS place, 0 AS number", words, refs)
	if oldVersions {
		old, more := c.search.Hits(c.projection, "versions", "d.document AS document, d.number AS number, d.withdrawn AS withdrawn", words, nil)
		// One row per document: as it is now if it was found so, else by its newest
		// version that was found.
		text = `SELECT d.document, d.audience, d.last_updated, f.place, f.number, f.rank FROM (
SELECT document, MIN(place) AS place, CASE WHEN MIN(place) = 0 THEN 0 ELSE MAX(number) END AS number, MIN(rank) AS rank FROM (
SELECT n.document, n.place, n.number, n.rank FROM (` + text + `) n UNION ALL SELECT o.document, 1, o.number, o.rank FROM (` + old + `) o WHERE NOT o.withdrawn
) found GROUP BY document) f CROSS JOIN ` + c.documents + ` d WHERE d.document = f.document`
		args = append(args, more...)
	}
	return &hits{text, args}, nil
}

// named finds the series or categories whose name holds a word.
func (c *Catalog) named(ctx context.Context, q Querier, table, key string, w terms.Word) (ids []string, err error) {
	text, args := c.search.Hits(c.projection, table, "d."+key+" AS id", []terms.Word{w}, nil)
	s := new(statement).add(`SELECT id FROM (`+text+`) named ORDER BY rank, id LIMIT ?`, append(args, maxValues)...)
	err = s.each(ctx, q, func(scan func(...any) error) error {
		var id string
		err := scan(&id)
		ids = append(ids, id)
		return err
	})
	return ids, err
}
