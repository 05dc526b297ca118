package person

import (
	"maps"
	"strings"
	"time"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/access"
	"imprint/domain/calendar"
	"imprint/domain/event"
)

const (
	maxName     = 200 // characters
	maxLanguage = 16  // bytes
	// MaxTokenLife is how far ahead a token may expire.
	MaxTokenLife = 366 * 24 * time.Hour
)

// Token is an access token as it is kept; the secret itself is not.
type Token struct {
	ID      uuid.UUID
	Person  uuid.UUID
	Role    access.Role
	Expires time.Time
}

// State is a person as the events left it; the zero State has not joined.
type State struct {
	id       uuid.UUID
	tokens   map[uuid.UUID]bool          // issued; true: still in force but for its expiry
	settings NotificationSettingsChanged // the newest; zero: never chosen
}

// Settings are the notification settings; false if they were never chosen.
func (s State) Settings() (NotificationSettingsChanged, bool) {
	return s.settings, s.settings.Person != uuid.Nil
}

// Exists tells whether the person has joined.
func (s State) Exists() bool { return s.id != uuid.Nil }

// Fold answers the state after further events, leaving s as it is. Events of
// other aggregates change nothing.
func (s State) Fold(payloads ...event.Payload) State {
	s.tokens = maps.Clone(s.tokens)
	if s.tokens == nil {
		s.tokens = map[uuid.UUID]bool{}
	}
	for _, p := range payloads {
		switch e := p.(type) {
		case Joined:
			s.id = e.Person
		case NotificationSettingsChanged:
			s.settings = e
		case TokenIssued:
			s.tokens[e.Token] = true
		case TokenRevoked:
			s.tokens[e.Token] = false
		}
	}
	return s
}

// Join begins a person; one who has joined stays so.
func (s State) Join(id uuid.UUID, name string) ([]event.Payload, error) {
	if err := CheckName(name); err != nil {
		return nil, err
	}
	if s.Exists() {
		return nil, nil
	}
	return []event.Payload{Joined{Person: id, Name: event.Personal(name)}}, nil
}

// CheckName refuses a name that cannot be kept. The error does not show it.
func CheckName(name string) error {
	if strings.TrimSpace(name) == "" {
		return domain.Refuse(domain.Invalid, "missing-name", "the name is missing; write one").In("name")
	}
	return domain.CheckLine("name", name, maxName, false)
}

// ChangeSettings replaces the notification settings. The address has been
// checked by the caller; "" is none.
func (s State) ChangeSettings(schedule calendar.Schedule, language, address string) ([]event.Payload, error) {
	if err := s.existing(); err != nil {
		return nil, err
	}
	if err := schedule.Check(); err != nil {
		return nil, err
	}
	// A language is what a text's locale is.
	if len(language) > maxLanguage || (domain.Text{language: ""}).Check("language", 0) != nil {
		return nil, domain.Refuse(domain.Invalid, "bad-language", "%.20q is not a language tag; write one such as \"en\" or \"pt-br\"", language).In("language")
	}
	changed := NotificationSettingsChanged{Person: s.id, Schedule: schedule, Language: language}
	if address != "" {
		changed.Address = event.Personal(address)
	}
	return []event.Payload{changed}, nil
}

// TurnOff ends all digests and leaves the other settings as they are. For one who
// gets none, nothing changes.
func (s State) TurnOff() []event.Payload {
	off := s.settings
	if _, chosen := s.Settings(); !chosen || off.Schedule.Frequency == calendar.Off {
		return nil
	}
	off.Schedule.Frequency = calendar.Off
	return []event.Payload{off}
}

// IssueToken records that a token is issued, for a year at most.
func (s State) IssueToken(token uuid.UUID, role access.Role, expires, at time.Time) ([]event.Payload, error) {
	if err := s.existing(); err != nil {
		return nil, err
	}
	if _, err := access.ParseRole(string(role)); err != nil {
		return nil, err
	}
	if life := expires.Sub(at); life <= 0 || life > MaxTokenLife {
		return nil, domain.Refuse(domain.Invalid, "bad-expiry", "a token expires after now and within %d days", int(MaxTokenLife.Hours()/24)).In("expires")
	}
	return []event.Payload{TokenIssued{Person: s.id, Token: token, Role: role, Expires: domain.Moment(expires)}}, nil
}

// RevokeToken records that a token is revoked; one revoked stays so.
func (s State) RevokeToken(token uuid.UUID) ([]event.Payload, error) {
	inForce, issued := s.tokens[token]
	if !issued {
		return nil, domain.Refuse(domain.NotFound, "no-token", "there is no such token; list the tokens to find its id")
	}
	if !inForce {
		return nil, nil
	}
	return []event.Payload{TokenRevoked{Person: s.id, Token: token}}, nil
}

func (s State) existing() error {
	if !s.Exists() {
		return domain.Refuse(domain.NotFound, "no-person", "there is no such person; let the person join first")
	}
	return nil
}
