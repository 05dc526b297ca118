package catalog

// The change summaries that a document's row keeps.

import (
	"encoding/json"
	"reflect"
	"strings"

	"imprint/domain"
	"imprint/domain/jsonform"
)

// summaries are texts in the JSON of their list, "" for none. They are not decoded,
// for a fold adds to their end and reads one of them: making sixteen maps of them, and
// JSON again, for every version was a fifth of all folding. They are never changed
// in place.
type summaries string

var textForm = jsonform.Of(reflect.TypeFor[domain.Text]())

// each is the JSON of each text.
func (s summaries) each() (texts []string) {
	from, depth, quoted := 1, 0, false
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{':
			depth++
		case c == '}':
			depth--
		case depth == 0 && (c == ',' || c == ']'):
			texts = append(texts, string(s[from:i]))
			from = i + 1
		}
	}
	return texts
}

// with has one more text at the end, and of all the last ones at most.
func (s summaries) with(text domain.Text, most int) summaries {
	texts := append(s.each(), encoded(text))
	return listed(texts[max(0, len(texts)-most):])
}

// replaced has another text at a place.
func (s summaries) replaced(at int, text domain.Text) summaries {
	texts := s.each()
	texts[at] = encoded(text)
	return listed(texts)
}

// at is the text at a place.
func (s summaries) at(at int) (text domain.Text) {
	if err := textForm.Unmarshal(s.each()[at], &text); err != nil {
		panic(err) // it was written by encoded
	}
	return text
}

func listed(texts []string) summaries { return summaries("[" + strings.Join(texts, ",") + "]") }

func encoded(text domain.Text) string {
	b, err := json.Marshal(text)
	if err != nil {
		panic(err) // no map of strings fails
	}
	return string(b)
}
