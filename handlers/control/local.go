package control

// Here: the operations on an installation that this process has open.

import (
	"context"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/person"
	"imprint/handlers"
	"imprint/handlers/digest"
)

// Local carries the operations out.
type Local struct {
	People   *handlers.People
	Clock    domain.Clock
	Operator func() handlers.Request // a new request of the operator
	Mails    handlers.Mails
	Digests  digest.Retries
}

var _ Operations = Local{}

// Retry implements Retries. What cannot be retried is told by the newest settings.
func (l Local) Retry(ctx context.Context, id uuid.UUID) (digest.Retried, error) {
	if _, err := l.Mails.CatchUp(ctx); err != nil {
		return digest.Retried{}, err
	}
	return digest.Retry(ctx, l.Digests, id, l.Clock())
}

// Issue implements Tokens.
func (l Local) Issue(ctx context.Context, c Issue) (handlers.IssuedToken, error) {
	joined, err := l.People.Join(ctx, l.Operator(), c.Person)
	if err != nil {
		return handlers.IssuedToken{}, err
	}
	return l.People.IssueToken(ctx, l.Operator(), handlers.IssueToken{
		Person: joined.Person, Role: c.Role, Expires: l.Clock().AddDate(0, 0, c.Days),
	})
}

// List implements Tokens.
func (l Local) List(ctx context.Context) ([]person.Token, error) {
	return l.People.ListTokens(ctx, l.Operator())
}

// Revoke implements Tokens.
func (l Local) Revoke(ctx context.Context, id uuid.UUID) error {
	_, err := l.People.RevokeToken(ctx, l.Operator(), id)
	return err
}
