package series

import (
	"time"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/event"
)

// The limits, in characters per language.
const (
	MaxName        = 300
	MaxDescription = 4000
	MaxReason      = 1000
)

// State is a series as its events left it; the zero State does not exist.
type State struct {
	id           uuid.UUID
	name         domain.Text
	description  domain.Text
	discontinued bool
}

// Exists tells whether the series has been opened.
func (s State) Exists() bool { return s.id != uuid.Nil }

// Discontinued tells whether the series has ended.
func (s State) Discontinued() bool { return s.discontinued }

// Fold answers the state after further events. Events of other aggregates
// change nothing.
func (s State) Fold(payloads ...event.Payload) State {
	for _, p := range payloads {
		switch e := p.(type) {
		case Opened:
			s.id, s.name, s.description = e.Series, e.Name, e.Description
		case Revised:
			s.name, s.description = e.Name, e.Description
		case Discontinued:
			s.discontinued = true
		}
	}
	return s
}

// Open begins a series.
func (s State) Open(id uuid.UUID, name, description domain.Text) ([]event.Payload, error) {
	if s.Exists() {
		return nil, domain.Refuse(domain.Conflict, "series-exists", "the series exists already; revise it to change its name")
	}
	if id == uuid.Nil {
		return nil, domain.Refuse(domain.Invalid, "no-id", "a series needs an id").In("series")
	}
	if err := check(name, description); err != nil {
		return nil, err
	}
	return []event.Payload{Opened{Series: id, Name: name, Description: description}}, nil
}

// Revise replaces name and description, also of a discontinued series.
func (s State) Revise(name, description domain.Text) ([]event.Payload, error) {
	if err := s.existing(); err != nil {
		return nil, err
	}
	if err := check(name, description); err != nil {
		return nil, err
	}
	if name.Equal(s.name) && description.Equal(s.description) {
		return nil, domain.Refuse(domain.Conflict, "unchanged", "name and description would stay as they are; nothing was recorded")
	}
	return []event.Payload{Revised{Series: s.id, Name: name, Description: description}}, nil
}

// Discontinue ends the series. successor is uuid.Nil for none; next is the
// successor's state.
func (s State) Discontinue(reason domain.Text, successor uuid.UUID, next State, at time.Time) ([]event.Payload, error) {
	if err := s.existing(); err != nil {
		return nil, err
	}
	if err := reason.Require("reason", MaxReason); err != nil {
		return nil, err
	}
	if s.discontinued {
		return nil, domain.Refuse(domain.Conflict, "discontinued", "the series is discontinued already")
	}
	if successor != uuid.Nil {
		switch {
		case successor == s.id:
			return nil, domain.Refuse(domain.Invalid, "own-successor", "a series cannot be its own successor; name another, or none").In("successor")
		case !next.Exists():
			return nil, domain.Refuse(domain.Invalid, "no-successor", "there is no series %s to succeed this one; open it first", successor).In("successor")
		case next.discontinued:
			return nil, domain.Refuse(domain.Conflict, "successor-discontinued", "the successor is discontinued itself; name a series that goes on, or none").In("successor")
		}
	}
	return []event.Payload{Discontinued{Series: s.id, Reason: reason, Successor: successor, DiscontinuedAt: domain.Moment(at)}}, nil
}

// Join refuses a document that would come into a series that is not there or
// has ended.
func (s State) Join() error {
	if !s.Exists() {
		return domain.Refuse(domain.Invalid, "no-series", "there is no such series; open it first").In("series")
	}
	if s.discontinued {
		return domain.Refuse(domain.Conflict, "discontinued", "the series is discontinued and takes no further document; use its successor").In("series")
	}
	return nil
}

func (s State) existing() error {
	if !s.Exists() {
		return domain.Refuse(domain.NotFound, "no-series", "there is no such series; check the address")
	}
	return nil
}

func check(name, description domain.Text) error {
	if err := name.RequireLine("name", MaxName); err != nil {
		return err
	}
	return description.Check("description", MaxDescription)
}
