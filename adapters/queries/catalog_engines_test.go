package queries_test

// What one engine finds, the others find: the same hits, in the same order, on the
// same pages.

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/google/uuid"

	"imprint/adapters/queries"
	"imprint/domain"
	"imprint/domain/access"
	"imprint/domain/category"
	"imprint/domain/document"
	"imprint/domain/event"
	"imprint/domain/series"
	"imprint/projections"
	"imprint/projections/catalog"
)

func TestEnginesFindTheSame(t *testing.T) {
	if on.name != engines[0].name {
		return // once is enough: all engines are asked below
	}
	random := rand.New(rand.NewPCG(7, 11))
	words := []string{"soc", "2", "type", "report", "reporting", "re", "Café", "ISO/IEC", "27001", "2022", "policy", "v4", "隐私政策", "Straße", "series", "category", "x1y2", "it's", `a\b`, "50%", "under_score"}
	some := func(most int) string {
		n := random.IntN(most + 1)
		chosen := make([]string, n)
		for i := range chosen {
			chosen[i] = words[random.IntN(len(words))]
		}
		return strings.Join(chosen, " ")
	}
	w := newWorld(t)
	var others []*queries.Catalog
	var groups []*projections.Group
	for _, e := range engines[1:] {
		store := e.open(t)
		registry, err := event.NewRegistry(document.Events(), series.Events(), category.Events())
		check(t, err)
		group, err := projections.Engine{Log: w.log, Registry: registry, Store: store, Holder: "test"}.Group(catalog.Projection())
		check(t, err)
		groups, others = append(groups, group), append(others, queries.NewCatalog(store, e.search))
	}
	lines := []uuid.UUID{w.series("SOC reports"), w.series("Policy, 隐私"), uuid.Nil}
	slugs := []string{"iso", "soc-2", "zz.z"}
	for _, slug := range slugs {
		w.category(slug, slug+" "+some(3), category.Reports)
	}
	for i := range 60 {
		d := doc{title: fmt.Sprint(some(4), " t", i), description: some(12), summary: "s " + some(4), series: lines[random.IntN(3)]}
		if random.IntN(4) == 0 {
			d.audience = access.SignedIn
		}
		if random.IntN(2) == 0 {
			d.categories, d.regions = slugs[:1+random.IntN(3)], []string{"eu"}
		}
		id := w.publish(d)
		for n := 2; n <= 1+random.IntN(3); n++ {
			w.happen(document.Stream(id), document.Versioned{Document: id, Version: version(n, "s "+some(4), "")})
		}
		if random.IntN(8) == 0 {
			w.happen(document.Stream(id), document.VersionWithdrawn{Document: id, Number: 1, Reason: domain.English("Wrong")})
		}
	}
	for _, g := range groups {
		check(t, g.CatchUp(t.Context(), nil))
	}
	found := 0
	for range 150 {
		f := catalog.Filter{Term: some(3), OldVersions: random.IntN(2) == 0}
		switch random.IntN(4) {
		case 0:
			f.Term = `"` + f.Term + `"`
		case 1:
			f.Term = strings.ToUpper(f.Term)[:len(f.Term)/2]
		}
		if random.IntN(4) == 0 {
			f.Categories = slugs[:1]
		}
		f.Term = strings.ToValidUTF8(f.Term, "")
		for after, reader := "", []access.Reader{anonymous, member}[random.IntN(2)]; ; {
			page := catalog.Page{Limit: 4, After: after}
			want, err := w.catalog.List(t.Context(), reader, f, page)
			check(t, err)
			for i, c := range others {
				got, err := c.List(t.Context(), reader, f, page)
				check(t, err)
				if !reflect.DeepEqual(got, want) {
					t.Fatalf("%+v after %q: %s finds\n%+v\nand %s\n%+v", f, after, engines[0].name, want, engines[i+1].name, got)
				}
			}
			found += len(want.Items)
			if after = want.Next; after == "" {
				break
			}
		}
	}
	if found < 500 {
		t.Errorf("%d hits in all are too few to compare", found)
	}
}
