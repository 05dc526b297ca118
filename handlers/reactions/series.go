package reactions

// Here: what happens to a document becomes SeriesUpdated in its series.

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/document"
	"imprint/domain/event"
	"imprint/domain/series"
)

var seriesTypes = []string{
	document.Published{}.EventType(),
	document.Versioned{}.EventType(),
	document.DetailsRevised{}.EventType(),
	document.Withdrawn{}.EventType(),
}

// updateSeries appends what an event means for the document's series.
func (r *Reactions) updateSeries(ctx context.Context, d delivery, payload event.Payload) error {
	id, told := updating(payload)
	if !told {
		return nil
	}
	facts, err := r.facts(ctx, id, until(d.Event.Revision))
	if err != nil {
		return err
	}
	before, after := stateOf(facts[:max(len(facts)-1, 0)]), stateOf(facts)
	for _, u := range seriesUpdates(payload, before, after) {
		u.Document, u.Cause, u.CauseOrdinal = id, d.Event.ID, d.Event.Ordinal
		if err := r.appendUpdate(ctx, d.Event, u, saltKey(id, after)); err != nil {
			return fmt.Errorf("update series %s: %w", u.Series, err)
		}
	}
	return nil
}

// updating answers the document of an event that may concern its series. Minor
// versions are silent, and nothing follows from what states the past.
func updating(payload event.Payload) (uuid.UUID, bool) {
	told := origin(payload) == nil
	switch p := payload.(type) {
	case document.Published:
		return p.Document, told
	case document.Versioned:
		return p.Document, told && p.Version.Major
	case document.Withdrawn:
		return p.Document, told
	case document.DetailsRevised:
		return p.Document, told
	}
	return uuid.Nil, false
}

// seriesUpdates answers what an event means, for the series that the document was
// in before it and is in after it.
func seriesUpdates(payload event.Payload, before, after document.State) (updates []series.Updated) {
	left, in := before.Details().Series, after.Details().Series
	add := func(line uuid.UUID, change series.Change, version int) {
		if line != uuid.Nil {
			updates = append(updates, series.Updated{Series: line, Change: change, Version: version})
		}
	}
	switch p := payload.(type) {
	case document.Published:
		add(in, series.Joined, p.Version.Number)
	case document.Versioned:
		add(in, series.Versioned, p.Version.Number)
	case document.Withdrawn:
		add(in, series.Withdrew, 0)
	case document.DetailsRevised:
		if left != in {
			add(left, series.Left, 0)
			add(in, series.Joined, after.Current())
		}
	}
	return updates
}

// saltKey seals the salt of what is told of a restricted document, like those of
// the document's own facts.
func saltKey(id uuid.UUID, s document.State) event.KeyID {
	if s.Audience().Restricted() {
		return document.Key(id)
	}
	return ""
}

// appendUpdate appends an update unless it is there already. The look-up and the
// expected revision together make it once: whoever appends in between causes a
// conflict, and it is looked for again.
func (r *Reactions) appendUpdate(ctx context.Context, cause event.Recorded, u series.Updated, key event.KeyID) error {
	stream := series.Stream(u.Series)
	id := domain.Derive(namespace, "series", cause.ID.String(), u.Series.String(), string(u.Change))
	for range appendRetries {
		revision, done, err := r.appended(ctx, stream, id, cause)
		if err != nil || done {
			return err
		}
		encoded, err := r.codec.Encode(ctx, event.Draft{Stream: stream, ID: id, Payload: u, Meta: r.consequence(cause.ID, cause.Meta.Correlation), SaltKey: key})
		if err != nil {
			return err
		}
		_, err = r.log.Append(ctx, stream, revision, []event.Event{encoded})
		var conflict *event.ConflictError
		if errors.As(err, &conflict) || errors.Is(err, event.ErrUncertain) {
			continue
		}
		return err
	}
	return domain.Refuse(domain.Unavailable, "series-busy", "the series %s keeps changing", u.Series)
}

// appended tells whether an event id stands in a stream, and the stream's last
// revision. An effect stands after its cause in the log, so the search backwards
// ends at the first event that stands before it; times would not do, for a clock
// may have been set back. Where an engine tells no ordinals here, the search goes
// through the whole stream.
func (r *Reactions) appended(ctx context.Context, stream event.Stream, id uuid.UUID, cause event.Recorded) (int64, bool, error) {
	for limit := 16; ; limit *= 8 {
		back, err := r.log.ReadStreamBack(ctx, stream, limit)
		if err != nil {
			return 0, false, err
		}
		if len(back) == 0 {
			return event.NoStream, false, nil
		}
		for _, e := range back {
			if e.ID == id {
				return back[0].Revision, true, nil
			}
			if e.Ordinal != 0 && e.Ordinal < cause.Ordinal {
				return back[0].Revision, false, nil
			}
		}
		if len(back) < limit {
			return back[0].Revision, false, nil
		}
	}
}
