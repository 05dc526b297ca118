package category

import (
	"imprint/domain"
	"imprint/domain/event"
)

// The limits, in characters per language.
const (
	MaxName        = 300
	MaxDescription = 4000
)

// State is a category as its events left it; the zero State is not defined.
type State struct {
	id          string
	group       Group
	name        domain.Text
	description domain.Text
}

// Exists tells whether the category is defined now.
func (s State) Exists() bool { return s.id != "" }

// Fold answers the state after further events. Events of other aggregates
// change nothing.
func (s State) Fold(payloads ...event.Payload) State {
	for _, p := range payloads {
		switch e := p.(type) {
		case Defined:
			s = State{id: e.Category, group: e.Group, name: e.Name, description: e.Description}
		case Moved:
			s.group = e.Group
		case Removed:
			s = State{}
		}
	}
	return s
}

// Define begins the category, or gives it another name or description. An equal
// definition leads to no event; another group is a move, and refused here so
// that nobody moves a tile by renaming it.
func (s State) Define(id string, group Group, name, description domain.Text) ([]event.Payload, error) {
	if err := domain.CheckSlug("category", id); err != nil {
		return nil, err
	}
	if err := group.check(); err != nil {
		return nil, err
	}
	if err := name.RequireLine("name", MaxName); err != nil {
		return nil, err
	}
	if err := description.Check("description", MaxDescription); err != nil {
		return nil, err
	}
	if s.Exists() && group != s.group {
		return nil, domain.Refuse(domain.Conflict, "category-elsewhere", "category %q lies under %q; move it to put it under %q", s.id, s.group, group).In("group")
	}
	if s.Exists() && name.Equal(s.name) && description.Equal(s.description) {
		return nil, nil
	}
	return []event.Payload{Defined{Category: id, Group: group, Name: name, Description: description}}, nil
}

// Move puts the category under another group; where it is already, nothing
// happens.
func (s State) Move(group Group) ([]event.Payload, error) {
	if err := s.existing(); err != nil {
		return nil, err
	}
	if err := group.check(); err != nil {
		return nil, err
	}
	if group == s.group {
		return nil, nil
	}
	return []event.Payload{Moved{Category: s.id, Group: group}}, nil
}

// Remove ends the category. documents is how many stand in it, whoever may see
// them: domain.Conflict unless there are none.
func (s State) Remove(documents int) ([]event.Payload, error) {
	if err := s.existing(); err != nil {
		return nil, err
	}
	if documents > 0 {
		return nil, domain.Refuse(domain.Conflict, "category-holds-documents", "category %q holds documents (%d); take them out of it first", s.id, documents)
	}
	return []event.Payload{Removed{Category: s.id}}, nil
}

// Take refuses a document that would come into a category that is not defined.
func (s State) Take(id string) error {
	if !s.Exists() {
		return domain.Refuse(domain.Invalid, "no-category", "there is no category %.70q; define it first, or use one that exists", id).In("categories")
	}
	return nil
}

func (s State) existing() error {
	if !s.Exists() {
		return domain.Refuse(domain.NotFound, "no-category", "there is no such category; check the address")
	}
	return nil
}

func (g Group) check() error {
	switch g {
	case Certifications, Reports, Regional, Organization:
		return nil
	}
	return domain.Refuse(domain.Invalid, "bad-group", "group %.40q does not exist; use %s, %s, %s or %s", g, Certifications, Reports, Regional, Organization).In("group")
}
