package handlers

// Here: the commands of readers on their own libraries.

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/access"
	"imprint/domain/event"
	"imprint/domain/library"
	"imprint/projections/catalog"
)

// Libraries carries out the commands of persons on their own libraries. Actors
// that are no persons get domain.Forbidden.
type Libraries struct {
	journal *Journal
	visible Visible
	passed  Passed
}

// NewLibraries makes the handler; it is safe for concurrent use.
func NewLibraries(journal *Journal, visible Visible, passed Passed) *Libraries {
	return &Libraries{journal: journal, visible: visible, passed: passed}
}

// catchUp bounds how long a command waits for what it did not find to be shown.
const catchUp = 5 * time.Second

// find asks the catalog for what a reader may see, and once more if it is not
// there: what was published a moment ago may not have reached the catalog yet. It
// waits for that no longer than catchUp; what is not shown by then is not there.
func (l *Libraries) find(ctx context.Context, r access.Reader, ask func(access.Reader) error) error {
	missing := ask(r)
	if domain.KindOf(missing) != domain.NotFound {
		return missing
	}
	head, err := l.journal.log.Head(ctx)
	if err != nil {
		return fmt.Errorf("end of the log: %w", err)
	}
	bounded, cancel := context.WithTimeout(ctx, catchUp)
	defer cancel()
	if err := l.passed(bounded, head.Position, catalog.Name); err == nil {
		r.Unsure = false // the wait has just made sure
	} else if ctx.Err() != nil {
		return ctx.Err()
	}
	return ask(r)
}

// document answers a document that the person may see, and domain.NotFound.
func (l *Libraries) document(ctx context.Context, r access.Reader, id uuid.UUID) (seen catalog.Document, err error) {
	err = l.find(ctx, r, func(r access.Reader) (err error) {
		seen, err = l.visible.Document(ctx, r, id)
		return err
	})
	return seen, err
}

// series refuses a series that the person may not see as domain.NotFound.
func (l *Libraries) series(ctx context.Context, r access.Reader, id uuid.UUID) error {
	return l.find(ctx, r, func(r access.Reader) error {
		_, err := l.visible.Series(ctx, r, id, catalog.Page{Limit: 1})
		return err
	})
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
		seen, err := l.document(ctx, req.Actor, id)
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
		var items []library.Item
		// All of them are asked for again if one is missing: one wait serves all.
		err := l.find(ctx, req.Actor, func(r access.Reader) (err error) {
			items, err = l.available(ctx, r, ids)
			return err
		})
		if err != nil && domain.KindOf(err) != domain.NotFound {
			return nil, err
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

// available answers those of the documents that the person may see, and beside
// them domain.NotFound if that is not all.
func (l *Libraries) available(ctx context.Context, r access.Reader, ids []uuid.UUID) (items []library.Item, missing error) {
	for _, id := range ids {
		seen, err := l.visible.Document(ctx, r, id)
		switch {
		case err == nil:
			items = append(items, itemOf(seen))
		case domain.KindOf(err) == domain.NotFound:
			missing = err
		default:
			return nil, err
		}
	}
	return items, missing
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
		if err := l.series(ctx, req.Actor, id); err != nil {
			return nil, err
		}
		return s.Follow(person, id), nil
	})
	return done.Written, err
}

// Unfollow ends following, also that by saved documents, which stay saved. One may
// always say no to what one has followed or saved from, also where it is no longer
// visible. Of any other series only a visible one is worth a word on record; the
// rest is unfollowed already, and the answer does not tell whether it exists.
func (l *Libraries) Unfollow(ctx context.Context, req Request, id uuid.UUID) (Written, error) {
	done, err := l.change(ctx, req, func(ctx context.Context, person uuid.UUID, s library.State) ([]event.Payload, error) {
		if !s.Concerns(id) {
			err := l.series(ctx, req.Actor, id)
			if domain.KindOf(err) == domain.NotFound {
				return nil, nil
			}
			if err != nil {
				return nil, err
			}
		}
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
