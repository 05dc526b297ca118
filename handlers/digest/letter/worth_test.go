package letter

// Here the two parts are held against each other, and the HTML against what a
// mail may hold.

import (
	"encoding/xml"
	"io"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// page is what a reader of the HTML gets: its words, its links, its elements.
type page struct {
	words    []string
	links    []string
	elements []string
	attrs    []xml.Attr
}

func read(t *testing.T, html string) page {
	t.Helper()
	var p page
	var text strings.Builder
	d := xml.NewDecoder(strings.NewReader(html))
	d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	inHead := false
	for {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatalf("not well formed: %v", err)
		}
		switch e := token.(type) {
		case xml.StartElement:
			inHead = inHead || e.Name.Local == "head"
			p.elements = append(p.elements, e.Name.Local)
			p.attrs = append(p.attrs, e.Attr...)
			for _, a := range e.Attr {
				if a.Name.Local == "href" {
					p.links = append(p.links, a.Value)
				}
			}
			if e.Name.Local == "p" || e.Name.Local == "h1" || e.Name.Local == "h2" {
				text.WriteByte(' ')
			}
		case xml.EndElement:
			inHead = inHead && e.Name.Local != "head"
		case xml.CharData:
			if !inHead {
				text.Write(e)
			}
		}
	}
	p.words = strings.Fields(text.String())
	return p
}

var number = regexp.MustCompile(`(?m)^ {1,2}[0-9]+\. `)

// TestBothPartsTellTheSame compares the parts word for word: the text without
// its numbers, its rule and its addresses is what the HTML says.
func TestBothPartsTellTheSame(t *testing.T) {
	for name, l := range letters() {
		if name == "hostile" {
			continue // its unbroken titles are broken in the text; see TestHostile
		}
		m := render(t, l)
		html := read(t, m.HTML)
		var words, links []string
		for _, word := range strings.Fields(strings.ReplaceAll(number.ReplaceAllString(m.Text, ""), "--------\n", "")) {
			if strings.HasPrefix(word, portalURL) {
				links = append(links, word)
				continue
			}
			words = append(words, word)
		}
		// In the text a colon leads to the address on the next line.
		w, _ := wordsFor(l.Language)
		plain := strings.Join(words, " ")
		for _, link := range []string{w.OpenPortal, w.Settings, w.Unsubscribe} {
			plain = strings.ReplaceAll(plain, link+":", link)
		}
		if want := strings.Join(html.words, " "); plain != want {
			t.Errorf("%s: the parts differ\ntext %s\nhtml %s", name, plain, want)
		}
		slices.Sort(links)
		slices.Sort(html.links)
		if want := slices.Compact(html.links); !reflect.DeepEqual(slices.Compact(links), want) {
			t.Errorf("%s: links differ\ntext %q\nhtml %q", name, links, want)
		}
	}
}

// TestHTMLHoldsOnlyWhatAMailMay: nothing that runs, nothing that is fetched, no
// link elsewhere, whatever the publishers wrote.
func TestHTMLHoldsOnlyWhatAMailMay(t *testing.T) {
	elements := strings.Fields("html head meta title body div header main article footer h1 h2 p a bdi small strong em")
	attrs := strings.Fields("lang dir style charset name content href")
	for name, l := range letters() {
		p := read(t, render(t, l).HTML)
		for _, e := range p.elements {
			if !slices.Contains(elements, e) {
				t.Errorf("%s: element %s", name, e)
			}
		}
		for _, a := range p.attrs {
			if !slices.Contains(attrs, a.Name.Local) || a.Name.Local == "style" && strings.Contains(a.Value, "url") {
				t.Errorf("%s: attribute %s=%q", name, a.Name.Local, a.Value)
			}
		}
		for _, link := range p.links {
			if link != portalURL && !strings.HasPrefix(link, portalURL+"/") {
				t.Errorf("%s: link to %q", name, link)
			}
		}
	}
}

// TestTablesAreWhole: a word missing in one language would leave a hole.
func TestTablesAreWhole(t *testing.T) {
	for _, w := range []words{english, german} {
		v := reflect.ValueOf(w)
		for i := range v.NumField() {
			if v.Field(i).IsZero() {
				t.Errorf("%s: no %s", w.Locale, v.Type().Field(i).Name)
			}
		}
		for _, month := range w.Months {
			if month == "" {
				t.Errorf("%s: a month has no name", w.Locale)
			}
		}
		for kind := range english.Kinds {
			if w.Kinds[kind] == "" {
				t.Errorf("%s: no word for %s", w.Locale, kind)
			}
		}
		for code := range english.Languages {
			if w.Languages[code] == "" {
				t.Errorf("%s: no name of the language %s", w.Locale, code)
			}
		}
	}
}
