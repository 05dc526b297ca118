package terms

import (
	"iter"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Here: from any text to its tokens. Normalise, Parse and Highlight all stand on
// the same scan, which is why a hit can be found again in the original.

const (
	// MaxText is how much normalised text is kept, in bytes: PostgreSQL refuses
	// a tsvector of 1 MiB and more.
	MaxText = 1 << 20
	// maxToken is the longest token in characters; a longer run continues in the
	// next token, as a phrase does. PostgreSQL refuses a word of 2 KiB.
	maxToken = 64
)

// Normalise is the form of a text that is indexed: its tokens with one space
// between each two. Normalising twice changes nothing. Of a very long text the
// tokens that fit into MaxText bytes are kept.
func Normalise(s string) string {
	var b strings.Builder
	for t := range scan(s) {
		if b.Len()+1+len(t.text) > MaxText {
			break
		}
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(t.text)
	}
	return b.String()
}

// token is a token and the bytes of the original text that it came from. Tokens
// from one character ("½" is 1 and 2) share their bytes.
type token struct {
	text       string
	start, end int
}

// class says what a character does to the token before it.
type class int

const (
	separator class = iota
	letter
	digit
	sign    // a token of its own
	ignored // as if it were not there
)

// unspaced are the scripts that put no spaces between words.
var unspaced = []*unicode.RangeTable{
	unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Bopomofo,
	unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar,
}

func classify(r rune) class {
	switch {
	case r < utf8.RuneSelf:
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z':
			return letter
		case '0' <= r && r <= '9':
			return digit
		}
		return separator
	case unicode.IsDigit(r):
		return digit
	case unicode.IsLetter(r):
		if unicode.In(r, unspaced...) {
			return sign
		}
		return letter
	case unicode.IsMark(r):
		return ignored
	case unicode.Is(unicode.Cf, r) && r != '\u200b':
		// Soft hyphens, joiners, direction marks: invisible inside of words. The
		// zero width space is there to separate them.
		return ignored
	}
	return separator
}

// scan yields the tokens of a text in order. Bytes that are not UTF-8 separate.
func scan(s string) iter.Seq[token] {
	if plain(s) {
		return func(yield func(token) bool) { scanPlain(s, yield) }
	}
	return func(yield func(token) bool) {
		var (
			text       []rune // the token being built
			kind       class
			start, end int
			characters norm.Iter
			decomposed []byte
		)
		flush := func() bool {
			done := len(text) == 0 || yield(token{string(text), start, end})
			text = text[:0]
			return done
		}
		// The iterator goes from character to character (with its marks). Some
		// decompose into several steps of it, and it moves on after the last one;
		// only then its position is the end of the character in the original.
		characters.InitString(norm.NFKD, s)
		for !characters.Done() {
			from, to := characters.Pos(), characters.Pos()
			for decomposed = decomposed[:0]; to == from && !characters.Done(); to = characters.Pos() {
				decomposed = append(decomposed, characters.Next()...)
			}
			for rest := decomposed; len(rest) > 0; {
				r, size := utf8.DecodeRune(rest)
				rest = rest[size:]
				c := classify(r)
				if c == ignored {
					continue
				}
				if (c != kind || c == sign) && !flush() {
					return
				}
				if kind = c; c == separator {
					continue
				}
				first, second := fold(r)
				for _, r := range [...]rune{first, second} {
					if r == 0 {
						continue
					}
					if len(text) == maxToken && !flush() {
						return
					}
					if len(text) == 0 {
						start = from
					}
					text, end = append(text, r), to
				}
			}
		}
		flush()
	}
}

// plain tells a text that has nothing to decompose, as most have.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// scanPlain is scan for plain texts, several times as fast: every byte is a
// character.
func scanPlain(s string, yield func(token) bool) {
	start, kind := 0, separator // of the token being passed
	for i := range len(s) {
		c := classify(rune(s[i]))
		if c == kind && (c == separator || i-start < maxToken) {
			continue
		}
		if kind != separator && !yield(token{strings.ToLower(s[start:i]), start, i}) {
			return
		}
		start, kind = i, c
	}
	if kind != separator {
		yield(token{strings.ToLower(s[start:]), start, len(s)})
	}
}
