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
	disabled bool
	erased   bool
	tokens   map[uuid.UUID]bool          // issued; true: still in force but for its expiry
	settings NotificationSettingsChanged // the newest; zero: never chosen

	inForce   Address    // confirmed; the chosen one, or the one before it
	suspended Suspension // of the address in force
	given     []time.Time
	bounces   []MailBounced
}

// Settings are the notification settings; false if they were never chosen.
func (s State) Settings() (NotificationSettingsChanged, bool) {
	return s.settings, s.settings.Person != uuid.Nil
}

// Exists tells whether the person has joined.
func (s State) Exists() bool { return s.id != uuid.Nil }

// Disabled tells whether the account has ended for now.
func (s State) Disabled() bool { return s.disabled }

// Erased tells whether the person has ended for ever.
func (s State) Erased() bool { return s.erased }

// TokensInForce are the ids of the tokens that were issued and not revoked; some
// may have expired.
func (s State) TokensInForce() []uuid.UUID {
	var ids []uuid.UUID
	for id, inForce := range s.tokens {
		if inForce {
			ids = append(ids, id)
		}
	}
	return ids
}

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
			s.choose(e)
		case AddressConfirmed:
			s.confirmed(e)
		case MailBounced:
			s.bounced(e)
		case MailSuspended:
			if e.AddressID == s.inForce.ID {
				s.suspended = e.Cause
			}
		case Disabled:
			s.disabled = true
		case Enabled:
			s.disabled = false
		case Erased:
			s.erased = true
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
		return nil, s.existing()
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

// ChangeSettings replaces the notification settings. The address is the one in
// force, the one that waits, or one from Give, whose text the caller has checked; a
// zero one is none.
func (s State) ChangeSettings(schedule calendar.Schedule, language string, address Address) ([]event.Payload, error) {
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
	return []event.Payload{NotificationSettingsChanged{
		Person: s.id, Schedule: schedule, Language: language, AddressID: address.ID, AddressAt: address.Given, Address: address.Address,
	}}, nil
}

// Disable ends a person's sessions and digests. Again is no error.
func (s State) Disable() ([]event.Payload, error) {
	if err := s.existing(); err != nil || s.disabled {
		return nil, err
	}
	return []event.Payload{Disabled{Person: s.id}}, nil
}

// Enable ends a disabling. Again is no error.
func (s State) Enable() ([]event.Payload, error) {
	if err := s.existing(); err != nil || !s.disabled {
		return nil, err
	}
	return []event.Payload{Enabled{Person: s.id}}, nil
}

// Erase ends a person for ever. Again is no error, so that an erasure that was
// interrupted can be completed.
func (s State) Erase() ([]event.Payload, error) {
	if s.erased {
		return nil, nil
	}
	if err := s.existing(); err != nil {
		return nil, err
	}
	return []event.Payload{Erased{Person: s.id}}, nil
}

// TurnOff ends all digests and leaves the other settings as they are. For one who
// gets none, nothing changes.
func (s State) TurnOff() []event.Payload {
	off := s.settings
	if _, chosen := s.Settings(); !chosen || s.erased || off.Schedule.Frequency == calendar.Off {
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
	if s.disabled {
		return nil, disabled()
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

// existing refuses one who has not joined, or was erased: the same answer.
func (s State) existing() error {
	if !s.Exists() || s.erased {
		return domain.Refuse(domain.NotFound, "no-person", "there is no such person; let the person join first")
	}
	return nil
}

func disabled() error {
	return domain.Refuse(domain.Forbidden, "account-disabled", "this account is disabled; ask an administrator to enable it")
}
