package handlers

// Here: what all commands share. A journal folds streams into states and appends
// what was decided on them.

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/event"
)

const (
	// attempts bounds how often a command is decided on a newer state, and how
	// often an append of unknown outcome is repeated.
	attempts = 5
	// pageEvents is how many events of a stream are read at a time.
	pageEvents = 500
	// requestEvents is how many events are read at a time to answer a repeated
	// request: most wrote one to three.
	requestEvents = 4
)

// Journal is the log with the states lately folded from it. A program makes one and
// gives it to all its handlers.
type Journal struct {
	log      event.Log
	codec    *event.Codec
	clock    domain.Clock
	requests Requests
	states   *cache
}

// NewJournal makes a journal; it is safe for concurrent use. requests is nil where
// the log itself refuses an event id that stands in another stream (event.KnownID).
func NewJournal(log event.Log, codec *event.Codec, clock domain.Clock, requests Requests) *Journal {
	return &Journal{log: log, codec: codec, clock: clock, requests: requests, states: newCache()}
}

// folding is an aggregate's state: a value that events lead on from.
type folding[S any] interface {
	Fold(payloads ...event.Payload) S
}

// command is one decision on one stream.
type command[S any] struct {
	stream event.Stream
	// decide answers what happens in state s; nothing is an answer too. It is
	// asked again after a conflict and not at all for a repeated request.
	decide func(ctx context.Context, s S, at time.Time) ([]event.Payload, error)
	// saltKey names the key that seals the salts of the events that lead from one
	// state to another; nil: they stay in the clear.
	saltKey func(before, after S) event.KeyID
}

// outcome is what a request led to, now or the first time.
type outcome struct {
	events []event.Payload // empty if nothing had to change
	Written
}

// execute carries out a command: load, decide, append. Its request has been
// checked by the caller.
func execute[S folding[S]](ctx context.Context, j *Journal, req Request, c command[S]) (outcome, error) {
	e := j.states.use(c.stream)
	defer j.states.release(e)
	// The commands of this program on one stream go one after the other. That
	// spares them conflicts, and makes two equal requests at once see each other;
	// a conflict still comes from other programs.
	select {
	case e.turn <- struct{}{}:
		defer func() { <-e.turn }()
	case <-ctx.Done():
		return outcome{}, ctx.Err()
	}
	for range attempts {
		state, expected, err := load[S](ctx, j, e)
		if err != nil {
			return outcome{}, err
		}
		if first, repeated := e.find(req.eventID(0)); repeated {
			return j.repeated(ctx, req, e, first)
		}
		meta := j.metadata(req)
		payloads, err := c.decide(ctx, state, meta.Time)
		if err != nil {
			return outcome{}, err
		}
		if len(payloads) == 0 {
			token, err := j.token(ctx, e)
			return outcome{Written: Written{Token: token}}, err
		}
		var key event.KeyID
		if c.saltKey != nil {
			key = c.saltKey(state, state.Fold(payloads...))
		}
		events, err := j.encode(ctx, req, c.stream, meta, key, payloads)
		if err != nil {
			return outcome{}, err
		}
		if err := j.claim(ctx, req, c.stream, meta.Time); err != nil {
			return outcome{}, err
		}
		// The commit point. If we die before it, nothing has happened; after it,
		// the request finds its events when it is repeated.
		appended, err := j.append(ctx, c.stream, expected, events)
		var conflict *event.ConflictError
		if errors.As(err, &conflict) {
			continue
		}
		if err != nil {
			return outcome{}, err
		}
		advance[S](e, expected, appended, events, payloads)
		return outcome{events: payloads, Written: Written{Token: appended.Position, Events: len(events)}}, nil
	}
	return outcome{}, domain.Refuse(domain.Unavailable, "too-many-changes", "others kept changing the same thing %d times in a row; send the request again", attempts)
}

// metadata is what every event of a request carries.
func (j *Journal) metadata(req Request) event.Metadata {
	m := event.Metadata{
		Time:        domain.Moment(j.clock()),
		Actor:       req.Actor.Person,
		Correlation: req.Correlation,
		Request:     req.Fingerprint,
	}
	if m.Correlation == uuid.Nil {
		m.Correlation = req.eventID(0)
	}
	return m
}

func (j *Journal) encode(ctx context.Context, req Request, stream event.Stream, meta event.Metadata, key event.KeyID, payloads []event.Payload) ([]event.Event, error) {
	events := make([]event.Event, len(payloads))
	for i, p := range payloads {
		var err error
		events[i], err = j.codec.Encode(ctx, event.Draft{Stream: stream, ID: req.eventID(i), Payload: p, Meta: meta, SaltKey: key})
		if err != nil {
			return nil, fmt.Errorf("write to %s: %w", stream, err)
		}
	}
	return events, nil
}

// append appends, repeating with the same ids while the outcome is unknown. It
// stays unknown where a repetition fails before it could ask the log.
func (j *Journal) append(ctx context.Context, stream event.Stream, expected int64, events []event.Event) (event.Appended, error) {
	var err error
	uncertain := false
	for range attempts {
		var appended event.Appended
		appended, err = j.log.Append(ctx, stream, expected, events)
		if err == nil {
			return appended, nil
		}
		if !errors.Is(err, event.ErrUncertain) {
			break
		}
		if uncertain = true; ctx.Err() != nil {
			break
		}
	}
	var refused *domain.Error
	var conflict *event.ConflictError
	switch {
	case errors.As(err, &refused) && refused.Code == event.KnownID:
		// The ids follow from actor and request id, so this request has written to
		// another stream before: it was another request.
		return event.Appended{}, reused().Because(err)
	case errors.As(err, &conflict):
		// The log has looked: these ids do not stand where they would.
	case uncertain && errors.As(err, &refused) && refused.Code == event.DiskFault:
		return event.Appended{}, domain.Refuse(domain.Unavailable, "uncertain", "the disk of the log is full or failing; nothing that was acknowledged is lost. Whether this change was recorded is not known: free some space and send the same request again, it will not be done twice").Because(err)
	case uncertain:
		return event.Appended{}, domain.Refuse(domain.Unavailable, "uncertain", "it is not known whether the change was recorded; send the same request again, it will not be done twice").Because(err)
	}
	return event.Appended{}, fmt.Errorf("append to %s: %w", stream, err)
}

// claim notes durably what a request is about to write where, if the log would not
// refuse another stream for it. If we die before the append, the very same request
// may still be sent again, and another one needs an id of its own.
func (j *Journal) claim(ctx context.Context, req Request, stream event.Stream, at time.Time) error {
	if j.requests == nil {
		return nil
	}
	claimed, fingerprint, err := j.requests.Claim(ctx, req.eventID(0), stream, req.Fingerprint, at)
	if err != nil {
		return fmt.Errorf("claim the request's id for %s: %w", stream, err)
	}
	if claimed != stream || fingerprint != req.Fingerprint {
		return reused()
	}
	return nil
}

func reused() *domain.Error {
	return domain.Refuse(domain.Reused, "request-id-reused", "the request id (Idempotency-Key) was used for another request; send this one under a new id").In("Idempotency-Key")
}

// repeated answers a request from the events that it wrote the first time, the
// first of them at a revision.
func (j *Journal) repeated(ctx context.Context, req Request, e *entry, first int64) (outcome, error) {
	var events []event.Payload
	other := false
	err := j.read(ctx, e.stream, first, requestEvents, func(page []event.Recorded, payloads []event.Payload) bool {
		for i, r := range page {
			if r.ID != req.eventID(len(events)) {
				return false
			}
			other = other || r.Meta.Request != req.Fingerprint
			events = append(events, payloads[i])
		}
		return true
	})
	if err != nil {
		return outcome{}, err
	}
	if other {
		return outcome{}, reused()
	}
	token, err := j.token(ctx, e)
	return outcome{events: events, Written: Written{Token: token, Repeated: true}}, err
}

// token is a place at or after all that a stream holds.
func (j *Journal) token(ctx context.Context, e *entry) (event.Position, error) {
	if p := e.end(); p != "" {
		return p, nil
	}
	head, err := j.log.Head(ctx)
	if err != nil {
		return "", fmt.Errorf("end of the log: %w", err)
	}
	return head.Position, nil
}
