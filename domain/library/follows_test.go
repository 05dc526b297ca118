package library_test

import (
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"imprint/domain/library"
)

func TestFollowing(t *testing.T) {
	in := func(saved int64) library.Entry { // saved while in the series, which it joined at 2
		return library.Entry{Saved: saved, SeriesThen: line, Series: line, SeriesSince: 2}
	}
	joined := func(saved, since int64) library.Entry {
		return library.Entry{Saved: saved, Series: line, SeriesSince: since}
	}
	left := library.Entry{Saved: 5, SeriesThen: line, Series: uuid.New(), SeriesSince: 6}
	for name, c := range map[string]struct {
		entries   []library.Entry
		said      library.Explicit
		since     int64
		following bool
	}{
		"nothing":                            {},
		"saved in the series":                {entries: []library.Entry{in(5)}, since: 5, following: true},
		"saved twice: from the first on":     {entries: []library.Entry{in(9), in(5)}, since: 5, following: true},
		"joined after the save":              {entries: []library.Entry{joined(5, 8)}, since: 8, following: true},
		"left the series":                    {entries: []library.Entry{left}},
		"unfollowed":                         {entries: []library.Entry{in(5)}, said: library.Explicit{Unfollowed: 7}},
		"saved another after unfollowing":    {entries: []library.Entry{in(5), in(9)}, said: library.Explicit{Unfollowed: 7}, since: 9, following: true},
		"a joining does not overrule a no":   {entries: []library.Entry{joined(5, 9)}, said: library.Explicit{Unfollowed: 7}},
		"nor a save of what joined later":    {entries: []library.Entry{joined(8, 9)}, said: library.Explicit{Unfollowed: 7}},
		"explicit":                           {said: library.Explicit{Followed: 3}, since: 3, following: true},
		"explicit, then saved":               {entries: []library.Entry{in(5)}, said: library.Explicit{Followed: 3}, since: 3, following: true},
		"saved, then explicit":               {entries: []library.Entry{in(5)}, said: library.Explicit{Followed: 8}, since: 5, following: true},
		"explicit, then unfollowed":          {said: library.Explicit{Followed: 3, Unfollowed: 4}},
		"unfollowed, then explicit":          {entries: []library.Entry{in(2)}, said: library.Explicit{Followed: 6, Unfollowed: 4}, since: 6, following: true},
		"overruled by a save of what left":   {entries: []library.Entry{joined(1, 3), left}, said: library.Explicit{Unfollowed: 4}, since: 5, following: true},
		"another series' document":           {entries: []library.Entry{{Saved: 5, SeriesThen: uuid.New(), Series: uuid.New(), SeriesSince: 1}}},
		"saved in no series, and still none": {entries: []library.Entry{{Saved: 5}}},
	} {
		since, following := library.Follows(line, c.entries, c.said)
		if since != c.since || following != c.following {
			t.Errorf("%s: since %d, %v; want %d, %v", name, since, following, c.since, c.following)
		}
	}
	if since, following := library.Follows(uuid.Nil, []library.Entry{{Saved: 5}}, library.Explicit{}); since != 0 || following {
		t.Error("somebody follows no series at all")
	}
}

// The rule as the design states it, word for word, without since.
func follows(series uuid.UUID, entries []library.Entry, said library.Explicit) bool {
	saved, latest := false, int64(0)
	for _, e := range entries {
		saved = saved || e.Series == series
		if e.SeriesThen == series {
			latest = max(latest, e.Saved)
		}
	}
	return said.Followed > said.Unfollowed || saved && said.Unfollowed <= latest
}

// at is what was known at an ordinal. A later unfollow or move is not: the
// callers ask from since on only, where neither lies in between.
func at(ordinal int64, entries []library.Entry, said library.Explicit) ([]library.Entry, library.Explicit) {
	var then []library.Entry
	for _, e := range entries {
		if e.Saved > ordinal {
			continue
		}
		if e.SeriesSince > ordinal {
			e.Series = uuid.Nil
		}
		then = append(then, e)
	}
	if said.Followed > ordinal {
		said.Followed = 0
	}
	return then, said
}

func TestFollowingIsTheDesignsRuleAndSinceIsWhenItBegan(t *testing.T) {
	other := uuid.New()
	rapid.Check(t, func(t *rapid.T) {
		ordinals := rapid.Permutation([]int64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}).Draw(t, "ordinals")
		next := func() int64 { o := ordinals[0]; ordinals = ordinals[1:]; return o }
		place := rapid.SampledFrom([]uuid.UUID{uuid.Nil, line, other})
		var entries []library.Entry
		for range rapid.IntRange(0, 4).Draw(t, "entries") {
			e := library.Entry{Saved: next(), SeriesThen: place.Draw(t, "then"), Series: place.Draw(t, "now")}
			if e.Series != uuid.Nil {
				e.SeriesSince = next()
			}
			// A document that was moved after the save joined after it; one that was
			// not had joined before.
			if (e.SeriesThen != e.Series) == (e.SeriesSince < e.Saved) {
				e.Saved, e.SeriesSince = e.SeriesSince, e.Saved
			}
			if e.Series == uuid.Nil {
				e.Saved, e.SeriesSince = max(e.Saved, e.SeriesSince), 0
			}
			entries = append(entries, e)
		}
		var said library.Explicit
		if rapid.Bool().Draw(t, "followed") {
			said.Followed = next()
		}
		if rapid.Bool().Draw(t, "unfollowed") {
			said.Unfollowed = next()
		}

		since, following := library.Follows(line, entries, said)
		if want := follows(line, entries, said); following != want {
			t.Fatalf("following is %v, the rule says %v", following, want)
		}
		if !following {
			if since != 0 {
				t.Fatalf("nothing is followed since %d", since)
			}
			return
		}
		if since <= said.Unfollowed {
			t.Fatalf("followed since %d, before the unfollow at %d", since, said.Unfollowed)
		}
		for ordinal := since; ordinal <= 12; ordinal++ {
			if then, said := at(ordinal, entries, said); !follows(line, then, said) {
				t.Fatalf("since %d, but not followed at %d", since, ordinal)
			}
		}
		if then, said := at(since-1, entries, said); follows(line, then, said) {
			t.Fatalf("followed at %d already, but since is %d", since-1, since)
		}
	})
}
