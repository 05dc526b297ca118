package queries_test

// Documents of the past: what claims the epoch of the clocks, or a time before it,
// is a document like any other.

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/document"
	"imprint/domain/series"
	"imprint/projections/catalog"
	"imprint/projections/history"
)

var epoch = time.Unix(0, 0).UTC()

// archive imports one document for each time claimed, in this order.
func (c *chronicle) archive(line uuid.UUID, claimed ...time.Time) (ids []uuid.UUID) {
	c.t.Helper()
	c.tell(series.Opened{Series: line, Name: domain.English("Archive")})
	for i, at := range claimed {
		p := issue(uuid.New(), line, fmt.Sprint("Old paper ", i))
		p.Version.PublishedAt, p.Origin = at, &document.Origin{Source: "archive", Key: fmt.Sprint(i)}
		c.tell(p)
		ids = append(ids, p.Document)
	}
	c.fold()
	return ids
}

// Every list, whatever it goes by, pages through the times around the epoch in
// their order, and shows them.
func TestTimesBeforeAndAtTheEpochAreListedAsAnyOther(t *testing.T) {
	c, line := opened(t), uuid.New()
	order := []time.Time{ // newest first
		start.AddDate(0, -1, 0), epoch.Add(time.Microsecond), epoch, epoch, epoch.Add(-time.Microsecond),
		time.Date(1969, 7, 20, 20, 17, 40, 0, time.UTC), time.Date(1455, 2, 23, 0, 0, 0, 0, time.UTC), time.Date(1, 1, 1, 0, 0, 0, 1000, time.UTC),
	}
	claimed := []time.Time{order[5], order[2], order[7], order[0], order[4], order[3], order[6], order[1]}
	c.archive(line, claimed...)
	end := history.Moment{Ordinal: c.last()}
	lists := map[string]func(catalog.Page) (catalog.Listing, error){
		"all": func(p catalog.Page) (catalog.Listing, error) {
			return c.catalog.List(t.Context(), member, catalog.Filter{}, p)
		},
		"a category": func(p catalog.Page) (catalog.Listing, error) {
			return c.catalog.List(t.Context(), member, catalog.Filter{Categories: []string{"soc"}}, p)
		},
		"a search": func(p catalog.Page) (catalog.Listing, error) {
			return c.catalog.List(t.Context(), member, catalog.Filter{Term: "old paper"}, p)
		},
		"a series": func(p catalog.Page) (catalog.Listing, error) {
			s, err := c.catalog.Series(t.Context(), member, line, p)
			return s.Documents, err
		},
		"as of": func(p catalog.Page) (catalog.Listing, error) {
			a, err := c.history.CatalogAsOf(t.Context(), member, end, p)
			return a.Answer, err
		},
		"published by": func(p catalog.Page) (catalog.Listing, error) {
			a, err := c.history.CatalogPublishedBy(t.Context(), member, start, p)
			return a.Answer, err
		},
	}
	for name, list := range lists {
		for size := 1; size <= len(order)+1; size++ {
			var got []time.Time
			for page := (catalog.Page{Limit: size}); ; {
				l, err := list(page)
				check(t, err)
				for _, it := range l.Items {
					got = append(got, it.LastUpdated)
				}
				if page.After = l.Next; page.After == "" || len(got) > len(order) {
					break
				}
			}
			if fmt.Sprint(got) != fmt.Sprint(order) {
				t.Errorf("%s, %d on a page: %s; want %s", name, size, got, order)
			}
		}
	}
	// A range of dates includes its beginning and excludes its end.
	for from := range order {
		for to := range from {
			l, err := c.catalog.List(t.Context(), member, catalog.Filter{From: order[from], To: order[to]}, catalog.Page{})
			if order[from].Equal(order[to]) {
				refused(t, err, domain.Invalid)
				continue
			}
			check(t, err)
			want := 0
			for _, at := range order {
				if !at.Before(order[from]) && at.Before(order[to]) {
					want++
				}
			}
			if len(l.Items) != want || l.Total.N != want {
				t.Errorf("from %s to %s: %d of %d, want %d", order[from], order[to], len(l.Items), l.Total.N, want)
			}
		}
	}
	for _, by := range append(order, epoch.AddDate(-1, 0, 0)) {
		want := 0
		for _, at := range order {
			if !at.After(by) {
				want++
			}
		}
		a, err := c.history.CatalogPublishedBy(t.Context(), member, by, catalog.Page{})
		check(t, err)
		if len(a.Answer.Items) != want {
			t.Errorf("published by %s: %d, want %d", by, len(a.Answer.Items), want)
		}
	}
}

// What happened at the epoch, or before it, is dated so: in the catalog, in the
// history and by the times claimed.
func TestWhatHappenedAtTheEpochIsDated(t *testing.T) {
	for _, at := range []time.Time{epoch, epoch.AddDate(-5, 0, 0)} {
		c := opened(t)
		id := c.archive(uuid.New(), at)[0]
		dated := func(when string, withdrawnAt time.Time) {
			t.Helper()
			c.fold()
			now, err := c.catalog.Document(t.Context(), member, id)
			check(t, err)
			then, err := c.history.DocumentAsOf(t.Context(), member, id, history.Moment{Ordinal: c.last()})
			check(t, err)
			for _, d := range []catalog.Document{now, then.Answer} {
				v := d.Versions[len(d.Versions)-1]
				if !d.LastUpdated.Equal(at) || !v.PublishedAt.Equal(at) || !d.WithdrawnAt.Equal(withdrawnAt) || v.RecordedAt.Before(start) {
					t.Errorf("%s: updated %s, published %s, recorded %s, withdrawn at %s", when, d.LastUpdated, v.PublishedAt, v.RecordedAt, d.WithdrawnAt)
				}
			}
		}
		stood := func(by time.Time, want string) {
			t.Helper()
			a, err := c.history.CatalogPublishedBy(t.Context(), member, by, catalog.Page{})
			check(t, err)
			got := ""
			for _, it := range a.Answer.Items {
				got += fmt.Sprintf("%s withdrawn: %t", it.LastUpdated.Format(time.RFC3339), it.Withdrawn)
			}
			if got != want {
				t.Errorf("by %s: %q, want %q", by, got, want)
			}
		}
		dated("published", time.Time{})
		shown := at.Format(time.RFC3339)
		stood(at.Add(-time.Microsecond), "")
		stood(at, shown+" withdrawn: false")
		origin := &document.Origin{Source: "archive", Key: "0"}
		// Withdrawn by the claim of that very moment, and taken back a year later: none
		// of it is taken for "never".
		c.tell(document.Withdrawn{Document: id, Reason: domain.English("Lost"), WithdrawnAt: at, Origin: origin})
		dated("withdrawn", at)
		stood(start, shown+" withdrawn: true")
		c.tell(document.Reinstated{Document: id, ReinstatedAt: at.AddDate(1, 0, 0), Origin: origin})
		dated("reinstated", time.Time{})
		stood(at, shown+" withdrawn: true")
		stood(at.AddDate(1, 0, 0), shown+" withdrawn: false")
		stood(start, shown+" withdrawn: false")
	}
}

// The 30-day mark knows the epoch, too, and no time is none.
func TestTheMarkOfThirtyDaysAtTheEpoch(t *testing.T) {
	c, person := opened(t), uuid.New()
	id := c.archive(uuid.New(), epoch.AddDate(-1, 0, 0))[0]
	c.tell(saved(person, id, uuid.Nil, "Old paper 0"))
	c.fold()
	if e := c.entry(person, epoch); e.Updated || !e.UpdatedAt.IsZero() {
		t.Errorf("not updated, but marked %t at %s", e.Updated, e.UpdatedAt)
	}
	v := reissue(id, 2, "Second")
	v.Version.PublishedAt, v.Origin = epoch, &document.Origin{Source: "archive", Key: "0"}
	c.tell(v)
	c.fold()
	for age, want := range map[time.Duration]bool{-time.Microsecond: false, 0: true, 30 * 24 * time.Hour: true, 30*24*time.Hour + time.Microsecond: false} {
		if e := c.entry(person, epoch.Add(age)); e.Updated != want || want && (!e.UpdatedAt.Equal(epoch) || e.UpdatedAt.IsZero()) {
			t.Errorf("%s after the epoch: marked %t at %s", age, e.Updated, e.UpdatedAt)
		}
	}
}

// A claim of the future schedules nothing: now and as of any moment the document
// counts from its record, and only what goes by the claims waits for it.
func TestAClaimOfTheFutureCountsFromItsRecord(t *testing.T) {
	c, ahead := opened(t), start.AddDate(70, 0, 0)
	id := c.archive(uuid.New(), ahead)[0]
	recorded := c.now
	lists := func(by string, claimed time.Time) {
		t.Helper()
		now, err := c.catalog.List(t.Context(), member, catalog.Filter{}, catalog.Page{})
		check(t, err)
		then := c.asOf(member, history.Moment{Ordinal: c.last()}, catalog.Page{}).Answer
		for way, l := range map[string]catalog.Listing{"now": now, "as of": then} {
			if len(l.Items) != 1 || !l.Items[0].LastUpdated.Equal(recorded) {
				t.Errorf("%s, %s: %+v; want it updated %s", by, way, l.Items, recorded)
			}
		}
		for at, want := range map[time.Time]int{claimed.Add(-time.Microsecond): 0, claimed: 1} {
			a, err := c.history.CatalogPublishedBy(t.Context(), member, at, catalog.Page{})
			check(t, err)
			if len(a.Answer.Items) != want {
				t.Errorf("%s, published by %s: %d, want %d", by, at, len(a.Answer.Items), want)
			}
		}
		d, err := c.catalog.Document(t.Context(), member, id)
		check(t, err)
		if !d.Versions[0].PublishedAt.Equal(claimed) {
			t.Errorf("%s: the claim is shown as %s", by, d.Versions[0].PublishedAt)
		}
	}
	lists("imported", ahead)
	c.tell(document.DatesCorrected{Document: id, Number: 1, PublishedAt: ahead.AddDate(1, 0, 0)})
	c.fold()
	lists("corrected", ahead.AddDate(1, 0, 0))
}
