package handlers

// Here: the opening of a log.

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/event"
	"imprint/domain/installation"
)

const maxInstallationName = 200 // characters

// Identity answers whose a log is, by its event 1; false where it is empty. A log
// that begins otherwise is refused. It rests on no checkpoint.
func Identity(ctx context.Context, log event.Log, codec *event.Codec) (installation.LogOpened, bool, error) {
	first, err := log.ReadAll(ctx, event.Checkpoint{}, 1)
	if err != nil {
		return installation.LogOpened{}, false, fmt.Errorf("read event 1: %w", err)
	}
	if len(first) == 0 {
		return installation.LogOpened{}, false, nil
	}
	opened, err := identity(codec, first[0])
	return opened, err == nil, err
}

// OpenInstallation answers the log's identity. It opens an empty log by event 1,
// LogOpened, with the id and under the name given, and refuses a log whose event 1
// is another.
func OpenInstallation(ctx context.Context, log event.Log, codec *event.Codec, clock domain.Clock, id uuid.UUID, name string) (installation.LogOpened, error) {
	for range attempts {
		opened, found, err := Identity(ctx, log, codec)
		if err != nil || found {
			return opened, err
		}
		err = open(ctx, log, codec, clock, id, name)
		var conflict *event.ConflictError
		// Another program may have been first, or the outcome is not known: event 1
		// tells, whoever wrote it.
		if err != nil && !errors.As(err, &conflict) && !errors.Is(err, event.ErrUncertain) {
			return installation.LogOpened{}, err
		}
	}
	return installation.LogOpened{}, domain.Refuse(domain.Unavailable, "uncertain", "it is not known whether the log was opened; start again")
}

// open appends event 1.
func open(ctx context.Context, log event.Log, codec *event.Codec, clock domain.Clock, id uuid.UUID, name string) error {
	if strings.TrimSpace(name) == "" {
		return domain.Refuse(domain.Invalid, "missing-name", "a new log needs the installation's name").In("name")
	}
	if err := domain.CheckLine("name", name, maxInstallationName, false); err != nil {
		return err
	}
	now := domain.Moment(clock())
	e, err := codec.Encode(ctx, event.Draft{
		Stream:  event.LogStream,
		ID:      id,
		Payload: installation.LogOpened{Log: id, Name: name, OpenedAt: now},
		Meta:    event.Metadata{Time: now, Actor: event.SystemActor, Correlation: id},
	})
	if err != nil {
		return fmt.Errorf("open the log: %w", err)
	}
	if _, err := log.Append(ctx, event.LogStream, event.NoStream, []event.Event{e}); err != nil {
		return fmt.Errorf("open the log: %w", err)
	}
	return nil
}

// identity reads event 1.
func identity(codec *event.Codec, first event.Recorded) (installation.LogOpened, error) {
	stranger := domain.Refuse(domain.Conflict, "foreign-log", "the log does not begin with LogOpened, so it is not one of Imprint; point to the right log, or to an empty one")
	if first.Type != (installation.LogOpened{}).EventType() {
		return installation.LogOpened{}, stranger
	}
	p, err := codec.Registry().Decode(first)
	if err != nil {
		return installation.LogOpened{}, err
	}
	opened, ok := p.(installation.LogOpened)
	if !ok || opened.Log == uuid.Nil {
		return installation.LogOpened{}, stranger
	}
	return opened, nil
}
