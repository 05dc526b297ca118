package domain

import (
	"sort"
	"unicode"
	"unicode/utf8"
)

// DefaultLocale is the language that every published text must at least have
// when nothing else is said, and the last fallback when one is missing.
const DefaultLocale = "en"

// Text is a text in one or more languages, by locale ("en", "de", "pt-br").
// Its JSON form has sorted keys, so equal texts have equal bytes.
type Text map[string]string

// English makes a Text in the default locale; an empty string makes none.
func English(s string) Text {
	if s == "" {
		return nil
	}
	return Text{DefaultLocale: s}
}

// In answers the text for a locale and the locale actually used: the one asked
// for, else its language without region, else the default, else the first by
// name. Both are "" where there is no text at all.
func (t Text) In(locale string) (text, used string) {
	candidates := []string{locale, language(locale), DefaultLocale}
	for _, l := range candidates {
		if s, ok := t[l]; ok {
			return s, l
		}
	}
	locales := t.Locales()
	if len(locales) == 0 {
		return "", ""
	}
	return t[locales[0]], locales[0]
}

// String is the text in the default locale, or the best fallback.
func (t Text) String() string {
	s, _ := t.In(DefaultLocale)
	return s
}

// Locales lists the languages present, sorted.
func (t Text) Locales() []string {
	ls := make([]string, 0, len(t))
	for l := range t {
		ls = append(ls, l)
	}
	sort.Strings(ls)
	return ls
}

// Equal tells whether both hold the same texts.
func (t Text) Equal(o Text) bool {
	if len(t) != len(o) {
		return false
	}
	for l, s := range t {
		if o[l] != s {
			return false
		}
	}
	return true
}

// Check refuses a text that cannot be kept or shown: a bad locale, or what
// CheckLine refuses of a text of several lines, in any language. An empty Text
// passes; callers that need one say so themselves.
func (t Text) Check(field string, maxRunes int) error {
	for _, l := range t.Locales() {
		if !validLocale(l) {
			return Refuse(Invalid, "bad-locale", "%s: %q is not a language tag; write one such as \"en\" or \"pt-br\"", field, l).In(field)
		}
		if err := CheckLine(field, t[l], maxRunes, true); err != nil {
			return err
		}
	}
	return nil
}

// CheckLine refuses a single text that is not UTF-8, is longer than maxRunes
// characters, or holds control characters or such as turn the direction of what
// follows (an .exe can look like a .pdf that way: UTR 36). Line breaks and
// tabs pass only where multiline is set; where it is not, nothing invisible passes
// either, so that no two names look the same.
func CheckLine(field, s string, maxRunes int, multiline bool) error {
	if !utf8.ValidString(s) {
		return Refuse(Invalid, "bad-utf8", "%s is not valid UTF-8; save it as UTF-8 and send it again", field).In(field)
	}
	if n := utf8.RuneCountInString(s); n > maxRunes {
		return Refuse(TooLarge, "text-too-long", "%s has %d characters; at most %d are allowed, shorten it", field, n, maxRunes).In(field)
	}
	before := rune(0)
	for _, r := range s {
		switch {
		case multiline && (r == '\n' || r == '\r' || r == '\t'):
		case unicode.IsControl(r):
			return Refuse(Invalid, "control-character", "%s holds the control character %U; remove it", field, r).In(field)
		case turns(r):
			return Refuse(Invalid, "bidi-character", "%s holds the character %U, which turns the direction of writing and hides what stands there; remove it", field, r).In(field)
		case !multiline && invisible(r) && !joins(before, r):
			return Refuse(Invalid, "invisible-character", "%s holds the invisible character %U; remove it", field, r).In(field)
		}
		before = r
	}
	return nil
}

// turns tells the embeddings, overrides and isolates of UAX 9.
func turns(r rune) bool { return r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069 }

// invisible tells characters that take no place of their own: format characters
// (but for the signs of Arabic and Syriac that are drawn around numbers), line
// and paragraph separators, and fillers.
func invisible(r rune) bool {
	return unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Other_Default_Ignorable_Code_Point) &&
		!unicode.Is(unicode.Prepended_Concatenation_Mark, r)
}

// joins tells a joiner where writing needs one: Persian and Indic scripts have
// them between letters, emoji between pictures. After a letter of the scripts that
// never do, it is there to deceive.
func joins(before, r rune) bool {
	const nonJoiner, joiner = 0x200C, 0x200D
	if r != nonJoiner && r != joiner {
		return false
	}
	return unicode.In(before, unicode.L, unicode.M, unicode.So, unicode.Sk) && !unicode.In(before, unicode.Latin, unicode.Greek, unicode.Cyrillic)
}

func validLocale(l string) bool {
	if len(l) < 2 || len(l) > 16 {
		return false
	}
	for i, r := range l {
		switch {
		case r >= 'a' && r <= 'z':
		case i >= 2 && (r == '-' || r >= '0' && r <= '9'):
		default:
			return false
		}
	}
	return l[len(l)-1] != '-'
}

// language strips the region: "pt-br" gives "pt".
func language(locale string) string {
	for i, r := range locale {
		if r == '-' {
			return locale[:i]
		}
	}
	return locale
}
