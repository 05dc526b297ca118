package queries_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"imprint/domain"
	"imprint/domain/access"
	"imprint/domain/category"
	"imprint/domain/document"
	"imprint/domain/event"
	"imprint/projections/catalog"
)

// pages reads a list to its end; between two pages, meanwhile happens.
func (w *world) pages(r access.Reader, f catalog.Filter, limit int, meanwhile func()) (all []string) {
	w.t.Helper()
	p := catalog.Page{Limit: limit}
	for range 100 {
		l, err := w.catalog.List(w.t.Context(), r, f, p)
		check(w.t, err)
		all = append(all, titles(l)...)
		if l.Next == "" {
			return all
		}
		if len(l.Items) != limit {
			w.t.Errorf("a page of %d items says there are more; want %d", len(l.Items), limit)
		}
		p.After = l.Next
		if meanwhile != nil {
			meanwhile()
		}
	}
	w.t.Errorf("the pages of %+v do not end", f)
	return all
}

func TestPagesAreStableWhileSomethingIsPublished(t *testing.T) {
	w := newWorld(t)
	var want []string
	for i := range 13 {
		id := uuid.Must(uuid.NewV7())
		p := published(id, doc{title: fmt.Sprintf("Document %02d", i), categories: []string{"soc"}, regions: []string{"eu"}})
		// Threes share their time: titles decide.
		p.Origin = &document.Origin{Source: "s", Key: "k"}
		p.Version.PublishedAt = start.Add(-time.Duration(i/3) * time.Hour)
		w.write(document.Stream(id), p)
		want = append(want, p.Details.Title.String())
	}
	w.fold()
	for _, f := range []catalog.Filter{{}, {Categories: []string{"soc"}}, {Regions: []string{"eu"}}, {Term: "document"}, {Term: "document", Categories: []string{"soc"}}} {
		for limit := 1; limit < 15; limit++ {
			same(t, fmt.Sprint(f, limit), w.pages(anonymous, f, limit, nil), want)
		}
	}
	n := 0
	for _, f := range []catalog.Filter{{Categories: []string{"soc"}}, {Term: "document"}, {Term: "document", OldVersions: true}, {Term: "renewed document"}, {Term: "renewed", OldVersions: true}, {Term: "v1"}} {
		before := w.pages(anonymous, f, 100, nil)
		got := w.pages(anonymous, f, 3, func() {
			n++
			w.publish(doc{title: fmt.Sprint("Document, document ", n), description: "Renewed", categories: []string{"soc"}})
		})
		same(t, fmt.Sprintf("%+v: published between pages", f), got, before)
	}
}

func TestListFilters(t *testing.T) {
	w := newWorld(t)
	w.category("iso", "ISO", category.Certifications)
	w.category("soc", "SOC", category.Certifications)
	w.category("bcp", "BCP", category.Reports)
	w.publish(doc{title: "A", categories: []string{"iso", "soc"}, services: []string{"vault"}, regions: []string{"eu"}})
	w.publish(doc{title: "B", categories: []string{"iso"}, services: []string{"queue"}, regions: []string{"us", "global"}, industries: []string{"health"}})
	w.publish(doc{title: "C", categories: []string{"bcp"}, services: []string{"vault"}, regions: []string{"us"}})
	for _, c := range []struct {
		f    catalog.Filter
		want []string
	}{
		{catalog.Filter{}, []string{"C", "B", "A"}},
		{catalog.Filter{Categories: []string{"iso"}}, []string{"B", "A"}},
		{catalog.Filter{Categories: []string{"soc", "bcp"}}, []string{"C", "A"}},
		{catalog.Filter{Categories: []string{"iso"}, Services: []string{"vault"}}, []string{"A"}},
		{catalog.Filter{Regions: []string{"eu"}}, []string{"B", "A"}},
		{catalog.Filter{Regions: []string{"global"}}, []string{"B"}},
		{catalog.Filter{Group: category.Certifications}, []string{"B", "A"}},
		{catalog.Filter{Industries: []string{"health"}, Regions: []string{"us"}}, []string{"B"}},
		{catalog.Filter{From: start.Add(5 * time.Minute), To: start.Add(6 * time.Minute)}, []string{"B"}},
		{catalog.Filter{To: start.Add(5 * time.Minute)}, []string{"A"}},
		{catalog.Filter{Term: "a", Services: []string{"vault"}}, []string{"A"}},
	} {
		l := w.list(anonymous, c.f)
		same(t, fmt.Sprintf("%+v", c.f), titles(l), c.want)
		if l.Total != (catalog.Count{N: len(c.want)}) || l.Reflects != 6 {
			t.Errorf("%+v: total %+v at %d, want %d at 6", c.f, l.Total, l.Reflects, len(c.want))
		}
	}
	counts := func(f catalog.Filter) string {
		var s []string
		for _, facet := range w.list(anonymous, f).Facets {
			for _, v := range facet.Values {
				mark := ""
				if v.Selected {
					mark = "*"
				}
				s = append(s, fmt.Sprint(v.Value, mark, v.Count.N))
			}
		}
		return strings.Join(s, " ")
	}
	for _, c := range []struct {
		f    catalog.Filter
		want string
	}{
		{catalog.Filter{}, "bcp1 iso2 soc1 queue1 vault2 eu2 global1 us2 health1"},
		{catalog.Filter{Services: []string{"vault"}}, "bcp1 iso1 soc1 queue1 vault*2 eu1 us1"},
		{catalog.Filter{Services: []string{"vault"}, Regions: []string{"eu"}}, "iso1 soc1 queue1 vault*1 eu*1 us1"},
		{catalog.Filter{Term: "b", Services: []string{"vault"}}, "queue1 vault*0"},
	} {
		if got := counts(c.f); got != c.want {
			t.Errorf("%+v: facets %s, want %s", c.f, got, c.want)
		}
	}
	for _, f := range []catalog.Filter{
		{Group: "nonsense"}, {Services: []string{"x"}}, {From: start, To: start}, {Regions: make([]string, 201)}, {Term: strings.Repeat("x", 300)},
	} {
		_, err := w.catalog.List(t.Context(), anonymous, f, catalog.Page{})
		refused(t, err, domain.Invalid)
	}
}

func TestBadPagesAreRefused(t *testing.T) {
	w := newWorld(t)
	for i := range 3 {
		w.publish(doc{title: fmt.Sprint(i), categories: []string{"soc"}, series: uuid.MustParse("019a0000-0000-7000-8000-000000000001")})
	}
	l, err := w.catalog.List(t.Context(), anonymous, catalog.Filter{}, catalog.Page{Limit: 1})
	check(t, err)
	for _, c := range []struct {
		f catalog.Filter
		p catalog.Page
	}{
		{catalog.Filter{}, catalog.Page{Limit: -1}},
		{catalog.Filter{}, catalog.Page{Limit: 101}},
		{catalog.Filter{}, catalog.Page{After: "x"}},
		{catalog.Filter{}, catalog.Page{After: l.Next + "="}},
		{catalog.Filter{}, catalog.Page{After: l.Next[:20] + "\n" + l.Next[20:]}},
		{catalog.Filter{Categories: []string{"soc"}}, catalog.Page{After: l.Next}},
		{catalog.Filter{Term: "1"}, catalog.Page{After: l.Next}},
	} {
		_, err := w.catalog.List(t.Context(), anonymous, c.f, c.p)
		refused(t, err, domain.Invalid)
	}
	_, err = w.catalog.AllSeries(t.Context(), anonymous, catalog.Page{After: l.Next})
	refused(t, err, domain.Invalid)
}

// TestVisibleIsMaySee holds the SQL against the rule, for any audience.
func TestVisibleIsMaySee(t *testing.T) {
	w := newWorld(t)
	rapid.Check(t, func(rt *rapid.T) {
		kind := access.Kind(rapid.OneOf(rapid.SampledFrom([]string{"everyone", "signed-in", "", "Everyone", "everyone "}), rapid.String()).Draw(rt, "kind"))
		if kind == "" {
			kind = "none"
		}
		id := uuid.Must(uuid.NewV7())
		w.happen(document.Stream(id), published(id, doc{title: "T", audience: kind}))
		for _, r := range []access.Reader{anonymous, member, publisher, {Role: access.Administrator}, {Person: "p3", Role: access.Administrator, Unsure: true}} {
			_, err := w.catalog.Document(t.Context(), r, id)
			if shown, may := err == nil, access.MaySee(r, access.Audience{Kind: kind}); shown != may {
				rt.Fatalf("audience %q, reader %+v: shown %t, may see %t (%v)", kind, r, shown, may, err)
			}
			listed := slices.ContainsFunc(w.list(r, catalog.Filter{}).Items, func(it catalog.Item) bool { return it.ID == id })
			if may := access.MaySee(r, access.Audience{Kind: kind}); listed != may {
				rt.Fatalf("audience %q, reader %+v: listed %t, may see %t", kind, r, listed, may)
			}
		}
	})
}

func TestCountsEndAtTheLimit(t *testing.T) {
	w := newWorld(t)
	w.category("soc", "SOC", category.Reports)
	w.category("few", "Few", category.Reports)
	var all []event.Payload
	for i := range catalog.CountLimit + 20 {
		d := doc{title: fmt.Sprintf("Report %d", i), categories: []string{"soc"}, regions: []string{"eu"}}
		if i < catalog.CountLimit {
			d.services = []string{"vault"}
		}
		if i < 7 {
			d.categories = append(d.categories, "few")
		}
		all = append(all, published(uuid.Must(uuid.NewV7()), d))
	}
	// One stream for all is quicker, and the folds do not look at streams.
	w.happen(document.Stream(uuid.Must(uuid.NewV7())), all...)
	home, err := w.catalog.Home(t.Context(), anonymous)
	check(t, err)
	if c := home.Groups[0].Tiles[0].Count; c.N != 7 {
		t.Errorf("few: %+v", c)
	}
	if c := home.Groups[0].Tiles[1].Count; c != (catalog.Count{N: catalog.CountLimit, More: true}) {
		t.Errorf("soc: %+v", c)
	}
	l := w.list(anonymous, catalog.Filter{Term: "report"})
	if l.Total != (catalog.Count{N: catalog.CountLimit, More: true}) || l.Facets[1].Values[0].Count != (catalog.Count{N: catalog.CountLimit}) {
		t.Errorf("total %+v, vault %+v", l.Total, l.Facets[1].Values[0])
	}
}
