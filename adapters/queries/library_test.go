package queries_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"imprint/domain"
	"imprint/domain/access"
	"imprint/domain/document"
	"imprint/domain/library"
	"imprint/domain/series"
	"imprint/projections/catalog"
	libraries "imprint/projections/library"
)

func (c *chronicle) shelf(person uuid.UUID, now time.Time, p catalog.Page) libraries.Library {
	c.t.Helper()
	l, err := c.library.Library(c.t.Context(), readerOf(person), now, p)
	check(c.t, err)
	return l
}

// entry is the only entry of the person's library.
func (c *chronicle) entry(person uuid.UUID, now time.Time) libraries.Entry {
	c.t.Helper()
	l := c.shelf(person, now, catalog.Page{})
	if len(l.Entries) != 1 {
		c.t.Fatalf("%d entries, want 1", len(l.Entries))
	}
	return l.Entries[0]
}

func TestLibraryIsNewestSavedFirstAndPagesStayStable(t *testing.T) {
	c, person := opened(t), uuid.New()
	var want []uuid.UUID
	for range 5 {
		id := uuid.New()
		c.tell(issue(id, uuid.Nil, "A report"))
		c.tell(saved(person, id, uuid.Nil, "A report"))
		want = append([]uuid.UUID{id}, want...)
	}
	c.tell(saved(uuid.New(), want[0], uuid.Nil, "A report")) // another person's
	c.fold()
	first := c.shelf(person, c.now, catalog.Page{Limit: 2})
	late := uuid.New()
	c.tell(issue(late, uuid.Nil, "Saved between two pages"))
	c.tell(saved(person, late, uuid.Nil, "Saved between two pages"))
	c.fold()
	second := c.shelf(person, c.now, catalog.Page{Limit: 2, After: first.Next})
	third := c.shelf(person, c.now, catalog.Page{Limit: 2, After: second.Next})
	var got []uuid.UUID
	for _, e := range slices.Concat(first.Entries, second.Entries, third.Entries) {
		got = append(got, e.Document)
	}
	if !slices.Equal(got, want) || third.Next != "" {
		t.Errorf("got %v then %q, want %v", got, third.Next, want)
	}
	if third.Reflects != c.last() {
		t.Errorf("reflects %d, want %d", third.Reflects, c.last())
	}
	_, err := c.library.Library(t.Context(), readerOf(uuid.New()), c.now, catalog.Page{After: first.Next})
	refused(t, err, domain.Invalid)
	_, err = c.library.Library(t.Context(), anonymous, c.now, catalog.Page{})
	refused(t, err, domain.Unauthenticated)
}

func TestSaveKeepsTheFirstTimeAndRemoveEndsIt(t *testing.T) {
	c, person, id := opened(t), uuid.New(), uuid.New()
	c.tell(issue(id, uuid.Nil, "Then"))
	first := c.tell(saved(person, id, uuid.Nil, "Then"))
	c.tell(saved(person, id, uuid.Nil, "Again"))
	c.fold()
	if e := c.entry(person, c.now); !e.SavedAt.Equal(first.at) {
		t.Errorf("saved at %s, want the first time %s", e.SavedAt, first.at)
	}
	here := func() bool {
		got, err := c.library.Saved(t.Context(), person, []uuid.UUID{uuid.New(), id})
		check(t, err)
		return len(got) == 1 && got[id]
	}
	if !here() {
		t.Error("the document is not told as saved")
	}
	c.tell(library.Removed{Person: person, Document: id})
	c.tell(library.Removed{Person: person, Document: id})
	c.fold()
	if len(c.shelf(person, c.now, catalog.Page{}).Entries) != 0 || here() {
		t.Error("the document is still there")
	}
}

func TestMarkOfThirtyDays(t *testing.T) {
	c := opened(t)
	const window = libraries.UpdatedWindow
	major := func(id uuid.UUID) []any { return []any{reissue(id, 2, "Second")} }
	for name, is := range map[string]struct {
		then    func(uuid.UUID) []any // after version 1 and the save; the first is the one whose age counts
		age     time.Duration
		summary string // "" is not marked
		more    int
	}{
		"a new version":         {major, time.Minute, "Second", 0},
		"exactly 30 days":       {major, window, "Second", 0},
		"a microsecond later":   {major, window + time.Microsecond, "", 0},
		"the first publication": {func(uuid.UUID) []any { return nil }, time.Minute, "", 0},
		"a minor version": {func(id uuid.UUID) []any {
			return []any{document.Versioned{Document: id, Version: document.Version{Number: 2}}}
		}, time.Minute, "", 0},
		"two, of which the newest":  {func(id uuid.UUID) []any { return []any{reissue(id, 2, "Second"), reissue(id, 3, "Third")} }, window, "Third", 1},
		"two, of which one is old":  {func(id uuid.UUID) []any { return []any{reissue(id, 2, "Second"), reissue(id, 3, "Third")} }, window + time.Second, "Third", 0},
		"withdrawn":                 {func(id uuid.UUID) []any { return append(major(id), document.VersionWithdrawn{Document: id, Number: 2}) }, time.Hour, "", 0},
		"the document is withdrawn": {func(id uuid.UUID) []any { return append(major(id), document.Withdrawn{Document: id}) }, time.Hour, "", 0},
		"as corrected, not younger": {func(id uuid.UUID) []any {
			return append(major(id), document.SummaryCorrected{Document: id, Number: 2, Summary: domain.English("Put right")})
		}, window, "Put right", 0},
		"corrected after its time": {func(id uuid.UUID) []any {
			return append(major(id), document.SummaryCorrected{Document: id, Number: 2, Summary: domain.English("Put right")})
		}, window + time.Microsecond, "", 0},
		"an import, by the time claimed": {func(id uuid.UUID) []any {
			v := reissue(id, 2, "Long ago")
			v.Version.PublishedAt, v.Origin = start.AddDate(-1, 0, 0), &document.Origin{Source: "s", Key: "k"}
			return []any{v}
		}, time.Minute, "", 0},
		"an import that claims the future, as recorded": {func(id uuid.UUID) []any {
			v := reissue(id, 2, "Ahead")
			v.Version.PublishedAt, v.Origin = start.AddDate(70, 0, 0), &document.Origin{Source: "s", Key: "k"}
			return []any{v}
		}, window, "Ahead", 0},
		"and no longer than anything else": {func(id uuid.UUID) []any {
			v := reissue(id, 2, "Ahead")
			v.Version.PublishedAt, v.Origin = start.AddDate(70, 0, 0), &document.Origin{Source: "s", Key: "k"}
			return []any{v}
		}, window + time.Microsecond, "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			person, id := uuid.New(), uuid.New()
			c.tell(issue(id, uuid.Nil, "A report"))
			asked := c.tell(saved(person, id, uuid.Nil, "A report")).at.Add(is.age)
			for i, p := range is.then(id) {
				told := c.tell(p.(interface{ EventType() string }))
				if i == 0 {
					asked = told.at.Add(is.age)
				}
			}
			c.fold()
			e := c.entry(person, asked)
			if e.Updated != (is.summary != "") || e.Summary.String() != is.summary || e.MoreUpdates != is.more {
				t.Errorf("updated %t, %q and %d more; want %q and %d more", e.Updated, e.Summary, e.MoreUpdates, is.summary, is.more)
			}
			if e.Updated == e.UpdatedAt.IsZero() {
				t.Errorf("updated %t at %s", e.Updated, e.UpdatedAt)
			}
		})
	}
}

func TestEntryOfWhatMayNoLongerBeSeen(t *testing.T) {
	c, person, id, line := opened(t), uuid.New(), uuid.New(), uuid.New()
	c.tell(series.Opened{Series: line, Name: domain.English("Secret line")})
	c.tell(issue(id, line, "As saved"))
	c.tell(saved(person, id, line, "As saved"))
	c.tell(reissue(id, 2, "Hidden"))
	c.tell(moved(id, line, "Renamed"))
	c.fold()
	if e := c.entry(person, c.now); !e.Available || e.Title.String() != "Renamed" || e.Version != 2 || e.SavedVersion != 1 || e.SeriesName.String() != "Secret line" {
		t.Errorf("before: %+v", e)
	}
	c.tell(document.AudienceChanged{Document: id, Audience: access.Audience{Kind: "nobody"}})
	c.tell(moved(id, line, "Renamed while hidden"))
	c.tell(document.Withdrawn{Document: id, Reason: domain.English("Hidden reason")})
	c.fold()
	l := c.shelf(person, c.now, catalog.Page{})
	e := l.Entries[0]
	want := libraries.Entry{Document: id, Title: domain.English("As saved"), SavedAt: e.SavedAt, SavedVersion: 1}
	if e.Available || !e.Title.Equal(want.Title) || e.Version != 0 || e.Series != uuid.Nil || e.SeriesName != nil || e.Withdrawn || e.Reason != nil || e.Updated || e.Summary != nil || e.MoreUpdates != 0 {
		t.Errorf("after: %+v, want %+v", e, want)
	}
	if len(l.Series) != 1 || l.Series[0].Series != line || l.Series[0].Name != nil {
		t.Errorf("the series is followed without its name, but: %+v", l.Series)
	}
}

func TestWithdrawnEntryStaysWithItsReason(t *testing.T) {
	c, person, id := opened(t), uuid.New(), uuid.New()
	c.tell(issue(id, uuid.Nil, "A report"))
	c.tell(saved(person, id, uuid.Nil, "A report"))
	c.tell(document.Withdrawn{Document: id, Reason: domain.English("It was wrong")})
	c.fold()
	if e := c.entry(person, c.now); !e.Available || !e.Withdrawn || e.Reason.String() != "It was wrong" {
		t.Errorf("%+v", e)
	}
	c.tell(document.Reinstated{Document: id})
	c.fold()
	if e := c.entry(person, c.now); e.Withdrawn || e.Reason != nil {
		t.Errorf("reinstated: %+v", e)
	}
}

// The SQL of following is held against the pure rule, for every series, over
// random saves, removals, words and moves.
func TestFollowingIsTheRuleOfTheDomain(t *testing.T) {
	c := opened(t)
	rapid.Check(t, func(rt *rapid.T) {
		person := uuid.New()
		lines := []uuid.UUID{uuid.New(), uuid.New()}
		documents := []uuid.UUID{uuid.New(), uuid.New(), uuid.New()}
		in := map[uuid.UUID]uuid.UUID{} // document → series now
		joined := map[uuid.UUID]int64{} // document → since when
		kept := map[uuid.UUID]library.Entry{}
		said := map[uuid.UUID]library.Explicit{}
		anySeries := rapid.SampledFrom(append([]uuid.UUID{uuid.Nil}, lines...))
		for _, id := range documents {
			line := anySeries.Draw(rt, "series")
			in[id], joined[id] = line, c.tell(issue(id, line, "A report")).ordinal
		}
		for range rapid.IntRange(0, 12).Draw(rt, "events") {
			id, line := rapid.SampledFrom(documents).Draw(rt, "document"), rapid.SampledFrom(lines).Draw(rt, "series")
			switch rapid.SampledFrom([]string{"save", "save", "remove", "follow", "unfollow", "move"}).Draw(rt, "what") {
			case "save":
				e := c.tell(saved(person, id, in[id], "A report"))
				if _, there := kept[id]; !there {
					kept[id] = library.Entry{Saved: e.ordinal, SeriesThen: in[id]}
				}
			case "remove":
				c.tell(library.Removed{Person: person, Document: id})
				delete(kept, id)
			case "follow":
				e, s := c.tell(library.SeriesFollowed{Person: person, Series: line}), said[line]
				if s.Followed <= s.Unfollowed {
					s.Followed = e.ordinal
				}
				said[line] = s
			case "unfollow":
				s := said[line]
				s.Unfollowed = c.tell(library.SeriesUnfollowed{Person: person, Series: line}).ordinal
				said[line] = s
			case "move":
				to := anySeries.Draw(rt, "to")
				e := c.tell(moved(id, to, "A report"))
				if to != in[id] {
					in[id], joined[id] = to, e.ordinal
				}
			}
		}
		c.fold()
		var entries []library.Entry
		for id, e := range kept {
			e.Series, e.SeriesSince = in[id], joined[id]
			entries = append(entries, e)
		}
		shown := c.shelf(person, c.now, catalog.Page{}).Series
		for _, line := range lines {
			since, want := library.Follows(line, entries, said[line])
			got, err := c.library.Follows(t.Context(), person, line)
			check(t, err)
			listed := slices.ContainsFunc(shown, func(f libraries.Followed) bool {
				return f.Series == line && f.Explicit == (said[line].Followed > said[line].Unfollowed)
			})
			if got != want || listed != want {
				rt.Fatalf("follows %t, listed %t, the rule says %t (since %d)", got, listed, want, since)
			}
		}
	})
}
