package queries_test

import (
	"slices"
	"strings"
	"testing"

	"imprint/domain"
	"imprint/domain/access"
	"imprint/domain/category"
	"imprint/domain/document"
	"imprint/domain/series"
	"imprint/projections/catalog"
)

func TestSearchFindsWhatPeopleType(t *testing.T) {
	w := newWorld(t)
	w.category("gdpr", "Datenschutz-Grundverordnung", category.Certifications)
	line := w.series("Yearly attestations")
	w.publish(doc{title: "SOC 2 Type 2 report", description: "Halden Café platform"})
	w.publish(doc{title: "ISO/IEC 27001:2022 certificate", summary: "Surveillance audit passed", categories: []string{"gdpr"}})
	w.publish(doc{title: "Penetration test", description: "Type of report: SOC", series: line})
	for term, want := range map[string][]string{
		"SOC2":                 {"SOC 2 Type 2 report"},
		"soc 2":                {"SOC 2 Type 2 report"},
		"ISO 27001":            {"ISO/IEC 27001:2022 certificate"},
		"27001":                {"ISO/IEC 27001:2022 certificate"},
		"CAFE":                 {"SOC 2 Type 2 report"},
		"café":                 {"SOC 2 Type 2 report"},
		"surveillance":         {"ISO/IEC 27001:2022 certificate"},
		"certif":               {"ISO/IEC 27001:2022 certificate"},
		`"type 2"`:             {"SOC 2 Type 2 report"},
		`"report type"`:        nil,
		"report":               {"SOC 2 Type 2 report", "Penetration test"}, // a title counts more
		"grundverordnung":      {"ISO/IEC 27001:2022 certificate"},
		"yearly penetration":   {"Penetration test"},
		"yearly certificate":   nil,
		"series":               nil, // a ref is no word
		"category":             nil,
		"":                     {"Penetration test", "ISO/IEC 27001:2022 certificate", "SOC 2 Type 2 report"},
		"  ":                   {"Penetration test", "ISO/IEC 27001:2022 certificate", "SOC 2 Type 2 report"},
		" - ":                  nil,
		"🙂":                    nil,
		"%":                    nil,
		"_":                    nil,
		`""`:                   nil,
		`soc" OR "iso`:         nil,
		"found_title : soc":    nil,
		"NEAR(soc report)":     nil,
		"soc NOT penetration":  nil,
		"'; DROP TABLE x; --":  nil,
		"$1 ? :a @b {soc} ^so": nil,
	} {
		same(t, term, w.find(anonymous, term), want)
	}
	// Nothing is found, and nothing is counted.
	for _, old := range []bool{false, true} {
		l := w.list(anonymous, catalog.Filter{Term: "🙂", Categories: []string{"gdpr"}, OldVersions: old})
		if len(l.Items) != 0 || l.Total.N != 0 {
			t.Errorf("found by a symbol: %+v", l)
		}
	}
	_, err := w.catalog.List(t.Context(), anonymous, catalog.Filter{Industries: []string{"banking"}}, catalog.Page{})
	refused(t, err, domain.Invalid)
	if strings.Contains(err.Error(), "use one of") {
		t.Errorf("a choice of nothing: %v", err)
	}
	w.happen(series.Stream(line), series.Revised{Series: line, Name: domain.English("Monthly attestations")})
	same(t, "renamed series", w.find(anonymous, "monthly"), []string{"Penetration test"})
	same(t, "former name", w.find(anonymous, "yearly"), nil)
}

func TestSearchFindsVersions(t *testing.T) {
	w := newWorld(t)
	old, current := strings.Repeat("ab", 32), strings.Repeat("cd", 32)
	id := w.publish(doc{title: "Policy", summary: "Initial wording", hash: old})
	w.happen(document.Stream(id), document.Versioned{Document: id, Version: version(2, "Retention shortened", current)})
	one := func(f catalog.Filter, matched int) {
		t.Helper()
		l := w.list(anonymous, f)
		if len(l.Items) != 1 || l.Items[0].MatchedVersion != matched || l.Items[0].Version != 2 {
			t.Errorf("%+v: got %+v, want version 2 with match %d", f, l.Items, matched)
		}
	}
	one(catalog.Filter{Term: strings.ToUpper(old)}, 1)
	one(catalog.Filter{Term: current}, 0)
	one(catalog.Filter{Term: "policy v1"}, 1)
	one(catalog.Filter{Term: "version 2"}, 0)
	one(catalog.Filter{Term: "retention"}, 0)
	one(catalog.Filter{Term: "wording", OldVersions: true}, 1)
	one(catalog.Filter{Term: "policy", OldVersions: true}, 0)
	same(t, "no such version", w.find(anonymous, "v3"), nil)
	same(t, "old versions only when asked for", w.find(anonymous, "wording"), nil)

	w.happen(document.Stream(id), document.VersionWithdrawn{Document: id, Number: 2, Reason: domain.English("Wrong file")})
	same(t, "summary of the version that stands again", w.find(anonymous, "wording"), []string{"Policy"})
	same(t, "summary of a withdrawn version", w.find(anonymous, "retention"), nil)
	if l := w.list(anonymous, catalog.Filter{Term: "retention", OldVersions: true}); len(l.Items) != 0 {
		t.Errorf("found by a withdrawn version: %+v", l.Items)
	}
}

// TestSearchFindsWhatADocumentStandsAt: also where the document's own row keeps
// that version's summary no more.
func TestSearchFindsWhatADocumentStandsAt(t *testing.T) {
	const many = 40
	w := newWorld(t)
	line := w.series("Yearly line")
	id := w.publish(doc{title: "Policy", summary: "Wording initial", series: line})
	w.publish(doc{title: "Wording guide"})
	for n := 2; n <= many; n++ {
		w.happen(document.Stream(id), document.Versioned{Document: id, Version: version(n, "Retention changed", "")})
	}
	same(t, "not yet", w.find(anonymous, "initial"), nil)
	for n := many; n > 1; n-- {
		w.happen(document.Stream(id), document.VersionWithdrawn{Document: id, Number: n, Reason: domain.English("Wrong")})
	}
	for term, want := range map[string][]string{
		"initial": {"Policy"}, "policy wording": {"Policy"}, "yearly wording initial": {"Policy"}, "policy": {"Policy"},
		"wording": {"Wording guide", "Policy"}, "policy wording nowhere": nil, "retention": nil, "policy retention": nil,
	} {
		for _, old := range []bool{false, true} {
			l := w.list(anonymous, catalog.Filter{Term: term, OldVersions: old})
			same(t, term, titles(l), want)
			if l.Total.N != len(want) {
				t.Errorf("%s: %d of %d", term, l.Total.N, len(want))
			}
			for _, it := range l.Items {
				if it.ID == id && (it.Version != 1 || it.MatchedVersion != 0 || it.Summary.String() != "Wording initial") {
					t.Errorf("%s: %+v", term, it)
				}
			}
		}
	}
	same(t, "pages", w.pages(anonymous, catalog.Filter{Term: "wording"}, 1, nil), []string{"Wording guide", "Policy"})
	d, err := w.catalog.Document(t.Context(), anonymous, id)
	check(t, err)
	if d.Version != 1 || d.Summary.String() != "Wording initial" {
		t.Errorf("the document: %+v", d.Item)
	}
}

func TestAVersionNumberIsAlsoAWord(t *testing.T) {
	w := newWorld(t)
	line := w.series("Controls v7")
	w.publish(doc{title: "PCI DSS v4.0"})
	w.publish(doc{title: "Standard, version 4"})
	w.publish(doc{title: "PCI DSS v3.2.1", series: line})
	id := w.publish(doc{title: "PCI policy"})
	for n := 2; n <= 4; n++ {
		w.happen(document.Stream(id), document.Versioned{Document: id, Version: version(n, "Renewed", "")})
	}
	for term, want := range map[string][]string{
		"v4": {"PCI policy", "Standard, version 4", "PCI DSS v4.0"}, "version 4": {"PCI policy", "Standard, version 4", "PCI DSS v4.0"},
		"pci v4": {"PCI policy", "PCI DSS v4.0"}, "PCI DSS v4": {"PCI DSS v4.0"}, "pci v3": {"PCI policy", "PCI DSS v3.2.1"},
		"v7": {"PCI DSS v3.2.1"}, "v9": nil, "v4 v9": nil, "v3 v4": {"PCI policy"},
	} {
		same(t, term, w.find(anonymous, term), want)
	}
}

func TestSearchHidesWhatTheReaderMayNotSee(t *testing.T) {
	w := newWorld(t)
	w.category("soc", "SOC", category.Reports)
	w.category("secret", "Secret tile", category.Reports)
	w.publish(doc{title: "Open report", categories: []string{"soc"}, regions: []string{"eu"}})
	w.publish(doc{title: "Closed report", categories: []string{"soc", "secret"}, services: []string{"vault"}, regions: []string{"mars"}, audience: access.SignedIn})
	w.publish(doc{title: "Odd report", categories: []string{"soc", "odd"}, audience: "nobody"})

	for _, f := range []catalog.Filter{{Term: "report"}, {}, {Categories: []string{"soc"}}, {Group: category.Reports}} {
		for reader, want := range map[access.Reader][]string{
			anonymous: {"Open report"}, member: {"Closed report", "Open report"}, publisher: {"Closed report", "Open report"},
		} {
			l := w.list(reader, f)
			got := titles(l)
			slices.Sort(got)
			same(t, f.Term, got, want)
			if l.Total.N != len(want) {
				t.Errorf("%+v: total %+v, want %d", f, l.Total, len(want))
			}
			for _, facet := range l.Facets {
				for _, v := range facet.Values {
					if !reader.SignedIn() && (v.Value != "soc" && v.Value != "eu" || v.Count.N != 1) || v.Value == "odd" {
						t.Errorf("%+v: facet %s shows %+v to %+v", f, facet.Name, v, reader)
					}
				}
			}
		}
	}
	_, hidden := w.catalog.List(t.Context(), anonymous, catalog.Filter{Categories: []string{"secret"}}, catalog.Page{})
	_, absent := w.catalog.List(t.Context(), anonymous, catalog.Filter{Categories: []string{"absent"}}, catalog.Page{})
	refused(t, hidden, domain.Invalid)
	if strings.ReplaceAll(hidden.Error(), "secret", "absent") != absent.Error() {
		t.Errorf("a hidden value and an absent one differ: %v; %v", hidden, absent)
	}
	if !strings.Contains(absent.Error(), "soc") {
		t.Errorf("the refusal does not list the valid values: %v", absent)
	}
}
