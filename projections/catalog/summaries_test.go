package catalog

import (
	"encoding/json"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"imprint/domain"
)

// TestSummariesAreAListOfTexts holds them against a list that is made JSON of: of
// whatever texts, absent ones among them.
func TestSummariesAreAListOfTexts(t *testing.T) {
	odd := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", `"`, `\`, `\"`, `",{`, "}],[{", "<&>", "\u2028", "漢"}))
	text := rapid.Custom(func(t *rapid.T) domain.Text {
		if rapid.Bool().Draw(t, "absent") {
			return nil
		}
		return rapid.MapOfN(odd, odd, 0, 3).Draw(t, "text")
	})
	rapid.Check(t, func(t *rapid.T) {
		var list []domain.Text
		var s summaries
		most := rapid.IntRange(1, 5).Draw(t, "most")
		for range rapid.IntRange(1, 8).Draw(t, "steps") {
			next := text.Draw(t, "next")
			if len(list) > 0 && rapid.Bool().Draw(t, "replace") {
				at := rapid.IntRange(0, len(list)-1).Draw(t, "at")
				list[at], s = next, s.replaced(at, next)
			} else {
				list = append(list, next)
				list = list[max(0, len(list)-most):]
				s = s.with(next, most)
			}
		}
		want, err := json.Marshal(list)
		if err != nil || string(s) != string(want) {
			t.Fatalf("kept as %s, want %s: %v", s, want, err)
		}
		for i := range list {
			// What is no UTF-8 is replaced where it is kept, on either side.
			var want domain.Text
			if err := json.Unmarshal([]byte(encoded(list[i])), &want); err != nil {
				t.Fatal(err)
			}
			if got := s.at(i); !reflect.DeepEqual(got, want) {
				t.Errorf("text %d is %#v, want %#v", i, got, want)
			}
		}
	})
}
