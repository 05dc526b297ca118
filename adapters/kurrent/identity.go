// Which log the server has: a server that comes back may be another one's, and
// takes whatever it is given.

package kurrent

import (
	"context"
	"errors"
	"io"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/uuid"

	"imprint/domain/event"
)

// strangerError: behind the address there is now another log.
type strangerError struct{ first, found uuid.UUID }

func (e *strangerError) Error() string {
	if e.found == uuid.Nil {
		return "the log there is empty, and had the event 1 " + e.first.String()
	}
	return "event 1 of the log there is " + e.found.String() + ", and was " + e.first.String()
}

// eventOne answers the id of event 1; Nil where the log is empty.
func (k *link) eventOne(ctx context.Context, client *esdb.Client) (uuid.UUID, error) {
	stream, err := client.ReadStream(ctx, k.probe, esdb.ReadStreamOptions{Direction: esdb.Forwards, From: esdb.Start{}}, 1)
	if err != nil {
		return uuid.Nil, err
	}
	defer stream.Close()
	e, err := stream.Recv()
	switch {
	case errors.Is(err, io.EOF) || faultOf(err) == faultMissing:
		return uuid.Nil, nil
	case err != nil:
		return uuid.Nil, err
	}
	return e.OriginalEvent().EventID, nil
}

// recognise remembers the first identity that is found, and refuses another one
// from then on. It is asked whenever the connection is made anew, before anybody
// may use it: what was appended to another log would be acknowledged and lost.
func (k *link) recognise(found uuid.UUID) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.first == uuid.Nil {
		k.first = found
	}
	if k.first != found {
		return &strangerError{first: k.first, found: found}
	}
	return nil
}

// learn recognises a log that was empty when it was opened by a page of its
// beginning, which whoever opens an installation reads.
func (l *Log) learn(page []event.Recorded) error {
	if len(page) == 0 || page[0].Stream != event.LogStream || page[0].Revision != 0 {
		return nil
	}
	return l.link.recognise(page[0].ID)
}
