package handlers

// Here: the commands on persons and their notification settings.

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"imprint/domain/event"
	"imprint/domain/person"
)

// People carries out the commands on persons, their settings and their tokens.
type People struct {
	journal *Journal
	keys    DataKeys
	names   Names
	tokens  Tokens
	mails   Mails
}

// NewPeople makes the handler; it is safe for concurrent use.
func NewPeople(journal *Journal, keys DataKeys, names Names, tokens Tokens, mails Mails) *People {
	return &People{journal: journal, keys: keys, names: names, tokens: tokens, mails: mails}
}

// Joined answers Join.
type Joined struct {
	Person  uuid.UUID
	Already bool // the person had joined before this request
	Written
}

// Join makes a person known by name, once: the same name is the same person.
// Administrators only.
func (p *People) Join(ctx context.Context, req Request, name string) (Joined, error) {
	if err := req.administrator(); err != nil {
		return Joined{}, err
	}
	name = strings.TrimSpace(name)
	if err := person.CheckName(name); err != nil {
		return Joined{}, err
	}
	hash, err := p.nameHash(ctx, name)
	if err != nil {
		return Joined{}, err
	}
	// The claim is durable before the person joins. If we die between the two, the
	// name leads to a person without events, and the next Join makes that one join.
	// The id follows from the name too: another name under the same request id, which
	// is refused below, must not have been claimed for the person of the first one.
	id, err := p.names.Claim(ctx, hash, req.derive("person "+hex.EncodeToString(hash)))
	if err != nil {
		return Joined{}, fmt.Errorf("claim a name: %w", err)
	}
	done, err := execute(ctx, p.journal, req, command[person.State]{
		stream: person.Stream(id),
		decide: func(_ context.Context, s person.State, _ time.Time) ([]event.Payload, error) { return s.Join(id, name) },
	})
	return Joined{Person: id, Already: err == nil && len(done.events) == 0, Written: done.Written}, err
}

// Named finds the person of a name.
func (p *People) Named(ctx context.Context, name string) (uuid.UUID, bool, error) {
	hash, err := p.nameHash(ctx, strings.TrimSpace(name))
	if err != nil {
		return uuid.Nil, false, err
	}
	return p.names.Find(ctx, hash)
}

// namesKey is the key of the look-up by name. Without it a hash cannot be
// guessed back to a name.
const namesKey event.KeyID = "lookup-names"

func (p *People) nameHash(ctx context.Context, name string) ([]byte, error) {
	key, err := p.keys.Ensure(ctx, namesKey)
	if err != nil {
		return nil, fmt.Errorf("key of names: %w", err)
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(name))
	return mac.Sum(nil), nil
}
