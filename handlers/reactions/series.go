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
	updates, err := r.seriesUpdates(ctx, d.Event, payload)
	if err != nil {
		return err
	}
	for _, u := range updates {
		u.Cause, u.CauseOrdinal = d.Event.ID, d.Event.Ordinal
		if err := r.appendUpdate(ctx, d.Event, u); err != nil {
			return fmt.Errorf("update series %s: %w", u.Series, err)
		}
	}
	return nil
}

// seriesUpdates answers what an event means; minor versions are silent.
func (r *Reactions) seriesUpdates(ctx context.Context, e event.Recorded, payload event.Payload) ([]series.Updated, error) {
	if origin(payload) != nil {
		return nil, nil
	}
	switch p := payload.(type) {
	case document.Published:
		if p.Details.Series != uuid.Nil {
			return []series.Updated{{Series: p.Details.Series, Change: series.Joined, Document: p.Document, Version: p.Version.Number}}, nil
		}
	case document.Versioned:
		if p.Version.Major {
			return r.inSeries(ctx, e, series.Updated{Change: series.Versioned, Document: p.Document, Version: p.Version.Number})
		}
	case document.Withdrawn:
		return r.inSeries(ctx, e, series.Updated{Change: series.Withdrew, Document: p.Document})
	case document.DetailsRevised:
		return r.moved(ctx, e, p)
	}
	return nil, nil
}

// inSeries completes an update by the series the document was in at the event.
func (r *Reactions) inSeries(ctx context.Context, e event.Recorded, u series.Updated) ([]series.Updated, error) {
	facts, err := r.facts(ctx, u.Document, until(e.Revision))
	u.Series = stateOf(facts).Details().Series
	if err != nil || u.Series == uuid.Nil {
		return nil, err
	}
	return []series.Updated{u}, nil
}

// moved answers what a revision of details means for the series left and joined.
func (r *Reactions) moved(ctx context.Context, e event.Recorded, p document.DetailsRevised) ([]series.Updated, error) {
	facts, err := r.facts(ctx, p.Document, until(e.Revision-1))
	if err != nil {
		return nil, err
	}
	before := stateOf(facts)
	left, joined := before.Details().Series, p.Details.Series
	var updates []series.Updated
	if left != joined && left != uuid.Nil {
		updates = append(updates, series.Updated{Series: left, Change: series.Left, Document: p.Document})
	}
	if left != joined && joined != uuid.Nil {
		updates = append(updates, series.Updated{Series: joined, Change: series.Joined, Document: p.Document, Version: before.Current()})
	}
	return updates, nil
}

// appendUpdate appends an update unless it is there already. The look-up and the
// expected revision together make it once: whoever appends in between causes a
// conflict, and it is looked for again.
func (r *Reactions) appendUpdate(ctx context.Context, cause event.Recorded, u series.Updated) error {
	stream := series.Stream(u.Series)
	id := domain.Derive(namespace, "series", cause.ID.String(), u.Series.String(), string(u.Change))
	for range appendRetries {
		revision, done, err := r.appended(ctx, stream, id, cause)
		if err != nil || done {
			return err
		}
		encoded, err := r.codec.Encode(ctx, event.Draft{Stream: stream, ID: id, Payload: u, Meta: r.consequence(cause.ID, cause.Meta.Correlation)})
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
