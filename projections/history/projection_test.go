package history

import (
	"slices"
	"testing"

	"imprint/domain/schema"
)

// A new event type must not be missing from the history.
func TestTheHistoryFoldsEveryType(t *testing.T) {
	registry, err := schema.Registry()
	if err != nil {
		t.Fatal(err)
	}
	types := Projection().Types
	for _, d := range registry.Definitions() {
		if !slices.Contains(types, d.Type) {
			t.Errorf("the history does not fold %s", d.Type)
		}
	}
	if n := len(registry.Definitions()); len(types) != n {
		t.Errorf("the history folds %d types, there are %d", len(types), n)
	}
}
