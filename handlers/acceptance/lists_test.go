package acceptance_test

// BEHAVIOUR §2: categories and lists.

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"imprint/handlers/api"
)

// tiles are the tiles that somebody sees, with their counts.
func (w *world) tiles(who string) []string {
	w.t.Helper()
	all := []string{}
	for _, g := range read[api.Home](w, who, "/api/v1/categories").Groups {
		for _, c := range g.Categories {
			all = append(all, fmt.Sprintf("%s/%s %d", g.ID, c.ID, c.Count.Number))
		}
	}
	return all
}

func TestCategoriesAndLists(t *testing.T) {
	t.Parallel()
	run := func(statement string, holds func(w *world)) {
		t.Run(statement, func(t *testing.T) { t.Parallel(); holds(newWorld(t)) })
	}
	run("a list shows title, description, last updated", func(w *world) {
		w.publish("Report", object{"description": english("About it")})
		it := w.list("", "").Items[0]
		equal(w, "title", it.Title["en"], "Report")
		equal(w, "description", it.Description["en"], "About it")
		sameTime(w, "last updated", it.LastUpdated, start)
	})
	run("last updated is of the newest major version; a minor edit does not move it", func(w *world) {
		id, other := w.publish("Report", nil), w.publish("Other", nil)
		w.pass(time.Hour)
		w.version(id, 1, "Second", nil)
		moved := w.clock()
		w.pass(time.Hour)
		w.minor(id, 2)
		w.minor(other, 1)
		l := w.list("", "")
		same(w, "order", titles(l), []string{"Report", "Other"})
		sameTime(w, "after a minor edit", l.Items[0].LastUpdated, moved)
		sameTime(w, "of the first", l.Items[1].LastUpdated, start)
		equal(w, "the minor edit is the current version", l.Items[0].Version, 3)
	})
	run("in several categories, shown and counted once", func(w *world) {
		w.category("iso", "certifications", "ISO")
		w.category("soc", "certifications", "SOC")
		w.publish("Report", object{"categories": []string{"iso", "soc"}})
		for _, query := range []string{"", "q=report", "group=certifications", "category=iso&category=soc", "q=report&category=iso&category=soc"} {
			l := w.list("", query)
			same(w, query, titles(l), []string{"Report"})
			equal(w, query+": total", l.Total.Number, 1)
		}
		same(w, "tiles", w.tiles(""), []string{"certifications/iso 1", "certifications/soc 1"})
	})
	run("newest first, ties by title, then id", func(w *world) {
		ids := map[uuid.UUID]int{}
		for i, title := range []string{"b", "A", "b", "ä"} {
			ids[w.publish(title, nil)] = i
		}
		w.pass(time.Minute)
		w.publish("z, the newest", nil)
		l := w.list("", "")
		same(w, "order", titles(l)[:1], []string{"z, the newest"})
		items := l.Items[1:]
		if !slices.IsSortedFunc(items[2:], func(a, b api.Item) int { return slices.Compare(a.ID[:], b.ID[:]) }) {
			w.t.Errorf("equal titles are not in the order of their ids: %+v", items)
		}
		same(w, "titles first", []string{items[2].Title["en"], items[3].Title["en"]}, []string{"b", "b"})
	})
	run("paging stays stable while something is published", func(w *world) {
		var want []string
		for i := range 7 {
			want = append([]string{fmt.Sprint("Report ", i)}, want...)
			w.publish(want[0], nil)
			w.pass(time.Minute)
		}
		var got []string
		for after, more := "", true; more; more = after != "" {
			l := w.list("", "limit=2&after="+after)
			got, after = append(got, titles(l)...), l.Next
			w.publish("Between "+after, nil)
			w.pass(time.Minute)
		}
		same(w, "pages", got, want)
	})
	run("empty and hidden tiles are hidden, counts do not leak", func(w *world) {
		for _, id := range []string{"empty", "closed", "mixed", "nobody"} {
			w.category(id, "reports", id)
		}
		w.publish("Closed", object{"audience": "signed-in", "categories": []string{"closed", "mixed"}, "services": []string{"vault"}})
		w.publish("Open", object{"categories": []string{"mixed"}})
		w.hide(w.publish("Nobody's", object{"categories": []string{"nobody", "mixed"}, "services": []string{"secret"}}))
		same(w, "to a visitor", w.tiles(""), []string{"reports/mixed 1"})
		same(w, "to a member", w.tiles("rita"), []string{"reports/closed 1", "reports/mixed 2"})
		equal(w, "newest to a visitor", len(read[api.Home](w, "", "/api/v1/categories").Newest), 1)
		for who, want := range map[string][]string{"": {"mixed 1"}, "rita": {"closed 1", "mixed 2", "vault 1"}} {
			var got []string
			for _, f := range w.list(who, "").Facets {
				for _, v := range f.Values {
					got = append(got, fmt.Sprint(v.Value, " ", v.Count.Number))
				}
			}
			same(w, "filters to "+who, got, want)
		}
	})
	run("renaming or moving a category keeps ids and links and is not an update", func(w *world) {
		w.category("soc", "reports", "SOC")
		id := w.publish("Report", object{"categories": []string{"soc"}})
		w.save("rita", id)
		w.choose("rita", "immediate")
		w.pass(time.Hour)
		w.category("soc", "reports", "Service organisations")
		w.asks(200, "paula", "POST", "/api/v1/categories/soc/move", object{"group": "certifications"})
		l := w.list("", "category=soc")
		same(w, "by the same link", titles(l), []string{"Report"})
		sameTime(w, "last updated", l.Items[0].LastUpdated, start)
		same(w, "tiles", w.tiles(""), []string{"certifications/soc 1"})
		same(w, "found by its new name", titles(w.list("", "q=organisations")), []string{"Report"})
		if e := w.entry("rita", id); e.Updated {
			w.t.Errorf("marked as updated: %+v", e)
		}
		w.silent("rita", "after renaming and moving a category")
	})
	run("a category that still holds documents is not removed", func(w *world) {
		w.category("soc", "reports", "SOC")
		id := w.publish("Report", object{"audience": "signed-in", "categories": []string{"soc"}})
		w.withdraw(id, "Wrong") // it still holds it
		w.asks(409, "paula", "DELETE", "/api/v1/categories/soc", nil)
		w.details(id, "Report", nil)
		w.asks(200, "paula", "DELETE", "/api/v1/categories/soc", nil)
		same(w, "tiles", w.tiles("rita"), []string{})

		// Nor at once after a publication, which the read models have not yet.
		w.category("iso", "reports", "ISO")
		body := object{"title": english("New"), "audience": "everyone", "summary": english("x"), "files": w.files("x"), "categories": []string{"iso"}}
		if a, err := w.send("paula", "POST", documents, body); err != nil || a.status != 201 {
			w.t.Fatalf("%d, %v", a.status, err)
		}
		w.asks(409, "paula", "DELETE", "/api/v1/categories/iso", nil)
	})
}
