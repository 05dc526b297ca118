package bounces

// Here: what was learned goes to the commands.

import (
	"context"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/access"
	"imprint/domain/event"
	"imprint/domain/person"
	"imprint/handlers"
)

// Commands is People over the commands. The ids of its requests follow from what is
// told, so that a report taken in twice is one request.
type Commands struct{ *handlers.People }

var _ People = Commands{}

// Bounced records a mail that came back.
func (c Commands) Bounced(ctx context.Context, id uuid.UUID, f person.Failure) error {
	_, err := c.People.Bounced(ctx, learning(f.AddressID, "bounced", f.Digest.String(), f.Status), id, f)
	return err
}

// Complained records a mail that was reported as unwanted.
func (c Commands) Complained(ctx context.Context, id, address uuid.UUID) error {
	_, err := c.People.Complained(ctx, learning(address, "complained"), id, address)
	return err
}

func learning(address uuid.UUID, what ...string) handlers.Request {
	return handlers.Request{ID: domain.Derive(address, what...).String(), Actor: access.Reader{Person: event.SystemActor}}
}
