package digest

// Here: from a window to what a mail says. Nothing is written.

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"imprint/domain/access"
	"imprint/domain/calendar"
	"imprint/domain/digest"
	"imprint/domain/notice"
	"imprint/handlers/digest/letter"
	"imprint/projections/notices"
)

// composed is what a window gives.
type composed struct {
	items    []digest.Item // newest first
	withheld []digest.Item // access has ended
	named    []uuid.UUID   // series that the letter names and that are no items
	letter   letter.Letter // of the items; without any, not to be rendered
}

// entry is a candidate that may come from several windows.
type entry struct {
	notices.Candidate
	maybeSent bool
}

// wanted is a digest to be composed: of a person's window that was due at an
// instant.
type wanted struct {
	standing digest.Standing
	window   digest.Window
	due      time.Time
}

// compose selects for the first of those wanted, as many as memory has room for
// and one at least, decides access and words. A window's failed predecessors are
// taken up with it.
func (s *Service) compose(ctx context.Context, all []wanted) ([]composed, error) {
	asks := make([]notices.Ask, len(all))
	for i, w := range all {
		asks[i] = notices.Ask{Person: w.standing.Person, Since: w.standing.Since}
		for _, c := range w.standing.Carried {
			asks[i].Windows = append(asks[i].Windows, c.Window)
		}
		asks[i].Windows = append(asks[i].Windows, w.window)
	}
	found, err := s.notices.Due(ctx, asks)
	if err != nil {
		return nil, fmt.Errorf("digest: select what is due: %w", err)
	}
	done := make([]composed, len(found))
	for i, f := range found {
		done[i] = s.decide(all[i], entries(all[i].standing, f))
	}
	return done, nil
}

// decide splits what was found by whether the person may see it, and words what
// is told.
func (s *Service) decide(w wanted, entries []entry) composed {
	st := w.standing
	zone, _ := calendar.Zone(st.Settings.Schedule.Zone)
	c := composed{letter: letter.Letter{
		Language: st.Settings.Language, Portal: s.config.Portal, PortalURL: s.links.Portal(),
		SettingsURL: s.links.Settings(), UnsubscribeURL: s.links.Unsubscribe(st.Person),
		From: st.LastDue, Until: w.due, Zone: zone,
	}}
	reader := readerOf(st.Person)
	for _, e := range entries {
		item := e.Item
		item.Kind = e.Kind
		// The end of a series carries the widest audience among its documents.
		if !access.MaySee(reader, e.Audience) {
			c.withheld = append(c.withheld, item)
			continue
		}
		c.items = append(c.items, item)
		if len(c.letter.Items) < letter.MaxItems {
			told, named := s.word(reader, e)
			c.letter.Items, c.named = append(c.letter.Items, told), append(c.named, named...)
		} else {
			c.letter.More++
		}
	}
	return c
}

// entries gathers what was found in the windows carried and in the one after them:
// one entry per document or series, newest first.
func entries(st digest.Standing, found notices.Found) []entry {
	bySubject := map[uuid.UUID]entry{}
	for i, candidates := range found {
		maybeSent := i < len(st.Carried) && st.Carried[i].MaybeSent
		for _, c := range candidates {
			merge(bySubject, entry{c, maybeSent})
		}
	}
	entries := make([]entry, 0, len(bySubject))
	for _, e := range bySubject {
		entries = append(entries, e)
	}
	slices.SortFunc(entries, func(a, b entry) int {
		x, y := a.Item.Subject(), b.Item.Subject()
		return cmp.Or(cmp.Compare(b.Ordinal, a.Ordinal), bytes.Compare(x[:], y[:]))
	})
	return entries
}

// merge makes one entry of two about the same.
func merge(all map[uuid.UUID]entry, e entry) {
	id := e.Item.Subject()
	if other, twice := all[id]; twice {
		e = entry{other.With(e.Candidate), e.maybeSent || other.maybeSent}
	}
	all[id] = e
}

// readerOf is how a person reads mail: as a member, whatever roles come on top.
func readerOf(person uuid.UUID) access.Reader {
	return access.Reader{Person: person.String(), Role: access.Member}
}

// word says an entry in the letter's terms, and which series it names that the
// entry's own audience says nothing of.
func (s *Service) word(reader access.Reader, e entry) (i letter.Item, named []uuid.UUID) {
	i = letter.Item{
		Kind: kindOf(e), Title: e.Title, Version: e.Item.Version, Updates: e.Item.Updates,
		At: e.CauseAt, Summary: e.Summary, Reason: e.Reason, Series: e.SeriesName, MaybeSent: e.maybeSent,
	}
	if e.Series != uuid.Nil {
		i.SeriesURL = s.links.Series(e.Series)
	}
	switch {
	case e.Item.Document == uuid.Nil: // the notice is about the series itself
		i.Title, i.URL = e.SeriesName, s.links.Series(e.Item.Series)
		i.Series, i.SeriesURL = nil, ""
	case e.Kind == notice.VersionWithdrawn:
		i.URL = s.links.Version(e.Item.Document, e.Item.Version)
	default:
		i.URL = s.links.Document(e.Item.Document)
	}
	if e.Item.Document != uuid.Nil {
		i.Via = letter.ViaLibrary
		if e.BySeries {
			i.Via = letter.ViaSeries
		}
	}
	// A letter is made for one reader, who may not know of the former series or of
	// the successor.
	if e.Left != uuid.Nil && e.Left != e.Series && access.MaySee(reader, e.LeftAudience) {
		i.Former, i.FormerURL = e.LeftName, s.links.Series(e.Left)
		named = append(named, e.Left)
	}
	if e.Successor != uuid.Nil && access.MaySee(reader, e.SuccessorAudience) {
		i.Successor, i.SuccessorURL = e.SuccessorName, s.links.Series(e.Successor)
		named = append(named, e.Successor)
	}
	return i, named
}

// kinds are what a notice is called in a letter.
var kinds = map[notice.Kind]letter.Kind{
	notice.NewDocument: letter.Published, notice.NewVersion: letter.Updated,
	notice.VersionWithdrawn: letter.VersionWithdrawn, notice.DocumentWithdrawn: letter.Withdrawn,
	notice.Reinstated: letter.Reinstated, notice.SeriesChanged: letter.Joined, notice.Discontinued: letter.Discontinued,
}

// kindOf says of a change of series whether the document joined one, left one, or
// moved. Moved back to where it was told to be, it is in its series again: joined.
func kindOf(e entry) letter.Kind {
	switch {
	case e.Kind != notice.SeriesChanged:
	case e.Series == uuid.Nil:
		return letter.Left
	case e.Left != uuid.Nil && e.Left != e.Series:
		return letter.Moved
	}
	return kinds[e.Kind]
}
