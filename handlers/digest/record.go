package digest

// Here: the one fact that closes a window.

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"imprint/domain/digest"
	"imprint/domain/event"
)

const maxAppends = 5

// record appends the fact of a delivery that is over. Its id follows from person
// and window, so a crash on either side of the append is followed by the same
// append again, which the log knows for done (W7). The reader of facts then closes
// the delivery.
func (r *round) record(ctx context.Context, personID uuid.UUID, d digest.Delivery) error {
	reached("W7")
	ctx, cancel := finishing(ctx)
	defer cancel()
	payload, err := fact(personID, d)
	if err != nil {
		return err
	}
	stream := digest.Stream(personID)
	draft := event.Draft{Stream: stream, ID: digest.FactID(personID, d.Window.From), Payload: payload,
		Meta: event.Metadata{Time: r.now(), Actor: event.SystemActor, Correlation: digest.ID(personID, d.Window.From)}}
	if d.State == digest.SentState {
		draft.SaltKey = digest.SaltKey(personID)
	}
	e, err := r.codec.Encode(ctx, draft)
	if errors.Is(err, event.ErrKeyDestroyed) {
		// Erased between acceptance and record. The mail was sent and the fact says
		// so; its salt is sealed under a key of this digest's own.
		draft.SaltKey = event.KeyID("digest-" + draft.Meta.Correlation.String())
		e, err = r.codec.Encode(ctx, draft)
	}
	if err != nil {
		return err
	}
	for range maxAppends {
		newest, err := r.log.ReadStreamBack(ctx, stream, 1)
		if err != nil {
			return err
		}
		expected := event.NoStream
		if len(newest) == 1 {
			if expected = newest[0].Revision; newest[0].ID == e.ID {
				return nil
			}
		}
		_, err = r.log.Append(ctx, stream, expected, []event.Event{e})
		var conflict *event.ConflictError
		if !errors.As(err, &conflict) && !errors.Is(err, event.ErrUncertain) {
			return err
		}
	}
	return fmt.Errorf("digest: the fact about a window could not be appended in %d attempts", maxAppends)
}

func fact(personID uuid.UUID, d digest.Delivery) (event.Payload, error) {
	told, err := digest.List(d.Items)
	if err != nil {
		return nil, err
	}
	withheld, err := digest.List(d.Withheld)
	if err != nil {
		return nil, err
	}
	if withheld.Count == 0 {
		withheld = digest.Listing{} // absent, not empty
	}
	switch d.State {
	case digest.SentState:
		return digest.Sent{
			Person: personID, AddressID: d.AddressID, Window: d.Window, MessageID: d.MessageID, ContentHash: d.ContentHash,
			Listing: told, Withheld: withheld, Resent: d.Resent, SentAt: d.SentAt,
		}, nil
	case digest.AllHidden:
		return digest.Withheld{Person: personID, Window: d.Window, Listing: withheld}, nil
	case digest.GivenUp:
		return digest.Failed{Person: personID, Window: d.Window, Failure: d.Failure, InDoubt: d.Doubted}, nil
	}
	return nil, fmt.Errorf("digest: a delivery that is %s has no fact yet", d.State)
}
