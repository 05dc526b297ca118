package letter

// Here is what a careless or hostile publisher may have written.

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"imprint/domain"
)

const (
	family   = "👨\u200d👩\u200d👧\u200d👦"
	override = "\u202egnp.exe\u202c"
)

func hostile() Letter {
	url := func(path string) string { return portalURL + path }
	return with(weekly("en"), 0,
		Item{Kind: Updated, URL: url("/documents/1"),
			Title:   domain.English("Report\r\nBcc: everyone@evil.example\r\n\r\n<script>alert(1)</script>"),
			Summary: domain.English(`</p><img src="https://evil.example/x.png" onerror="alert(1)"><a href='javascript:alert(1)'>here</a> {{.Portal}} &amp; & "quoted"`)},
		Item{Kind: Updated, URL: url("/documents/2"), Title: domain.English("Audit " + override + "\u2066 2027"), Summary: domain.English("Zero\u200b-width\u2060 and\ufeff soft\u00adhyphens, tags\U000e0041\U000e0042, NUL\x00, bell\a and\u2028separators")},
		Item{Kind: Updated, URL: url("/documents/3"), Title: domain.Text{"ar": "تقرير الأمن 2027 (SOC 2)"}, Summary: domain.Text{"fa": "گزارش می\u200cخواهم " + strings.Repeat("امنیت اطلاعات و ارزیابی ", 12)}},
		Item{Kind: Updated, URL: url("/documents/4"), Title: domain.English(strings.Repeat(family, 1500)), Summary: domain.English("Flags 🇩🇪🇨🇭, tones 👍🏽, hearts ❤️ " + strings.Repeat("🎉", 10_000))},
		Item{Kind: Updated, URL: url("/documents/5"), Title: domain.English(strings.Repeat("A", 10_000)), Summary: domain.English(strings.Repeat("ten thousand ", 770))},
		Item{Kind: Updated, URL: url("/documents/6"), Title: domain.English("Bad \xff\xfe\xc3 bytes \xed\xa0\x80"), Summary: domain.English("Z" + strings.Repeat("\u0301\u0489", 200) + "algo")},
		Item{Kind: Updated, URL: url("/documents/7"), Title: domain.English("\u200b\u2060\u202e"), Summary: domain.English(strings.Repeat("安全報告書", 40))},
		Item{Kind: Withdrawn, URL: "https://evil.example/documents/8", Title: domain.Text{`x" onload="y`: "A link elsewhere"}, Reason: domain.English("--\n.\nFrom nobody"),
			Series: domain.English("<b>Series</b>"), SeriesURL: "javascript:alert(1)", Successor: domain.English("Up"), SuccessorURL: url("/documents/%2e%2e/%2e%2e/admin")},
	)
}

// harmless checks what must hold for a mail of whatever letter.
func harmless(t interface{ Errorf(string, ...any) }, m Mail) {
	if n := utf8.RuneCountInString(m.Subject); n > 160 {
		t.Errorf("a subject of %d characters", n)
	}
	_, body, _ := strings.Cut(m.HTML, "</title>") // the title is the subject once more
	for name, part := range map[string]string{"subject": m.Subject, "text": m.Text, "html body": body} {
		if !utf8.ValidString(part) {
			t.Errorf("%s is not UTF-8", name)
		}
		for _, r := range part {
			switch {
			case r == '\n' && name != "subject":
			case name != "html body" && (r == firstStrongIsolate || r == popIsolate):
			case r == zeroWidthJoiner || r == zeroWidthNonJoiner:
			case unicode.In(r, unicode.Cc, unicode.Bidi_Control) || r == '\u2028' || r == '\u2029' || r == '\u200b' || r == '\ufeff':
				t.Errorf("%s holds %U", name, r)
			}
		}
	}
	for _, line := range append(strings.Split(m.Text, "\n"), m.Subject) {
		if strings.Count(line, "\u2068") != strings.Count(line, "\u2069") {
			t.Errorf("a line leaves an isolate open: %q", line)
		}
	}
	for line := range strings.SplitSeq(m.Text, "\n") {
		if word := strings.TrimLeft(line, " \u2068"); columns(line) > 72 && !strings.HasPrefix(word, portalURL) {
			t.Errorf("a line of %d columns: %q", columns(line), line)
		}
	}
}

func TestHostile(t *testing.T) {
	m := render(t, hostile())
	harmless(t, m)
	if got, want := m.Subject, "Updated: Report Bcc: everyone@evil.example <script>alert(1)</script> and 7 more updates"; got != want {
		t.Errorf("subject %q, want %q", got, want)
	}
	for _, want := range []string{"Audit gnp.exe 2027", "Zero-width and softhyphens, tags, NUL, bell and separators", "می\u200cخواهم", "🇩🇪🇨🇭", "👍🏽", "❤️", "Bad \ufffd bytes \ufffd", "Untitled"} {
		if !strings.Contains(m.HTML, want) {
			t.Errorf("the HTML does not show %q", want)
		}
		if !strings.Contains(m.Text, want) {
			t.Errorf("the text does not show %q", want)
		}
	}
	if n := len(m.HTML); n > 40_000 {
		t.Errorf("the HTML has %d bytes", n)
	}
}

func TestSubjectIsBounded(t *testing.T) {
	long := Item{Kind: Moved, Title: domain.Text{"de": strings.Repeat("Ä", 10_000)}}
	got := render(t, with(weekly("de"), 1_000_000, long)).Subject
	if want := "In eine andere Reihe verschoben: " + strings.Repeat("Ä", 69) + "… und 1000000 weitere Neuigkeiten"; got != want {
		t.Errorf("subject %q, want %q", got, want)
	}
}

// TestAnyTextIsHarmless tries what nobody thought of, built from the parts that
// hurt most.
func TestAnyTextIsHarmless(t *testing.T) {
	piece := rapid.OneOf(rapid.String(), rapid.StringN(0, 200, -1),
		rapid.SampledFrom([]string{"\r\n", " ", "\u202e", "\u2068", "\u2069", "\u200d", "\u0301", "א", "ع", "\xff", "👍🏽", family, "🇩", "<", "{{", portalURL + "/" + strings.Repeat("x", 90), "각", "漢", "\ufe0f"}))
	text := rapid.Custom(func(t *rapid.T) domain.Text {
		return domain.Text{
			rapid.SampledFrom([]string{"en", "de", "ar", "", "\n"}).Draw(t, "locale"): strings.Join(rapid.SliceOfN(piece, 0, 30).Draw(t, "pieces"), ""),
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		l := with(weekly(rapid.SampledFrom([]string{"en", "de", "ar", "\r\n"}).Draw(t, "language")), 3, Item{
			Kind: Updated, URL: piece.Draw(t, "url"), Title: text.Draw(t, "title"), Summary: text.Draw(t, "summary"),
			Reason: text.Draw(t, "reason"), Series: text.Draw(t, "series"), SeriesURL: portalURL + "/" + piece.Draw(t, "path")})
		m, err := Render(l)
		if err != nil {
			t.Fatal(err)
		}
		harmless(t, m)
	})
}

func TestCutKeepsCharactersWhole(t *testing.T) {
	for _, c := range []struct {
		in    string
		limit int
		want  string
	}{
		{"short", 5, "short"},
		{"longer", 5, "long…"},
		{"one two", 5, "one…"},
		{"abe\u0301x", 4, "ab…"},
		{"ab" + family, 6, "ab…"},
		{"🇩🇪🇨🇭🇦🇹", 4, "🇩🇪…"},
		{"👍🏽👍🏽", 3, "👍🏽…"},
		{"❤️❤️", 3, "❤️…"},
		{"\u1112\u1161\u11ab\u1112\u1161\u11ab", 5, "\u1112\u1161\u11ab…"},
		{family, 1, "…"},
		{strings.Repeat("👨\u200d", 100), 40, strings.Repeat("👨\u200d", 16) + "…"}, // one character without end
	} {
		if got := cut(c.in, c.limit); got != c.want {
			t.Errorf("cut(%q, %d) = %q, want %q", c.in, c.limit, got, c.want)
		}
	}
}

func TestCleanKeepsJoinersWhereTheyShape(t *testing.T) {
	for in, want := range map[string]string{
		"pay\u200dpal":        "paypal",
		"می\u200cخواهم":       "می\u200cخواهم",
		family:                family,
		"👩\u200d\u200d👧":      "👩\u200d👧",
		"\u200dstart":         "start",
		"end é\u200d":         "end é",
		"é\u200d é":           "é é",
		"\u0301base":          "base",
		"a\u200eb\u061cc":     "abc",
		"  two \t\r\n words ": "two words",
	} {
		if got := clean(in, 100); got != want {
			t.Errorf("clean(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestLinksLieUnderThePortal(t *testing.T) {
	p, err := newPortal("https://trust.example/portal/")
	if err != nil {
		t.Fatal(err)
	}
	for address, want := range map[string]string{
		"https://trust.example/portal":                             "https://trust.example/portal",
		"https://TRUST.example/portal/d/1?v=2#x":                   "https://trust.example/portal/d/1?v=2#x",
		"https://trust.example/portal/d/ü":                         "https://trust.example/portal/d/%C3%BC",
		"https://trust.example/portalx/d":                          "",
		"https://trust.example/":                                   "",
		"http://trust.example/portal/d":                            "",
		"https://trust.example.evil.example/portal/d":              "",
		"https://trust.example:8443/portal/d":                      "",
		"https://trust.example@evil.example/portal/d":              "",
		"https://user@trust.example/portal/d":                      "",
		"https://trust.example/portal/../admin":                    "",
		"https://trust.example/portal/%2e%2e/admin":                "",
		"https://trust.example/portal/%5c..%5cadmin":               "",
		"https://trust.example/portal/?q=\u202e":                   "",
		"https://trust.example/portal/?q=a b":                      "",
		"https://trust.example/portal/\r\nx":                       "",
		"//trust.example/portal/d":                                 "",
		"/portal/d":                                                "",
		"javascript:alert(1)":                                      "",
		"":                                                         "",
		"https://trust.example/portal/" + strings.Repeat("x", 900): "",
	} {
		if got := p.link(address); got != want {
			t.Errorf("link(%q) = %q, want %q", address, got, want)
		}
	}
}
