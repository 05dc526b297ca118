package series_test

import (
	"testing"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/series"
)

func TestANameIsOneVisibleLine(t *testing.T) {
	for _, name := range []string{"Two\nlines", "SOC\u200b 2", "SOC \u202e2"} {
		if _, err := (series.State{}).Open(uuid.New(), domain.English(name), nil); domain.KindOf(err) != domain.Invalid {
			t.Errorf("%q: %v", name, err)
		}
		if _, err := (series.State{}).Open(uuid.New(), domain.English("Name"), domain.English("About "+name)); domain.KindOf(err) == domain.Invalid != (name == "SOC \u202e2") {
			t.Errorf("description %q: %v", name, err)
		}
	}
}
