package portal

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

var verb = regexp.MustCompile(`%[.0-9]*[a-z]`)

// TestTablesAreWhole: what one language says the others say too, of the same things
// in the same order.
func TestTablesAreWhole(t *testing.T) {
	for _, w := range tables[1:] {
		for name, text := range english {
			other, there := w[name]
			if !there || other == "" {
				t.Errorf("%s: no text for %s", w["locale"], name)
			}
			if got, want := verb.FindAllString(other, -1), verb.FindAllString(text, -1); name != "date" && !slices.Equal(got, want) {
				t.Errorf("%s: %s fills in %v, in English %v", w["locale"], name, got, want)
			}
		}
		for name := range w {
			if _, there := english[name]; !there && !strings.HasPrefix(name, "refused.") {
				t.Errorf("%s: nothing asks for %s", w["locale"], name)
			}
		}
	}
}

func TestTheBrowserIsAskedForItsLanguage(t *testing.T) {
	for accepted, want := range map[string]string{
		"": "en", "de": "de", "de-CH, en;q=0.5": "de", "en, de": "en", "fr, de;q=0.5": "de", "fr": "en", "*": "en", "en;q=0.1, de;q=0.9": "de",
		"de;q=x": "en", strings.Repeat("de,", 200): "en",
	} {
		if got := guessed(accepted)["locale"]; got != want {
			t.Errorf("%.40q: %s, want %s", accepted, got, want)
		}
	}
}
