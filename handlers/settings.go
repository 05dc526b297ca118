package handlers

// Here: the commands on notification settings, and reading one's own.

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"golang.org/x/net/idna"

	"imprint/domain"
	"imprint/domain/access"
	"imprint/domain/calendar"
	"imprint/domain/event"
	"imprint/domain/mail"
	"imprint/domain/maildomain"
	"imprint/domain/person"
)

// Settings are a person's notification settings; all are given.
type Settings struct {
	Person   uuid.UUID
	Schedule calendar.Schedule
	Language string // e.g. "en"
	Address  string // one mail address, as mail.CheckAddress wants it; "": nowhere
}

// Chosen are the settings as they stand, with what is known of the address.
type Chosen struct {
	Settings
	AddressID uuid.UUID          // names the giving of Address; nil without one
	Confirmed bool               // digests go to Address; else it waits for its confirmation
	InForce   string             // while it waits: the address to which digests go still; "": none
	Expires   time.Time          // while it waits: when the link that was sent ends
	Suspended person.Suspension  // why no mail goes to the address in force
	Bounced   person.MailBounced // the newest mail to Address that came back; zero if none did
}

// ChangeSettings replaces the settings of the person who asks; an administrator
// may replace anyone's. A new address is sent a link, and is in force once that has
// been followed.
func (p *People) ChangeSettings(ctx context.Context, req Request, s Settings) (Written, error) {
	if err := req.of(s.Person); err != nil {
		return Written{}, err
	}
	if s.Address != "" {
		if err := mail.CheckAddress(s.Address); err != nil {
			return Written{}, err
		}
		if err := p.admit(ctx, req, s.Address); err != nil {
			return Written{}, err
		}
	}
	return p.settle(ctx, req, s.Person, func(ctx context.Context, state person.State, at time.Time) ([]event.Payload, error) {
		address, err := p.address(ctx, req, state, s.Address, at)
		if err != nil {
			return nil, err
		}
		return state.ChangeSettings(s.Schedule, s.Language, address)
	})
}

// AskAgain sends another link to the address that waits for its confirmation, or is
// suspended. With nothing to confirm, nothing is sent.
func (p *People) AskAgain(ctx context.Context, req Request, id uuid.UUID) (Written, error) {
	if err := req.of(id); err != nil {
		return Written{}, err
	}
	return p.settle(ctx, req, id, func(ctx context.Context, s person.State, at time.Time) ([]event.Payload, error) {
		asked := s.Pending().Address
		if asked.IsZero() && s.Suspended() != person.NotSuspended {
			asked = s.InForce().Address
		}
		if asked.IsZero() {
			return nil, nil
		}
		text, err := asked.Reveal(ctx, p.keys, person.AddressField)
		if err != nil {
			return nil, err
		}
		address, err := s.Give(text, req.derive("address"), at)
		if err != nil {
			return nil, err
		}
		chosen, _ := s.Settings()
		return s.ChangeSettings(chosen.Schedule, chosen.Language, address)
	})
}

// ConfirmAddress puts an address in force: it is what the link does that was sent
// to it, signed in or not. Again is no error.
func (p *People) ConfirmAddress(ctx context.Context, req Request, id, address uuid.UUID) (Written, error) {
	if err := req.check(); err != nil {
		return Written{}, err
	}
	return p.settle(ctx, req, id, func(_ context.Context, s person.State, at time.Time) ([]event.Payload, error) {
		return s.ConfirmAddress(address, at)
	})
}

// Vouch puts the address that waits in force on the word of someone at the program's
// machine, without a mail.
func (p *People) Vouch(ctx context.Context, req Request, id uuid.UUID) (Written, error) {
	if err := req.check(); err != nil {
		return Written{}, err
	}
	if !req.trusted() {
		return Written{}, domain.Refuse(domain.Forbidden, "not-the-operator", "an address is confirmed by the link that is sent to it")
	}
	return p.settle(ctx, req, id, func(_ context.Context, s person.State, at time.Time) ([]event.Payload, error) {
		pending := s.Pending()
		if pending.ID == uuid.Nil {
			return nil, nil
		}
		return s.ConfirmAddress(pending.ID, at)
	})
}

// TurnOff ends a person's digests. It is what an unsubscribe link does: whoever
// holds one may do it, for it only ever reduces mail. Again is no error.
func (p *People) TurnOff(ctx context.Context, req Request, id uuid.UUID) (Written, error) {
	if err := req.check(); err != nil {
		return Written{}, err
	}
	return p.settle(ctx, req, id, func(_ context.Context, s person.State, _ time.Time) ([]event.Payload, error) { return s.TurnOff(), nil })
}

// settle carries out a command that decides what may be mailed to a person. Once it
// has answered, no mail is begun that the log forbids.
func (p *People) settle(ctx context.Context, req Request, id uuid.UUID, decide func(context.Context, person.State, time.Time) ([]event.Payload, error)) (Written, error) {
	done, err := execute(ctx, p.journal, req, command[person.State]{stream: person.Stream(id), decide: decide})
	if err != nil {
		return Written{}, err
	}
	// If we die in between, nobody was told that it is done, and the worker reads the
	// log before each group of mails.
	if _, err := p.mails.CatchUp(ctx); err != nil {
		return Written{}, fmt.Errorf("tell the mails under way: %w", err)
	}
	return done.Written, nil
}

// address finds the one that a text means: the one in force or the one that waits,
// while its link holds; else it is new.
func (p *People) address(ctx context.Context, req Request, s person.State, text string, at time.Time) (person.Address, error) {
	if text == "" {
		return person.Address{}, nil
	}
	known := []person.Address{s.InForce()}
	if pending := s.Pending(); at.Before(pending.Given.Add(person.ConfirmWithin)) {
		known = append(known, pending)
	}
	for _, a := range known {
		plain, err := a.Address.Reveal(ctx, p.keys, person.AddressField)
		if err != nil {
			return person.Address{}, fmt.Errorf("the address so far: %w", err)
		}
		if plain == text {
			return a, nil
		}
	}
	return s.Give(text, req.derive("address"), at)
}

// admit refuses a member of an organisation an address outside its verified
// domains. An administrator's word about somebody else is not bound by it.
func (p *People) admit(ctx context.Context, req Request, address string) error {
	if req.Actor.Organization == "" {
		return nil
	}
	organization, err := uuid.Parse(req.Actor.Organization)
	if err != nil {
		return fmt.Errorf("the active organisation: %w", err)
	}
	name, err := idna.Lookup.ToASCII(address[strings.LastIndexByte(address, '@')+1:])
	if err != nil || maildomain.CheckName(name) != nil {
		return maildomain.State{}.Admit(organization)
	}
	of, err := look[maildomain.State](ctx, p.journal, maildomain.Stream(name))
	if err != nil {
		return err
	}
	return of.Admit(organization)
}

// of refuses everyone but the person and those who administer persons.
func (r Request) of(id uuid.UUID) error {
	if err := r.check(); err != nil {
		return err
	}
	if r.Actor.Person == id.String() || r.trusted() || r.Actor.Role == access.Administrator {
		return nil
	}
	return domain.Refuse(domain.Forbidden, "not-your-settings", "these are another person's settings; you can change your own")
}

// Settings answers a person's notification settings, the addresses unsealed; the
// schedule is Off where nothing was ever chosen. Its caller has made sure that it
// is the person who asks.
func (p *People) Settings(ctx context.Context, id uuid.UUID) (Chosen, error) {
	state, err := look[person.State](ctx, p.journal, person.Stream(id))
	if err != nil {
		return Chosen{}, err
	}
	settings, ok := state.Settings()
	if !ok || state.Erased() {
		return Chosen{Settings: Settings{Person: id, Schedule: calendar.Schedule{Frequency: calendar.Off}}}, nil
	}
	c := Chosen{Settings: Settings{Person: id, Schedule: settings.Schedule, Language: settings.Language}, AddressID: settings.AddressID, Suspended: state.Suspended()}
	c.Bounced, _ = state.Bounced()
	c.Address, err = settings.Address.Reveal(ctx, p.keys, person.AddressField)
	if pending := state.Pending(); err != nil || pending.ID == uuid.Nil {
		c.Confirmed = !settings.Address.IsZero()
	} else {
		c.Expires = pending.Given.Add(person.ConfirmWithin)
		c.InForce, err = state.InForce().Address.Reveal(ctx, p.keys, person.AddressField)
	}
	if errors.Is(err, event.ErrKeyDestroyed) {
		return Chosen{Settings: Settings{Person: id, Schedule: settings.Schedule, Language: settings.Language}}, nil
	}
	return c, err
}
