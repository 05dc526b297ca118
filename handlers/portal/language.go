package portal

// In which language a page stands: the one that a person has chosen in the settings
// (whoever is signed in, else whom the link in a mail names), else the one that the
// browser asks for.

import (
	"slices"

	tags "golang.org/x/text/language"

	"imprint/domain"
)

// tables are the languages of the pages; the first stands in for all others.
var tables = []words{english, german}

var matcher = func() tags.Matcher {
	var all []tags.Tag
	for _, w := range tables {
		all = append(all, tags.MustParse(w["locale"]))
	}
	return tags.NewMatcher(all)
}()

// maxAccepted bounds what is read of what a browser asks for, in bytes.
const maxAccepted = 500

// guessed answers the table for an Accept-Language (RFC 9110, section 12.5.4).
func guessed(accepted string) words {
	if len(accepted) > maxAccepted {
		return tables[0]
	}
	wanted, _, err := tags.ParseAcceptLanguage(accepted)
	if err != nil {
		return tables[0]
	}
	_, i, confidence := matcher.Match(wanted...)
	if confidence == tags.No {
		return tables[0]
	}
	return tables[i]
}

// chosen answers the table of a locale; false where there is none, and the first
// stands in.
func chosen(locale string) (words, bool) {
	if i := slices.IndexFunc(tables, func(w words) bool { return w["locale"] == language(locale) }); i >= 0 {
		return tables[i], true
	}
	return tables[0], false
}

// said is a text of ours.
func said(s string) phrase { return phrase{Parts: []part{{Text: s}}} }

// refusal says a refusal of the domain, whose own words are English, in the language
// of the page, where that has words for it.
func (v *visit) refusal(e *domain.Error) phrase {
	for _, name := range []string{"refused." + e.Code + "." + e.Field, "refused." + e.Code} {
		if s, ok := v.words[name]; ok {
			return said(s)
		}
	}
	return said(e.Message)
}
