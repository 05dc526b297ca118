package handlers

// Here: the commands of readers on their own libraries.

import (
	"context"
	"time"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/event"
	"imprint/domain/library"
	"imprint/projections/catalog"
)

// Libraries carries out the commands of persons on their own libraries. Actors
// that are no persons get domain.Forbidden.
type Libraries struct {
	journal *Journal
	visible Visible
}

// NewLibraries makes the handler; it is safe for concurrent use.
func NewLibraries(journal *Journal, visible Visible) *Libraries {
	return &Libraries{journal: journal, visible: visible}
}

// Saved answers Save.
type Saved struct {
	Document uuid.UUID
	Version  int  // the version saved, which is that of the first time
	Already  bool // it was there before this request
	Written
}

// SaveOutcome says what became of one document of a bulk save.
type SaveOutcome string

// The outcomes. NotAvailable does not tell forbidden from missing.
const (
	SavedNow     SaveOutcome = "saved"
	AlreadySaved SaveOutcome = "already"
	NotAvailable SaveOutcome = "not-available"
)

// SaveResult is the outcome of one document of a bulk save.
type SaveResult struct {
	Document uuid.UUID
	Outcome  SaveOutcome
}

// Save puts a document into the library, keeping the first time it was saved.
// What the person may not see is domain.NotFound.
func (l *Libraries) Save(ctx context.Context, req Request, id uuid.UUID) (Saved, error) {
	answer := Saved{Document: id}
	written, err := l.change(ctx, req, func(ctx context.Context, person uuid.UUID, s library.State) ([]event.Payload, error) {
		seen, err := l.visible.Document(ctx, req.Actor, id)
		if err != nil {
			return nil, err
		}
		answer.Version, answer.Already = s.Saved(id)
		return s.Save(person, itemOf(seen))
	})
	if err != nil {
		return Saved{}, err
	}
	for _, p := range written.events {
		if e, ok := p.(library.Saved); ok {
			answer.Version = e.Version
		}
	}
	answer.Written = written.Written
	return answer, nil
}

// SaveAll saves up to 200 documents and answers one result each, in their order.
// What is in the library already is so also where it is no longer visible: the
// library itself shows it as no longer available.
func (l *Libraries) SaveAll(ctx context.Context, req Request, ids []uuid.UUID) ([]SaveResult, Written, error) {
	person, err := req.person()
	if err != nil {
		return nil, Written{}, err
	}
	if len(ids) == 0 || len(ids) > library.MaxBulk {
		return nil, Written{}, domain.Refuse(domain.Invalid, "bad-bulk", "the request names %d documents; 1 to %d are saved at once", len(ids), library.MaxBulk).In("documents")
	}
	var then library.State // the library before this request
	done, err := l.change(ctx, req, func(ctx context.Context, person uuid.UUID, s library.State) ([]event.Payload, error) {
		then = s
		items := make([]library.Item, 0, len(ids))
		for _, id := range ids {
			seen, err := l.visible.Document(ctx, req.Actor, id)
			if domain.KindOf(err) == domain.NotFound {
				continue
			}
			if err != nil {
				return nil, err
			}
			items = append(items, itemOf(seen))
		}
		return s.Save(person, items...)
	})
	if err != nil {
		return nil, Written{}, err
	}
	if done.Repeated {
		if then, err = before[library.State](ctx, l.journal, library.Stream(person), req.eventID(0)); err != nil {
			return nil, Written{}, err
		}
	}
	saved := map[uuid.UUID]bool{}
	for _, p := range done.events {
		if e, ok := p.(library.Saved); ok {
			saved[e.Document] = true
		}
	}
	results := make([]SaveResult, len(ids))
	for i, id := range ids {
		_, already := then.Saved(id)
		results[i] = SaveResult{Document: id, Outcome: outcomeOf(saved[id], already)}
	}
	return results, done.Written, nil
}

func outcomeOf(saved, already bool) SaveOutcome {
	switch {
	case saved:
		return SavedNow
	case already:
		return AlreadySaved
	}
	return NotAvailable
}

// Remove takes a document out; what is not there is out already.
func (l *Libraries) Remove(ctx context.Context, req Request, id uuid.UUID) (Written, error) {
	done, err := l.change(ctx, req, func(_ context.Context, person uuid.UUID, s library.State) ([]event.Payload, error) {
		return s.Remove(person, id), nil
	})
	return done.Written, err
}

// Follow follows a series explicitly. One the person may not see is domain.NotFound.
func (l *Libraries) Follow(ctx context.Context, req Request, id uuid.UUID) (Written, error) {
	done, err := l.change(ctx, req, func(ctx context.Context, person uuid.UUID, s library.State) ([]event.Payload, error) {
		if _, err := l.visible.Series(ctx, req.Actor, id, catalog.Page{Limit: 1}); err != nil {
			return nil, err
		}
		return s.Follow(person, id), nil
	})
	return done.Written, err
}

// Unfollow ends following, also that by saved documents, which stay saved. It
// asks nobody whether the series is visible: one may always say no.
func (l *Libraries) Unfollow(ctx context.Context, req Request, id uuid.UUID) (Written, error) {
	done, err := l.change(ctx, req, func(_ context.Context, person uuid.UUID, s library.State) ([]event.Payload, error) {
		return s.Unfollow(person, id), nil
	})
	return done.Written, err
}

// change carries out a command on the library of the person who asks.
func (l *Libraries) change(ctx context.Context, req Request, decide func(context.Context, uuid.UUID, library.State) ([]event.Payload, error)) (outcome, error) {
	person, err := req.person()
	if err != nil {
		return outcome{}, err
	}
	return execute(ctx, l.journal, req, command[library.State]{
		stream: library.Stream(person),
		decide: func(ctx context.Context, s library.State, _ time.Time) ([]event.Payload, error) {
			return decide(ctx, person, s)
		},
	})
}

func itemOf(d catalog.Document) library.Item {
	return library.Item{Document: d.ID, Version: d.Version, Title: d.Title, Series: d.Series}
}
