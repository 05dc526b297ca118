package notices

// What is told: notices of one document become one candidate that says what
// holds now.

import (
	"cmp"
	"slices"
	"time"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/access"
	"imprint/domain/digest"
	"imprint/domain/notice"
)

// Due is one notice that concerns a person.
type Due struct {
	*Notice      // shared with all whom it concerns
	Saved   bool // reached by a saved document
}

// Notice is a released notice with what holds now.
type Notice struct {
	Cause    uuid.UUID
	Ordinal  int64
	CauseAt  time.Time
	Kind     notice.Kind
	Document uuid.UUID // zero: the notice is the series' own
	Version  int
	Reason   domain.Text // of the cause

	Title             domain.Text
	Audience          access.Audience
	Withdrawn         bool
	WithdrawnReason   domain.Text
	VersionWithdrawn  bool
	VersionReason     domain.Text // of the version's withdrawal
	Summary           domain.Text // of the version, as corrected
	Series            uuid.UUID   // the document's, or the series itself
	SeriesName        domain.Text
	Left              uuid.UUID // a change of series: where readers were last told it was
	LeftName          domain.Text
	LeftAudience      access.Audience // the widest of its documents'
	Successor         uuid.UUID
	SuccessorName     domain.Text
	SuccessorAudience access.Audience // the widest of its documents'
}

// Gather makes the candidates: one per document and one per series, newest first.
func Gather(due []Due) []Candidate {
	type subject struct{ document, series uuid.UUID }
	groups := map[subject][]Due{}
	for _, d := range due {
		s := subject{document: d.Document}
		if d.Document == uuid.Nil {
			s.series = d.Series
		}
		groups[s] = append(groups[s], d)
	}
	candidates := make([]Candidate, 0, len(groups))
	for _, g := range groups {
		slices.SortFunc(g, func(a, b Due) int { return cmp.Compare(a.Ordinal, b.Ordinal) })
		candidates = append(candidates, candidate(g))
	}
	slices.SortFunc(candidates, func(a, b Candidate) int { return cmp.Compare(b.Ordinal, a.Ordinal) })
	return candidates
}

// candidate is made of one subject's notices in the order of their release.
func candidate(g []Due) Candidate {
	newest := g[len(g)-1]
	told, kind := tell(g)
	c := Candidate{
		Item:              digest.Item{Notice: told.Cause, Kind: kind, Document: told.Document, Version: told.Version, Updates: len(g)},
		Ordinal:           newest.Ordinal,
		CauseAt:           told.CauseAt,
		Title:             newest.Title,
		Series:            newest.Series,
		SeriesName:        newest.SeriesName,
		Successor:         newest.Successor,
		SuccessorName:     newest.SuccessorName,
		SuccessorAudience: newest.SuccessorAudience,
		BySeries:          !slices.ContainsFunc(g, func(d Due) bool { return d.Saved }),
		Audience:          newest.Audience,
		Kind:              kind,
	}
	if told.Document == uuid.Nil {
		c.Item.Series = told.Series
	}
	if kind == notice.SeriesChanged {
		c.Left, c.LeftName, c.LeftAudience = told.Left, told.LeftName, told.LeftAudience
	}
	switch kind {
	case notice.NewDocument, notice.NewVersion:
		c.Summary = told.Summary
	case notice.DocumentWithdrawn:
		c.Reason = newest.WithdrawnReason
	case notice.VersionWithdrawn:
		c.Reason = told.VersionReason
	case told.Kind: // the cause's own reason, where the cause is what is told
		c.Reason = told.Reason
	}
	return c
}

// With makes one candidate of two about the same subject, from two windows: what
// Gather tells of all their notices.
func (c Candidate) With(other Candidate) Candidate {
	newer, older := c, other
	if newer.Ordinal < older.Ordinal {
		newer, older = older, newer
	}
	told := newer
	if older.tellsMore(newer) {
		told = older
	}
	told.Ordinal = newer.Ordinal
	told.Item.Updates = newer.Item.Updates + older.Item.Updates
	told.BySeries = newer.BySeries && older.BySeries
	return told
}

// tellsMore tells whether a candidate speaks for both it and a newer one, by the order
// of tell: a change of series only where nothing else is, the newest version first,
// and of that its publication.
func (c Candidate) tellsMore(newer Candidate) bool {
	moved, new := c.Kind == notice.SeriesChanged, c.Kind == notice.NewDocument || c.Kind == notice.NewVersion
	switch {
	case c.Item.Document == uuid.Nil || c.Kind == notice.DocumentWithdrawn: // the newer one is told alike
		return false
	case moved || newer.Kind == notice.SeriesChanged:
		return !moved
	case c.Item.Version != newer.Item.Version:
		return c.Item.Version > newer.Item.Version
	}
	return new && newer.Kind == notice.Reinstated
}

// tell chooses the notice that is told, and as what.
func tell(g []Due) (Due, notice.Kind) {
	newest := g[len(g)-1]
	if newest.Document == uuid.Nil {
		return newest, newest.Kind
	}
	if newest.Withdrawn {
		return last(g, notice.DocumentWithdrawn), notice.DocumentWithdrawn
	}
	if about := ofNewestVersion(g); len(about) > 0 {
		switch new := last(about, notice.NewDocument, notice.NewVersion); {
		case new.VersionWithdrawn:
			return last(about, notice.VersionWithdrawn), notice.VersionWithdrawn
		case new.Kind == notice.NewDocument || new.Kind == notice.NewVersion:
			return new, new.Kind
		}
		return last(about, notice.Reinstated), notice.Reinstated
	}
	if d := last(g, notice.DocumentWithdrawn, notice.Reinstated); d.Kind != notice.SeriesChanged {
		// What was withdrawn stands again.
		return last(g, notice.Reinstated), notice.Reinstated
	}
	return newest, notice.SeriesChanged
}

// ofNewestVersion are the notices about the newest version among them.
func ofNewestVersion(g []Due) (about []Due) {
	version := 1
	for _, d := range g {
		if d.Kind == notice.SeriesChanged || d.Version < version {
			continue
		}
		if d.Version > version {
			version, about = d.Version, nil
		}
		about = append(about, d)
	}
	return about
}

// last is the last notice of one of the kinds, else the last of all.
func last(g []Due, kinds ...notice.Kind) Due {
	for _, d := range slices.Backward(g) {
		if slices.Contains(kinds, d.Kind) {
			return d
		}
	}
	return g[len(g)-1]
}
