package queries_test

// A naive model of selection: it keeps everything in memory and looks at every
// notice for every person.

import (
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"imprint/domain"
	"imprint/domain/document"
	"imprint/domain/library"
	"imprint/domain/notice"
	"imprint/domain/series"
)

type model struct {
	c         *chronicle
	readers   []*reader
	documents []uuid.UUID
	lines     []uuid.UUID

	in        map[uuid.UUID]uuid.UUID
	joined    map[uuid.UUID]int64
	newest    map[uuid.UUID]int
	withdrawn map[uuid.UUID]bool
	ended     map[uuid.UUID]bool
	waiting   []waiting
	released  []releasedNotice
}

// reader is one of the persons.
type reader struct {
	*model
	person uuid.UUID
	kept   map[uuid.UUID]library.Entry
	said   map[uuid.UUID]library.Explicit
}

type waiting struct {
	cause  past
	notice notice.Released
}

type releasedNotice struct {
	notice.Released
	ordinal  int64
	bySeries bool // due only so
}

func newModel(c *chronicle, rt *rapid.T) *model {
	m := &model{
		c: c, lines: []uuid.UUID{uuid.New(), uuid.New()}, in: map[uuid.UUID]uuid.UUID{},
		joined: map[uuid.UUID]int64{}, newest: map[uuid.UUID]int{}, withdrawn: map[uuid.UUID]bool{}, ended: map[uuid.UUID]bool{},
	}
	for range rapid.IntRange(1, 4).Draw(rt, "readers") {
		m.readers = append(m.readers, &reader{model: m, person: uuid.New(), kept: map[uuid.UUID]library.Entry{}, said: map[uuid.UUID]library.Explicit{}})
	}
	for _, line := range m.lines {
		c.tell(series.Opened{Series: line, Name: domain.English("Line")})
	}
	for range 3 {
		m.publish(rt)
	}
	return m
}

func (m *model) line(rt *rapid.T) uuid.UUID {
	return rapid.SampledFrom([]uuid.UUID{uuid.Nil, m.lines[0], m.lines[1]}).Draw(rt, "series")
}

func (m *model) publish(rt *rapid.T) {
	id, line := uuid.New(), m.line(rt)
	cause := m.c.tell(issue(id, line, "A report"))
	m.documents, m.in[id], m.joined[id], m.newest[id] = append(m.documents, id), line, cause.ordinal, 1
	m.wait(cause, notice.Released{Kind: notice.NewDocument, Document: id, Version: 1, Series: line})
}

func (m *model) wait(cause past, n notice.Released) {
	n.Cause, n.CauseOrdinal = cause.id, cause.ordinal
	m.waiting = append(m.waiting, waiting{cause, n})
}

// happen tells one more event, of which every kind of notice is a cause.
func (m *model) happen(rt *rapid.T) {
	id := rapid.SampledFrom(m.documents).Draw(rt, "document")
	r := rapid.SampledFrom(m.readers).Draw(rt, "reader")
	line := rapid.SampledFrom(m.lines).Draw(rt, "line")
	switch rapid.SampledFrom([]string{"save", "save", "remove", "follow", "unfollow", "publish", "version", "version", "move", "stand", "end", "release", "release", "release"}).Draw(rt, "what") {
	case "save":
		e := m.c.tell(saved(r.person, id, m.in[id], "A report"))
		if _, there := r.kept[id]; !there {
			r.kept[id] = library.Entry{Saved: e.ordinal, SeriesThen: m.in[id]}
		}
	case "remove":
		m.c.tell(library.Removed{Person: r.person, Document: id})
		delete(r.kept, id)
	case "follow":
		e, s := m.c.tell(library.SeriesFollowed{Person: r.person, Series: line}), r.said[line]
		if s.Followed <= s.Unfollowed {
			s.Followed = e.ordinal
		}
		r.said[line] = s
	case "unfollow":
		s := r.said[line]
		s.Unfollowed = m.c.tell(library.SeriesUnfollowed{Person: r.person, Series: line}).ordinal
		r.said[line] = s
	case "publish":
		m.publish(rt)
	case "version":
		m.newest[id]++
		cause := m.c.tell(reissue(id, m.newest[id], "News"))
		m.wait(cause, notice.Released{Kind: notice.NewVersion, Document: id, Version: m.newest[id], Series: m.in[id]})
	case "move":
		to, from := m.line(rt), m.in[id]
		cause := m.c.tell(moved(id, to, "A report"))
		if to != from {
			m.in[id], m.joined[id] = to, cause.ordinal
			m.wait(cause, notice.Released{Kind: notice.SeriesChanged, Document: id, Series: to, LeftSeries: from})
		}
	case "stand":
		m.withdrawn[id] = !m.withdrawn[id]
		if m.withdrawn[id] {
			m.wait(m.c.tell(document.Withdrawn{Document: id, Reason: domain.English("Wrong")}), notice.Released{Kind: notice.DocumentWithdrawn, Document: id, Series: m.in[id]})
		} else {
			m.wait(m.c.tell(document.Reinstated{Document: id}), notice.Released{Kind: notice.Reinstated, Document: id, Series: m.in[id]})
		}
	case "end":
		if !m.ended[line] {
			m.ended[line] = true
			m.wait(m.c.tell(series.Discontinued{Series: line, Reason: domain.English("Over")}), notice.Released{Kind: notice.Discontinued, Series: line})
		}
	case "release":
		if len(m.waiting) > 0 {
			w := m.waiting[0]
			m.waiting = m.waiting[1:]
			m.released = append(m.released, releasedNotice{Released: w.notice, ordinal: m.c.release(w.cause, w.notice).ordinal})
		}
	}
}

// due lists the released notices that concern the reader now.
func (r *reader) due(since int64) (all []releasedNotice) {
	var entries []library.Entry
	for id, e := range r.kept {
		e.Series, e.SeriesSince = r.in[id], r.joined[id]
		entries = append(entries, e)
	}
	for _, n := range r.released {
		e, mine := r.kept[n.Document]
		mine = mine && n.CauseOrdinal > e.Saved
		followed := false
		for _, line := range []uuid.UUID{n.Series, n.LeftSeries} {
			from, following := library.Follows(line, entries, r.said[line])
			followed = followed || following && n.CauseOrdinal > from
		}
		if n.CauseOrdinal > since && (mine || followed) {
			n.bySeries = !mine
			all = append(all, n)
		}
	}
	return all
}
