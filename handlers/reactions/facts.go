package reactions

// Here: the history of a document as the reactions look at it.

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"imprint/domain/document"
	"imprint/domain/event"
)

// fact is an event of a document and what it says.
type fact struct {
	event.Recorded
	payload event.Payload
}

// facts reads a document's events in order, up to the first that is not wanted.
func (r *Reactions) facts(ctx context.Context, id uuid.UUID, wanted func(event.Recorded) bool) ([]fact, error) {
	var facts []fact
	for {
		page, err := r.log.ReadStream(ctx, document.Stream(id), int64(len(facts)), streamPage)
		if err != nil {
			return nil, fmt.Errorf("read document %s: %w", id, err)
		}
		if len(page) == 0 {
			return facts, nil
		}
		for _, e := range page {
			if !wanted(e) {
				return facts, nil
			}
			payload, err := r.decode(e)
			if errors.Is(err, event.ErrUnknownType) {
				payload, err = nil, nil // of a newer program; it changes nothing that this one knows
			}
			if err != nil {
				return nil, err
			}
			facts = append(facts, fact{Recorded: e, payload: payload})
		}
	}
}

// until wants the events up to and including a revision.
func until(revision int64) func(event.Recorded) bool {
	return func(e event.Recorded) bool { return e.Revision <= revision }
}

// stateOf folds facts.
func stateOf(facts []fact) document.State {
	payloads := make([]event.Payload, len(facts))
	for i, f := range facts {
		payloads[i] = f.payload
	}
	return (document.State{}).Fold(payloads...)
}

// origin is where an event that states the past comes from; nil for others.
func origin(p event.Payload) *document.Origin {
	switch p := p.(type) {
	case document.Published:
		return p.Origin
	case document.Versioned:
		return p.Origin
	case document.DetailsRevised:
		return p.Origin
	case document.Withdrawn:
		return p.Origin
	case document.Reinstated:
		return p.Origin
	}
	return nil
}
