package queries_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"imprint/domain"
	"imprint/domain/access"
	"imprint/domain/digest"
	"imprint/domain/document"
	"imprint/domain/library"
	"imprint/domain/notice"
	"imprint/domain/series"
	"imprint/projections/notices"
)

// release tells the notice of a cause, as the reaction does.
func (c *chronicle) release(cause past, n notice.Released) past {
	c.t.Helper()
	n.Cause, n.CauseOrdinal = cause.id, cause.ordinal
	return c.tell(n)
}

func (c *chronicle) due(person uuid.UUID, w digest.Window, since int64) []notices.Candidate {
	c.t.Helper()
	found, err := c.notices.Due(c.t.Context(), []notices.Ask{{Person: person, Since: since, Windows: []digest.Window{w}}})
	check(c.t, err)
	if len(found) != 1 || len(found[0]) != 1 {
		c.t.Fatalf("one person and window asked for, answered %v", found)
	}
	return found[0][0]
}

// said writes candidates down, to compare them.
func said(all []notices.Candidate) string {
	var b strings.Builder
	for _, n := range all {
		fmt.Fprintf(&b, "%s %s", n.Kind, n.Title)
		if n.Item.Series != uuid.Nil {
			b.WriteString(n.SeriesName.String())
		}
		fmt.Fprintf(&b, " v%d ×%d", n.Item.Version, n.Item.Updates)
		for _, t := range []domain.Text{n.Summary, n.Reason} {
			if t != nil {
				fmt.Fprintf(&b, " %q", t.String())
			}
		}
		if n.BySeries {
			b.WriteString(" by series")
		}
		b.WriteString("\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// scene is one reader with two lines and documents to tell of.
type scene struct {
	*chronicle
	reader    uuid.UUID
	lineA     uuid.UUID
	lineB     uuid.UUID
	doc       uuid.UUID // "Report", in no series
	inA       uuid.UUID // "Member", in line A
	since     int64     // of the last turning on
	from, end int64     // the window; end 0: all that is folded
}

// newScene begins at the end of a chronicle that scenes may share.
func newScene(c *chronicle) *scene {
	s := &scene{chronicle: c, reader: uuid.New(), lineA: uuid.New(), lineB: uuid.New(), doc: uuid.New(), inA: uuid.New(), from: c.last() + 1}
	s.tell(series.Opened{Series: s.lineA, Name: domain.English("Line A")})
	s.tell(series.Opened{Series: s.lineB, Name: domain.English("Line B")})
	s.tell(issue(s.doc, uuid.Nil, "Report"))
	s.tell(issue(s.inA, s.lineA, "Member"))
	return s
}

func (s *scene) saves(id, line uuid.UUID) { s.tell(saved(s.reader, id, line, "As saved")) }

func (s *scene) follows(line uuid.UUID) {
	s.tell(library.SeriesFollowed{Person: s.reader, Series: line})
}

// updates publishes a version and releases it.
func (s *scene) updates(id, line uuid.UUID, number int, summary string) past {
	return s.release(s.tell(reissue(id, number, summary)), notice.Released{Kind: notice.NewVersion, Document: id, Version: number, Series: line})
}

func (s *scene) withdraws(id uuid.UUID) past {
	return s.tell(document.Withdrawn{Document: id, Reason: domain.English("Wrong")})
}

func TestWhatIsDue(t *testing.T) {
	c := opened(t)
	for name, is := range map[string]struct {
		happens func(*scene)
		want    string
	}{
		"an update of a saved document": {func(s *scene) {
			s.saves(s.doc, uuid.Nil)
			s.updates(s.doc, uuid.Nil, 2, "Second")
		}, `versioned Report v2 ×1 "Second"`},
		"of one that is not saved": {func(s *scene) { s.updates(s.doc, uuid.Nil, 2, "Second") }, ``},
		"of one that was taken out": {func(s *scene) {
			s.saves(s.doc, uuid.Nil)
			s.updates(s.doc, uuid.Nil, 2, "Second")
			s.tell(library.Removed{Person: s.reader, Document: s.doc})
		}, ``},
		"caused before the save, released after it": {func(s *scene) {
			cause := s.tell(reissue(s.doc, 2, "Second"))
			s.saves(s.doc, uuid.Nil)
			s.release(cause, notice.Released{Kind: notice.NewVersion, Document: s.doc, Version: 2})
		}, ``},
		"caused before the turning on": {func(s *scene) {
			s.saves(s.doc, uuid.Nil)
			cause := s.tell(reissue(s.doc, 2, "Second"))
			s.since = cause.ordinal
			s.release(cause, notice.Released{Kind: notice.NewVersion, Document: s.doc, Version: 2})
		}, ``},
		"not released": {func(s *scene) {
			s.saves(s.doc, uuid.Nil)
			s.tell(reissue(s.doc, 2, "Second"))
		}, ``},
		"released before the window": {func(s *scene) {
			s.saves(s.doc, uuid.Nil)
			s.from = s.updates(s.doc, uuid.Nil, 2, "Second").ordinal + 1
		}, ``},
		"released at the window's end": {func(s *scene) {
			s.saves(s.doc, uuid.Nil)
			s.end = s.updates(s.doc, uuid.Nil, 2, "Second").ordinal
		}, ``},
		"three updates are one entry with the newest summary, corrected": {func(s *scene) {
			s.saves(s.doc, uuid.Nil)
			s.updates(s.doc, uuid.Nil, 2, "Second")
			s.updates(s.doc, uuid.Nil, 3, "Third")
			s.updates(s.doc, uuid.Nil, 4, "Fourth")
			s.tell(document.SummaryCorrected{Document: s.doc, Number: 4, Summary: domain.English("Put right")})
		}, `versioned Report v4 ×3 "Put right"`},
		"newest notice first": {func(s *scene) {
			s.saves(s.doc, uuid.Nil)
			s.saves(s.inA, s.lineA)
			s.updates(s.doc, uuid.Nil, 2, "Second")
			s.updates(s.inA, s.lineA, 2, "Of the member")
		}, "versioned Member v2 ×1 \"Of the member\"\nversioned Report v2 ×1 \"Second\""},
		"by library and series it is one entry": {func(s *scene) {
			s.saves(s.inA, s.lineA)
			s.follows(s.lineA)
			s.updates(s.inA, s.lineA, 2, "Second")
		}, `versioned Member v2 ×1 "Second"`},
		"saving follows the series": {func(s *scene) {
			s.saves(s.inA, s.lineA)
			other := uuid.New()
			s.release(s.tell(issue(other, s.lineA, "Other")), notice.Released{Kind: notice.NewDocument, Document: other, Version: 1, Series: s.lineA})
		}, `published Other v1 ×1 "First issue" by series`},
		"an explicit follow": {func(s *scene) {
			s.follows(s.lineA)
			s.updates(s.inA, s.lineA, 2, "Second")
		}, `versioned Member v2 ×1 "Second" by series`},
		"before the follow": {func(s *scene) {
			cause := s.tell(reissue(s.inA, 2, "Second"))
			s.follows(s.lineA)
			s.release(cause, notice.Released{Kind: notice.NewVersion, Document: s.inA, Version: 2, Series: s.lineA})
		}, ``},
		"an unfollow keeps the saved document": {func(s *scene) {
			s.saves(s.inA, s.lineA)
			s.tell(library.SeriesUnfollowed{Person: s.reader, Series: s.lineA})
			other := uuid.New()
			s.release(s.tell(issue(other, s.lineA, "Other")), notice.Released{Kind: notice.NewDocument, Document: other, Version: 1, Series: s.lineA})
			s.updates(s.inA, s.lineA, 2, "Second")
		}, `versioned Member v2 ×1 "Second"`},
		"saving again follows again, from then on": {func(s *scene) {
			s.saves(s.inA, s.lineA)
			s.tell(library.SeriesUnfollowed{Person: s.reader, Series: s.lineA})
			between, again, after := uuid.New(), uuid.New(), uuid.New()
			cause := s.tell(issue(between, s.lineA, "Between"))
			s.tell(issue(again, s.lineA, "Again"))
			s.saves(again, s.lineA)
			s.release(cause, notice.Released{Kind: notice.NewDocument, Document: between, Version: 1, Series: s.lineA})
			s.release(s.tell(issue(after, s.lineA, "After")), notice.Released{Kind: notice.NewDocument, Document: after, Version: 1, Series: s.lineA})
		}, `published After v1 ×1 "First issue" by series`},
		"saved before it joined: nothing older than the joining": {func(s *scene) {
			s.saves(s.doc, uuid.Nil)
			early := s.tell(reissue(s.inA, 2, "Before the joining"))
			joining := s.tell(moved(s.doc, s.lineA, "Report"))
			s.release(early, notice.Released{Kind: notice.NewVersion, Document: s.inA, Version: 2, Series: s.lineA})
			s.release(joining, notice.Released{Kind: notice.SeriesChanged, Document: s.doc, Series: s.lineA})
			s.updates(s.inA, s.lineA, 3, "After the joining")
		}, "versioned Member v3 ×1 \"After the joining\" by series\nseries-changed Report v0 ×1"},
		"a move concerns the followers of the series left": {func(s *scene) {
			s.follows(s.lineA)
			s.release(s.tell(moved(s.inA, s.lineB, "Member")), notice.Released{Kind: notice.SeriesChanged, Document: s.inA, Series: s.lineB, LeftSeries: s.lineA})
		}, `series-changed Member v0 ×1 by series`},
		"and of the series joined": {func(s *scene) {
			s.follows(s.lineB)
			s.release(s.tell(moved(s.inA, s.lineB, "Member")), notice.Released{Kind: notice.SeriesChanged, Document: s.inA, Series: s.lineB, LeftSeries: s.lineA})
		}, `series-changed Member v0 ×1 by series`},
		"and is one entry for a follower of both": {func(s *scene) {
			s.follows(s.lineA)
			s.follows(s.lineB)
			s.release(s.tell(moved(s.inA, s.lineB, "Member")), notice.Released{Kind: notice.SeriesChanged, Document: s.inA, Series: s.lineB, LeftSeries: s.lineA})
		}, `series-changed Member v0 ×1 by series`},
		"withdrawn later is not told as new": {func(s *scene) {
			s.saves(s.doc, uuid.Nil)
			s.updates(s.doc, uuid.Nil, 2, "Second")
			s.withdraws(s.doc)
		}, `withdrawn Report v2 ×1 "Wrong"`},
		"nor is a version": {func(s *scene) {
			s.saves(s.doc, uuid.Nil)
			s.updates(s.doc, uuid.Nil, 2, "Second")
			s.tell(document.VersionWithdrawn{Document: s.doc, Number: 2, Reason: domain.English("Wrong file")})
		}, `version-withdrawn Report v2 ×1 "Wrong file"`},
		"a withdrawal is an entry itself": {func(s *scene) {
			s.saves(s.doc, uuid.Nil)
			s.release(s.withdraws(s.doc), notice.Released{Kind: notice.DocumentWithdrawn, Document: s.doc})
		}, `withdrawn Report v0 ×1 "Wrong"`},
		"an old version's withdrawal does not hide the new one": {func(s *scene) {
			s.saves(s.doc, uuid.Nil)
			s.updates(s.doc, uuid.Nil, 2, "Second")
			s.updates(s.doc, uuid.Nil, 3, "Third")
			s.release(s.tell(document.VersionWithdrawn{Document: s.doc, Number: 2, Reason: domain.English("Wrong")}), notice.Released{Kind: notice.VersionWithdrawn, Document: s.doc, Version: 2})
		}, `versioned Report v3 ×3 "Third"`},
		"withdrawn and reinstated: what holds now": {func(s *scene) {
			s.saves(s.doc, uuid.Nil)
			s.updates(s.doc, uuid.Nil, 2, "Second")
			s.release(s.withdraws(s.doc), notice.Released{Kind: notice.DocumentWithdrawn, Document: s.doc})
			s.tell(document.Reinstated{Document: s.doc, Reason: domain.English("It was right")})
		}, `versioned Report v2 ×2 "Second"`},
		"a reinstatement alone": {func(s *scene) {
			s.saves(s.doc, uuid.Nil)
			s.release(s.withdraws(s.doc), notice.Released{Kind: notice.DocumentWithdrawn, Document: s.doc})
			s.release(s.tell(document.Reinstated{Document: s.doc, Reason: domain.English("It was right")}), notice.Released{Kind: notice.Reinstated, Document: s.doc})
		}, `reinstated Report v0 ×2 "It was right"`},
		"a version reinstated": {func(s *scene) {
			s.tell(reissue(s.doc, 2, "Second"))
			s.tell(document.VersionWithdrawn{Document: s.doc, Number: 2, Reason: domain.English("Wrong")})
			s.saves(s.doc, uuid.Nil)
			s.release(s.tell(document.VersionReinstated{Document: s.doc, Number: 2, Reason: domain.English("Right")}), notice.Released{Kind: notice.Reinstated, Document: s.doc, Version: 2})
		}, `reinstated Report v2 ×1 "Right"`},
		"the end of a series": {func(s *scene) {
			s.saves(s.inA, s.lineA)
			s.release(s.tell(series.Discontinued{Series: s.lineA, Reason: domain.English("Replaced"), Successor: s.lineB}), notice.Released{Kind: notice.Discontinued, Series: s.lineA})
			s.updates(s.inA, s.lineA, 2, "Second")
		}, "versioned Member v2 ×1 \"Second\"\ndiscontinued Line A v0 ×1 \"Replaced\" by series"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(c)
			is.happens(s)
			s.fold()
			covered, err := s.notices.Coverage(t.Context())
			check(t, err)
			end := covered.End
			if end != s.last()+1 {
				t.Errorf("the end is %d, want %d", end, s.last()+1)
			}
			if s.end == 0 {
				s.end = end
			}
			if got := said(s.due(s.reader, digest.Window{From: s.from, Until: s.end}, s.since)); got != is.want {
				t.Errorf("got\n%s\nwant\n%s", got, is.want)
			}
		})
	}
}

func TestCandidateSaysWhatTheMailNeeds(t *testing.T) {
	s := newScene(opened(t))
	s.follows(s.lineA)
	cause := s.tell(reissue(s.inA, 2, "Second"))
	released := s.release(cause, notice.Released{Kind: notice.NewVersion, Document: s.inA, Version: 2, Series: s.lineA})
	ending := s.tell(series.Discontinued{Series: s.lineA, Reason: domain.English("Replaced"), Successor: s.lineB})
	s.release(ending, notice.Released{Kind: notice.Discontinued, Series: s.lineA})
	s.tell(document.AudienceChanged{Document: s.inA, Audience: access.Audience{Kind: access.SignedIn}})
	s.fold()
	all := s.due(s.reader, digest.Window{From: 1, Until: s.last() + 1}, 0)
	if len(all) != 2 {
		t.Fatalf("%d candidates, want 2: %s", len(all), said(all))
	}
	member := all[1]
	if want := (digest.Item{Notice: cause.id, Kind: notice.NewVersion, Document: s.inA, Version: 2, Updates: 1}); member.Item != want {
		t.Errorf("item %+v, want %+v", member.Item, want)
	}
	if member.Ordinal != released.ordinal || !member.CauseAt.Equal(cause.at) || member.Audience.Kind != access.SignedIn ||
		member.Series != s.lineA || member.SeriesName.String() != "Line A" {
		t.Errorf("member: %+v", member)
	}
	// A series' notice is told to those who may see one of its documents.
	end := all[0]
	if want := (digest.Item{Notice: ending.id, Kind: notice.Discontinued, Series: s.lineA, Updates: 1}); end.Item != want {
		t.Errorf("item %+v, want %+v", end.Item, want)
	}
	if end.Successor != s.lineB || end.Audience.Kind != access.SignedIn || end.Reason.String() != "Replaced" {
		t.Errorf("end: %+v", end)
	}
	now, err := s.notices.Current(t.Context(), []uuid.UUID{s.inA, s.doc, uuid.New()}, []uuid.UUID{s.lineA, s.lineB, uuid.New()})
	check(t, err)
	if len(now) != 4 || now[s.inA].Kind != access.SignedIn || now[s.doc].Kind != access.Everyone ||
		now[s.lineA].Kind != access.SignedIn || now[s.lineB].Kind != access.Everyone { // line B has nothing to hide
		t.Errorf("audiences now: %v", now)
	}
}

func TestPending(t *testing.T) {
	s := newScene(opened(t))
	cause := s.tell(reissue(s.doc, 2, "Second"))
	s.fold()
	pending := func(after int64) bool {
		got, err := s.notices.Pending(t.Context(), after)
		check(t, err)
		return got
	}
	if pending(0) {
		t.Error("what waits for its release is pending")
	}
	at := s.release(cause, notice.Released{Kind: notice.NewVersion, Document: s.doc, Version: 2}).ordinal
	s.fold()
	if !pending(0) || !pending(at) || pending(at+1) {
		t.Errorf("pending from 0: %t, from its ordinal: %t, after it: %t", pending(0), pending(at), pending(at+1))
	}
}

// Whatever happens, however the ordinals are split into windows and whoever is
// asked for together: each due notice is in exactly one window, and each window
// tells each document once.
func TestEveryDueNoticeIsInOneWindow(t *testing.T) {
	c := opened(t)
	rapid.Check(t, func(rt *rapid.T) {
		first := c.last() + 1
		m := newModel(c, rt)
		for range rapid.IntRange(5, 40).Draw(rt, "events") {
			m.happen(rt)
		}
		c.fold()
		var asks []notices.Ask
		for _, r := range m.readers {
			a := notices.Ask{Person: r.person, Since: rapid.Int64Range(first, c.last()).Draw(rt, "since")}
			for at := first; at <= c.last(); {
				w := digest.Window{From: at, Until: rapid.Int64Range(at+1, c.last()+1).Draw(rt, "until")}
				a.Windows, at = append(a.Windows, w), w.Until
			}
			asks = append(asks, a)
		}
		// With little room, only the first persons are answered at once.
		asker := c.notices.WithRoom(rapid.SampledFrom([]int{0, 2000, 8000, 1 << 20}).Draw(rt, "room"))
		for answered := 0; answered < len(asks); {
			found, err := asker.Due(t.Context(), asks[answered:])
			check(t, err)
			if len(found) == 0 || len(found) > len(asks)-answered {
				rt.Fatalf("%d asked for, %d answered", len(asks)-answered, len(found))
			}
			for i, f := range found {
				m.readers[answered+i].holds(rt, asks[answered+i], f)
			}
			answered += len(found)
		}
	})
}

// holds compares what was found for a reader with the model's rule.
func (r *reader) holds(rt *rapid.T, ask notices.Ask, found notices.Found) {
	due, total := r.due(ask.Since), 0
	if len(found) != len(ask.Windows) {
		rt.Fatalf("%d windows asked for, %d answered", len(ask.Windows), len(found))
	}
	for i, w := range ask.Windows {
		want := map[uuid.UUID][]notice.Released{}
		bySeries := map[uuid.UUID]bool{}
		for _, d := range due {
			if d.ordinal < w.From || d.ordinal >= w.Until {
				continue
			}
			subject := d.Document
			if subject == uuid.Nil {
				subject = d.Series
			}
			if _, known := bySeries[subject]; !known {
				bySeries[subject] = true
			}
			bySeries[subject] = bySeries[subject] && d.bySeries
			want[subject] = append(want[subject], d.Released)
		}
		for _, n := range found[i] {
			subject := n.Item.Document
			if subject == uuid.Nil {
				subject = n.Item.Series
			}
			total += n.Item.Updates
			about := want[subject]
			if len(about) != n.Item.Updates || n.BySeries != bySeries[subject] {
				rt.Fatalf("window %v: %+v, want %d updates, by series %t", w, n, len(about), bySeries[subject])
			}
			if (n.Kind == notice.DocumentWithdrawn) != r.withdrawn[subject] {
				rt.Fatalf("told %s, withdrawn is %t", n.Kind, r.withdrawn[subject])
			}
			if !slices.ContainsFunc(about, func(r notice.Released) bool { return r.Cause == n.Item.Notice }) {
				rt.Fatalf("the item's notice %s is not due in %v", n.Item.Notice, w)
			}
			delete(want, subject)
		}
		if len(want) > 0 {
			rt.Fatalf("window %v lacks %v", w, want)
		}
	}
	if total != len(due) {
		rt.Fatalf("%d updates told, %d due", total, len(due))
	}
}
