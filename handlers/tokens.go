package handlers

// Here: access tokens, which stand in for signing in until that exists.

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/access"
	"imprint/domain/event"
	"imprint/domain/person"
)

// IssueToken asks for an access token.
type IssueToken struct {
	Person  uuid.UUID
	Role    access.Role
	Expires time.Time // within person.MaxTokenLife
}

// IssuedToken is a new token. The secret is told once and kept nowhere.
type IssuedToken struct {
	person.Token
	Secret string
	Written
}

// secretPrefix lets people and scanners of leaked secrets recognise a token.
const secretPrefix = "imprint_"

// secretBytes of randomness cannot be guessed, so a plain SHA-256 at rest is
// enough: there is no dictionary to try.
const secretBytes = 32

// IssueToken makes a token for a person who has joined. Administrators only. A
// repeated request is a domain.Conflict: the secret cannot be told again.
func (p *People) IssueToken(ctx context.Context, req Request, c IssueToken) (IssuedToken, error) {
	if err := req.administrator(); err != nil {
		return IssuedToken{}, err
	}
	random := make([]byte, secretBytes)
	if _, err := rand.Read(random); err != nil {
		return IssuedToken{}, fmt.Errorf("token: %w", err)
	}
	secret := secretPrefix + base64.RawURLEncoding.EncodeToString(random)
	token := person.Token{ID: req.derive("token"), Person: c.Person, Role: c.Role, Expires: domain.Moment(c.Expires)}
	done, err := execute(ctx, p.journal, req, command[person.State]{
		stream: person.Stream(c.Person),
		decide: func(_ context.Context, s person.State, at time.Time) ([]event.Payload, error) {
			return s.IssueToken(token.ID, c.Role, c.Expires, at)
		},
	})
	if err != nil {
		return IssuedToken{}, err
	}
	if done.Repeated {
		return IssuedToken{}, domain.Refuse(domain.Conflict, "token-told", "the token %s was issued by this request before, and its secret is told once; revoke it and issue another", token.ID)
	}
	// The event stands before the token works. If we die between the two, a token
	// is on record that nobody has: harmless, where the reverse would not be.
	if err := p.tokens.Put(ctx, hashOf(secret), token); err != nil {
		return IssuedToken{}, fmt.Errorf("keep token %s: %w", token.ID, err)
	}
	// A disabling between the two ended the tokens that it found, not this one.
	if err := p.CompleteEnd(ctx, req, c.Person); err != nil {
		return IssuedToken{}, err
	}
	return IssuedToken{Token: token, Secret: secret, Written: done.Written}, nil
}

// RevokeToken ends a token at once; one that has ended stays so. Administrators
// only.
func (p *People) RevokeToken(ctx context.Context, req Request, id uuid.UUID) (Written, error) {
	if err := req.administrator(); err != nil {
		return Written{}, err
	}
	token, found, err := p.tokens.Get(ctx, id)
	if err != nil {
		return Written{}, fmt.Errorf("token %s: %w", id, err)
	}
	if !found {
		return Written{}, domain.Refuse(domain.NotFound, "no-token", "there is no token %s; list the tokens to find its id", id)
	}
	// The record first: if we die before the row has ended, the token still works,
	// nobody was told that it does not, and the repeated request ends it.
	done, err := execute(ctx, p.journal, req, command[person.State]{
		stream: person.Stream(token.Person),
		decide: func(_ context.Context, s person.State, _ time.Time) ([]event.Payload, error) {
			return s.RevokeToken(id)
		},
	})
	if err != nil {
		return Written{}, err
	}
	if err := p.tokens.End(ctx, id); err != nil {
		return Written{}, fmt.Errorf("end token %s: %w", id, err)
	}
	return done.Written, nil
}

// ListTokens lists the tokens kept, expired ones among them. Administrators only.
func (p *People) ListTokens(ctx context.Context, req Request) ([]person.Token, error) {
	if err := req.administrator(); err != nil {
		return nil, err
	}
	return p.tokens.List(ctx)
}

// Authenticate answers whom a secret stands for; domain.Unauthenticated if it is
// unknown, revoked or expired, without telling which.
func (p *People) Authenticate(ctx context.Context, secret string) (access.Reader, error) {
	refused := domain.Refuse(domain.Unauthenticated, "bad-token", "the access token is unknown, revoked or expired; ask for a new one")
	if !strings.HasPrefix(secret, secretPrefix) {
		return access.Reader{}, refused
	}
	token, found, err := p.tokens.Find(ctx, hashOf(secret))
	if err != nil {
		return access.Reader{}, fmt.Errorf("token: %w", err)
	}
	if !found || !p.journal.clock().Before(token.Expires) {
		return access.Reader{}, refused
	}
	return access.Reader{Person: token.Person.String(), Role: token.Role}, nil
}

func hashOf(secret string) []byte {
	h := sha256.Sum256([]byte(secret))
	return h[:]
}
