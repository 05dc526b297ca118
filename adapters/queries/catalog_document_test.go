package queries_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/access"
	"imprint/domain/category"
	"imprint/domain/document"
	"imprint/domain/series"
	"imprint/projections/catalog"
)

func TestDocumentShowsWhatHappened(t *testing.T) {
	w := newWorld(t)
	line := w.series("Line")
	id := w.publish(doc{title: "Report", description: "About", series: line, categories: []string{"soc"}, services: []string{"vault"}, regions: []string{"eu"}, industries: []string{"health"}})
	first := w.now
	minor := version(2, "Typo", "")
	minor.Major = false
	w.happen(document.Stream(id), document.Versioned{Document: id, Version: minor})
	d, err := w.catalog.Document(t.Context(), anonymous, id)
	check(t, err)
	if d.Version != 2 || !d.LastUpdated.Equal(first) || d.SeriesName.String() != "Line" || len(d.Versions) != 2 || d.Versions[0].Number != 2 || d.Details.Industries[0] != "health" || d.Details.Series != line {
		t.Errorf("after a minor version: %+v", d)
	}
	w.happen(document.Stream(id), document.Versioned{Document: id, Version: version(3, "Renewed", "")})
	second := w.now
	w.happen(document.Stream(id),
		document.SummaryCorrected{Document: id, Number: 3, Summary: domain.English("Renewed for 2026")},
		document.DatesCorrected{Document: id, Number: 1, PublishedAt: start.Add(-time.Hour), Effective: &document.Period{From: domain.DateOf(start)}},
	)
	d, err = w.catalog.Document(t.Context(), anonymous, id)
	check(t, err)
	if !d.LastUpdated.Equal(second) || d.Summary.String() != "Renewed for 2026" || d.Revision != 4 || *d.Versions[2].Effective != (document.Period{From: domain.DateOf(start)}) || !d.Versions[2].PublishedAt.Equal(start.Add(-time.Hour)) || !d.Versions[2].RecordedAt.Equal(first) {
		t.Errorf("after corrections: %+v", d)
	}
	w.happen(document.Stream(id), document.VersionWithdrawn{Document: id, Number: 3, Reason: domain.English("Wrong file")})
	d, err = w.catalog.Document(t.Context(), anonymous, id)
	check(t, err)
	if d.Version != 2 || d.NewestRecorded != 3 || !d.LastUpdated.Equal(first) || !d.Versions[0].Withdrawn || d.Versions[0].Reason.String() != "Wrong file" {
		t.Errorf("after withdrawing the newest version: %+v", d)
	}
	w.happen(document.Stream(id), document.Withdrawn{Document: id, Reason: domain.English("Superseded"), WithdrawnAt: w.now})
	d, err = w.catalog.Document(t.Context(), anonymous, id)
	check(t, err)
	if !d.Withdrawn || d.Reason.String() != "Superseded" || d.WithdrawnAt.IsZero() {
		t.Errorf("after withdrawing it: %+v", d)
	}
	if l := w.list(anonymous, catalog.Filter{}); len(l.Items) != 1 || !l.Items[0].Withdrawn {
		t.Errorf("a withdrawn document is listed, marked: %+v", l.Items)
	}
}

func TestHiddenAndAbsentAreOneAnswer(t *testing.T) {
	w := newWorld(t)
	w.category("closed", "Closed", category.Reports)
	w.category("empty", "Empty", category.Reports)
	line := w.series("Closed line")
	w.series("Empty line")
	id := w.publish(doc{title: "Closed", audience: access.SignedIn, series: line, categories: []string{"closed"}})
	gone := w.publish(doc{title: "Nobody's", audience: "nobody"})
	missing := uuid.Must(uuid.NewV7())
	for _, c := range []struct {
		r    access.Reader
		ids  []uuid.UUID
		kind domain.Kind
	}{
		{anonymous, []uuid.UUID{id, gone, missing}, domain.Unauthenticated},
		{member, []uuid.UUID{gone, missing}, domain.NotFound},
	} {
		var said []string
		for _, id := range c.ids {
			_, err := w.catalog.Document(t.Context(), c.r, id)
			refused(t, err, c.kind)
			said = append(said, fmt.Sprintf("%.20s", err))
		}
		for _, s := range said {
			if s != said[0] {
				t.Errorf("answers differ: %q", said)
			}
		}
	}
	for _, id := range []uuid.UUID{line, missing} {
		_, err := w.catalog.Series(t.Context(), anonymous, id, catalog.Page{})
		refused(t, err, domain.Unauthenticated)
	}
	for _, id := range []string{"closed", "empty", "absent"} {
		_, err := w.catalog.Category(t.Context(), anonymous, id)
		refused(t, err, domain.Unauthenticated)
	}
	home, err := w.catalog.Home(t.Context(), anonymous)
	check(t, err)
	all, err := w.catalog.AllSeries(t.Context(), anonymous, catalog.Page{})
	check(t, err)
	if len(home.Groups) != 0 || len(home.Newest) != 0 || len(all.Items) != 0 {
		t.Errorf("a visitor sees %+v, %+v", home, all)
	}
	home, err = w.catalog.Home(t.Context(), member)
	check(t, err)
	if len(home.Groups) != 1 || len(home.Groups[0].Tiles) != 1 || home.Groups[0].Tiles[0].Count.N != 1 || len(home.Newest) != 1 {
		t.Errorf("a member sees %+v", home)
	}
	n, err := w.catalog.HeldBy(t.Context(), "closed")
	if err != nil || n != 1 {
		t.Errorf("held: %d, %v", n, err)
	}
}

func TestSeriesAndTheirDocuments(t *testing.T) {
	w := newWorld(t)
	beta, alpha := w.series("Beta"), w.series("Älpha")
	for i := range 3 {
		w.publish(doc{title: fmt.Sprint("B", i), series: beta})
	}
	moved := w.publish(doc{title: "Moved", series: beta})
	w.happen(document.Stream(moved), document.DetailsRevised{Document: moved, Details: details(doc{title: "Moved", series: alpha})})
	w.happen(series.Stream(beta), series.Discontinued{Series: beta, Reason: domain.English("Ended"), Successor: alpha, DiscontinuedAt: w.now})

	l, err := w.catalog.AllSeries(t.Context(), anonymous, catalog.Page{Limit: 1})
	check(t, err)
	next, err := w.catalog.AllSeries(t.Context(), anonymous, catalog.Page{Limit: 1, After: l.Next})
	check(t, err)
	if l.Items[0].ID != alpha || next.Items[0].ID != beta || next.Next != "" {
		t.Errorf("pages of series: %+v, %+v", l, next)
	}
	s, err := w.catalog.Series(t.Context(), anonymous, beta, catalog.Page{Limit: 2})
	check(t, err)
	same(t, "first page", titles(s.Documents), []string{"B2", "B1"})
	if !s.Discontinued || s.SuccessorName.String() != "Älpha" || s.Documents.Total.N != 3 {
		t.Errorf("series: %+v", s)
	}
	s, err = w.catalog.Series(t.Context(), anonymous, beta, catalog.Page{Limit: 2, After: s.Documents.Next})
	check(t, err)
	same(t, "second page", titles(s.Documents), []string{"B0"})

	w.happen(document.Stream(moved), document.AudienceChanged{Document: moved, Audience: access.Audience{Kind: access.SignedIn}})
	s, err = w.catalog.Series(t.Context(), anonymous, beta, catalog.Page{})
	check(t, err)
	if s.Successor != uuid.Nil || s.SuccessorName != nil {
		t.Errorf("a hidden successor is named: %+v", s)
	}
}
