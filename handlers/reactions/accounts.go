package reactions

// Here: the end of an account, for now or for ever, is completed. Whoever recorded
// it goes on with it at once and answers when all is done; if that process died in
// the middle, it is done here.

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/access"
	"imprint/domain/event"
	"imprint/domain/person"
	"imprint/handlers"
)

var endTypes = []string{person.Disabled{}.EventType(), person.Erased{}.EventType()}

// completeEnd looks at the account as it is now: one that was enabled since is in
// use.
func (r *Reactions) completeEnd(ctx context.Context, d delivery, payload event.Payload) error {
	var id uuid.UUID
	switch p := payload.(type) {
	case person.Disabled:
		id = p.Person
	case person.Erased:
		id = p.Person
	}
	if err := r.ends.CompleteEnd(ctx, d.Event, id); err != nil {
		return fmt.Errorf("complete the end of the account of %s: %w", id, err)
	}
	return nil
}

// Commands is Accounts over the commands. The ids of its requests follow from the
// cause, so that an event delivered twice is one request.
type Commands struct{ *handlers.People }

var _ Accounts = Commands{}

// CompleteEnd implements Accounts.
func (c Commands) CompleteEnd(ctx context.Context, cause event.Recorded, id uuid.UUID) error {
	return c.People.CompleteEnd(ctx, handlers.Request{
		ID: domain.Derive(namespace, "account", cause.ID.String()).String(), Actor: access.Reader{Person: event.SystemActor}, Correlation: cause.Meta.Correlation,
	}, id)
}
