package sample

import (
	"slices"
	"strings"
	"testing"

	"imprint/domain"
)

// Each case breaks the good story at one place; check must say so. What it should
// say is given by a part of the message.
func TestCheckRefusesWhatCannotHappen(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		do    Action // the first step with this action …
		alter func(*Step)
		want  string
	}{
		{"too long ago", Publish, func(s *Step) { s.DaysAgo = 61 }, "last 60 days"},
		{"in the future", Publish, func(s *Step) { s.DaysAgo = -1 }, "last 60 days"},
		{"out of order", Save, func(s *Step) { s.DaysAgo = 59.9 }, "older than the step before"},
		{"unknown person", Save, func(s *Step) { s.By = "nobody" }, "nobody has that key"},
		{"reader publishes", Publish, func(s *Step) { s.By = "sam" }, "only a publisher"},
		{"unpublished document kept", Save, func(s *Step) { s.Document = "security-contacts" }, "not published at that time"},
		{"kept twice", Remove, func(s *Step) { s.Do = Save; s.Document = "privacy-notice" }, "kept already"},
		{"removed but never kept", Remove, func(s *Step) { s.Document = "pci-aoc" }, "not kept"},
		{"a gap in the numbers", Version, func(s *Step) { s.Number = 3 }, "cannot follow"},
		{"no file", Version, func(s *Step) { s.Files = nil }, "no file"},
		{"major without a summary", Publish, func(s *Step) { s.Summary = nil }, "needs a summary"},
		{"period turned round", Publish, func(s *Step) { s.Effective = &Period{From: 1, To: 2} }, "ends before it begins"},
		{"unknown category", Publish, func(s *Step) { s.Categories = []string{"x"} }, `category "x"`},
		{"unknown series", Publish, func(s *Step) { s.Series = "x" }, `series "x"`},
		{"unknown audience", Publish, func(s *Step) { s.Audience = "some" }, "audience"},
		{"no English title", Publish, func(s *Step) { s.Title = domain.Text{"de": "x"} }, "title"},
		{"unknown version withdrawn", WithdrawVersion, func(s *Step) { s.Number = 9 }, "number is wrong"},
		{"unknown version corrected", CorrectSummary, func(s *Step) { s.Number = 9 }, "number is wrong"},
		{"withdrawn without a reason", Withdraw, func(s *Step) { s.Reason = nil }, "reason is missing"},
		{"withdrawn twice", Reinstate, func(s *Step) { s.Do = Withdraw }, "only be reinstated"},
		{"series of nobody's library", Follow, func(s *Step) { s.Series = "iso-certificates" }, "no document of that series"},
		{"successor is itself", DiscontinueSeries, func(s *Step) { s.Successor = s.Series }, "successor"},
		{"no settings", Settings, func(s *Step) { s.Settings = nil }, "settings are missing"},
		{"unknown zone", Settings, func(s *Step) { s.Settings.Zone = "Mars/Olympus" }, "Mars/Olympus"},
		{"unknown action", Publish, func(s *Step) { s.Do = "praise" }, "not published"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := mustLoad(t)
			at := slices.IndexFunc(s.Steps, func(step Step) bool { return step.Do == c.do })
			c.alter(&s.Steps[at])
			if _, err := check(s); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("the error is %v; it should say %q", err, c.want)
			}
		})
	}
}

func TestCheckRefusesABadCast(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		alter func(*Sample)
		want  string
	}{
		{"unknown group", func(s *Sample) { s.Categories[0].Group = "x" }, "unknown group"},
		{"same category twice", func(s *Sample) { s.Categories = append(s.Categories, s.Categories[0]) }, "same id"},
		{"same series twice", func(s *Sample) { s.Series = append(s.Series, s.Series[0]) }, "same key"},
		{"same person twice", func(s *Sample) { s.People = append(s.People, s.People[0]) }, "same key"},
		{"unknown role", func(s *Sample) { s.People[0].Role = "king" }, "king"},
		{"no language", func(s *Sample) { s.People[0].Settings.Language = "" }, "language"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := mustLoad(t)
			c.alter(&s)
			if _, err := check(s); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("the error is %v; it should say %q", err, c.want)
			}
		})
	}
}
