package terms_test

import (
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"imprint/domain/terms"
)

// Here: Normalise, by examples, over every character, and over any bytes.

func TestNormalise(t *testing.T) {
	for in, want := range map[string]string{
		"":                              "",
		" \t\n–…!? ":                    "",
		"SOC2":                          "soc 2",
		"SOC 2":                         "soc 2",
		"SOC 2 Type 2":                  "soc 2 type 2",
		"SOC2 Type2 (2026)":             "soc 2 type 2 2026",
		"27001":                         "27001",
		"ISO27001":                      "iso 27001",
		"ISO/IEC 27001:2022":            "iso iec 27001 2022",
		"v1.2-rc3":                      "v 1 2 rc 3",
		"Bridge_Letter.pdf":             "bridge letter pdf",
		"customer's":                    "customer s",
		"Ünïcödé":                       "unicode",
		"u\u0308ber":                    "uber", // combining mark
		"Å\u0301\u0323ngström":          "angstrom",
		"Straße STRASSE STRAẞE":         "strasse strasse strasse",
		"İstanbul ISTANBUL ıstanbul":    "istanbul istanbul istanbul",
		"Malmø Łódź Đorđe œuvre Ærø":    "malmo lodz dorde oeuvre aero",
		"ΟΔΟΣ οδος οδός":                "οδοσ οδοσ οδοσ",
		"Ёлка ёлка":                     "елка елка",
		"ﬁnance":                        "finance", // ligature
		"ＳＯＣ２":                          "soc 2",   // full width
		"ℌ² ½ Ⅷ ™":                      "h 2 1 2 viii tm",
		"隐私政策2026":                      "隐 私 政 策 2026",
		"サーバーｻｰﾊﾞｰ":                     "サ ー ハ ー サ ー ハ ー",
		"プライバシー ポリシー":                   "フ ラ イ ハ シ ー ホ リ シ ー",
		"개인정보":                          "개인정보", // as conjoining letters
		"report🎉2024":                   "report 2024",
		"👩‍👩‍👧":                         "",
		"3️⃣ steps":                     "3 steps",
		"Sicher\u00adheit":              "sicherheit", // soft hyphen
		"zero\u200bwidth":               "zero width",
		"\ufeffbom":                     "bom",
		"a\x00b\xffc":                   "a b c",
		"audit OR 1=1; DROP TABLE x --": "audit or 1 1 drop table x",
		"٣ نسخة":                        "٣ نسخة",
	} {
		if got := terms.Normalise(in); got != decomposed(want) {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

// decomposed writes Hangul syllables of an expectation as their letters (Unicode
// chapter 3.12), computed apart from the library under test.
func decomposed(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r < 0xAC00 || r > 0xD7A3 {
			b.WriteRune(r)
			continue
		}
		i := r - 0xAC00
		b.WriteRune(0x1100 + i/588)
		b.WriteRune(0x1161 + i%588/28)
		if tail := i % 28; tail > 0 {
			b.WriteRune(0x11A7 + tail)
		}
	}
	return b.String()
}

// TestEveryCharacter: alone and inside a word, each character of Unicode gives
// clean tokens that normalise to themselves, and its upper, lower and title case
// give the same ones. What it gives is found again as exactly that character.
func TestEveryCharacter(t *testing.T) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if !unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.P, unicode.S, unicode.Z, unicode.Cc, unicode.Cf) {
			continue // not assigned, or for private use
		}
		in := string(r) + " a" + string(r) + "1" + string(r)
		got := terms.Normalise(in)
		checkNormal(t, in, got)
		if alone := terms.Normalise(string(r)); alone != "" {
			q := terms.Query{Words: []terms.Word{{Tokens: strings.Fields(alone), Phrase: true}}}
			want := terms.Span{Start: 1, End: 1 + utf8.RuneLen(r)}
			spans := terms.Highlight(" "+string(r)+" ", q)
			if len(spans) == 1 && unicode.Is(unicode.Hangul, r) {
				// A vowel or final without an initial is a broken syllable, and
				// is taken together with what stands in the initial's place.
				spans[0].Start = want.Start
			}
			if len(spans) != 1 || spans[0] != want {
				t.Errorf("%U: marks %v, want %v", r, spans, want)
			}
		}
		if unicode.IsMark(r) {
			continue // the iota below a letter has a capital, but is no letter itself
		}
		for _, other := range []rune{unicode.ToUpper(r), unicode.ToLower(r), unicode.ToTitle(r)} {
			// Cases that stand for two letters in Unicode are a matter of
			// languages; a single letter's cases are the same letter.
			if a, b := terms.Normalise(string(r)), terms.Normalise(string(other)); a != b {
				t.Errorf("%U and its case %U: %q and %q", r, other, a, b)
			}
		}
	}
}

func TestLongText(t *testing.T) {
	for name, in := range map[string]string{
		"words":      strings.Repeat("word ", terms.MaxText),
		"one word":   strings.Repeat("x", 3*terms.MaxText),
		"expanding":  strings.Repeat("ﷺ", terms.MaxText/2),
		"sharp s":    "x" + strings.Repeat("ß", 100),
		"marks only": "x" + strings.Repeat("\u0301", 1<<20) + "y",
	} {
		got := terms.Normalise(in)
		checkNormal(t, name, got)
		if len(got) > terms.MaxText {
			t.Errorf("%s: %d bytes", name, len(got))
		}
		if name == "marks only" && got != "xy" {
			t.Errorf("marks tear a word: %d bytes", len(got))
		}
	}
	if n := len(terms.Normalise(strings.Repeat("word ", terms.MaxText))); n < terms.MaxText-5 {
		t.Errorf("kept only %d bytes", n)
	}
}

// checkNormal holds what engines rely on.
func checkNormal(t *testing.T, in, got string) {
	t.Helper()
	if again := terms.Normalise(got); again != got {
		t.Errorf("%.80q: %.80q becomes %.80q", in, got, again)
	}
	if got == "" {
		return
	}
	for _, token := range strings.Split(got, " ") {
		checkToken(t, in, token)
	}
}

func checkToken(t *testing.T, in, token string) {
	t.Helper()
	if n := utf8.RuneCountInString(token); n == 0 || n > 64 || !utf8.ValidString(token) {
		t.Errorf("%.80q: token %q of %d characters", in, token, n)
	}
	var letters, digits bool
	for _, r := range token {
		letters = letters || unicode.IsLetter(r)
		digits = digits || unicode.IsDigit(r)
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			t.Errorf("%.80q: token %q holds %U", in, token, r)
		}
	}
	if letters && digits {
		t.Errorf("%.80q: token %q mixes letters and digits", in, token)
	}
}

func FuzzNormalise(f *testing.F) {
	for _, s := range []string{"SOC2", "İıßẞ", "ﷺ½", "e\u0301\u0323", "개인", "隐私", "a\xff\xfe", "\u1e9b\u0323", strings.Repeat("ß", 70)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { checkNormal(t, s, terms.Normalise(s)) })
}

// TestPlainTextsAreReadAsAllOthers: a dash that is not ASCII adds no token, but
// takes the text through the decomposition that plain ones are spared.
func TestPlainTextsAreReadAsAllOthers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		plain := rapid.StringOfN(rapid.RuneFrom(nil, &unicode.RangeTable{R16: []unicode.Range16{{Lo: 0, Hi: 0x7f, Stride: 1}}}), 0, -1, -1).Draw(t, "plain") +
			strings.Repeat(rapid.SampledFrom([]string{"", "x", "X", "1"}).Draw(t, "of"), rapid.IntRange(0, 140).Draw(t, "times"))
		got, want := terms.Normalise(plain), terms.Normalise(plain+"–")
		if got != want {
			t.Errorf("%q: got %q, want %q", plain, got, want)
		}
		words, _, _ := strings.Cut(want, " ")
		q := terms.Query{Words: []terms.Word{{Tokens: []string{words}, Prefix: true}}}
		if got, want := terms.Highlight(plain, q), terms.Highlight(plain+"–", q); !slices.Equal(got, want) {
			t.Errorf("%q: marks %v, want %v", plain, got, want)
		}
	})
}
