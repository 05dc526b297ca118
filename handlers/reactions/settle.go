package reactions

// Here: whether a notice may be released. The answer depends on what happened
// before the end of the grace period and on what readers had been told by then,
// not on when it is asked: after an outage, or a second time, it is the same.

import (
	"context"
	"slices"

	"imprint/domain/document"
	"imprint/domain/event"
	"imprint/domain/notice"
)

// settle answers the notice as it is to be released; false if it is not to be.
func (r *Reactions) settle(ctx context.Context, p notice.Pending) (notice.Released, bool, error) {
	n := p.Notice
	if n.Kind == notice.Discontinued {
		return n, true, nil
	}
	passed := false
	facts, err := r.facts(ctx, n.Document, func(e event.Recorded) bool {
		wanted := !passed || e.Meta.Time.Before(p.ReleaseAt)
		passed = passed || e.ID == n.Cause
		return wanted
	})
	at := slices.IndexFunc(facts, func(f fact) bool { return f.ID == n.Cause })
	if err != nil || at < 0 {
		return n, false, err
	}
	cause, before, after := facts[at].payload, facts[:at], facts[at+1:]
	// Whether these are told does not depend on what was told before.
	switch cause.(type) {
	case document.Published, document.Versioned:
		return n, stateOf(facts).Standing(n.Version), nil
	}
	if undone(cause, after) {
		return n, false, nil
	}
	known, err := r.believed(ctx, before)
	if err != nil {
		return n, false, err
	}
	news := false
	switch c := cause.(type) {
	case document.VersionWithdrawn:
		news = known.versions[c.Number]
	case document.VersionReinstated:
		stands, told := known.versions[c.Number]
		news = told && !stands || !told && slices.Contains(known.majors, c.Number)
	case document.Withdrawn:
		news = len(known.versions) > 0 && !known.withdrawn
	case document.Reinstated:
		newest := known.newest()
		_, told := known.versions[newest]
		news = known.withdrawn || newest > 0 && !told
	case document.DetailsRevised:
		// Moves that were undone or overtaken did not happen for readers.
		n.LeftSeries = known.series
		state := stateOf(facts)
		news = !state.Withdrawn() && state.Details().Series == n.Series && n.LeftSeries != n.Series
	}
	return n, news, nil
}

// undone tells whether a withdrawal or a return was taken back.
func undone(cause event.Payload, after []fact) bool {
	return slices.ContainsFunc(after, func(f fact) bool {
		switch c := cause.(type) {
		case document.VersionWithdrawn:
			back, is := f.payload.(document.VersionReinstated)
			return is && back.Number == c.Number
		case document.VersionReinstated:
			gone, is := f.payload.(document.VersionWithdrawn)
			return is && gone.Number == c.Number
		case document.Withdrawn:
			_, is := f.payload.(document.Reinstated)
			return is
		case document.Reinstated:
			_, is := f.payload.(document.Withdrawn)
			return is
		}
		return false
	})
}
