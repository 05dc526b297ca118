// Here text written by others is made fit to stand in a mail.

package letter

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/bidi"
)

const (
	zeroWidthNonJoiner = '\u200c'
	zeroWidthJoiner    = '\u200d'

	// Hebrew with vowels and accents needs four marks on a letter; a stack
	// higher than this only serves to paint over the neighbouring lines.
	maxMarks = 6
)

// clean brings s to one line of at most limit characters that shows what it
// holds: white space and line breaks become single spaces; controls, bidi
// controls (UAX 9), tags, private and invisible characters go; each run of
// invalid UTF-8 becomes one U+FFFD. Joiners stay where they shape: between two
// characters beyond ASCII, as in Persian, Hindi and emoji.
func clean(s string, limit int) string {
	var b strings.Builder
	var prev, joiner rune // the last rune written; a joiner that waits for its right side
	space, marks := false, 0
	for _, r := range strings.ToValidUTF8(s, string(unicode.ReplacementChar)) {
		switch {
		case unicode.IsSpace(r) || r == '\u2028' || r == '\u2029':
			space, joiner = true, 0
			continue
		case r == zeroWidthJoiner || r == zeroWidthNonJoiner:
			if joins(prev) && !space {
				joiner = r
			}
			continue
		case unseen(r):
			continue
		case r <= unicode.MaxASCII: // most text; spares the tables
			marks = 0
		case unicode.In(r, unicode.Mn, unicode.Me):
			// A mark without a base would settle on a character of ours.
			marks++
			if prev == 0 || space || marks > maxMarks || prev == r && unicode.Is(unicode.Variation_Selector, r) {
				continue
			}
		default:
			marks = 0
		}
		if space && prev != 0 {
			b.WriteByte(' ')
		}
		if joiner != 0 && joins(r) {
			b.WriteRune(joiner)
		}
		b.WriteRune(r)
		prev, joiner, space = r, 0, false
	}
	return cut(b.String(), limit)
}

// joins tells whether a joiner beside r can have a visible effect.
func joins(r rune) bool {
	return r > unicode.MaxASCII && unicode.In(r, unicode.L, unicode.M, unicode.So, unicode.Sk)
}

// unseen tells whether r is a control or has no shape of its own that a reader
// could see. Spaces and joiners are decided before.
func unseen(r rune) bool {
	switch {
	case r >= ' ' && r <= '~':
		return false
	case unicode.Is(unicode.Prepended_Concatenation_Mark, r): // visible, though of class Cf
		return false
	case r&0xfffe == 0xfffe || r >= 0xfdd0 && r <= 0xfdef: // noncharacters
		return true
	default:
		return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Other_Default_Ignorable_Code_Point)
	}
}

// isolate wraps a clean text that holds right-to-left characters in FSI … PDI,
// so that it cannot reorder what stands around it. Other texts stay as they are:
// both mail languages run left to right.
func isolate(s string) string {
	for _, r := range s {
		if r <= unicode.MaxASCII {
			continue
		}
		p, _ := bidi.LookupRune(r)
		switch p.Class() {
		case bidi.R, bidi.AL, bidi.AN:
			return string(firstStrongIsolate) + s + string(popIsolate)
		}
	}
	return s
}
