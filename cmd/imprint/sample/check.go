// Whether the story can be carried out: every step is tried on a small model of
// the product, oldest first. The product's own rules decide in the end; this is
// here so that whoever edits the sample is told which step is wrong, and why.

package sample

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"

	"imprint/domain/access"
	"imprint/domain/category"
)

var groups = []category.Group{category.Certifications, category.Reports, category.Regional, category.Organization}

// story is what holds after the steps tried so far.
type story struct {
	categories map[string]bool
	series     map[string]bool // whether it is still open
	people     map[string]Person
	documents  map[string]*life
	libraries  map[string]map[string]bool // person, document
}

// life is a document's state.
type life struct {
	series    string
	versions  []Step
	gone      map[int]bool // withdrawn versions
	withdrawn bool
}

// check tries all steps and answers what everybody keeps in the end.
func check(s Sample) (map[string][]string, error) {
	st, err := begin(s)
	if err != nil {
		return nil, err
	}
	for i, step := range s.Steps {
		if step.DaysAgo > 60 || step.DaysAgo <= 0 {
			err = errors.New("it must lie within the last 60 days")
		} else if i > 0 && step.DaysAgo > s.Steps[i-1].DaysAgo {
			err = errors.New("it is older than the step before it")
		} else {
			err = st.try(step)
		}
		if err != nil {
			return nil, fmt.Errorf("sample: %g days ago, %s %s %s%s: %w",
				step.DaysAgo, step.By, step.Do, step.Document, seriesOf(step), err)
		}
	}
	kept := map[string][]string{}
	for person, library := range st.libraries {
		kept[person] = slices.Sorted(maps.Keys(library))
	}
	return kept, nil
}

// seriesOf names the series in steps that are about one.
func seriesOf(step Step) string {
	if step.Document == "" {
		return step.Series
	}
	return ""
}

// begin holds the sample's cast against itself.
func begin(s Sample) (*story, error) {
	st := &story{
		categories: map[string]bool{}, series: map[string]bool{}, people: map[string]Person{},
		documents: map[string]*life{}, libraries: map[string]map[string]bool{},
	}
	for _, c := range s.Categories {
		if !slices.Contains(groups, c.Group) {
			return nil, fmt.Errorf("sample: category %s lies under the unknown group %q", c.ID, c.Group)
		}
		st.categories[c.ID] = true
	}
	for _, line := range s.Series {
		st.series[line.Key] = true
	}
	for _, p := range s.People {
		if err := p.check(); err != nil {
			return nil, fmt.Errorf("sample: person %s: %w", p.Key, err)
		}
		st.people[p.Key] = p
		st.libraries[p.Key] = map[string]bool{}
	}
	switch {
	case len(st.categories) < len(s.Categories):
		return nil, errors.New("sample: two categories have the same id")
	case len(st.series) < len(s.Series):
		return nil, errors.New("sample: two series have the same key")
	case len(st.people) < len(s.People):
		return nil, errors.New("sample: two people have the same key")
	}
	return st, nil
}

// check refuses a person who cannot join.
func (p Person) check() error {
	if _, err := access.ParseRole(string(p.Role)); err != nil {
		return err
	}
	return p.Settings.check()
}

func (s NotificationSettings) check() error {
	if s.Language == "" {
		return errors.New("the language is missing")
	}
	return s.Schedule.Check()
}

// try carries one step out on the model, or says why it cannot be.
func (st *story) try(step Step) error {
	person, known := st.people[step.By]
	if !known {
		return errors.New("nobody has that key")
	}
	if !person.Role.MayChange() {
		return errors.New("an auditor changes nothing")
	}
	switch step.Do {
	case Save, Remove, Follow, Unfollow, Settings:
		return st.tryReading(step)
	}
	if !person.Role.MayPublish() {
		return errors.New("only a publisher may do that")
	}
	if step.Do == DiscontinueSeries {
		return st.tryDiscontinue(step)
	}
	return st.tryPublishing(step)
}

func (st *story) tryDiscontinue(step Step) error {
	switch {
	case !st.series[step.Series]:
		return errors.New("the series is unknown or no longer open")
	case step.Successor != "" && (step.Successor == step.Series || !st.series[step.Successor]):
		return fmt.Errorf("the successor %q is not another open series", step.Successor)
	case step.Reason == nil:
		return errors.New("the reason is missing")
	}
	st.series[step.Series] = false
	return nil
}

// tryReading holds steps that readers take: on their library and settings.
func (st *story) tryReading(step Step) error {
	library := st.libraries[step.By]
	switch step.Do {
	case Save:
		d := st.documents[step.Document]
		if d == nil || d.withdrawn {
			return errors.New("the document is not published at that time")
		}
		if library[step.Document] {
			return errors.New("it is kept already")
		}
		library[step.Document] = true
	case Remove:
		if !library[step.Document] {
			return errors.New("it is not kept at that time")
		}
		delete(library, step.Document)
	case Settings:
		if step.Settings == nil {
			return errors.New("the settings are missing")
		}
		return step.Settings.check()
	default: // Follow, Unfollow
		for document := range library {
			if st.documents[document].series == step.Series && step.Series != "" {
				return nil
			}
		}
		return errors.New("the person keeps no document of that series")
	}
	return nil
}

// sameBytes tells whether two versions hold the same files.
func sameBytes(a, b []File) bool {
	return slices.EqualFunc(a, b, func(x, y File) bool {
		return x.Locale == y.Locale && bytes.Equal(x.Content, y.Content)
	})
}
