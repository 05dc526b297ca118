package views

// Full text: queries.Search.

import (
	"fmt"
	"slices"
	"strings"

	"imprint/adapters/queries"
	"imprint/domain/terms"
	"imprint/projections"
)

// Search makes the parts of statements that match text.
type Search struct{}

var _ queries.Search = Search{}

// Hits implements queries.Search. The index answers which rows hold all words and
// refs; where a word is a phrase of several tokens they must also stand side by
// side, which the text itself tells for the rows that are left.
func (Search) Hits(p projections.Projection, table, columns string, words []terms.Word, refs [][]string) (string, []any) {
	t := p.Tables[slices.IndexFunc(p.Tables, func(t *projections.Table) bool { return t.Name == table })]
	in := searched(t)
	match, first := make([]string, len(words)), make([]string, len(words))
	var firstArgs, phraseArgs []any
	phrases := ""
	for i, w := range words {
		first[i] = stands("d." + in[0])
		firstArgs = append(firstArgs, spaced(w))
		match[i] = lexemesOf(w)
		var belongs []string
		if refs != nil {
			belongs = refs[i]
		}
		if len(w.Tokens) > 1 {
			var either []string
			for _, c := range in {
				either = append(either, stands("d."+c))
				phraseArgs = append(phraseArgs, spaced(w))
			}
			if len(belongs) > 0 {
				either = append(either, "string_to_array(d."+refsColumn+", ' ') && CAST(? AS text[])")
				phraseArgs = append(phraseArgs, belongs)
			}
			phrases += " AND (" + strings.Join(either, " OR ") + ")"
		}
		for _, ref := range belongs {
			match[i] += " | " + quoted("="+ref)
		}
		match[i] = "(" + match[i] + ")"
	}
	text := fmt.Sprintf(`SELECT %s, CASE WHEN %s THEN 0 ELSE 1 END AS rank FROM %s d WHERE %s @@ CAST(CAST(? AS text) AS tsquery)%s`,
		columns, strings.Join(first, " AND "), p.View(table), lexemes("d.", t), phrases)
	return text, slices.Concat(firstArgs, []any{strings.Join(match, " & ")}, phraseArgs)
}

// stands is the condition that a column of normalised text holds what spaced made.
func stands(column string) string { return "strpos(' ' || " + column + " || ' ', ?) > 0" }

// spaced is a word as it stands in normalised text: tokens between spaces, the
// last one open where it is the beginning of a word.
func spaced(w terms.Word) string {
	text := " " + strings.Join(w.Tokens, " ")
	if w.Prefix {
		return text
	}
	return text + " "
}

// lexemesOf is the tsquery of rows that hold all tokens of a word, wherever.
func lexemesOf(w terms.Word) string {
	all := make([]string, len(w.Tokens))
	for i, token := range w.Tokens {
		all[i] = quoted(token)
	}
	if w.Prefix {
		all[len(all)-1] += ":*"
	}
	return "(" + strings.Join(all, " & ") + ")"
}

// quoted is a token as a lexeme, so that none of its characters is an operator.
func quoted(token string) string {
	return "'" + strings.NewReplacer(`'`, `''`, `\`, `\\`).Replace(token) + "'"
}
