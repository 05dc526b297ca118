package queries

import (
	"testing"

	"github.com/google/uuid"

	"imprint/domain"
)

// FuzzCursor: a cursor is refused as a mistake of the caller, or is exactly one
// that we made ourselves.
func FuzzCursor(f *testing.F) {
	list := listOf("documents", "a filter")
	made := cursor{list: list, number: 1_700_000_000_000_000, id: uuid.MustParse("019a0000-0000-7000-8000-000000000001"), text: "soc 2 report"}
	f.Add("")
	f.Add(made.String())
	f.Add(made.String() + "=")
	f.Add(made.String()[:30])
	f.Add(cursor{list: listOf("documents", "another"), text: "x"}.String())
	f.Add(cursor{list: list, text: "\xff"}.String())
	f.Fuzz(func(t *testing.T, s string) {
		c, ok, err := parseCursor(s, list)
		switch {
		case err != nil:
			if domain.KindOf(err) != domain.Invalid || ok {
				t.Errorf("%q: %v", s, err)
			}
		case ok && c.String() != s:
			t.Errorf("%q was read as %+v, which is %q", s, c, c.String())
		case !ok && s != "":
			t.Errorf("%q was neither read nor refused", s)
		}
	})
}

func TestCursorReturns(t *testing.T) {
	made := cursor{list: listOf("a", 1), place: 2, depth: 70_000, number: -5, id: uuid.MustParse("019a0000-0000-7000-8000-000000000001"), text: "täst"}
	got, ok, err := parseCursor(made.String(), made.list)
	if err != nil || !ok || got != made {
		t.Errorf("got %+v, %t, %v; want %+v", got, ok, err, made)
	}
	if _, _, err := parseCursor(made.String(), listOf("a", 2)); domain.KindOf(err) != domain.Invalid {
		t.Errorf("a cursor of another list passed: %v", err)
	}
}

func TestSearchesEndAtTheirDepth(t *testing.T) {
	if err := (cursor{depth: maxDepth}).shallow(); err != nil {
		t.Errorf("the last page: %v", err)
	}
	if err := (cursor{depth: maxDepth + 1}).shallow(); domain.KindOf(err) != domain.Invalid {
		t.Errorf("beyond it: %v", err)
	}
}
