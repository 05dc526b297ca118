package queries_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"imprint/domain/notice"
)

// Whatever happened, those who are named before a version is published are those
// whom its notice concerns.
func TestReadersAreThoseWhomAnUpdateConcerns(t *testing.T) {
	c := opened(t)
	rapid.Check(t, func(rt *rapid.T) {
		m := newModel(c, rt)
		for range rapid.IntRange(5, 40).Draw(rt, "events") {
			m.happen(rt)
		}
		c.fold()
		for _, id := range m.documents {
			m.released = []releasedNotice{{Released: notice.Released{Kind: notice.NewVersion, CauseOrdinal: math.MaxInt64, Document: id, Series: m.in[id]}, ordinal: math.MaxInt64}}
			var want []uuid.UUID
			for _, r := range m.readers {
				if len(r.due(0)) > 0 {
					want = append(want, r.person)
				}
			}
			got, more, err := c.notices.Readers(t.Context(), id, m.in[id], 100)
			check(t, err)
			byText := func(a, b uuid.UUID) int { return strings.Compare(a.String(), b.String()) }
			slices.SortFunc(want, byText)
			slices.SortFunc(got, byText)
			if more || !slices.Equal(got, want) {
				rt.Fatalf("%v (more: %v), want %v", got, more, want)
			}
			some, more, err := c.notices.Readers(t.Context(), id, m.in[id], 1)
			check(t, err)
			if len(want) > 1 && !more || len(some) > 1 || len(want) == 0 && len(some) > 0 {
				rt.Fatalf("of %d readers at most one: %v, more: %v", len(want), some, more)
			}
		}
	})
}
