package queries_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"imprint/domain"
	"imprint/domain/access"
	"imprint/domain/document"
	"imprint/domain/event"
	"imprint/domain/notice"
	"imprint/domain/person"
	"imprint/domain/series"
	"imprint/projections"
	"imprint/projections/catalog"
	"imprint/projections/history"
)

var auditor = access.Reader{Person: uuid.NewString(), Role: access.Auditor}

func (c *chronicle) asOf(r access.Reader, m history.Moment, p catalog.Page) history.AsOf[catalog.Listing] {
	c.t.Helper()
	a, err := c.history.CatalogAsOf(c.t.Context(), r, m, p)
	check(c.t, err)
	return a
}

func TestEveryEventStandsOnceAsRecorded(t *testing.T) {
	c := opened(t)
	id, line, someone := uuid.New(), uuid.New(), uuid.New()
	all := []event.Payload{
		series.Opened{Series: line, Name: domain.English("Line <A> & more")},
		issue(id, line, "Report"),
		saved(someone, id, line, "Report"),
		reissue(id, 2, "Second"),
		person.TokenIssued{Person: someone, Token: uuid.New(), Role: access.Member},
		notice.Released{Cause: uuid.New(), CauseOrdinal: 4, Kind: notice.NewVersion, Document: id, Version: 2, Series: line},
	}
	for _, p := range all {
		c.tell(p)
	}
	c.fold()
	for name, is := range map[string]struct {
		filter history.EventFilter
		want   string // ordinals
	}{
		"all":         {history.EventFilter{}, "[1 2 3 4 5 6]"},
		"document":    {history.EventFilter{Document: id}, "[2 3 4 6]"},
		"series":      {history.EventFilter{Series: line}, "[1 2 3 6]"},
		"person":      {history.EventFilter{Person: someone}, "[3 5]"},
		"actor":       {history.EventFilter{Actor: "someone"}, "[1 2 3 4 5 6]"},
		"no actor":    {history.EventFilter{Actor: "nobody"}, "[]"},
		"type":        {history.EventFilter{Types: []string{"DocumentVersioned", "SeriesOpened", "SeriesOpened"}}, "[1 4]"},
		"range":       {history.EventFilter{From: 2, To: 5}, "[2 3 4]"},
		"since":       {history.EventFilter{Since: c.events[3].at}, "[4 5 6]"},
		"before":      {history.EventFilter{Before: c.events[3].at}, "[1 2 3]"},
		"between":     {history.EventFilter{Since: c.events[1].at.Add(-time.Microsecond), Before: c.events[4].at.In(time.FixedZone("", 3600))}, "[2 3 4]"},
		"too late":    {history.EventFilter{Since: c.events[5].at.Add(time.Microsecond)}, "[]"},
		"all times":   {history.EventFilter{Document: id, Before: c.events[5].at.AddDate(1, 0, 0), From: 3}, "[3 4 6]"},
		"in all ways": {history.EventFilter{Document: id, Series: line, Person: someone, From: 2}, "[3]"},
	} {
		var got []int64
		for after, first := "", true; first || after != ""; first = false {
			l, err := c.history.Events(t.Context(), is.filter, catalog.Page{After: after, Limit: 2})
			check(t, err)
			for _, e := range l.Events {
				got = append(got, e.Ordinal)
			}
			after = l.Next
		}
		if fmt.Sprint(got) != is.want {
			t.Errorf("%s: got %v, want %s", name, got, is.want)
		}
	}
	_, err := c.history.Events(t.Context(), history.EventFilter{Types: []string{"Nothing"}}, catalog.Page{})
	refused(t, err, domain.Invalid)

	l, err := c.history.Events(t.Context(), history.EventFilter{}, catalog.Page{})
	check(t, err)
	for i, e := range l.Events {
		data, err := json.Marshal(all[i])
		check(t, err)
		if string(e.Data) != string(data) || e.ID != c.events[i].id || !e.Time.Equal(c.events[i].at) || e.Type != all[i].EventType() || e.Commitment != "c0ffee" {
			t.Errorf("event %d: %+v", i+1, e)
		}
	}
	// No column of any row may hold a salt.
	if shown := fmt.Sprintf("%+v", l); strings.Contains(shown, "pepper") || strings.Contains(shown, "cGVwcGVy") {
		t.Error("a salt is shown")
	}
}

func TestMoments(t *testing.T) {
	c := opened(t)
	first := c.tell(issue(uuid.New(), uuid.Nil, "One"))
	second := c.tell(issue(uuid.New(), uuid.Nil, "Two"))
	// A clock set back: the log time stays, and the third event has that of the second.
	c.now = first.at.Add(-time.Hour)
	c.tell(issue(uuid.New(), uuid.Nil, "Three"))
	c.now = second.at
	c.tell(issue(uuid.New(), uuid.Nil, "Four"))
	c.fold()
	for name, is := range map[string]struct {
		moment      history.Moment
		ordinal     int64
		provisional bool
	}{
		"now":                {history.Moment{}, 4, false},
		"an ordinal":         {history.Moment{Ordinal: 2}, 2, false},
		"the last":           {history.Moment{Ordinal: 4}, 4, false},
		"after the last":     {history.Moment{Ordinal: 5}, 4, true},
		"before all":         {history.Moment{Time: first.at.Add(-time.Microsecond)}, 0, false},
		"the first time":     {history.Moment{Time: first.at}, 1, false},
		"between":            {history.Moment{Time: second.at.Add(-time.Microsecond)}, 1, false},
		"a log time of two":  {history.Moment{Time: second.at}, 3, false},
		"the very last time": {history.Moment{Time: second.at.Add(time.Minute)}, 4, true},
		"the future":         {history.Moment{Time: second.at.AddDate(1, 0, 0)}, 4, true},
	} {
		a := c.asOf(auditor, is.moment, catalog.Page{})
		if a.Ordinal != is.ordinal || a.Provisional != is.provisional || a.By != "recorded" || len(a.Answer.Items) != int(is.ordinal) {
			t.Errorf("%s: ordinal %d, provisional %t, %d items; want %d, %t", name, a.Ordinal, a.Provisional, len(a.Answer.Items), is.ordinal, is.provisional)
		}
	}
	for _, m := range []history.Moment{{Ordinal: -1}, {Ordinal: 1, Time: first.at}} {
		_, err := c.history.CatalogAsOf(t.Context(), auditor, m, catalog.Page{})
		refused(t, err, domain.Invalid)
	}
}

func TestPagesOfTheCatalogAsOfShowOneMoment(t *testing.T) {
	c := opened(t)
	for i := range 5 {
		c.tell(issue(uuid.New(), uuid.Nil, fmt.Sprint("Report ", i)))
	}
	c.fold()
	page := c.asOf(auditor, history.Moment{}, catalog.Page{Limit: 2})
	var got []string
	for {
		got = append(got, titles(page.Answer)...)
		if page.Ordinal != 5 || page.Answer.Total.N != 5 {
			t.Errorf("ordinal %d, total %d; want 5", page.Ordinal, page.Answer.Total.N)
		}
		if page.Answer.Next == "" {
			break
		}
		c.tell(issue(uuid.New(), uuid.Nil, "Published between two pages"))
		c.fold()
		page = c.asOf(auditor, history.Moment{}, catalog.Page{Limit: 2, After: page.Answer.Next})
	}
	same(t, "all pages", got, []string{"Report 4", "Report 3", "Report 2", "Report 1", "Report 0"})
}

func TestThePastIsSeenAsThenAndAsNow(t *testing.T) {
	c, id := opened(t), uuid.New()
	reader := readerOf(uuid.New())
	to := func(k access.Kind) int64 {
		return c.tell(document.AudienceChanged{Document: id, Audience: access.Audience{Kind: k}}).ordinal
	}
	public := c.tell(issue(id, uuid.Nil, "Report")).ordinal
	internal := to(access.SignedIn)
	c.fold()
	sees := func(r access.Reader, ordinal int64) bool {
		_, err := c.history.DocumentAsOf(t.Context(), r, id, history.Moment{Ordinal: ordinal})
		if err != nil {
			want := domain.NotFound
			if !r.SignedIn() {
				want = domain.Unauthenticated
			}
			refused(t, err, want)
		}
		listed := len(c.asOf(r, history.Moment{Ordinal: ordinal}, catalog.Page{}).Answer.Items) == 1
		if listed != (err == nil) {
			t.Errorf("as of %d: listed %t, but %v", ordinal, listed, err)
		}
		return listed
	}
	if sees(anonymous, public) {
		t.Error("what is hidden now is shown by asking for the past")
	}
	if !sees(reader, public) || !sees(reader, internal) {
		t.Error("a member sees what members may see then and now")
	}
	closed := to("nobody")
	open := to(access.Everyone)
	c.fold()
	if !sees(anonymous, public) || sees(anonymous, internal) || sees(anonymous, closed) || !sees(anonymous, open) || sees(reader, closed) {
		t.Error("what was hidden then is shown because it is open now, or the reverse")
	}
	if !sees(auditor, closed) || !sees(auditor, public) {
		t.Error("an auditor does not see all")
	}
}

func TestCorrectionsAreSeenFromTheirOrdinal(t *testing.T) {
	c, id := opened(t), uuid.New()
	c.tell(issue(id, uuid.Nil, "Report"))
	before := c.tell(reissue(id, 2, "Wrogn")).ordinal
	corrected := c.tell(document.SummaryCorrected{Document: id, Number: 2, Summary: domain.English("Right")}).ordinal
	withdrawn := c.tell(document.VersionWithdrawn{Document: id, Number: 2, Reason: domain.English("No good")}).ordinal
	c.fold()
	for ordinal, want := range map[int64]string{before: "v2 Wrogn", corrected: "v2 Right", withdrawn: "v1 First issue"} {
		a, err := c.history.DocumentAsOf(t.Context(), auditor, id, history.Moment{Ordinal: ordinal})
		check(t, err)
		d := a.Answer
		if got := fmt.Sprintf("v%d %s", d.Version, d.Summary); got != want || d.NewestRecorded != 2 || len(d.Versions) != 2 {
			t.Errorf("as of %d: %s of %d; want %s", ordinal, got, d.NewestRecorded, want)
		}
		if v := d.Versions[0]; v.Withdrawn != (ordinal == withdrawn) || (v.Reason.String() == "No good") != v.Withdrawn {
			t.Errorf("as of %d: %+v", ordinal, v)
		}
	}
}

func TestPublishedByGoesByTheTimesClaimed(t *testing.T) {
	c, id := opened(t), uuid.New()
	day := func(n int) time.Time { return start.AddDate(-1, 0, n) }
	origin := &document.Origin{Source: "s", Key: "k"}
	imported := func(number, claimed int) document.Version {
		v := edition(number, fmt.Sprint("Version ", number))
		v.PublishedAt = day(claimed)
		return v
	}
	p := issue(id, uuid.Nil, "Report")
	p.Version, p.Origin = imported(1, 10), origin
	c.tell(p)
	c.tell(document.Versioned{Document: id, Version: imported(2, 30), Origin: origin})
	c.tell(document.Versioned{Document: id, Version: imported(3, 20), Origin: origin}) // time going backwards
	c.tell(document.Withdrawn{Document: id, Reason: domain.English("x"), WithdrawnAt: day(40), Origin: origin})
	c.tell(document.Reinstated{Document: id, ReinstatedAt: day(50), Origin: origin})
	c.tell(moved(id, uuid.Nil, "Report, renamed"))
	c.tell(document.VersionWithdrawn{Document: id, Number: 3, Reason: domain.English("x")})
	c.fold()
	for by, want := range map[int]string{
		9: "", 10: "v1 false 10", 19: "v1 false 10", 20: "v3 false 20", 35: "v3 false 20", 40: "v3 true 20", 49: "v3 true 20", 50: "v3 false 20",
		1000: "v2 false 30", // the withdrawal of version 3 claims no time but that of its event
	} {
		a, err := c.history.CatalogPublishedBy(t.Context(), auditor, day(by), catalog.Page{})
		check(t, err)
		got := ""
		for _, it := range a.Answer.Items {
			got += fmt.Sprintf("v%d %t %d", it.Version, it.Withdrawn, int(it.LastUpdated.Sub(day(0)).Hours()/24))
		}
		if got != want || a.By != "published" || a.Ordinal != c.last() || a.Provisional != (by == 1000) {
			t.Errorf("by day %d: %q, %s, ordinal %d, provisional %t; want %q", by, got, a.By, a.Ordinal, a.Provisional, want)
		}
	}
}

// For any history and any N, the catalog as of N is the catalog that stood when
// the log had N events, and stays so as the log grows.
func TestTheCatalogAsOfIsTheCatalogOfThePrefix(t *testing.T) {
	c, end := newChronicle(t)
	defer func() { end() }()
	rapid.Check(t, func(rt *rapid.T) {
		// A list of the past looks at all documents: short chronicles are quick.
		if c.last() > 300 {
			end()
			c, end = newChronicle(t)
		}
		// A minute apart, the documents of this run are the newest: on the first page.
		c.now = c.now.Add(time.Minute)
		c.step = time.Duration(rapid.SampledFrom([]int64{0, int64(time.Minute)}).Draw(rt, "step"))
		m := newModel(c, rt)
		own := func(l catalog.Listing) (items []catalog.Item) {
			for _, it := range l.Items {
				if slices.Contains(m.documents, it.ID) {
					items = append(items, it)
				}
			}
			return items
		}
		type moment struct {
			ordinal   int64
			total     catalog.Count
			items     []catalog.Item
			documents []catalog.Document // at most one
		}
		var stood []moment
		for range 2 {
			for range rapid.IntRange(1, 4).Draw(rt, "events") {
				m.happen(rt)
				m.correct(rt)
			}
			c.fold()
			l, err := c.catalog.List(t.Context(), auditor, catalog.Filter{}, catalog.Page{Limit: 100})
			check(t, err)
			now := moment{ordinal: c.last(), total: l.Total, items: own(l)}
			// Of the documents themselves, one drawn at random.
			if it := rapid.SampledFrom(append(now.items, catalog.Item{})).Draw(rt, "opened"); it.ID != uuid.Nil {
				d, err := c.catalog.Document(t.Context(), auditor, it.ID)
				check(t, err)
				d.Revision, d.Reflects = 0, 0
				now.documents = append(now.documents, d)
			}
			stood = append(stood, now)
		}
		for _, then := range stood {
			at := history.Moment{Ordinal: then.ordinal}
			a := c.asOf(auditor, at, catalog.Page{Limit: 100})
			if got := own(a.Answer); a.Answer.Total != then.total || !reflect.DeepEqual(got, then.items) {
				rt.Fatalf("as of %d: %+v of %v, want\n%+v of %v", then.ordinal, got, a.Answer.Total, then.items, then.total)
			}
			for _, want := range then.documents {
				d, err := c.history.DocumentAsOf(t.Context(), auditor, want.ID, at)
				check(t, err)
				d.Answer.Reflects = 0
				if !reflect.DeepEqual(d.Answer, want) {
					rt.Fatalf("as of %d:\n%+v\nwant\n%+v", then.ordinal, d.Answer, want)
				}
			}
		}
	})
}

// correct makes one of the changes that only the history and the catalog tell.
func (m *model) correct(rt *rapid.T) {
	id := rapid.SampledFrom(m.documents).Draw(rt, "corrected")
	number := rapid.IntRange(1, m.newest[id]).Draw(rt, "number")
	switch rapid.SampledFrom([]string{"summary", "dates", "withdraw", "reinstate", "audience", "rename", "minor", "none"}).Draw(rt, "correction") {
	case "summary":
		m.c.tell(document.SummaryCorrected{Document: id, Number: number, Summary: domain.English("Corrected")})
	case "dates":
		claimed := rapid.SampledFrom([]time.Time{projections.Time(1e15), epoch, epoch.AddDate(-20, 0, 0)}).Draw(rt, "claimed")
		m.c.tell(document.DatesCorrected{Document: id, Number: number, PublishedAt: claimed, Effective: &document.Period{From: domain.DateOf(start)}})
	case "withdraw":
		m.c.tell(document.VersionWithdrawn{Document: id, Number: number, Reason: domain.English("Wrong")})
	case "reinstate":
		m.c.tell(document.VersionReinstated{Document: id, Number: number})
	case "audience":
		m.c.tell(document.AudienceChanged{Document: id, Audience: access.Audience{Kind: access.SignedIn}})
	case "rename":
		if line := rapid.SampledFrom(m.lines).Draw(rt, "line"); !m.ended[line] {
			m.c.tell(series.Revised{Series: line, Name: domain.English("Renamed")})
		}
	case "minor":
		m.newest[id]++
		m.c.tell(document.Versioned{Document: id, Version: document.Version{Number: m.newest[id], Summary: domain.English("Minor")}, Origin: &document.Origin{Source: "s", Key: "k"}})
	}
}
