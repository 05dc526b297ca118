package sample

import (
	"maps"
	"reflect"
	"slices"
	"testing"
	"unicode/utf8"

	"imprint/domain"
	"imprint/domain/access"
	"imprint/domain/calendar"
)

func mustLoad(t *testing.T) Sample {
	t.Helper()
	s, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSampleIsWideEnough(t *testing.T) {
	t.Parallel()
	s := mustLoad(t)
	done, bytes, pdfs := map[Action]int{}, 0, 0
	for _, step := range s.Steps {
		done[step.Do]++
		for _, f := range step.Files {
			bytes += len(f.Content)
			if f.MediaType == "application/pdf" {
				pdfs++
			}
		}
	}
	if bytes > 3<<20 {
		t.Errorf("the files hold %d bytes; at most 3 MB may be embedded", bytes)
	}
	versions := done[Publish] + done[Version]
	if done[Publish] < 28 || versions < 60 || pdfs < 6 || len(s.Series) < 6 || len(s.Categories) < 14 {
		t.Errorf("%d documents, %d versions, %d PDFs, %d series, %d categories", done[Publish], versions, pdfs, len(s.Series), len(s.Categories))
	}
	for _, action := range []Action{Publish, Version, Revise, CorrectSummary, WithdrawVersion, Withdraw, Reinstate,
		DiscontinueSeries, Save, Remove, Follow, Unfollow, Settings} {
		if done[action] == 0 {
			t.Errorf("nothing in the sample shows %s", action)
		}
	}
	if first, last := s.Steps[0].DaysAgo, s.Steps[len(s.Steps)-1].DaysAgo; first < 55 || last > 1 {
		t.Errorf("the story runs from %g to %g days ago; it should fill the last 60 days", first, last)
	}
}

func TestPeopleCoverEveryRoleAndFrequency(t *testing.T) {
	t.Parallel()
	roles, readers := map[access.Role]int{}, map[calendar.Frequency]int{}
	zones, languages := map[string]int{}, map[string]int{}
	for _, p := range mustLoad(t).People {
		roles[p.Role]++
		zones[p.Settings.Zone]++
		languages[p.Settings.Language]++
		if p.Role == access.Member {
			readers[p.Settings.Frequency]++
			if len(p.Library) < 5 {
				t.Errorf("%s keeps only %v", p.Key, p.Library)
			}
		}
	}
	if roles[access.Publisher] != 2 || roles[access.Auditor] != 1 || roles[access.Administrator] != 1 {
		t.Errorf("roles: %v", roles)
	}
	for _, frequency := range []calendar.Frequency{calendar.Immediate, calendar.Weekly, calendar.Monthly, calendar.Off} {
		if readers[frequency] == 0 {
			t.Errorf("no reader joins with %s", frequency)
		}
	}
	for _, zone := range []string{"Europe/Berlin", "America/New_York", "Asia/Tokyo", "UTC"} {
		if zones[zone] == 0 {
			t.Errorf("nobody lives in %s", zone)
		}
	}
	if languages["de"] == 0 || languages["en"] == 0 {
		t.Errorf("languages: %v", languages)
	}
}

// A filter value that selects one document, or all, shows nothing about filters.
func TestEveryFilterValueIsUsedTwice(t *testing.T) {
	t.Parallel()
	s := mustLoad(t)
	used := map[string]map[string]int{"category": {}, "service": {}, "region": {}, "industry": {}, "audience": {}}
	for _, c := range s.Categories {
		used["category"][c.ID] = 0
	}
	documents := 0
	for _, step := range s.Steps {
		if step.Do != Publish {
			continue
		}
		documents++
		used["audience"][string(step.Audience)]++
		for filter, values := range map[string][]string{"category": step.Categories, "service": step.Services, "region": step.Regions, "industry": step.Industries} {
			for _, v := range values {
				used[filter][v]++
			}
		}
	}
	for filter, values := range used {
		for value, n := range values {
			if n < 2 || n == documents {
				t.Errorf("%s %s selects %d of %d documents", filter, value, n, documents)
			}
		}
	}
	for filter, want := range map[string][]string{
		"service":  {"compute", "database", "identity", "mail", "storage"},
		"region":   {"apac", "eu", "global", "uk", "us"},
		"industry": {"financial-services", "government", "healthcare", "media"},
		"audience": {"everyone", "signed-in"},
	} {
		if got := slices.Sorted(maps.Keys(used[filter])); !slices.Equal(got, want) {
			t.Errorf("%s has the values %v, not %v", filter, got, want)
		}
	}
}

// My Library shows its mark only where a major version is younger than 30 days;
// most libraries should hold documents with and without it.
func TestLibrariesShowBothSidesOfThirtyDays(t *testing.T) {
	t.Parallel()
	s := mustLoad(t)
	updated := map[string]float64{}
	for _, step := range s.Steps {
		if step.Do == Version && step.Major {
			updated[step.Document] = step.DaysAgo
		}
	}
	readers, both := 0, 0
	for _, p := range s.People {
		if p.Role != access.Member {
			continue
		}
		marked, unmarked := 0, 0
		for _, document := range p.Library {
			if days, ok := updated[document]; ok && days < 30 {
				marked++
			} else {
				unmarked++
			}
		}
		readers++
		if marked > 0 && unmarked > 0 {
			both++
		}
	}
	if 2*both <= readers {
		t.Errorf("only %d of %d readers keep marked and unmarked documents", both, readers)
	}
}

func TestTextsPassTheDomainsRules(t *testing.T) {
	t.Parallel()
	s := mustLoad(t)
	german := 0
	for _, step := range s.Steps {
		for field, text := range map[string]domain.Text{"title": step.Title, "description": step.Description, "summary": step.Summary, "reason": step.Reason} {
			if err := text.Check(field, 400); err != nil {
				t.Errorf("%s %s: %v", step.Do, step.Document, err)
			}
			if text["de"] != "" {
				german++
			}
		}
		for _, f := range step.Files {
			if f.MediaType != "application/pdf" && !utf8.Valid(f.Content) {
				t.Errorf("%s is not UTF-8", f.Name)
			}
		}
	}
	if german < 20 {
		t.Errorf("only %d texts are translated", german)
	}
}

func TestLoadIsDeterministic(t *testing.T) {
	t.Parallel()
	if !reflect.DeepEqual(mustLoad(t), mustLoad(t)) {
		t.Error("two loads differ; the same demo must hash the same")
	}
}
