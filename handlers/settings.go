package handlers

// Here: reading a person's own settings, and turning digests off without signing
// in.

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"imprint/domain/calendar"
	"imprint/domain/event"
	"imprint/domain/person"
)

// Settings answers a person's notification settings, the address unsealed; the
// schedule is Off where nothing was ever chosen. Its caller has made sure that it
// is the person who asks.
func (p *People) Settings(ctx context.Context, id uuid.UUID) (Settings, error) {
	state, err := look[person.State](ctx, p.journal, person.Stream(id))
	if err != nil {
		return Settings{}, err
	}
	chosen, ok := state.Settings()
	if !ok {
		return Settings{Person: id, Schedule: calendar.Schedule{Frequency: calendar.Off}}, nil
	}
	s := Settings{Person: id, Schedule: chosen.Schedule, Language: chosen.Language}
	s.Address, err = chosen.Address.Reveal(ctx, p.keys, person.AddressField)
	if errors.Is(err, event.ErrKeyDestroyed) {
		return s, nil // erased: there is no address any more
	}
	return s, err
}

// TurnOff ends a person's digests. It is what an unsubscribe link does: whoever
// holds one may do it, for it only ever reduces mail. Again is no error.
func (p *People) TurnOff(ctx context.Context, req Request, id uuid.UUID) (Written, error) {
	if err := req.check(); err != nil {
		return Written{}, err
	}
	done, err := execute(ctx, p.journal, req, command[person.State]{
		stream: person.Stream(id),
		decide: func(_ context.Context, s person.State, _ time.Time) ([]event.Payload, error) { return s.TurnOff(), nil },
	})
	return done.Written, err
}
