package catalog

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"imprint/domain"
	"imprint/domain/access"
	"imprint/domain/document"
	"imprint/domain/event"
	"imprint/domain/terms"
	"imprint/projections"
)

// model keeps everything and looks through all of it.
type model struct {
	details   document.Details
	audience  access.Kind
	versions  []modelVersion
	withdrawn bool
}

type modelVersion struct {
	document.Version
	recorded, updated  time.Time
	imported, withdrew bool
}

// claim lets an import count from what it claims, and never from the future.
func (v *modelVersion) claim() {
	v.updated = v.recorded
	if v.PublishedAt.Before(v.recorded) {
		v.updated = v.PublishedAt
	}
}

func (m *model) stands() (number int, summary domain.Text, updated time.Time) {
	updated = m.versions[0].updated
	for _, v := range m.versions {
		if v.withdrew {
			continue
		}
		number, summary = v.Number, v.Summary
		if v.Major {
			updated = v.updated
		}
	}
	return number, summary, updated
}

// next makes an event that may happen now, by the document's own rules where
// they matter to what readers see, and applies it to the model. A document grows to
// tall versions first.
func (m *model) next(t *rapid.T, recorded time.Time, tall int) event.Payload {
	text := rapid.SampledFrom([]domain.Text{domain.English("Alpha one"), {"en": "Beta", "de": "Bär"}, domain.English("SOC2"), nil})
	slugs := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"eu", "us", "soc", "global"}), 0, 3, rapid.ID)
	claimed := rapid.OneOf(
		rapid.Map(rapid.IntRange(-500, 500), func(h int) time.Time { return begin.Add(time.Duration(h) * time.Hour) }),
		rapid.SampledFrom([]time.Time{time.Unix(0, 0).UTC(), time.Date(1969, 12, 31, 23, 59, 59, 0, time.UTC), time.Date(1455, 2, 23, 0, 0, 0, 0, time.UTC)}),
	)
	details := func() document.Details {
		return document.Details{Title: text.Draw(t, "title"), Description: text.Draw(t, "description"), Categories: slugs.Draw(t, "categories"), Regions: slugs.Draw(t, "regions")}
	}
	add := func() (document.Version, *document.Origin) {
		v := document.Version{Number: len(m.versions) + 1, Major: rapid.Bool().Draw(t, "major"), Summary: text.Draw(t, "summary"), PublishedAt: claimed.Draw(t, "published")}
		mv := modelVersion{Version: v, recorded: recorded, updated: recorded, imported: rapid.Bool().Draw(t, "imported")}
		var origin *document.Origin
		if mv.imported {
			origin = &document.Origin{Source: "s"}
			mv.claim()
		}
		m.versions = append(m.versions, mv)
		return v, origin
	}
	if len(m.versions) == 0 {
		m.details, m.audience = details(), access.Everyone
		v, origin := add()
		return document.Published{Document: docID, Details: m.details, Audience: access.Audience{Kind: m.audience}, Version: v, Origin: origin}
	}
	n := rapid.IntRange(1, len(m.versions)).Draw(t, "number")
	if forgotten := len(m.versions) - memory; forgotten > 0 && rapid.Bool().Draw(t, "a forgotten one") {
		n = 1 + n%forgotten
	}
	chosen := &m.versions[n-1]
	live := 0
	for _, v := range m.versions {
		if !v.withdrew {
			live++
		}
	}
	what := rapid.IntRange(0, 12).Draw(t, "event")
	if len(m.versions) < tall {
		what = 0
	}
	switch what {
	case 0:
		v, origin := add()
		return document.Versioned{Document: docID, Version: v, Origin: origin}
	case 3, 4:
		if !chosen.withdrew && live > 1 {
			chosen.withdrew = true
			return document.VersionWithdrawn{Document: docID, Number: n}
		}
		if chosen.withdrew {
			chosen.withdrew = false
			return document.VersionReinstated{Document: docID, Number: n}
		}
	case 5:
		chosen.Summary = text.Draw(t, "corrected")
		return document.SummaryCorrected{Document: docID, Number: n, Summary: chosen.Summary}
	case 6:
		chosen.PublishedAt = claimed.Draw(t, "corrected time")
		if chosen.imported {
			chosen.claim()
		}
		return document.DatesCorrected{Document: docID, Number: n, PublishedAt: chosen.PublishedAt}
	case 7:
		m.audience = rapid.SampledFrom([]access.Kind{access.Everyone, access.SignedIn}).Draw(t, "audience")
		return document.AudienceChanged{Document: docID, Audience: access.Audience{Kind: m.audience}}
	case 1, 2, 8, 9, 10:
		if p, more := m.uncover(); more {
			return p
		}
	case 11:
		m.withdrawn = !m.withdrawn
		if m.withdrawn {
			return document.Withdrawn{Document: docID, Reason: domain.English("R"), WithdrawnAt: recorded}
		}
		return document.Reinstated{Document: docID, ReinstatedAt: recorded}
	}
	m.details = details()
	return document.DetailsRevised{Document: docID, Details: m.details}
}

// uncover withdraws the newest version that stands, if any does.
func (m *model) uncover() (event.Payload, bool) {
	newest, _, _ := m.stands()
	if newest == 0 {
		return nil, false
	}
	m.versions[newest-1].withdrew = true
	return document.VersionWithdrawn{Document: docID, Number: newest}, true
}

func TestFoldEqualsTheModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s, m := newStory(property{t, rt}), &model{}
		happen := func(p event.Payload) {
			s.happen(p)
			d := s.document()
			if d.Forgotten {
				if d.Summary != nil {
					rt.Fatalf("forgotten, but %v", d.Summary)
				}
				versions := projections.RowsOf[versionRow](s.trial)
				d.Summary = versions[slices.IndexFunc(versions, func(v versionRow) bool { return v.Number == d.Version })].Summary
			}
			number, summary, updated := m.stands()
			if forgotten := number > 0 && number <= len(m.versions)-memory; d.Forgotten != forgotten {
				rt.Fatalf("stands at %d of %d, forgotten: %t", number, len(m.versions), d.Forgotten)
			}
			if d.Version != number || !d.Summary.Equal(summary) || !d.LastUpdated.Equal(updated) {
				rt.Fatalf("stands at %d %v %v, want %d %v %v", d.Version, d.Summary, d.LastUpdated, number, summary, updated)
			}
			if d.Withdrawn != m.withdrawn || (len(d.Reason) > 0) != m.withdrawn || d.Audience != m.audience || d.Newest != len(m.versions) || !d.Title.Equal(m.details.Title) {
				rt.Fatalf("row %+v, want %+v", d, m)
			}
			if d.TitleSort != terms.Normalise(m.details.Title.String()) {
				rt.Fatalf("sorted by %q", d.TitleSort)
			}
			want := slices.Clone(m.details.Regions)
			if slices.Contains(want, EveryRegion) {
				want = []string{EveryRegion}
			}
			var regions []string
			for _, tag := range projections.RowsOf[tagRow](s.trial) {
				if tag.Facet == FacetRegion {
					regions = append(regions, tag.Value)
				}
				if tag.Audience != m.audience || !tag.LastUpdated.Equal(updated) {
					rt.Fatalf("tag %+v", tag)
				}
			}
			slices.Sort(want)
			if !slices.Equal(regions, want) {
				rt.Fatalf("regions %q, want %q", regions, want)
			}
			for i, v := range projections.RowsOf[versionRow](s.trial) {
				if mv := m.versions[v.Number-1]; v.Withdrawn != mv.withdrew || !v.Summary.Equal(mv.Summary) || !v.PublishedAt.Equal(mv.PublishedAt) || !v.UpdatedAt.Equal(mv.updated) {
					rt.Fatalf("version %d: %+v, want %+v", i, v, mv)
				}
			}
		}
		tall := rapid.OneOf(rapid.IntRange(1, memory), rapid.IntRange(memory+1, 2*memory)).Draw(rt, "tall")
		for range tall + rapid.IntRange(0, 60).Draw(rt, "events") {
			happen(m.next(rt, at(s.ordinal+1), tall))
		}
		// In the end every version comes to light, the newest first: what was told of
		// a forgotten one was not forgotten.
		for p, more := m.uncover(); more; p, more = m.uncover() {
			happen(p)
		}
	})
}

// property lets a story fail the property, so that it is made smaller.
type property struct {
	testing.TB
	rapid *rapid.T
}

func (r property) Helper()           {}
func (r property) Fatal(args ...any) { r.rapid.Fatal(args...) }
