// Reading the embedded description and turning it into one ordered story.

package sample

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"
)

//go:embed company.json people.json documents files
var embedded embed.FS

// company, member and plan are the shapes of the JSON files; what is embedded in
// them is what Load hands on.
type (
	company struct {
		Categories []Category
		Series     []Series
		History    []Step
	}
	member struct {
		Person
		History []Step
	}
	plan struct {
		Key, By string
		Details
		History []Step
	}
)

// Load reads the embedded sample and checks that it can be carried out. An error
// names the file or the step at fault; it means that the sample was edited badly,
// and a test of this package would have said so.
func Load() (Sample, error) { return load(embedded) }

func load(source fs.FS) (Sample, error) {
	var about company
	if err := decode(source, "company.json", &about); err != nil {
		return Sample{}, err
	}
	var members []member
	if err := decode(source, "people.json", &members); err != nil {
		return Sample{}, err
	}
	plans, err := readPlans(source)
	if err != nil {
		return Sample{}, err
	}
	shelf, err := readFiles(source)
	if err != nil {
		return Sample{}, err
	}

	s := Sample{Categories: about.Categories, Series: about.Series, Steps: about.History}
	for _, m := range members {
		for _, step := range m.History {
			step.By = m.Key
			s.Steps = append(s.Steps, step)
		}
		s.People = append(s.People, m.Person)
	}
	for _, p := range plans {
		s.Steps = append(s.Steps, p.steps(shelf)...)
	}
	if name, left := shelf.leftOver(); left {
		return Sample{}, fmt.Errorf("sample: files/%s belongs to no version; name a document and a version that exist", name)
	}
	// Stable: what happens at one moment happens in the order written down.
	slices.SortStableFunc(s.Steps, func(a, b Step) int {
		switch {
		case a.DaysAgo > b.DaysAgo:
			return -1
		case a.DaysAgo < b.DaysAgo:
			return 1
		}
		return 0
	})
	libraries, err := check(s)
	if err != nil {
		return Sample{}, err
	}
	for i := range s.People {
		s.People[i].Library = libraries[s.People[i].Key]
	}
	return s, nil
}

// steps completes a document's history: its key, its publisher, the numbers of
// its versions and their files, and the details that hold at each revision.
func (p plan) steps(shelf shelf) []Step {
	now, newest := p.Details, 0
	steps := slices.Clone(p.History)
	for i := range steps {
		step := &steps[i]
		step.Document = p.Key
		if step.By == "" {
			step.By = p.By
		}
		switch step.Do {
		case Publish, Version:
			newest++
			step.Number = newest
			step.Major = step.Major || step.Do == Publish // a first version has nothing to be a minor edit of
			step.Files = shelf.take(p.Key, newest)
		case Revise:
			now = now.overlaid(step.Details)
		}
		if step.Do == Publish || step.Do == Revise {
			step.Details = now
		}
	}
	return steps
}

// overlaid answers d with everything that change states.
func (d Details) overlaid(change Details) Details {
	if change.Title != nil {
		d.Title = change.Title
	}
	if change.Description != nil {
		d.Description = change.Description
	}
	for _, list := range []struct{ to, from *[]string }{
		{&d.Categories, &change.Categories}, {&d.Services, &change.Services},
		{&d.Regions, &change.Regions}, {&d.Industries, &change.Industries},
	} {
		if *list.from != nil {
			*list.to = *list.from
		}
	}
	if change.Series != "" {
		d.Series = change.Series
	}
	if change.Audience != "" {
		d.Audience = change.Audience
	}
	return d
}

func readPlans(source fs.FS) ([]plan, error) {
	names, err := fs.Glob(source, "documents/*.json")
	if err != nil {
		return nil, fmt.Errorf("sample: list documents: %w", err)
	}
	var all []plan
	for _, name := range names {
		var some []plan
		if err := decode(source, name, &some); err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

// decode is strict: a misspelt field is an error, not a silent default.
func decode(source fs.FS, name string, into any) error {
	raw, err := fs.ReadFile(source, name)
	if err != nil {
		return fmt.Errorf("sample: %w", err)
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("sample: %s: %w", name, err)
	}
	return nil
}
