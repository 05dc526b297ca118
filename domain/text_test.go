package domain_test

import (
	"strings"
	"testing"

	"imprint/domain"
)

func TestWhatALineHolds(t *testing.T) {
	for name, c := range map[string]struct {
		text          string
		line, several string // codes; "": passes
	}{
		"plain":                       {"SOC 2 report, 2026 – Größe", "", ""},
		"emoji joined":                {"Recipe book \U0001F469\u200D\U0001F373", "", ""},
		"emoji with variation":        {"\u2764\uFE0F\u200D\U0001F525", "", ""},
		"Persian with its non-joiner": {"گزارش‌ها می\u200cشود", "", ""},
		"Arabic number sign":          {"\u0600\u0661", "", ""},
		"line break":                  {"a\nb", "control-character", ""},
		"tab":                         {"a\tb", "control-character", ""},
		"bell":                        {"a\ab", "control-character", "control-character"},
		"delete":                      {"a\x7fb", "control-character", "control-character"},
		"C1":                          {"a\u0085b", "control-character", "control-character"},
		"override":                    {"annual\u202Efdp.exe", "bidi-character", "bidi-character"},
		"embedding":                   {"a\u202Ab", "bidi-character", "bidi-character"},
		"isolate":                     {"a\u2066b\u2069", "bidi-character", "bidi-character"},
		"mark":                        {"a\u200Fb", "invisible-character", ""},
		"Arabic letter mark":          {"a\u061Cb", "invisible-character", ""},
		"zero-width space":            {"a\u200Bb", "invisible-character", ""},
		"joiner in Latin":             {"a\u200Db", "invisible-character", ""},
		"non-joiner at the beginning": {"\u200Cb", "invisible-character", ""},
		"two joiners":                 {"\U0001F469\u200D\u200D\U0001F373", "invisible-character", ""},
		"byte order mark":             {"\uFEFFa", "invisible-character", ""},
		"word joiner":                 {"a\u2060b", "invisible-character", ""},
		"soft hyphen":                 {"a\u00ADb", "invisible-character", ""},
		"line separator":              {"a\u2028b", "invisible-character", ""},
		"filler":                      {"a\u3164b", "invisible-character", ""},
		"tag":                         {"a\U000E0041b", "invisible-character", ""},
		"not UTF-8":                   {"a\xff", "bad-utf8", "bad-utf8"},
		"long":                        {strings.Repeat("ä", 101), "text-too-long", "text-too-long"},
	} {
		for multiline, want := range map[bool]string{false: c.line, true: c.several} {
			err := domain.CheckLine("title", c.text, 100, multiline)
			code := ""
			if refused, ok := err.(*domain.Error); ok {
				code = refused.Code
			}
			if code != want {
				t.Errorf("%s, several lines %v: %v, want %q", name, multiline, err, want)
			}
		}
	}
}
