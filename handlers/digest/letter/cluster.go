// Here text is measured and cut by what a reader sees as one character.

package letter

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"
)

// maxCluster bounds the runes of one cluster: emoji can be joined without end.
const maxCluster = 32

// cluster answers the first user-perceived character of s, "" for an empty s.
// It follows the extended grapheme clusters of UAX 29 for all that mail titles
// hold in practice: marks, joined and toned emoji, flags, Hangul. It may part
// conjuncts of Indic scripts (rule GB9c), which stay readable.
func cluster(s string) string {
	if len(s) > 1 && s[0] <= unicode.MaxASCII && s[1] <= unicode.MaxASCII {
		return s[:1] // most text; spares the tables
	}
	prev, size := utf8.DecodeRuneInString(s)
	if size == 0 {
		return ""
	}
	flag := regional(prev)
	for n := 1; n < maxCluster && size < len(s); n++ {
		r, w := utf8.DecodeRuneInString(s[size:])
		switch {
		case extends(r), prev == zeroWidthJoiner, unicode.Is(unicode.Prepended_Concatenation_Mark, prev):
		case flag && regional(r): // two regional indicators make a flag
			flag = false
		default:
			return s[:size]
		}
		prev, size = r, size+w
	}
	return s[:size]
}

// extends tells whether r belongs to the character before it.
func extends(r rune) bool {
	return unicode.In(r, unicode.M) ||
		r == zeroWidthJoiner || r == zeroWidthNonJoiner ||
		r >= 0x1f3fb && r <= 0x1f3ff || // skin tones
		r >= 0x1160 && r <= 0x11ff || r >= 0xd7b0 && r <= 0xd7fb // Hangul vowels and finals
}

func regional(r rune) bool { return r >= 0x1f1e6 && r <= 0x1f1ff }

// cut shortens s to at most limit runes, the last of them "…" where something
// was left out; never inside a cluster.
func cut(s string, limit int) string {
	if utf8.RuneCountInString(s) <= limit {
		return s
	}
	end, runes := 0, 0
	for {
		c := cluster(s[end:])
		runes += utf8.RuneCountInString(c)
		if runes >= limit { // one rune is kept for the ellipsis
			return strings.TrimRight(s[:end], " ") + "…"
		}
		end += len(c)
	}
}

// columns is the width of s in a fixed-width font: 2 for a wide character, 0 for
// an isolate control (UAX 11).
func columns(s string) int {
	n := 0
	for s != "" {
		c := cluster(s)
		n += clusterColumns(c)
		s = s[len(c):]
	}
	return n
}

func clusterColumns(c string) int {
	if len(c) == 1 {
		return 1
	}
	r, _ := utf8.DecodeRuneInString(c)
	if r == firstStrongIsolate || r == popIsolate {
		return 0
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}
