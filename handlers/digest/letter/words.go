// Here a mail language is chosen and its sentences are formed; the words
// themselves stand in english.go and german.go, one table each.

package letter

import (
	"fmt"
	"strings"
	"time"
)

// words is one language's table. A field with %d or %s says so in its comment.
type words struct {
	Locale string
	Kinds  map[Kind]string

	Update, Updates         string // heading; Updates: %d
	AndMore, AndMores       string // after the entries; AndMores: %d
	SubjectMore, SubjectAll string // after the first title; SubjectAll: %d
	Changes                 string // one entry, updated several times: %d
	Version                 string // %d

	Window     string // from, until, zone: %s
	WindowOpen string // until, zone: %s
	Date       string // day, name of the month, year, hour, minute: %d %s %d %02d %02d
	Months     [12]string

	Untitled                          string
	InLibrary                         string
	Series, Followed                  string // labels; Followed: this is why it is here
	Reason, Former, Successor         string // labels
	MaybeSent                         string
	Why                               string
	OpenPortal, Settings, Unsubscribe string // texts of links
	OnlyIn, OnlyInCode                string // label of an untranslated text; language or its code: %s
	OnlyElsewhere                     string // the same, of a language without a usable code
	Languages                         map[string]string

	ConfirmSubject, ConfirmLead string // portal: %s
	Confirm                     string // text of the link
	ConfirmUntil                string // date, zone: %s
	ConfirmNo                   string
}

// wordsFor answers the table of a locale's language; false when it has none and
// the English one stands in.
func wordsFor(locale string) (*words, bool) {
	switch language(locale) {
	case english.Locale:
		return &english, true
	case german.Locale:
		return &german, true
	}
	return &english, false
}

// language is the locale without its region, in small letters; "en" for "".
func language(locale string) string {
	l, _, _ := strings.Cut(strings.ToLower(locale), "-")
	if l == "" {
		return english.Locale
	}
	return l
}

// isTag tells whether a locale can be shown and can stand in a lang attribute.
func isTag(locale string) bool {
	return len(locale) >= 2 && len(locale) <= 16 &&
		strings.Trim(strings.ToLower(locale), "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

// count chooses between one and many, which is told the number.
func (w *words) count(one, many string, n int) string {
	if n == 1 {
		return one
	}
	return fmt.Sprintf(many, n)
}

// only is the label of a text that exists in the language of locale only.
func (w *words) only(locale string) string {
	if name, ok := w.Languages[language(locale)]; ok {
		return fmt.Sprintf(w.OnlyIn, name)
	}
	if !isTag(locale) {
		return w.OnlyElsewhere
	}
	return fmt.Sprintf(w.OnlyInCode, locale)
}

// date tells t, to the minute, in t's own zone.
func (w *words) date(t time.Time) string {
	return fmt.Sprintf(w.Date, t.Day(), w.Months[t.Month()-1], t.Year(), t.Hour(), t.Minute())
}

// window tells the span that a mail covers. The clock may have been set back in
// between: windows follow the order of the log, their times need not.
func (w *words) window(from, until time.Time, zone *time.Location) string {
	until = until.In(zone)
	if from.IsZero() || !from.Before(until) {
		return fmt.Sprintf(w.WindowOpen, w.date(until), zone)
	}
	return fmt.Sprintf(w.Window, w.date(from.In(zone)), w.date(until), zone)
}

// englishOnly labels a mail whose reader chose a language without a table.
const englishOnly = "This mail is in English because it is not available in your language yet."
