package terms_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"imprint/domain/terms"
)

// Here: hits are found again in the original text.

// marked writes brackets around the hits.
func marked(t *testing.T, text, query string) string {
	t.Helper()
	q, err := terms.Parse(query)
	if err != nil {
		t.Fatal(err)
	}
	spans := terms.Highlight(text, q)
	checkSpans(t, text, spans)
	var b strings.Builder
	at := 0
	for _, s := range spans {
		b.WriteString(text[at:s.Start] + "[" + text[s.Start:s.End] + "]")
		at = s.End
	}
	return b.String() + text[at:]
}

func TestHighlight(t *testing.T) {
	for _, c := range []struct{ text, query, want string }{
		{"SOC 2 Type 2 report", "soc2", "[SOC 2] Type 2 report"},
		{"The SOC2 report", "soc 2", "The [SOC2] report"},
		{"SOC 2 Type 2", `"type 2"`, "SOC 2 [Type 2]"},
		{"SOC 2 Type 2", "2", "SOC [2] Type [2]"},
		{"ISO/IEC 27001:2022", "27001", "ISO/IEC [27001]:2022"},
		{"ISO/IEC 27001:2022", "iso 27001", "[ISO]/IEC [27001]:2022"},
		{"ISO/IEC 27001:2022", "iec27001", "ISO/[IEC] [27001]:2022"}, // two words
		{"Reports and reporting", "report", "[Reports] and [reporting]"},
		{"Reports and report", `"report"`, "Reports and [report]"},
		{"Datenschutzerklärung für Kunden", "DATENSCHUTZERKLARUNG fur", "[Datenschutzerklärung] [für] Kunden"},
		{"cafe\u0301 audit", "café", "[cafe\u0301] audit"},
		{"große Straße", "strasse", "große [Straße]"},
		{"İstanbul", "istanbul", "[İstanbul]"},
		{"Sicher\u00adheit!", "sicherheit", "[Sicher\u00adheit]!"},
		{"ﬁnance", "fin", "[ﬁnance]"},
		{"我们的隐私政策。", "隐私", "我们的[隐私]政策。"},
		{"개인정보 보호", "개인", "[개인정보] 보호"},
		{"🎉 audit 🎉", "audit", "🎉 [audit] 🎉"},
		{"a\xffaudit\xff", "audit", "a\xff[audit]\xff"},
		{"½ off", "1", "[½] off"},
		{"a b a b a", `"a b a"`, "[a b a b a]"},
		{"nothing here", "audit", "nothing here"},
		{"version 3", "v3", "version 3"}, // a number, not a text
		{"anything", "", "anything"},
		{"", "audit", ""},
	} {
		if got := marked(t, c.text, c.query); got != c.want {
			t.Errorf("%q in %q: got %q, want %q", c.query, c.text, got, c.want)
		}
	}
}

func TestHighlightLongText(t *testing.T) {
	q, _ := terms.Parse("audit")
	text := "audit " + strings.Repeat("x ", terms.MaxText/2) + "audit"
	if spans := terms.Highlight(text, q); len(spans) != 1 || spans[0] != (terms.Span{Start: 0, End: 5}) {
		t.Errorf("got %v", spans)
	}
	if spans := terms.Highlight("audit", terms.Query{Words: []terms.Word{{}}}); spans != nil {
		t.Errorf("a word without tokens marks %v", spans)
	}
}

func checkSpans(t interface {
	Helper()
	Errorf(string, ...any)
}, text string, spans []terms.Span) {
	t.Helper()
	last := -1
	for _, s := range spans {
		if s.Start <= last || s.Start >= s.End || s.End > len(text) {
			t.Errorf("%q: spans %v", text, spans)
			return
		}
		last = s.End
		if !utf8.RuneStart(text[s.Start]) || s.End < len(text) && !utf8.RuneStart(text[s.End]) && utf8.ValidString(text) {
			t.Errorf("%q: span %v cuts a character", text, s)
		}
	}
}

// TestHighlightIsSearch: a text has a mark exactly where the engine's test, over
// the normalised text, finds the word; and what is marked normalises to it.
func TestHighlightIsSearch(t *testing.T) {
	piece := rapid.SampledFrom([]string{"SOC", "soc", "2", "Type", "Straße", "strasse", "é", "e\u0301", "İ", "ı", "ﬁ", "fi", "½",
		"隐", "私", "サ", "개", " ", " ", "-", "🎉", "\u00ad", "\u200b", "\xff", "ٱ", "٣"})
	text := rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(piece, 0, 14).Draw(t, "pieces"), "")
	})
	rapid.Check(t, func(t *rapid.T) {
		hay := text.Draw(t, "text")
		q, err := terms.Parse(`"` + strings.ToValidUTF8(text.Draw(t, "phrase"), "") + `"`)
		if err != nil || q.Empty() {
			return
		}
		needle := strings.Join(q.Words[0].Tokens, " ")
		spans := terms.Highlight(hay, q)
		checkSpans(t, hay, spans)
		found := strings.Contains(" "+terms.Normalise(hay)+" ", " "+needle+" ")
		if found != (len(spans) > 0) {
			t.Fatalf("%q in %q: found %v, marks %v", needle, hay, found, spans)
		}
		for _, s := range spans {
			if got := terms.Normalise(hay[s.Start:s.End]); !strings.Contains(" "+got+" ", " "+needle+" ") {
				t.Fatalf("%q in %q: marks %q", needle, hay, hay[s.Start:s.End])
			}
		}
	})
}
