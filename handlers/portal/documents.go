package portal

// The list of documents: search, filters and paging, all of it in the address.

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/category"
	"imprint/domain/terms"
	"imprint/handlers/web"
	"imprint/projections/catalog"
)

type documentsView struct {
	Heading     phrase
	Description phrase
	Term        string
	Group       string
	Series      string
	From, To    string
	Old         bool
	Facets      []facet
	Chips       []chip
	Items       []item
	Total       catalog.Count
	First, Next string // addresses of pages; "" where there is none
	OldHref     string // the same search in superseded versions too
	Problem     string // why there is no list
	CanSave     bool   // something here is not in the reader's library yet
}

type facet struct {
	Name, Label string
	Values      []facetValue
}

type facetValue struct {
	Value    string
	Label    phrase
	Count    catalog.Count
	Selected bool
}

// chip is one filter in force and the list without it.
type chip struct {
	Label phrase
	Href  string
}

func (p *portal) documents(v *visit) error {
	q := v.r.URL.Query()
	view := documentsView{
		Heading: said(v.words.text("documents.title")),
		Term:    q.Get("q"), Group: q.Get("group"), Series: q.Get("series"), From: q.Get("from"), To: q.Get("to"), Old: q.Get("old") != "",
	}
	filter, err := v.filter(q)
	var found catalog.Listing
	if err == nil {
		var page catalog.Page
		if page, err = v.page(0); err == nil {
			found, err = p.Catalog.List(v.ctx(), v.reader, filter, page)
		}
	}
	if domain.KindOf(err) == domain.Invalid {
		// The search box stays, with what was typed, beside what is wrong with it.
		view.Problem = web.Explain(v.ctx(), err).Detail
		return v.show(http.StatusBadRequest, "documents", "documents", v.words.text("documents.title"), view)
	}
	if err != nil {
		return err
	}
	query, err := terms.Parse(filter.Term)
	if err != nil {
		return err
	}
	if view.Items, err = v.items(found.Items, query); err != nil {
		return err
	}
	view.Total = found.Total
	view.CanSave = v.reader.MayKeep() && slices.ContainsFunc(view.Items, func(i item) bool { return !i.Saved })
	view.Facets, view.Chips = v.facets(q, found)
	if found.Next != "" {
		view.Next = listPath(q, "after", found.Next)
	}
	if q.Has("after") {
		view.First = listPath(q, "after", "")
	}
	if view.Term != "" && !view.Old {
		view.OldHref = listPath(q, "old", "1")
	}
	if err := v.heading(&view, filter); err != nil {
		return err
	}
	return v.show(http.StatusOK, "documents", "documents", view.Heading.String(), view)
}

// heading names the list by the one tile or group that it shows.
func (v *visit) heading(view *documentsView, f catalog.Filter) error {
	switch {
	case len(f.Categories) == 1:
		c, err := v.portal.Catalog.Category(v.ctx(), v.reader, f.Categories[0])
		if kind := domain.KindOf(err); kind == domain.NotFound || kind == domain.Unauthenticated {
			return nil // documents may stand in a category that nobody has defined
		}
		if err != nil {
			return err
		}
		view.Heading, view.Description = v.title(c.Name, terms.Query{}), v.plain(c.Description)
	case f.Group != "" && f.Term == "":
		view.Heading = said(v.words.text("group." + string(f.Group)))
	}
	return nil
}

// filter reads the address. Days are those of the reader's zone, both included.
func (v *visit) filter(q url.Values) (catalog.Filter, error) {
	f := catalog.Filter{
		Term: q.Get("q"), Group: category.Group(q.Get("group")), Categories: q["category"], Services: q["service"],
		Regions: q["region"], Industries: q["industry"], OldVersions: q.Get("old") != "",
	}
	var errs []error
	var err error
	if s := q.Get("series"); s != "" {
		if f.Series, err = uuid.Parse(s); err != nil {
			errs = append(errs, domain.Refuse(domain.Invalid, "bad-series", "%s", v.words.text("problem.series")).In("series"))
		}
	}
	if f.From, err = v.day("from", q.Get("from"), 0); err != nil {
		errs = append(errs, err)
	}
	if f.To, err = v.day("to", q.Get("to"), 1); err != nil {
		errs = append(errs, err)
	}
	return f, errors.Join(errs...)
}

// day is the beginning of a day in the reader's zone, some days later; zero for "".
func (v *visit) day(name, s string, later int) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	d, err := time.Parse(time.DateOnly, s)
	at := time.Date(d.Year(), d.Month(), d.Day()+later, 0, 0, 0, 0, v.zone)
	// The zero time would be taken for no day at all.
	if err != nil || !at.After(time.Time{}) {
		return time.Time{}, domain.Refuse(domain.Invalid, "bad-day", "%s", v.words.text("problem.day", name, s)).In(name)
	}
	return at, nil
}

// facets shows the filters, and those in force as chips.
func (v *visit) facets(q url.Values, found catalog.Listing) (all []facet, chips []chip) {
	w := v.words
	if g := q.Get("group"); g != "" {
		chips = append(chips, chip{said(w.text("group." + g)), listPath(q, "group", "")})
	}
	if q.Get("series") != "" {
		name := said(w.text("series"))
		if len(found.Items) > 0 {
			name = v.title(found.Items[0].SeriesName, terms.Query{})
		}
		chips = append(chips, chip{name, listPath(q, "series", "")})
	}
	for _, f := range found.Facets {
		shown := facet{Name: f.Name, Label: w.text("facet." + f.Name)}
		for _, value := range f.Values {
			label := said(readable(value.Value))
			if value.Label.String() != value.Value {
				label = v.plain(value.Label)
			}
			shown.Values = append(shown.Values, facetValue{Value: value.Value, Label: label, Count: value.Count, Selected: value.Selected})
			if value.Selected {
				chips = append(chips, chip{label, listPath(q, f.Name, without(q[f.Name], value.Value)...)})
			}
		}
		if len(shown.Values) > 0 {
			all = append(all, shown)
		}
	}
	for _, bound := range []string{"from", "to"} {
		if day := q.Get(bound); day != "" {
			chips = append(chips, chip{said(w.text("chip."+bound, day)), listPath(q, bound, "")})
		}
	}
	return all, chips
}

func without(values []string, value string) []string {
	return slices.DeleteFunc(slices.Clone(values), func(v string) bool { return v == value })
}

// listPath is the list of q with one input changed. Another list begins at its
// first page.
func listPath(q url.Values, name string, values ...string) string {
	to := url.Values{}
	for _, key := range listInputs {
		if kept := without(q[key], ""); len(kept) > 0 && key != name {
			to[key] = kept
		}
	}
	if kept := without(values, ""); len(kept) > 0 {
		to[name] = kept
	}
	if len(to) == 0 {
		return "/documents"
	}
	return "/documents?" + to.Encode()
}
