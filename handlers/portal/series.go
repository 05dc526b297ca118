package portal

// The series: all of them, and one with its documents.

import (
	"net/http"
	"net/url"

	"github.com/google/uuid"

	"imprint/domain/terms"
	"imprint/projections/catalog"
)

type allSeriesView struct {
	Series      []seriesView
	First, Next string
}

type seriesView struct {
	ID           uuid.UUID
	Href         string
	Name         phrase
	Description  phrase
	Discontinued bool
	Reason       phrase
	Successor    *link
	Items        []item
	Total        catalog.Count
	First, Next  string
	Follows      bool
}

func (v *visit) seriesOf(s catalog.Series) seriesView {
	return seriesView{
		ID: s.ID, Href: seriesPath(s.ID), Name: v.title(s.Name, terms.Query{}), Description: v.plain(s.Description),
		Discontinued: s.Discontinued, Reason: v.plain(s.Reason), Successor: v.seriesLink(s.Successor, s.SuccessorName),
	}
}

func (p *portal) allSeries(v *visit) error {
	page, err := v.page(0)
	if err != nil {
		return err
	}
	found, err := p.Catalog.AllSeries(v.ctx(), v.reader, page)
	if err != nil {
		return err
	}
	var view allSeriesView
	for _, s := range found.Items {
		view.Series = append(view.Series, v.seriesOf(s))
	}
	view.First, view.Next = v.paging(page.After, found.Next)
	return v.show(http.StatusOK, "all-series", "series", v.words.text("series.title"), view)
}

// paging is where the first and the next page of this list are.
func (v *visit) paging(after, next string) (firstHref, nextHref string) {
	q := v.r.URL.Query()
	for _, key := range []string{noticeKey, savedKey, alreadyKey, missingKey, "after"} {
		q.Del(key)
	}
	u := url.URL{Path: v.r.URL.Path}
	if after != "" {
		u.RawQuery = q.Encode()
		firstHref = u.RequestURI()
	}
	if next != "" {
		q.Set("after", next)
		u.RawQuery = q.Encode()
		nextHref = u.RequestURI()
	}
	return firstHref, nextHref
}

func (p *portal) series(v *visit) error {
	id, err := v.id("series")
	if err != nil {
		return err
	}
	page, err := v.page(0)
	if err != nil {
		return err
	}
	found, err := p.Catalog.Series(v.ctx(), v.reader, id, page)
	if err != nil {
		return err
	}
	view := v.seriesOf(found)
	if view.Items, err = v.items(found.Documents.Items, terms.Query{}); err != nil {
		return err
	}
	view.Total = found.Documents.Total
	view.First, view.Next = v.paging(page.After, found.Documents.Next)
	if person, err := uuid.Parse(v.reader.Person); err == nil {
		if view.Follows, err = p.Library.Follows(v.ctx(), person, id); err != nil {
			return err
		}
	}
	return v.show(http.StatusOK, "series", "series", view.Name.String(), view)
}
