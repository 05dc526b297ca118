package terms

import (
	"cmp"
	"slices"
	"strings"
)

// Here: where in a text the words of a query stand.

// Span is a range of bytes, End excluded, that starts and ends between characters.
type Span struct{ Start, End int }

// Highlight finds what of a text matches the words of a query: the ranges are in
// order and do not touch. A phrase is one range from its first token to its last;
// a prefix marks the whole token. It looks at the first MaxText bytes.
//
// Every occurrence of every word is marked, also in a text that lacks other words
// of the query: a hit may match in its title and its summary together.
func Highlight(text string, q Query) []Span {
	if len(q.Words) == 0 {
		return nil
	}
	var tokens []token
	for t := range scan(text) {
		if t.end > MaxText {
			break
		}
		tokens = append(tokens, t)
	}
	var spans []Span
	for i := range tokens {
		for _, w := range q.Words {
			if n := len(w.Tokens); n > 0 && w.matches(tokens[i:]) {
				spans = append(spans, Span{tokens[i].start, tokens[i+n-1].end})
			}
		}
	}
	return merge(spans)
}

// matches tells whether the tokens begin with the word.
func (w Word) matches(tokens []token) bool {
	last := len(w.Tokens) - 1
	if len(tokens) <= last {
		return false
	}
	for i, want := range w.Tokens {
		got := tokens[i].text
		if got != want && !(w.Prefix && i == last && strings.HasPrefix(got, want)) {
			return false
		}
	}
	return true
}

// merge makes one of spans that overlap or touch ("SOC" and "2" in "SOC2").
func merge(spans []Span) []Span {
	slices.SortFunc(spans, func(a, b Span) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End))
	})
	var out []Span
	for _, s := range spans {
		if n := len(out); n > 0 && s.Start <= out[n-1].End {
			out[n-1].End = max(out[n-1].End, s.End)
			continue
		}
		out = append(out, s)
	}
	return out
}
