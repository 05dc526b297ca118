package reactions

// Here: which events are causes of a notice, and until when each is held.

import (
	"context"

	"github.com/google/uuid"

	"imprint/domain/document"
	"imprint/domain/event"
	"imprint/domain/notice"
	"imprint/domain/series"
)

var noticeTypes = []string{
	document.Published{}.EventType(),
	document.Versioned{}.EventType(),
	document.VersionWithdrawn{}.EventType(),
	document.VersionReinstated{}.EventType(),
	document.Withdrawn{}.EventType(),
	document.Reinstated{}.EventType(),
	document.DetailsRevised{}.EventType(),
	series.Discontinued{}.EventType(),
}

// holdNotice keeps the notice of a cause until its grace period ends.
func (r *Reactions) holdNotice(ctx context.Context, d delivery, payload event.Payload) error {
	pending, told, err := r.pendingOf(ctx, d, payload)
	if err != nil || !told {
		return err
	}
	if err := r.store.Hold(ctx, pending); err != nil {
		return err
	}
	select {
	case r.wake <- struct{}{}:
	default: // it has been woken already
	}
	return nil
}

// pendingOf answers the notice of a cause and when it may be released; false for
// an event that nobody is told of.
func (r *Reactions) pendingOf(ctx context.Context, d delivery, payload event.Payload) (notice.Pending, bool, error) {
	e := d.Event
	told, urgent, err := r.noticeOf(ctx, e, payload)
	if err != nil || told.Kind == "" {
		return notice.Pending{}, false, err
	}
	told.Cause, told.CauseOrdinal = e.ID, e.Ordinal
	pending := notice.Pending{
		Notice: told, ReleaseAt: e.Meta.Time.Add(r.grace), Correlation: e.Meta.Correlation, CauseType: e.Type, Before: d.Before,
	}
	if urgent {
		pending.ReleaseAt = e.Meta.Time
	}
	return pending, true, nil
}

// noticeOf answers the notice of an event; without a kind if there is none.
func (r *Reactions) noticeOf(ctx context.Context, e event.Recorded, payload event.Payload) (told notice.Released, urgent bool, err error) {
	if origin(payload) != nil {
		return told, false, nil
	}
	switch p := payload.(type) {
	case document.Published:
		told = notice.Released{Kind: notice.NewDocument, Document: p.Document, Version: p.Version.Number, Series: p.Details.Series}
		urgent = p.Version.Urgent
	case document.Versioned:
		if p.Version.Major {
			told, err = r.ofDocument(ctx, e, p.Document, notice.NewVersion, p.Version.Number)
			urgent = p.Version.Urgent
		}
	case document.VersionWithdrawn:
		told, err = r.ofDocument(ctx, e, p.Document, notice.VersionWithdrawn, p.Number)
	case document.VersionReinstated:
		told, err = r.ofDocument(ctx, e, p.Document, notice.Reinstated, p.Number)
	case document.Withdrawn:
		told, err = r.ofDocument(ctx, e, p.Document, notice.DocumentWithdrawn, 0)
	case document.Reinstated:
		told, err = r.ofDocument(ctx, e, p.Document, notice.Reinstated, 0)
	case document.DetailsRevised:
		told, err = r.ofMove(ctx, e, p)
	case series.Discontinued:
		told = notice.Released{Kind: notice.Discontinued, Series: p.Series}
	}
	return told, urgent, err
}

// ofDocument completes a notice by the series the document was in at the event
// and, where no version is named, its current one.
func (r *Reactions) ofDocument(ctx context.Context, e event.Recorded, id uuid.UUID, kind notice.Kind, version int) (notice.Released, error) {
	facts, err := r.facts(ctx, id, until(e.Revision))
	state := stateOf(facts)
	if version == 0 {
		version = state.Current()
	}
	return notice.Released{Kind: kind, Document: id, Version: version, Series: state.Details().Series}, err
}

// ofMove is the one notice of a document that joined, left or changed a series.
func (r *Reactions) ofMove(ctx context.Context, e event.Recorded, p document.DetailsRevised) (notice.Released, error) {
	facts, err := r.facts(ctx, p.Document, until(e.Revision-1))
	before := stateOf(facts)
	if err != nil || before.Details().Series == p.Details.Series {
		return notice.Released{}, err
	}
	return notice.Released{
		Kind: notice.SeriesChanged, Document: p.Document, Version: before.Current(),
		Series: p.Details.Series, LeftSeries: before.Details().Series,
	}, nil
}
