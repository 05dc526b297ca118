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
// parked. A hit in an earlier column counts more: the first weighs 10, the others 1.
func (Search) Hits(p projections.Projection, table, columns string, words []terms.Word, refs [][]string) (string, []any) {
	i := slices.IndexFunc(p.Tables, func(t *projections.Table) bool { return t.Name == table })
	searched := slices.DeleteFunc(slices.Clone(p.Tables[i].Searchable), func(c string) bool { return c == refsColumn })
	match := make([]string, len(words))
	for i, w := range words {
		match[i] = fmt.Sprintf("{%s} : %s", strings.Join(searched, " "), phrase(w.Tokens, w.Prefix))
		if refs != nil && len(refs[i]) > 0 {
			any := make([]string, len(refs[i]))
			for j, ref := range refs[i] {
				any[j] = phrase([]string{ref}, false)
			}
			match[i] = fmt.Sprintf("((%s) OR (%s : (%s)))", match[i], refsColumn, strings.Join(any, " OR "))
		} else {
			match[i] = "(" + match[i] + ")"
		}
	}
	text := fmt.Sprintf(`SELECT %s, t.rank AS rank FROM %s t CROSS JOIN %s d WHERE d.row_id = t.row_id AND t.terms MATCH ? AND t.rank MATCH 'bm25(10.0)'`,
		columns, p.TextView(table), p.View(table))
	return text, []any{strings.Join(match, " AND ")}
}

// phrase quotes tokens, so that none of them is an operator.
func phrase(tokens []string, prefix bool) string {
	s := `"` + strings.ReplaceAll(strings.Join(tokens, " "), `"`, `""`) + `"`
	if prefix {
		s += "*"
	}
	return s
}
