package acceptance_test

// BEHAVIOUR §9: search and filters.

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"imprint/handlers/api"
)

// find lists what a term finds, sorted by title.
func (w *world) find(who, term string) []string {
	w.t.Helper()
	return slices.Sorted(slices.Values(titles(w.list(who, "q="+url.QueryEscape(term)))))
}

// counts are the values of a list's filters with their counts.
func counts(l api.Listing) []string {
	all := []string{}
	for _, f := range l.Facets {
		for _, v := range f.Values {
			all = append(all, fmt.Sprint(v.Value, " ", v.Count.Number))
		}
	}
	return all
}

func TestSearchAndFilters(t *testing.T) {
	t.Parallel()
	run := func(statement string, holds func(w *world)) {
		t.Run(statement, func(t *testing.T) { t.Parallel(); holds(newWorld(t)) })
	}
	run("finds by title, description, category, series, summary", func(w *world) {
		w.category("soc", "reports", "Attestations")
		line := w.series("Yearly line")
		w.publish("Report", object{"description": english("About the platform"), "summary": english("Auditor changed"), "categories": []string{"soc"}, "series": line})
		w.publish("Other", nil)
		for _, term := range []string{"report", "platform", "attestations", "yearly", "auditor", "yearly attestations report"} {
			same(w, term, w.find("", term), []string{"Report"})
		}
		same(w, "what is nowhere", w.find("", "report nowhere"), []string{})
		same(w, "an empty term browses", w.find("", ""), []string{"Other", "Report"})
	})
	run("SOC2 and SOC 2, ISO 27001 and 27001, case and diacritics, phrases", func(w *world) {
		w.publish("SOC 2 Type 2 report", object{"description": english("Café in Zürich")})
		w.publish("ISO/IEC 27001:2022 certificate", nil)
		w.publish("SOC 1 Type 2 report", nil)
		for term, want := range map[string][]string{
			"SOC2": {"SOC 2 Type 2 report"}, "soc2": {"SOC 2 Type 2 report"}, `"soc 2"`: {"SOC 2 Type 2 report"},
			"ISO 27001": {"ISO/IEC 27001:2022 certificate"}, "27001": {"ISO/IEC 27001:2022 certificate"}, "iso27001": {"ISO/IEC 27001:2022 certificate"},
			"ISO/IEC 27001": {"ISO/IEC 27001:2022 certificate"},
			"CAFE zurich":   {"SOC 2 Type 2 report"}, "café": {"SOC 2 Type 2 report"},
			`"report type"`: {}, `"type 2 report"`: {"SOC 1 Type 2 report", "SOC 2 Type 2 report"},
		} {
			same(w, term, w.find("", term), want)
		}
		w.publish("SOC2 bridge letter", nil)
		same(w, "written together", w.find("", `"SOC 2"`), []string{"SOC 2 Type 2 report", "SOC2 bridge letter"})
	})
	run("a SHA-256 or a version number finds that version", func(w *world) {
		hash := w.upload("the first")
		id := w.publish("Policy", object{"files": w.files("the first")})
		w.version(id, 1, "Second", nil)
		w.publish("Other policy", nil)
		for term, matched := range map[string]int{hash: 1, strings.ToUpper(hash): 1, "policy v2": 0, "v2": 0, "policy version 2": 0} {
			l := w.list("", "q="+url.QueryEscape(term))
			same(w, term, titles(l), []string{"Policy"})
			equal(w, term, l.Items[0].MatchedVersion, matched)
		}
		equal(w, "policy v1", len(w.find("", "policy v1")), 2)
		w.withdrawVersion(id, 2, "Wrong")
		equal(w, "by its number, withdrawn", len(w.find("", "policy v2")), 1)
	})
	run("a version that stands in the title is found, too", func(w *world) {
		w.publish("PCI DSS v4.0 attestation", nil)
		w.publish("PCI DSS v3.2.1 attestation", nil)
		for _, term := range []string{"PCI DSS v4.0", "v4.0", `"v4"`, `pci "v4"`, "PCI DSS v4", "pci v4", "v4"} {
			same(w, term, w.find("", term), []string{"PCI DSS v4.0 attestation"})
		}
	})
	run("pages neither repeat nor skip a hit while others publish", func(w *world) {
		want := []string{}
		for n := range 7 {
			want = append(want, fmt.Sprint("Audit report ", n))
			w.publish(want[n], nil)
		}
		got, query := []string{}, "q=report&limit=2"
		for page := 0; ; page++ {
			l := w.list("", query)
			got = append(got, titles(l)...)
			if l.Next == "" {
				break
			}
			query = "q=report&limit=2&after=" + url.QueryEscape(l.Next)
			w.pass(time.Second)
			w.publish(fmt.Sprint("Report, report and report ", page), nil)
		}
		same(w, "pages", got, want)
	})
	run("old versions only when asked for", func(w *world) {
		id := w.publish("Policy", object{"summary": english("Initial wording")})
		w.version(id, 1, "Second", nil)
		same(w, "unasked", w.find("", "wording"), []string{})
		l := w.list("", "q=wording&oldVersions=true")
		same(w, "asked", titles(l), []string{"Policy"})
		equal(w, "which", l.Items[0].MatchedVersion, 1)
	})
	run("OR inside one filter, AND between; counts reflect the other filters; global matches every region", func(w *world) {
		w.publish("A", object{"services": []string{"vault"}, "regions": []string{"eu"}, "industries": []string{"health"}})
		w.pass(time.Second)
		w.publish("B", object{"services": []string{"queue"}, "regions": []string{"global"}})
		w.pass(2 * day)
		w.publish("C", object{"services": []string{"vault"}, "regions": []string{"us"}})
		for query, want := range map[string][]string{
			"service=vault":                           {"C", "A"},
			"service=vault&service=queue":             {"C", "B", "A"},
			"service=vault&region=eu":                 {"A"},
			"region=eu":                               {"B", "A"},
			"region=us&service=queue":                 {"B"},
			"from=2027-03-01&to=2027-03-01":           {"B", "A"},
			"from=2027-03-03":                         {"C"},
			"industry=health&region=us":               {},
			"service=vault&from=2027-03-02&q=c":       {"C"},
			"to=2027-03-01T06:00:01Z&service=vault":   {"A"},
			"from=2027-03-01T06:00:01Z&region=eu":     {"B"},
			"region=global":                           {"B"},
			"region=eu&region=us&service=vault&q=":    {"C", "A"},
			"service=vault&industry=health&region=eu": {"A"},
		} {
			l := w.list("", query)
			same(w, query, titles(l), want)
			equal(w, query+": total", l.Total.Number, len(want))
		}
		same(w, "counts", counts(w.list("", "service=vault")), []string{"queue 1", "vault 2", "eu 1", "us 1", "health 1"})
		same(w, "of all", counts(w.list("", "")), []string{"queue 1", "vault 2", "eu 2", "global 1", "us 2", "health 1"})
	})
	run("an unknown value is a 400 that lists the valid ones", func(w *world) {
		w.publish("A", object{"services": []string{"vault"}})
		w.publish("B", object{"services": []string{"closed"}, "audience": "signed-in"})
		for _, query := range []string{"service=absent", "service=closed"} {
			said := w.asks(400, "", "GET", documents+"?"+query, nil).body
			if !bytes.Contains(said, []byte("vault")) || bytes.Contains(said, []byte("closed,")) || bytes.Contains(said, []byte(", closed")) {
				w.t.Errorf("%s: %s", query, said)
			}
		}
		for _, query := range []string{"group=absent", "region=absent", "category=absent", "industry=absent"} {
			w.asks(400, "", "GET", documents+"?"+query, nil)
		}
	})
	run("only what the reader may see, in results, counts and filters", func(w *world) {
		line := w.series("Closed line")
		w.category("closed", "reports", "Closed tile")
		hash := w.upload("closed")
		w.publish("Closed report", object{"audience": "signed-in", "series": line, "categories": []string{"closed"}, "services": []string{"vault"}, "files": w.files("closed")})
		w.publish("Open report", nil)
		for _, term := range []string{"closed", "report", "closed line", "closed tile", hash, "v1", ""} {
			l := w.list("", "q="+url.QueryEscape(term))
			if slices.Contains(titles(l), "Closed report") || l.Total.Number > 1 || len(counts(l)) != 0 {
				w.t.Errorf("%q shows a visitor %v, %+v, %v", term, titles(l), l.Total, counts(l))
			}
			if !slices.Contains(w.find("rita", term), "Closed report") {
				w.t.Errorf("%q does not find it for a member", term)
			}
		}
		for path, status := range map[string]int{"/api/v1/series/" + line.String(): http.StatusUnauthorized, documents + "?category=closed": http.StatusBadRequest} {
			w.asks(status, "", "GET", path, nil)
		}
		equal(w, "series of a visitor", len(read[api.SeriesListing](w, "", "/api/v1/series").Items), 0)
		equal(w, "in a series asked for", w.list("", "series="+line.String()).Total.Number, 0)
	})
	run("an answer carries the ordinal it reflects; a write can be waited for", func(w *world) {
		w.publish("Report", nil)
		before := w.list("", "").Reflects
		a, err := w.send("paula", "POST", documents, object{"title": english("New"), "audience": "everyone", "summary": english("x"), "files": w.files("x")})
		w.check(err)
		token := into[api.DocumentReceipt](w, a).WaitToken
		got := w.asks(200, "", "GET", documents+"?wait="+url.QueryEscape(token), nil)
		l := into[api.Listing](w, got)
		equal(w, "documents", len(l.Items), 2)
		equal(w, "ordinal", l.Reflects, before+1)
		equal(w, "in the header", got.header.Get("Reflects"), fmt.Sprint(l.Reflects))
	})
}
