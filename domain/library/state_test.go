package library_test

import (
	"testing"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/event"
	"imprint/domain/library"
)

var (
	me   = uuid.New()
	docA = uuid.New()
	docB = uuid.New()
	line = uuid.New()
)

// does folds events on, of which there must be as many as wanted.
func does(t *testing.T, s library.State, want int, events []event.Payload) library.State {
	t.Helper()
	if len(events) != want {
		t.Fatalf("%d events, want %d: %+v", len(events), want, events)
	}
	return s.Fold(events...)
}

func save(t *testing.T, s library.State, items ...library.Item) []event.Payload {
	t.Helper()
	events, err := s.Save(me, items...)
	if err != nil {
		t.Fatal(err)
	}
	return events
}

func TestSavingKeepsTheFirstTime(t *testing.T) {
	var s library.State
	first := library.Item{Document: docA, Version: 2, Title: domain.English("A")}
	s = does(t, s, 1, save(t, s, first))
	later := library.Item{Document: docA, Version: 5, Title: domain.English("B")}
	s = does(t, s, 0, save(t, s, later))
	if v, ok := s.Saved(docA); v != 2 || !ok {
		t.Errorf("saved at version %d, %v; want 2", v, ok)
	}
	s = does(t, s, 1, s.Remove(me, docA))
	s = does(t, s, 0, s.Remove(me, docA))
	does(t, s, 1, save(t, s, later))
}

func TestBulkSave(t *testing.T) {
	s := (library.State{}).Fold(library.Saved{Person: me, Document: docA, Version: 1})
	events := save(t, s, library.Item{Document: docA}, library.Item{Document: docB}, library.Item{Document: docB})
	does(t, s, 1, events)

	items := make([]library.Item, library.MaxBulk+1)
	for i := range items {
		items[i].Document = uuid.New()
	}
	does(t, s, library.MaxBulk, save(t, s, items[1:]...))
	if events, err := s.Save(me, items...); domain.KindOf(err) != domain.TooLarge || len(events) > 0 {
		t.Errorf("%d items: %d events, %v; want a refusal", len(items), len(events), err)
	}
}

func TestFollowingIsIdempotent(t *testing.T) {
	var s library.State
	s = does(t, s, 1, s.Follow(me, line))
	s = does(t, s, 0, s.Follow(me, line))
	s = does(t, s, 1, s.Unfollow(me, line))
	s = does(t, s, 0, s.Unfollow(me, line))
	// Saving into the series follows it again, so saying no again is news.
	s = does(t, s, 1, save(t, s, library.Item{Document: docA, Series: line}))
	s = does(t, s, 1, s.Unfollow(me, line))
	if _, kept := s.Saved(docA); !kept {
		t.Error("unfollowing took the saved document out")
	}
	does(t, s, 1, s.Follow(me, line))
}

func TestFoldingLeavesTheStateItBeganWith(t *testing.T) {
	s := (library.State{}).Fold(library.Saved{Person: me, Document: docA, Version: 1})
	s.Fold(library.Removed{Person: me, Document: docA}, library.SeriesFollowed{Person: me, Series: line})
	if _, kept := s.Saved(docA); !kept || len(s.Follow(me, line)) != 1 {
		t.Error("folding changed the state it began with")
	}
}

func TestALibraryConcernsTheSeriesItHoldsOrHasAWordAbout(t *testing.T) {
	saved := library.State{}.Fold(library.Saved{Person: me, Document: docA, Version: 1, Series: line})
	for name, c := range map[string]struct {
		state library.State
		want  bool
	}{
		"nothing":    {library.State{}, false},
		"saved":      {saved, true},
		"removed":    {saved.Fold(library.Removed{Person: me, Document: docA}), false},
		"followed":   {library.State{}.Fold(library.SeriesFollowed{Person: me, Series: line}), true},
		"unfollowed": {library.State{}.Fold(library.SeriesUnfollowed{Person: me, Series: line}), true},
	} {
		if c.state.Concerns(line) != c.want {
			t.Errorf("%s: not %v", name, c.want)
		}
	}
}
