package notices

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/access"
	"imprint/domain/digest"
	"imprint/domain/notice"
)

// ErrPartial: a read model of a selection lags or hides what is parked. Nothing is
// decided on it; wait and ask again.
var ErrPartial = errors.New("a read model is not whole")

// Queries is what the digest worker asks.
type Queries interface {
	// Coverage tells how far the read models of a selection reach.
	Coverage(ctx context.Context) (Coverage, error)
	// Due selects for many persons at one moment. It answers the first of the asks,
	// as many as memory has room for and one at least; the rest is asked again.
	// ErrPartial where the read models are not whole at the very moment that is
	// selected from.
	Due(ctx context.Context, asks []Ask) ([]Found, error)
	// Pending tells whether any notice was released at or after an ordinal.
	Pending(ctx context.Context, after int64) (bool, error)
	// Readers answers whom a version of a document, in a series, would concern if it
	// were published now: of at most so many who keep or follow something of it; more
	// if there are others. ErrPartial while a key is parked.
	Readers(ctx context.Context, document, series uuid.UUID, most int) (persons []uuid.UUID, more bool, err error)
	// Current answers the present audiences of documents and of series (for a series'
	// own notice: the widest of its documents'), for the decision that is
	// made again before a second attempt; one that is absent is missing from the
	// answer. ErrPartial while a key is parked.
	Current(ctx context.Context, documents, series []uuid.UUID) (map[uuid.UUID]access.Audience, error)
}

// Ask asks for the notices that concern one person: by a saved document or a
// followed series, the cause lying after the save or follow and after since.
type Ask struct {
	Person  uuid.UUID
	Since   int64 // the last turning on
	Windows []digest.Window
}

// Found answers an Ask, window by window: one Candidate per document or series,
// newest notice first, with what the mail says now.
type Found [][]Candidate

// Coverage is how far the read models of a selection reach at one moment. A digest
// may rest on them only if they are whole: whoever passes over a hidden row passes
// over it for ever, for no window comes back.
type Coverage struct {
	End    int64    // the first ordinal that one of them has not folded: a window may not end after it
	Behind string   // the one that has folded least
	Parked []string // those that hold parked keys
}

// Whole is nil if all of them have folded the events before an ordinal and hide
// nothing; ErrPartial otherwise.
func (c Coverage) Whole(until int64) error {
	switch {
	case len(c.Parked) > 0:
		return domain.Refuse(domain.Unavailable, "read-models-parked", "what is parked is hidden in these read models: %s; see imprint projections parked, mend the cause, then imprint projections replay", strings.Join(c.Parked, ", ")).Because(ErrPartial)
	case c.End < until:
		return domain.Refuse(domain.Unavailable, "read-models-behind", "the read model %s has not folded all of the log; see imprint projections list", c.Behind).Because(ErrPartial)
	}
	return nil
}

// Candidate is one possible entry of a digest, before access is decided.
type Candidate struct {
	Item              digest.Item
	Ordinal           int64 // of the newest notice among its updates
	CauseAt           time.Time
	Title             domain.Text
	Summary           domain.Text // corrected, of the newest version told
	Reason            domain.Text // of a withdrawal, reinstatement or discontinuation
	Series            uuid.UUID
	SeriesName        domain.Text
	Left              uuid.UUID // of a change of series only: the one it was in before, if any
	LeftName          domain.Text
	LeftAudience      access.Audience // who may know of it: those who see one of its documents
	Successor         uuid.UUID
	SuccessorName     domain.Text
	SuccessorAudience access.Audience // who may know of it: those who see one of its documents
	BySeries          bool            // reached only through a followed series
	Audience          access.Audience
	Kind              notice.Kind // what is told now: withdrawn later wins over new
}
