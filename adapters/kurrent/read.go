// Reading one stream.

package kurrent

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"imprint/domain"
	"imprint/domain/event"
)

// ReadStream reads forwards from a revision; see event.Log. Ordinal and LogTime
// are zero: the server knows them not.
func (l *Log) ReadStream(ctx context.Context, stream event.Stream, from int64, limit int) ([]event.Recorded, error) {
	if from < 0 {
		return nil, domain.Refuse(domain.Invalid, "bad-revision", "%s is read from revision 0 or later, not from %d", stream, from)
	}
	if err := checkLimit(limit); err != nil {
		return nil, err
	}
	page, err := l.readStream(ctx, stream, esdb.Forwards, esdb.Revision(uint64(from)), limit, event.MaxPageBytes)
	if err != nil {
		return nil, l.tell(ctx, err)
	}
	for i, r := range page {
		if r.Revision != from+int64(i) {
			return nil, l.missing(stream, from+int64(i))
		}
	}
	return page, nil
}

// ReadStreamBack reads backwards from the newest event; see event.Log.
func (l *Log) ReadStreamBack(ctx context.Context, stream event.Stream, limit int) ([]event.Recorded, error) {
	if err := checkLimit(limit); err != nil {
		return nil, err
	}
	page, err := l.readStream(ctx, stream, esdb.Backwards, esdb.End{}, limit, math.MaxInt) // there is no next page
	if err != nil {
		return nil, l.tell(ctx, err)
	}
	for i, r := range page {
		if want := page[0].Revision - int64(i); r.Revision != want {
			return nil, l.missing(stream, want)
		}
	}
	if n := len(page); n > 0 && n < limit && page[n-1].Revision != 0 {
		return nil, l.missing(stream, page[n-1].Revision-1)
	}
	return page, nil
}

func (l *Log) missing(stream event.Stream, revision int64) error {
	return fmt.Errorf("the log at %s: %w: revision %d of %s%s is missing; restore it from a backup", l.link.host, event.ErrCorrupt, revision, l.prefix, stream)
}

// readStream gives the events of one stream, unchecked, and the client's errors.
// The event that reaches maxBytes is the last one.
func (l *Log) readStream(ctx context.Context, stream event.Stream, direction esdb.Direction, from esdb.StreamPosition, limit, maxBytes int) ([]event.Recorded, error) {
	page, err := fetch(ctx, l, func(ctx context.Context, c *esdb.Client) ([]event.Recorded, error) {
		var page []event.Recorded
		bytes := 0
		read, err := c.ReadStream(ctx, l.prefix+string(stream), esdb.ReadStreamOptions{Direction: direction, From: from}, uint64(limit))
		err = each(read, err, func(e *esdb.ResolvedEvent) (bool, error) {
			r, _, err := l.decode(e)
			page = append(page, r)
			bytes += len(e.Event.Data) + len(e.Event.UserMetadata)
			return bytes < maxBytes, err
		})
		return page, err
	})
	switch {
	case err == nil:
		return page, nil
	case faultOf(err) == faultMissing:
		return nil, nil
	case faultOf(err) == faultDeleted:
		return nil, l.deleted(stream)
	}
	return nil, err
}

// each receives to the end of a finite read, or until its handler wants no more.
func each(read *esdb.ReadStream, err error, handle func(*esdb.ResolvedEvent) (more bool, err error)) error {
	if err != nil {
		return err
	}
	defer read.Close()
	for {
		e, err := read.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if more, err := handle(e); err != nil || !more {
			return err
		}
	}
}

func checkLimit(limit int) error {
	if limit < 1 {
		return domain.Refuse(domain.Invalid, "bad-limit", "a page holds at least one event; %d were asked for", limit)
	}
	return nil
}

// tell gives a reader's error its final form.
func (l *Log) tell(ctx context.Context, err error) error {
	if ctx.Err() != nil || errors.Is(err, event.ErrClosed) || errors.Is(err, event.ErrCorrupt) || domain.KindOf(err) != domain.Internal {
		return err
	}
	return l.link.explain(err)
}
