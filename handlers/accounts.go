package handlers

// Here: the end of an account, for now or for ever, and what failed on the way to
// a person.

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

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
	return done, p.endTokens(ctx, id)
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
// in the middle, nobody was told that it is done; the same command again completes
// it, and each of its steps may be repeated.
func (p *People) Erase(ctx context.Context, req Request, id uuid.UUID) (Written, error) {
	if err := req.administrator(); err != nil {
		return Written{}, err
	}
	done, err := p.settle(ctx, req, id, func(_ context.Context, s person.State, _ time.Time) ([]event.Payload, error) { return s.Erase() })
	if err != nil {
		return Written{}, err
	}
	if err := p.endTokens(ctx, id); err != nil {
		return Written{}, err
	}
	if err := p.emptyLibrary(ctx, req, id); err != nil {
		return Written{}, err
	}
	if err := p.names.Forget(ctx, id); err != nil {
		return Written{}, fmt.Errorf("forget the names of %s: %w", id, err)
	}
	if err := p.keys.Destroy(ctx, person.Key(id)); err != nil {
		return Written{}, fmt.Errorf("destroy the key of %s: %w", id, err)
	}
	return done, nil
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

func (p *People) endTokens(ctx context.Context, id uuid.UUID) error {
	state, err := look[person.State](ctx, p.journal, person.Stream(id))
	if err != nil {
		return err
	}
	for _, token := range state.TokensInForce() {
		if err := p.tokens.End(ctx, token); err != nil {
			return fmt.Errorf("end token %s: %w", token, err)
		}
	}
	return nil
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
