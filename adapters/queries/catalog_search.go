package queries

// Full text: which documents hold the words of a term.

import (
	"context"
	"strconv"

	"imprint/domain/terms"
	"imprint/projections/catalog"
)

// hits is a SELECT of the documents that a term finds: document, audience,
// last_updated, title_sort, place (0: every word stands in the title, 1: found as
// it is now, 2: by an old version) and number (of that old version).
type hits struct {
	text string
	args []any
}

// hitColumns are those of a document d that hits are sorted and hidden by.
const hitColumns = `d.document AS document, d.audience AS audience, d.last_updated AS last_updated, d.title_sort AS title_sort`

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
	text, args := c.search.Hits(c.projection, "documents", hitColumns, words, refs)
	st := where(`SELECT n.document, n.audience, n.last_updated, n.title_sort, n.rank AS place, 0 AS number FROM (`+text+`) n`, args...)
	forgotten := c.forgotten(words, refs)
	st.text, st.args = st.text+` UNION ALL `+forgotten.text, append(st.args, forgotten.args...)
	if oldVersions {
		old, more := c.search.Hits(c.projection, "versions", "d.document AS document, d.number AS number, d.withdrawn AS withdrawn", words, nil)
		// One row per document: as it is now if it was found so, else by its newest
		// version that was found.
		st.text = `SELECT d.document, d.audience, d.last_updated, d.title_sort, f.place, f.number FROM (
SELECT document, MIN(place) AS place, CASE WHEN MIN(place) < 2 THEN 0 ELSE MAX(number) END AS number FROM (
SELECT n.document, n.place, n.number FROM (` + st.text + `) n UNION ALL SELECT o.document, 2, o.number FROM (` + old + `) o WHERE NOT o.withdrawn
) found GROUP BY document) f CROSS JOIN ` + c.documents + ` d WHERE d.document = f.document`
		st.args = append(st.args, more...)
	}
	return &hits{st.text, st.args}, nil
}

// forgotten finds, of the few documents whose own row lacks the summary that
// they stand at, those that hold every word together with that version's row, and
// not without it. Where there are none the subqueries are never run.
//
//	SEARCH documents USING INDEX (forgotten=?)
func (c *Catalog) forgotten(words []terms.Word, refs [][]string) condition {
	text, args := c.search.Hits(c.projection, "documents", `d.document AS document`, words, refs)
	st := where(`SELECT `+hitColumns+`, 1, 0 FROM `+c.documents+` d WHERE d.forgotten = TRUE AND d.document NOT IN (SELECT n.document FROM (`+text+`) n)`, args...)
	for i, w := range words {
		own, ownArgs := c.search.Hits(c.projection, "documents", `d.document AS document`, []terms.Word{w}, refs[i:i+1])
		version, versionArgs := c.search.Hits(c.projection, "versions", `d.document AS document, d.number AS number`, []terms.Word{w}, nil)
		st.text += ` AND (d.document IN (SELECT n.document FROM (` + own + `) n) OR (d.document, d.version) IN (SELECT v.document, v.number FROM (` + version + `) v))`
		st.args = append(append(st.args, ownArgs...), versionArgs...)
	}
	return st
}

// named finds the series or categories whose name holds a word.
func (c *Catalog) named(ctx context.Context, q Querier, table, key string, w terms.Word) (ids []string, err error) {
	text, args := c.search.Hits(c.projection, table, "d."+key+" AS id", []terms.Word{w}, nil)
	s := new(statement).add(`SELECT id FROM (`+text+`) named ORDER BY id LIMIT ?`, append(args, maxValues)...)
	err = s.each(ctx, q, func(scan func(...any) error) error {
		var id string
		err := scan(&id)
		ids = append(ids, id)
		return err
	})
	return ids, err
}

// spoken finds the documents that hold a version number as a phrase: "v4" is
// version 4 of any document, but also a part of names such as "PCI DSS v4.0".
func (c *Catalog) spoken(ctx context.Context, q Querier, number int) (both [2]*hits, err error) {
	for i, word := range [...]string{"v", "version"} {
		phrase := terms.Word{Tokens: []string{word, strconv.Itoa(number)}, Phrase: true}
		if both[i], err = c.find(ctx, q, []terms.Word{phrase}, false); err != nil {
			return both, err
		}
	}
	return both, nil
}
