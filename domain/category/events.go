package category

import (
	"imprint/domain"
	"imprint/domain/event"
)

// Group is one of the four top groups of the portal.
type Group string

// The groups, in the order in which the home page shows them.
const (
	Certifications Group = "certifications" // Certifications, Regulations and Standards
	Reports        Group = "reports"        // Reports, Whitepapers and Artifacts
	Regional       Group = "regional"       // Industry and Regional Resources
	Organization   Group = "organization"   // Resources for your Organization
)

// Defined begins a category (a tile), or gives it another name: the id and its
// links stay.
type Defined struct {
	Category    string      `json:"category"` // a slug, e.g. "iso-iec"
	Group       Group       `json:"group"`
	Name        domain.Text `json:"name"`
	Description domain.Text `json:"description,omitempty"`
}

// Moved puts a category under another group.
type Moved struct {
	Category string `json:"category"`
	Group    Group  `json:"group"`
}

// Removed ends a category that holds no document.
type Removed struct {
	Category string `json:"category"`
}

// The names under which the events stand in the log, for ever.
func (Defined) EventType() string { return "CategoryDefined" }
func (Moved) EventType() string   { return "CategoryMoved" }
func (Removed) EventType() string { return "CategoryRemoved" }

// Events defines this aggregate's events.
func Events() []event.Definition {
	return []event.Definition{
		event.Define[Defined](false),
		event.Define[Moved](false),
		event.Define[Removed](false),
	}
}

// Stream is the stream of one category.
func Stream(id string) event.Stream { return event.StreamOf(event.CategoryCategory, id) }
