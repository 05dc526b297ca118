package terms

import (
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"imprint/domain"
)

// Here: what a reader types, taken apart.

// Limits of a query.
const (
	MaxQuery = 200 // characters
	MaxWords = 16  // words, phrases, version numbers together
)

// Query is what a reader looks for. All of its parts must hold.
type Query struct {
	Words    []Word
	Versions []int  // version numbers from 1, each once
	SHA256   string // 64 lower-case hexadecimal digits, or ""
}

// Word is a word or phrase; it has at least one token.
type Word struct {
	Tokens []string
	Phrase bool // the tokens stand next to each other, in order
	Prefix bool // the last token is the beginning of a word
}

// Empty tells whether nothing is looked for.
func (q Query) Empty() bool {
	return len(q.Words) == 0 && len(q.Versions) == 0 && q.SHA256 == ""
}

// Parse takes a reader's input apart.
//
//   - Quoted text is an exact phrase. Any of " “ ” „ « » opens and closes; a
//     quote that is never closed ends with the input.
//   - "v3" and "version 3" name a version number, 64 hexadecimal digits a
//     SHA-256; in quotes they are ordinary words.
//   - Any other word is a phrase of its tokens ("soc2" is "soc" next to "2"), but
//     a number of three or more digits after two or more letters is a word of its
//     own ("iso27001" is "iso" and "27001"). If the last token is of two or more
//     letters, its continuations match as well ("report": "reports").
//
// Input without a letter or digit is an empty query; whoever asks decides what
// symbols alone mean. Refused as domain.Invalid
// are input that is not UTF-8, more than MaxQuery characters, more than MaxWords
// words, and two different SHA-256.
func Parse(input string) (Query, error) {
	// Bytes first: counting the characters of a megabyte is work for nothing.
	if len(input) > utf8.UTFMax*MaxQuery || utf8.RuneCountInString(input) > MaxQuery {
		return Query{}, refuse("the search is longer than %d characters; look for a few distinctive words", MaxQuery)
	}
	if !utf8.ValidString(input) {
		return Query{}, refuse("the search is not valid UTF-8; type it again or send it as UTF-8")
	}
	var q Query
	for items := split(input); len(items) > 0; {
		it := items[0]
		items = items[1:]
		if hash, ok := it.sha256(); ok {
			if q.SHA256 != "" && q.SHA256 != hash {
				return Query{}, refuse("the search holds two SHA-256; look for one at a time")
			}
			q.SHA256 = hash
			continue
		}
		if n, more, ok := it.version(items); ok {
			items = items[more:]
			if !slices.Contains(q.Versions, n) {
				q.Versions = append(q.Versions, n)
			}
			continue
		}
		for _, part := range it.parts() {
			q.Words = append(q.Words, part.word())
		}
	}
	if n := len(q.Words) + len(q.Versions); n > MaxWords {
		return Query{}, refuse("the search has %d words; at most %d are allowed, leave some out or put them into quotes as one phrase", n, MaxWords)
	}
	return q, nil
}

func refuse(format string, args ...any) error {
	return domain.Refuse(domain.Invalid, "bad-search", format, args...).In("q")
}

// item is a bare word or a quoted text of the input, with its tokens: at least one.
type item struct {
	text   string
	quoted bool
	tokens []token
}

func split(input string) (items []item) {
	add := func(text string, quoted bool) {
		if tokens := slices.Collect(scan(text)); len(tokens) > 0 {
			items = append(items, item{text, quoted, tokens})
		}
	}
	for quoted := false; ; quoted = !quoted {
		part, rest, found := cutQuote(input)
		if quoted {
			add(part, true)
		} else {
			for _, word := range strings.Fields(part) {
				add(word, false)
			}
		}
		if !found {
			return items
		}
		input = rest
	}
}

// cutQuote cuts around the first quotation mark. Texts pasted from letters and
// mails bring the marks of their language.
func cutQuote(s string) (before, after string, found bool) {
	for i, r := range s {
		switch r {
		case '"', '“', '”', '„', '«', '»':
			return s[:i], s[i+utf8.RuneLen(r):], true
		}
	}
	return s, "", false
}

// sha256 reads a bare word of 64 hexadecimal digits, whatever stands around it.
func (it item) sha256() (string, bool) {
	hash := strings.ToLower(strings.TrimFunc(it.text, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	}))
	if _, err := hex.DecodeString(hash); it.quoted || len(hash) != 64 || err != nil {
		return "", false
	}
	return hash, true
}

// version reads "v3", or "version" with "3" as the next item; more is how many
// of the next items belong to it. "v3.1" and "v 3" are no version numbers.
func (it item) version(next []item) (n, more int, ok bool) {
	t := it.tokens
	switch {
	case it.quoted:
		return 0, 0, false
	case len(t) == 2 && t[0].end == t[1].start && (t[0].text == "v" || t[0].text == "version"):
		n, ok = versionNumber(t[1].text)
		return n, 0, ok
	case len(t) == 1 && t[0].text == "version" && len(next) > 0 && !next[0].quoted && len(next[0].tokens) == 1:
		n, ok = versionNumber(next[0].tokens[0].text)
		return n, 1, ok
	}
	return 0, 0, false
}

// versionNumber reads a number as versions are counted: from 1, no leading zero.
// Nine digits fit into an int everywhere, and into a column of either engine.
func versionNumber(s string) (int, bool) {
	if len(s) > 9 || s[0] == '0' {
		return 0, false
	}
	n, err := strconv.Atoi(s)
	return n, err == nil
}

// distinctive is how many digits make a number that says enough by itself.
const distinctive = 3

// parts cuts a bare word before each distinctive number that follows letters:
// people write "iso27001" for what is called "ISO/IEC 27001". The 2 of "soc2" is
// not cut off, for it stands in most titles.
func (it item) parts() (parts []item) {
	for i := 1; i < len(it.tokens) && !it.quoted; i++ {
		before, t := it.tokens[i-1], it.tokens[i]
		if t.start == before.end && len(t.text) >= distinctive && len(before.text) >= 2 && kindOf(t) == digit && kindOf(before) == letter {
			head := item{text: it.text, tokens: it.tokens[:i]}
			it.tokens = it.tokens[i:]
			parts, i = append(parts, head), 0
		}
	}
	return append(parts, it)
}

func kindOf(t token) class {
	first, _ := utf8.DecodeRuneInString(t.text)
	return classify(first)
}

func (it item) word() Word {
	w := Word{Phrase: it.quoted || len(it.tokens) > 1}
	for _, t := range it.tokens {
		w.Tokens = append(w.Tokens, t.text)
	}
	last := []rune(w.Tokens[len(w.Tokens)-1])
	w.Prefix = !it.quoted && len(last) >= 2 && classify(last[0]) == letter
	return w
}
