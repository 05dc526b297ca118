package catalog

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/access"
	"imprint/domain/category"
	"imprint/domain/document"
	"imprint/domain/event"
	"imprint/domain/series"
	"imprint/projections"
)

func TestWhereADocumentStands(t *testing.T) {
	withdraw := func(n int) event.Payload { return document.VersionWithdrawn{Document: docID, Number: n} }
	reinstate := func(n int) event.Payload { return document.VersionReinstated{Document: docID, Number: n} }
	add := func(v document.Version) event.Payload { return document.Versioned{Document: docID, Version: v} }
	for _, c := range []struct {
		name    string
		events  []event.Payload // after the publication, which is ordinal 1
		version int
		updated int64 // ordinal
	}{
		{"published", nil, 1, 1},
		{"a major version", []event.Payload{add(major(2))}, 2, 2},
		{"a minor version moves nothing", []event.Payload{add(minor(2))}, 2, 1},
		{"the newest withdrawn alone", []event.Payload{add(major(2)), withdraw(2)}, 1, 1},
		{"an older withdrawn alone", []event.Payload{add(major(2)), withdraw(1)}, 2, 2},
		{"and reinstated", []event.Payload{add(major(2)), withdraw(2), reinstate(2)}, 2, 2},
		{"two withdrawn", []event.Payload{add(major(2)), add(major(3)), withdraw(3), withdraw(2)}, 1, 1},
		{"a version after a withdrawn one", []event.Payload{add(major(2)), withdraw(2), add(minor(3))}, 3, 1},
		{"only a minor one is left", []event.Payload{add(minor(2)), withdraw(1)}, 2, 1},
		{"nothing is left", []event.Payload{withdraw(1)}, 0, 1},
		{"withdrawn as a whole", []event.Payload{add(major(2)), document.Withdrawn{Document: docID}}, 2, 2},
		{"details", []event.Payload{document.DetailsRevised{Document: docID}}, 1, 1},
	} {
		s := newStory(t)
		s.happen(publication(document.Details{Title: domain.English("T")}))
		s.happen(c.events...)
		d := s.document()
		if d.Version != c.version || !d.LastUpdated.Equal(at(c.updated)) {
			t.Errorf("%s: stands at %d of %v, want %d of %v", c.name, d.Version, d.LastUpdated, c.version, at(c.updated))
		}
		if d.Revision != int64(len(c.events)) {
			t.Errorf("%s: revision %d", c.name, d.Revision)
		}
	}
}

func TestImportsCountByTheTimeClaimed(t *testing.T) {
	s := newStory(t)
	p := publication(document.Details{Title: domain.English("T")})
	p.Origin = &document.Origin{Source: "s", Key: "k"}
	p.Version.PublishedAt = begin.AddDate(-3, 0, 0)
	s.happen(p)
	if d := s.document(); !d.LastUpdated.Equal(p.Version.PublishedAt) {
		t.Errorf("last updated %v", d.LastUpdated)
	}
	corrected := begin.AddDate(-4, 0, 0)
	s.happen(document.DatesCorrected{Document: docID, Number: 1, PublishedAt: corrected})
	if d := s.document(); !d.LastUpdated.Equal(corrected) {
		t.Errorf("last updated %v after the correction", d.LastUpdated)
	}
	s.happen(document.Versioned{Document: docID, Version: major(2)})
	s.happen(document.DatesCorrected{Document: docID, Number: 2, PublishedAt: corrected})
	if d := s.document(); !d.LastUpdated.Equal(at(3)) {
		t.Errorf("the claimed time of what was recorded here moved it to %v", d.LastUpdated)
	}
}

// A claim of the future schedules nothing: the version counts from its record,
// also where a correction claims the future later on, and the claim is shown.
func TestNoImportCountsFromTheFuture(t *testing.T) {
	s := newStory(t)
	ahead := begin.AddDate(70, 0, 0)
	p := publication(document.Details{Title: domain.English("T"), Services: []string{"vault"}})
	p.Origin = &document.Origin{Source: "s", Key: "k"}
	p.Version.PublishedAt = ahead
	counts := func(claimed, want time.Time) {
		t.Helper()
		v := projections.RowsOf[versionRow](s.trial)[0]
		tag := projections.RowsOf[tagRow](s.trial)[0]
		if d := s.document(); !d.LastUpdated.Equal(want) || !v.UpdatedAt.Equal(want) || !tag.LastUpdated.Equal(want) || !v.PublishedAt.Equal(claimed) {
			t.Errorf("last updated %v, the version %v, the tag %v, claimed %v; want %v, claimed %v", d.LastUpdated, v.UpdatedAt, tag.LastUpdated, v.PublishedAt, want, claimed)
		}
	}
	s.happen(p)
	counts(ahead, at(1))
	earlier := begin.AddDate(-4, 0, 0)
	s.happen(document.DatesCorrected{Document: docID, Number: 1, PublishedAt: earlier})
	counts(earlier, earlier)
	s.happen(document.DatesCorrected{Document: docID, Number: 1, PublishedAt: ahead})
	counts(ahead, at(1))
}

func TestTheRowKeepsLittleOfAVersion(t *testing.T) {
	s := newStory(t)
	s.happen(publication(document.Details{Title: domain.English("T")}))
	for n := 2; n <= 200; n++ {
		s.happen(document.Versioned{Document: docID, Version: major(n)})
	}
	if d := s.document(); len(d.Summaries.each()) != memory || len(d.Moments) != 17*200 || d.Newest != 200 {
		t.Errorf("keeps %d summaries and %d bytes of %d versions", len(d.Summaries.each()), len(d.Moments), d.Newest)
	}
}

func TestADocumentStandsAtAnyOfItsVersions(t *testing.T) {
	const many = 40
	s := newStory(t)
	s.happen(publication(document.Details{Title: domain.English("T")}))
	for n := 2; n <= many; n++ {
		s.happen(document.Versioned{Document: docID, Version: major(n)})
	}
	stands := func(want int) {
		t.Helper()
		d, forgotten := s.document(), want <= many-memory
		if d.Version != want || !d.LastUpdated.Equal(at(int64(want))) || d.Forgotten != forgotten || (d.FoundText == "") != forgotten {
			t.Errorf("stands at %d, updated %v, forgotten %t, found by %q; want %d", d.Version, d.LastUpdated, d.Forgotten, d.FoundText, want)
		}
	}
	for n := many; n > 1; n-- {
		stands(n)
		s.happen(document.VersionWithdrawn{Document: docID, Number: n})
	}
	stands(1)
	for n := 2; n <= many; n++ {
		s.happen(document.VersionReinstated{Document: docID, Number: n})
		stands(n)
	}
}

func TestTagsAndSearchFollow(t *testing.T) {
	s := newStory(t)
	line := uuid.MustParse("019a0000-0000-7000-8000-00000000000a")
	s.happen(publication(document.Details{
		Title: domain.Text{"en": "SOC2 Report", "de": "SOC2-Bericht"}, Description: domain.English("Café"), Series: line,
		Categories: []string{"soc", "z-a"}, Regions: []string{"eu", "global"}, Services: []string{"vault"},
	}))
	var tags []string
	for _, r := range projections.RowsOf[tagRow](s.trial) {
		if r.Audience != access.Everyone || !r.LastUpdated.Equal(at(1)) || r.TitleSort != "soc 2 report" {
			t.Errorf("tag %+v", r)
		}
		tags = append(tags, r.Facet+"="+r.Value)
	}
	if want := []string{"category=soc", "category=z-a", "region=global", "series=" + line.String(), "service=vault"}; !slices.Equal(tags, want) {
		t.Errorf("tags %q, want %q", tags, want)
	}
	d := s.document()
	if d.FoundTitle != "soc 2 bericht soc 2 report" || d.FoundText != "cafe change b" || d.FoundRefs != "series019a000000007000800000000000000a categorysoc categoryzzzya" || d.SeriesSince != 1 {
		t.Errorf("found by %q, %q, %q; in the series since %d", d.FoundTitle, d.FoundText, d.FoundRefs, d.SeriesSince)
	}
	s.happen(document.AudienceChanged{Document: docID, Audience: access.Audience{Kind: access.SignedIn}},
		document.DetailsRevised{Document: docID, Details: document.Details{Title: domain.English("T"), Series: line, Services: []string{"queue"}}})
	if d := s.document(); d.SeriesSince != 1 || d.Audience != access.SignedIn {
		t.Errorf("since %d, audience %s", d.SeriesSince, d.Audience)
	}
	rows := projections.RowsOf[tagRow](s.trial)
	if len(rows) != 2 || rows[1].Value != "queue" || rows[1].Audience != access.SignedIn {
		t.Errorf("tags %+v", rows)
	}
	s.happen(document.DetailsRevised{Document: docID, Details: document.Details{Title: domain.English("T")}})
	if d := s.document(); d.SeriesSince != 0 || d.Series != uuid.Nil {
		t.Errorf("left its series: %+v", d)
	}
}

func TestVersionsAndHashes(t *testing.T) {
	s := newStory(t)
	s.happen(publication(document.Details{}), document.Versioned{Document: docID, Version: minor(2)},
		document.SummaryCorrected{Document: docID, Number: 1, Summary: domain.English("Corrected")},
		document.DatesCorrected{Document: docID, Number: 2, PublishedAt: begin, Effective: &document.Period{From: domain.DateOf(begin)}},
		document.VersionWithdrawn{Document: docID, Number: 2, Reason: domain.English("Wrong")})
	vs := projections.RowsOf[versionRow](s.trial)
	if len(vs) != 2 || vs[0].Summary.String() != "Corrected" || vs[0].FoundText != "corrected" || !vs[0].RecordedAt.Equal(at(1)) ||
		!vs[1].Withdrawn || vs[1].Reason.String() != "Wrong" || vs[1].EffectiveFrom != domain.DateOf(begin) || !vs[1].EffectiveTo.IsZero() || vs[1].Major || len(vs[1].Files) != 2 {
		t.Errorf("versions %+v", vs)
	}
	if hs := projections.RowsOf[hashRow](s.trial); len(hs) != 2 || hs[0].Number != 1 || hs[1].SHA256 != "hash" {
		t.Errorf("hashes %+v", hs)
	}
}

func TestNames(t *testing.T) {
	s := newStory(t)
	id, other := uuid.New(), uuid.New()
	for _, p := range []event.Payload{
		series.Opened{Series: id, Name: domain.English("Ätna")},
		series.Revised{Series: id, Name: domain.English("Etna"), Description: domain.English("D")},
		series.Discontinued{Series: id, Reason: domain.English("Over"), Successor: other, DiscontinuedAt: begin},
		category.Defined{Category: "iso", Group: category.Reports, Name: domain.English("ISO")},
		category.Moved{Category: "iso", Group: category.Regional},
		category.Defined{Category: "soc", Group: category.Reports, Name: domain.English("SOC")},
		category.Removed{Category: "soc"},
	} {
		if err := s.try(series.Stream(id), p); err != nil {
			t.Fatal(err)
		}
	}
	if r := projections.RowsOf[seriesRow](s.trial); len(r) != 1 || r[0].NameSort != "etna" || !r[0].Discontinued || r[0].Successor != other {
		t.Errorf("series %+v", r)
	}
	if r := projections.RowsOf[categoryRow](s.trial); len(r) != 1 || r[0].Group != category.Regional || r[0].Name.String() != "ISO" {
		t.Errorf("categories %+v", r)
	}
}

func TestWhatCannotHaveHappenedIsNotFolded(t *testing.T) {
	s := newStory(t)
	s.happen(publication(document.Details{}))
	before := s.document()
	for _, p := range []event.Payload{
		publication(document.Details{}),
		document.Versioned{Document: docID, Version: major(1)},
		document.Versioned{Document: docID, Version: major(3)},
		document.SummaryCorrected{Document: docID, Number: 2},
		document.Withdrawn{Document: uuid.New()},
		document.VersionWithdrawn{Document: uuid.New(), Number: 1},
		series.Revised{Series: uuid.New()}, category.Removed{Category: "x"},
	} {
		if err := s.try(document.Stream(docID), p); err == nil {
			t.Errorf("%T was folded", p)
		}
	}
	if after := s.document(); !reflect.DeepEqual(before, after) {
		t.Errorf("changed to %+v", after)
	}
}
