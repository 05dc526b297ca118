package handlers

// Here: the end of an account, for now or for ever, and what failed on the way to
// a person.

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/event"
	"imprint/domain/library"
	"imprint/domain/person"
)

// Disable ends a person's sessions and digests. Administrators only. Again is no
// error.
func (p *People) Disable(ctx context.Context, req Request, id uuid.UUID) (Written, error) {
	if err := req.administrator(); err != nil {
		return Written{}, err
	}
	done, err := p.settle(ctx, req, id, func(_ context.Context, s person.State, _ time.Time) ([]event.Payload, error) { return s.Disable() })
	if err != nil {
		return Written{}, err
	}
	return done, p.CompleteEnd(ctx, req, id)
}

// Enable ends a disabling; tokens have to be issued anew. Administrators only. Again
// is no error.
func (p *People) Enable(ctx context.Context, req Request, id uuid.UUID) (Written, error) {
	if err := req.administrator(); err != nil {
		return Written{}, err
	}
	return p.settle(ctx, req, id, func(_ context.Context, s person.State, _ time.Time) ([]event.Payload, error) { return s.Enable() })
}

// Erase ends a person for ever: what is mailed first, then what was kept, and last
// the key that everything personal is sealed under. Administrators only. If we die
// in the middle, nobody was told that it is done; the program completes it by itself
// (CompleteEnd), as does the same command again.
func (p *People) Erase(ctx context.Context, req Request, id uuid.UUID) (Written, error) {
	if err := req.administrator(); err != nil {
		return Written{}, err
	}
	done, err := p.settle(ctx, req, id, func(_ context.Context, s person.State, _ time.Time) ([]event.Payload, error) { return s.Erase() })
	if err != nil {
		return Written{}, err
	}
	return done, p.CompleteEnd(ctx, req, id)
}

// CompleteEnd does what is left to do of a disabling or an erasure that is recorded:
// each step may be repeated, and two who do it at once do it once. An account that is
// in use stays as it is. Administrators only.
func (p *People) CompleteEnd(ctx context.Context, req Request, id uuid.UUID) error {
	if err := req.administrator(); err != nil {
		return err
	}
	state, err := look[person.State](ctx, p.journal, person.Stream(id))
	if err != nil || !state.Disabled() && !state.Erased() {
		return err
	}
	// None was issued after the state that we look at: both refuse it.
	for _, token := range state.TokensInForce() {
		if err := p.tokens.End(ctx, token); err != nil {
			return fmt.Errorf("end token %s: %w", token, err)
		}
	}
	if !state.Erased() {
		return nil
	}
	if err := p.emptyLibrary(ctx, req, id); err != nil {
		return err
	}
	if err := p.names.Forget(ctx, id); err != nil {
		return fmt.Errorf("forget the names of %s: %w", id, err)
	}
	// The key goes last: whoever finds it destroyed finds all the rest done.
	if err := p.keys.Destroy(ctx, person.Key(id)); err != nil {
		return fmt.Errorf("destroy the key of %s: %w", id, err)
	}
	return nil
}

// AccountState says how an account stands.
type AccountState string

// The states of an account.
const (
	ActiveAccount   AccountState = "active"
	DisabledAccount AccountState = "disabled"
	ErasedAccount   AccountState = "erased"
)

// Account tells how a person's account stands; domain.NotFound for one who never
// joined. Administrators only.
func (p *People) Account(ctx context.Context, req Request, id uuid.UUID) (AccountState, error) {
	if err := req.administrator(); err != nil {
		return "", err
	}
	state, err := look[person.State](ctx, p.journal, person.Stream(id))
	switch {
	case err != nil:
		return "", err
	case !state.Exists():
		return "", domain.Refuse(domain.NotFound, "no-person", "there is no person %s; imprint token list prints the ids of those with tokens", id)
	case state.Erased():
		return ErasedAccount, nil
	case state.Disabled():
		return DisabledAccount, nil
	}
	return ActiveAccount, nil
}

// emptyLibrary takes everything out, in groups that one append holds.
func (p *People) emptyLibrary(ctx context.Context, req Request, id uuid.UUID) error {
	for group := 0; ; group++ {
		part := req
		part.ID = req.derive(fmt.Sprintf("library %d", group)).String()
		done, err := execute(ctx, p.journal, part, command[library.State]{
			stream: library.Stream(id),
			decide: func(_ context.Context, s library.State, _ time.Time) ([]event.Payload, error) {
				return s.Empty(id), nil
			},
		})
		if err != nil || len(done.events) == 0 {
			return err
		}
	}
}

// Addresses are the ids of a person's address in force and of the one that waits.
func (p *People) Addresses(ctx context.Context, id uuid.UUID) ([]uuid.UUID, error) {
	state, err := look[person.State](ctx, p.journal, person.Stream(id))
	if err != nil {
		return nil, err
	}
	return []uuid.UUID{state.InForce().ID, state.Pending().ID}, nil
}

// Bounced records that a mail to one of a person's addresses came back, and
// suspends the address where that is the rule. The program itself only.
func (p *People) Bounced(ctx context.Context, req Request, id uuid.UUID, f person.Failure) (Written, error) {
	if err := req.administrator(); err != nil {
		return Written{}, err
	}
	return p.settle(ctx, req, id, func(_ context.Context, s person.State, at time.Time) ([]event.Payload, error) { return s.Bounce(f, at) })
}

// Complained records that a reader has reported a mail as unwanted. The program
// itself only.
func (p *People) Complained(ctx context.Context, req Request, id, address uuid.UUID) (Written, error) {
	if err := req.administrator(); err != nil {
		return Written{}, err
	}
	return p.settle(ctx, req, id, func(_ context.Context, s person.State, _ time.Time) ([]event.Payload, error) {
		return s.Complain(address), nil
	})
}
