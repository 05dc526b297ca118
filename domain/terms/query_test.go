package terms_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"imprint/domain"
	"imprint/domain/terms"
)

// Here: what Parse makes of an input, and what it refuses.

func prefix(tokens ...string) terms.Word {
	return terms.Word{Tokens: tokens, Phrase: len(tokens) > 1, Prefix: true}
}

func exact(tokens ...string) terms.Word {
	return terms.Word{Tokens: tokens, Phrase: len(tokens) > 1}
}

func quoted(tokens ...string) terms.Word { return terms.Word{Tokens: tokens, Phrase: true} }

func words(w ...terms.Word) terms.Query { return terms.Query{Words: w} }

func TestParse(t *testing.T) {
	const hash = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
	for in, want := range map[string]terms.Query{
		"":                        {},
		"  \t ":                   {},
		`"" " " !? 🎉`:             {},
		"report":                  words(prefix("report")),
		"Reports Audit":           words(prefix("reports"), prefix("audit")),
		"soc2":                    words(exact("soc", "2")),
		"SOC 2":                   words(prefix("soc"), exact("2")),
		"SOC 2 Type 2":            words(prefix("soc"), exact("2"), prefix("type"), exact("2")),
		"27001":                   words(exact("27001")),
		"iso27001":                words(prefix("iso"), exact("27001")),
		"ISO/IEC27001:2022":       words(prefix("iso", "iec"), exact("27001", "2022")),
		"nist800rev5 soc2":        words(prefix("nist"), exact("800", "rev", "5"), exact("soc", "2")),
		"iso-27001 27001iso":      words(exact("iso", "27001"), prefix("27001", "iso")),
		`"iso27001"`:              words(quoted("iso", "27001")),
		"ISO/IEC 27001:2022":      words(prefix("iso", "iec"), exact("27001", "2022")),
		"2report":                 words(prefix("2", "report")),
		"x":                       words(exact("x")),
		"Üb":                      words(prefix("ub")),
		"隐私":                      words(exact("隐", "私")),
		"全\u3000文":                words(exact("全"), exact("文")),
		`"type 2"`:                words(quoted("type", "2")),
		`"Report"`:                words(quoted("report")),
		`soc"type 2"report`:       words(prefix("soc"), quoted("type", "2"), prefix("report")),
		`audit "type 2`:           words(prefix("audit"), quoted("type", "2")),
		"„Type 2“ «soc 2»":        words(quoted("type", "2"), quoted("soc", "2")),
		"“pen test” x":            words(quoted("pen", "test"), exact("x")),
		`a OR b* NEAR(c) -d`:      words(exact("a"), prefix("or"), exact("b"), exact("near", "c"), exact("d")),
		"v3":                      {Versions: []int{3}},
		"V3, v12 v3":              {Versions: []int{3, 12}},
		"version 3":               {Versions: []int{3}},
		"Version 3 report":        {Words: []terms.Word{prefix("report")}, Versions: []int{3}},
		"version3 (v4)":           {Versions: []int{3, 4}},
		"Ｖ３":                      {Versions: []int{3}},
		`"v3" "version 3"`:        words(quoted("v", "3"), quoted("version", "3")),
		`version "3"`:             words(prefix("version"), quoted("3")),
		"version":                 words(prefix("version")),
		"version three":           words(prefix("version"), prefix("three")),
		"version 3.1":             words(prefix("version"), exact("3", "1")),
		"v3.1":                    words(exact("v", "3", "1")),
		"v.3 v 3":                 words(exact("v", "3"), exact("v"), exact("3")),
		"v0 v03 v٣":               words(exact("v", "0"), exact("v", "03"), exact("v", "٣")),
		"v999999999":              {Versions: []int{999999999}},
		"v1000000000":             words(exact("v", "1000000000")),
		hash:                      {SHA256: hash},
		strings.ToUpper(hash):     {SHA256: hash},
		"(" + hash + "), " + hash: {SHA256: hash},
		hash + " soc v2":          {SHA256: hash, Words: []terms.Word{prefix("soc")}, Versions: []int{2}},
	} {
		got, err := terms.Parse(in)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q:\ngot  %+v, %v\nwant %+v", in, got, err, want)
		}
		if got.Empty() != reflect.DeepEqual(want, terms.Query{}) {
			t.Errorf("%q: Empty is %v", in, got.Empty())
		}
	}

	q, err := terms.Parse(`"` + hash + `"`)
	if err != nil || q.SHA256 != "" || len(q.Words) != 1 {
		t.Errorf("a quoted hash is an ordinary phrase: %+v, %v", q, err)
	}
	q, err = terms.Parse(hash[:63])
	if err != nil || q.SHA256 != "" {
		t.Errorf("63 digits are no SHA-256: %+v, %v", q, err)
	}
}

func TestParseLimits(t *testing.T) {
	for name, in := range map[string]string{
		"200 characters": strings.Repeat("ü", 200),
		"200 wide ones":  strings.Repeat("🎉", 199) + "x",
		"16 words":       strings.TrimSpace(strings.Repeat("a ", 16)),
		"a long phrase":  `"` + strings.Repeat("a ", 90) + `"`,
		"with versions":  strings.Repeat("a ", 15) + "v1",
	} {
		if q, err := terms.Parse(in); err != nil || q.Empty() {
			t.Errorf("%s: %+v, %v", name, q, err)
		}
	}
	a, b := strings.Repeat("a", 64), strings.Repeat("b", 64)
	for name, c := range map[string]struct{ in, remedy string }{
		"201 characters": {strings.Repeat("ü", 201), "200"},
		"a megabyte":     {strings.Repeat("x", 1<<20), "200"},
		"17 words":       {strings.Repeat("a ", 17), "at most 16"},
		"16 and version": {strings.Repeat("a ", 16) + "v1", "at most 16"},
		"not UTF-8":      {"soc \xff", "UTF-8"},
		"two hashes":     {a + " " + b, "one at a time"},
	} {
		_, err := terms.Parse(c.in)
		var e *domain.Error
		if !errors.As(err, &e) || e.Kind != domain.Invalid || e.Field != "q" || !strings.Contains(e.Message, c.remedy) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"soc2", `"type 2`, "version 3", "v3", `"""`, "„a“", "ﷺ", "a\xff", strings.Repeat("ab", 32)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		q, err := terms.Parse(s)
		if err != nil {
			if domain.KindOf(err) != domain.Invalid || !q.Empty() {
				t.Errorf("%q: %+v, %v", s, q, err)
			}
			return
		}
		if !utf8.ValidString(s) || utf8.RuneCountInString(s) > terms.MaxQuery || len(q.Words)+len(q.Versions) > terms.MaxWords {
			t.Errorf("%q passes: %+v", s, q)
		}
		for _, w := range q.Words {
			if len(w.Tokens) == 0 || len(w.Tokens) > 1 && !w.Phrase {
				t.Errorf("%q: word %+v", s, w)
			}
			for _, token := range w.Tokens {
				checkToken(t, s, token)
			}
		}
		for _, n := range q.Versions {
			if n < 1 || n > 999999999 {
				t.Errorf("%q: version %d", s, n)
			}
		}
		if q.SHA256 != "" && (len(q.SHA256) != 64 || strings.Trim(q.SHA256, "0123456789abcdef") != "") {
			t.Errorf("%q: hash %q", s, q.SHA256)
		}
		checkSpans(t, s, terms.Highlight(s, q))
	})
}
