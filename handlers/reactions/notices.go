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
	document.Withdrawn{}.EventType(),
	document.Reinstated{}.EventType(),
	document.DetailsRevised{}.EventType(),
	series.Discontinued{}.EventType(),
}

// holdNotice keeps the notice of a cause until its grace period ends.
func (r *Reactions) holdNotice(ctx context.Context, e event.Recorded, p event.Payload) error {
	told, urgent, err := r.noticeOf(ctx, e, p)
	if err != nil || told.Kind == "" {
		return err
	}
	told.Cause, told.CauseOrdinal = e.ID, e.Ordinal
	pending := notice.Pending{Notice: told, ReleaseAt: e.Meta.Time.Add(r.grace), Correlation: e.Meta.Correlation}
	if urgent {
		pending.ReleaseAt = e.Meta.Time
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

// noticeOf answers the notice of an event; without a kind if there is none.
func (r *Reactions) noticeOf(ctx context.Context, e event.Recorded, p event.Payload) (told notice.Released, urgent bool, err error) {
	switch p := p.(type) {
	case document.Published:
		if p.Origin == nil {
			told = notice.Released{Kind: notice.NewDocument, Document: p.Document, Version: p.Version.Number, Series: p.Details.Series}
			return told, p.Version.Urgent, nil
		}
	case document.Versioned:
		if p.Origin == nil && p.Version.Major {
			told, err = r.ofDocument(ctx, e, p.Document, notice.NewVersion, p.Version.Number)
			return told, p.Version.Urgent, err
		}
	case document.VersionWithdrawn:
		told, err = r.ofDocument(ctx, e, p.Document, notice.VersionWithdrawn, p.Number)
	case document.Withdrawn:
		if p.Origin == nil {
			told, err = r.ofDocument(ctx, e, p.Document, notice.DocumentWithdrawn, 0)
		}
	case document.Reinstated:
		if p.Origin == nil {
			told, err = r.ofDocument(ctx, e, p.Document, notice.Reinstated, 0)
		}
	case document.DetailsRevised:
		if p.Origin == nil {
			told, err = r.ofMove(ctx, e, p)
		}
	case series.Discontinued:
		told = notice.Released{Kind: notice.Discontinued, Series: p.Series}
	}
	return told, false, err
}

func (r *Reactions) ofDocument(ctx context.Context, e event.Recorded, id uuid.UUID, kind notice.Kind, version int) (notice.Released, error) {
	state, _, err := r.documentAt(ctx, id, e.Revision)
	if version == 0 {
		version = state.Current()
	}
	return notice.Released{Kind: kind, Document: id, Version: version, Series: state.Details().Series}, err
}

// ofMove is the one notice of a document that joined, left or changed a series.
func (r *Reactions) ofMove(ctx context.Context, e event.Recorded, p document.DetailsRevised) (notice.Released, error) {
	before, _, err := r.documentAt(ctx, p.Document, e.Revision-1)
	if err != nil || before.Details().Series == p.Details.Series {
		return notice.Released{}, err
	}
	return notice.Released{
		Kind: notice.SeriesChanged, Document: p.Document, Version: before.Current(),
		Series: p.Details.Series, LeftSeries: before.Details().Series,
	}, nil
}
