package handlers

// Here: the commands of publishers on series and categories.

import (
	"context"
	"time"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/category"
	"imprint/domain/event"
	"imprint/domain/series"
)

// SeriesWritten answers a command on a series.
type SeriesWritten struct {
	Series uuid.UUID
	Written
}

// OpenSeries begins a series.
type OpenSeries struct {
	Series      uuid.UUID // zero: follows from the request
	Name        domain.Text
	Description domain.Text
}

// ReviseSeries replaces a series' name and description.
type ReviseSeries struct {
	Series      uuid.UUID
	Name        domain.Text
	Description domain.Text
}

// DiscontinueSeries ends a series, with an optional successor.
type DiscontinueSeries struct {
	Series    uuid.UUID
	Reason    domain.Text
	Successor uuid.UUID
}

// DefineCategory begins a category or gives it another name or description.
type DefineCategory struct {
	Category    string // a slug, e.g. "iso-iec"
	Group       category.Group
	Name        domain.Text
	Description domain.Text
}

// MoveCategory puts a category under another group.
type MoveCategory struct {
	Category string
	Group    category.Group
}

// RemoveCategory ends a category that holds no document.
type RemoveCategory struct {
	Category string
}

// OpenSeries begins a series.
func (p *Publishing) OpenSeries(ctx context.Context, req Request, c OpenSeries) (SeriesWritten, error) {
	if c.Series == uuid.Nil {
		c.Series = req.derive("series")
	}
	return p.series(ctx, req, c.Series, func(_ context.Context, s series.State, _ time.Time) ([]event.Payload, error) {
		return s.Open(c.Series, c.Name, c.Description)
	})
}

// ReviseSeries renames or describes a series anew.
func (p *Publishing) ReviseSeries(ctx context.Context, req Request, c ReviseSeries) (SeriesWritten, error) {
	return p.series(ctx, req, c.Series, func(_ context.Context, s series.State, _ time.Time) ([]event.Payload, error) {
		return s.Revise(c.Name, c.Description)
	})
}

// DiscontinueSeries ends a series.
func (p *Publishing) DiscontinueSeries(ctx context.Context, req Request, c DiscontinueSeries) (SeriesWritten, error) {
	return p.series(ctx, req, c.Series, func(ctx context.Context, s series.State, at time.Time) ([]event.Payload, error) {
		var next series.State
		if c.Successor != uuid.Nil {
			var err error
			if next, err = look[series.State](ctx, p.journal, series.Stream(c.Successor)); err != nil {
				return nil, err
			}
		}
		return s.Discontinue(c.Reason, c.Successor, next, at)
	})
}

// DefineCategory defines or renames a category; an equal definition writes nothing.
func (p *Publishing) DefineCategory(ctx context.Context, req Request, c DefineCategory) (Written, error) {
	return p.category(ctx, req, c.Category, func(_ context.Context, s category.State, _ time.Time) ([]event.Payload, error) {
		return s.Define(c.Category, c.Group, c.Name, c.Description)
	})
}

// MoveCategory moves a category; where it is already, nothing is written.
func (p *Publishing) MoveCategory(ctx context.Context, req Request, c MoveCategory) (Written, error) {
	return p.category(ctx, req, c.Category, func(_ context.Context, s category.State, _ time.Time) ([]event.Payload, error) {
		return s.Move(c.Group)
	})
}

// RemoveCategory removes a category that holds no document, as far as the read
// model tells.
func (p *Publishing) RemoveCategory(ctx context.Context, req Request, c RemoveCategory) (Written, error) {
	return p.category(ctx, req, c.Category, func(ctx context.Context, s category.State, _ time.Time) ([]event.Payload, error) {
		documents, err := p.holds.HeldBy(ctx, c.Category)
		if err != nil {
			return nil, err
		}
		return s.Remove(documents)
	})
}

func (p *Publishing) series(ctx context.Context, req Request, id uuid.UUID, decide func(context.Context, series.State, time.Time) ([]event.Payload, error)) (SeriesWritten, error) {
	if err := req.publisher(); err != nil {
		return SeriesWritten{}, err
	}
	done, err := execute(ctx, p.journal, req, command[series.State]{stream: series.Stream(id), decide: decide})
	return SeriesWritten{Series: id, Written: done.Written}, err
}

func (p *Publishing) category(ctx context.Context, req Request, id string, decide func(context.Context, category.State, time.Time) ([]event.Payload, error)) (Written, error) {
	if err := req.publisher(); err != nil {
		return Written{}, err
	}
	// Before the id becomes the name of a stream.
	if err := domain.CheckSlug("category", id); err != nil {
		return Written{}, err
	}
	done, err := execute(ctx, p.journal, req, command[category.State]{stream: category.Stream(id), decide: decide})
	return done.Written, err
}
