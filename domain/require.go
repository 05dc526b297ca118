package domain

import "strings"

// maxLanguages bounds how many languages one text is given in.
const maxLanguages = 20

// Require is Check for a text that must be there: at least one language, and
// words in each language given.
func (t Text) Require(field string, maxRunes int) error {
	if len(t) == 0 {
		return Refuse(Invalid, "missing-"+field, "%s is missing; write one, in at least one language", field).In(field)
	}
	if len(t) > maxLanguages {
		return Refuse(TooLarge, "too-many-languages", "%s is given in %d languages; at most %d are allowed", field, len(t), maxLanguages).In(field)
	}
	for _, l := range t.Locales() {
		if strings.TrimSpace(t[l]) == "" {
			return Refuse(Invalid, "missing-"+field, "%s is empty in language %.20q; write one or leave the language out", field, l).In(field)
		}
	}
	return t.Check(field, maxRunes)
}

// RequireLine is Require for a text of a single line in each language, such as a
// title.
func (t Text) RequireLine(field string, maxRunes int) error {
	if err := t.Require(field, maxRunes); err != nil {
		return err
	}
	for _, l := range t.Locales() {
		if err := CheckLine(field, t[l], maxRunes, false); err != nil {
			return err
		}
	}
	return nil
}
