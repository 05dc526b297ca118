package views

// Full text as FTS5 understands it: queries.Search.

import (
	"fmt"
	"slices"
	"strings"

	"imprint/adapters/queries"
	"imprint/domain/terms"
	"imprint/projections"
)

// refsColumn holds tokens of what a row belongs to, which are not words that
// readers type: a word never matches in it, a ref nowhere else.
const refsColumn = "found_refs"

// Search makes the parts of statements that match text.
type Search struct{}

var _ queries.Search = Search{}

// Hits implements queries.Search. The text view is matched first and its few rows
// are looked up, which the order of a CROSS JOIN says; the join hides what is
// parked. The rank is by a second match, made once for all rows: bm25 would change
// with every row that others write.
func (Search) Hits(p projections.Projection, table, columns string, words []terms.Word, refs [][]string) (string, []any) {
	i := slices.IndexFunc(p.Tables, func(t *projections.Table) bool { return t.Name == table })
	searched := slices.DeleteFunc(slices.Clone(p.Tables[i].Searchable), func(c string) bool { return c == refsColumn })
	match, first := make([]string, len(words)), make([]string, len(words))
	for i, w := range words {
		text := phrase(w.Tokens, w.Prefix)
		first[i] = fmt.Sprintf("(%s : %s)", searched[0], text)
		match[i] = fmt.Sprintf("({%s} : %s)", strings.Join(searched, " "), text)
		if refs != nil && len(refs[i]) > 0 {
			any := make([]string, len(refs[i]))
			for j, ref := range refs[i] {
				any[j] = phrase([]string{ref}, false)
			}
			match[i] = fmt.Sprintf("(%s OR (%s : (%s)))", match[i], refsColumn, strings.Join(any, " OR "))
		}
	}
	text := fmt.Sprintf(`SELECT %[1]s, CASE WHEN t.row_id IN (SELECT f.row_id FROM %[2]s f WHERE f.terms MATCH ?) THEN 0 ELSE 1 END AS rank FROM %[2]s t CROSS JOIN %[3]s d WHERE d.row_id = t.row_id AND t.terms MATCH ?`,
		columns, p.TextView(table), p.View(table))
	return text, []any{strings.Join(first, " AND "), strings.Join(match, " AND ")}
}

// phrase quotes tokens, so that none of them is an operator.
func phrase(tokens []string, prefix bool) string {
	s := `"` + strings.ReplaceAll(strings.Join(tokens, " "), `"`, `""`) + `"`
	if prefix {
		s += "*"
	}
	return s
}
