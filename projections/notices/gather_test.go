package notices

import (
	"math/rand/v2"
	"testing"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/notice"
)

func TestOneCandidatePerSubjectNewestFirst(t *testing.T) {
	a, b, line := uuid.New(), uuid.New(), uuid.New()
	got := Gather([]Due{
		{&Notice{Ordinal: 4, Kind: notice.NewVersion, Document: a, Version: 2, Series: line, Cause: uuid.New()}, false},
		{&Notice{Ordinal: 9, Kind: notice.Discontinued, Series: line, Cause: uuid.New()}, false},
		{&Notice{Ordinal: 7, Kind: notice.NewVersion, Document: a, Version: 3, Series: line, Cause: uuid.New()}, true},
		{&Notice{Ordinal: 8, Kind: notice.NewDocument, Document: b, Version: 1, Series: line, Cause: uuid.New()}, false},
	})
	if len(got) != 3 {
		t.Fatalf("%d candidates, want 3", len(got))
	}
	for i, want := range []struct {
		document uuid.UUID
		ordinal  int64
		updates  int
		bySeries bool
	}{{uuid.Nil, 9, 1, true}, {b, 8, 1, true}, {a, 7, 2, false}} {
		c := got[i]
		if c.Item.Document != want.document || c.Ordinal != want.ordinal || c.Item.Updates != want.updates || c.BySeries != want.bySeries {
			t.Errorf("%d: %+v, want %+v", i, c, want)
		}
	}
}

func TestWhatHoldsNowIsTold(t *testing.T) {
	id := uuid.New()
	due := func(ordinal int64, kind notice.Kind, version int) Due {
		return Due{Notice: &Notice{Cause: uuid.New(), Ordinal: ordinal, Kind: kind, Document: id, Version: version, Reason: domain.English("of the cause"),
			Summary: domain.English("news"), WithdrawnReason: domain.English("withdrawn"), VersionReason: domain.English("version withdrawn")}}
	}
	with := func(d Due, change func(*Due)) Due { change(&d); return d }
	gone := func(d *Due) { d.VersionWithdrawn = true }
	for name, is := range map[string]struct {
		due             []Due
		kind            notice.Kind
		version         int
		summary, reason string
	}{
		"a version":                      {[]Due{due(1, notice.NewVersion, 2)}, notice.NewVersion, 2, "news", ""},
		"and a change of series":         {[]Due{due(1, notice.NewVersion, 2), due(2, notice.SeriesChanged, 0)}, notice.NewVersion, 2, "news", ""},
		"a change of series alone":       {[]Due{due(2, notice.SeriesChanged, 0)}, notice.SeriesChanged, 0, "", "of the cause"},
		"the newest is withdrawn":        {[]Due{due(1, notice.NewVersion, 2), with(due(2, notice.NewVersion, 3), gone)}, notice.VersionWithdrawn, 3, "", "version withdrawn"},
		"an older one is":                {[]Due{with(due(1, notice.NewVersion, 2), gone), due(2, notice.NewVersion, 3)}, notice.NewVersion, 3, "news", ""},
		"withdrawn, taken back unsaid":   {[]Due{due(1, notice.VersionWithdrawn, 2)}, notice.Reinstated, 2, "", ""},
		"new, withdrawn, taken back":     {[]Due{due(1, notice.NewVersion, 2), due(2, notice.VersionWithdrawn, 2), due(3, notice.Reinstated, 2)}, notice.NewVersion, 2, "news", ""},
		"the document, withdrawn":        {[]Due{with(due(1, notice.NewVersion, 2), func(d *Due) { d.Withdrawn = true })}, notice.DocumentWithdrawn, 2, "", "withdrawn"},
		"the document, taken back":       {[]Due{due(1, notice.DocumentWithdrawn, 0), due(2, notice.Reinstated, 0)}, notice.Reinstated, 0, "", "of the cause"},
		"taken back, the release waits":  {[]Due{due(1, notice.DocumentWithdrawn, 0)}, notice.Reinstated, 0, "", ""},
		"taken back, and another series": {[]Due{due(1, notice.Reinstated, 0), due(2, notice.SeriesChanged, 0)}, notice.Reinstated, 0, "", "of the cause"},
	} {
		t.Run(name, func(t *testing.T) {
			got := Gather(is.due)
			if len(got) != 1 {
				t.Fatalf("%d candidates, want 1", len(got))
			}
			c := got[0]
			if c.Kind != is.kind || c.Item.Kind != is.kind || c.Item.Version != is.version || c.Summary.String() != is.summary || c.Reason.String() != is.reason {
				t.Errorf("told as %s v%d, summary %q, reason %q; want %s v%d, %q, %q", c.Kind, c.Item.Version, c.Summary, c.Reason, is.kind, is.version, is.summary, is.reason)
			}
			if c.Item.Updates != len(is.due) {
				t.Errorf("%d updates, want %d", c.Item.Updates, len(is.due))
			}
		})
	}
}

// TestTwoWindowsTellWhatOneWouldHaveTold: a digest that takes up what failed before
// says of a document what it would have said, had it been one.
func TestTwoWindowsTellWhatOneWouldHaveTold(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 8))
	id := uuid.New()
	for range 5000 {
		var all []Due
		newest, gone, withdrawn := 1, map[int]bool{}, false
		for ordinal := range int64(2 + r.IntN(5)) {
			n := &Notice{Cause: uuid.New(), Ordinal: ordinal + 1, Document: id, Kind: notice.SeriesChanged}
			switch v := 1 + r.IntN(newest); r.IntN(6) {
			case 0, 1:
				newest++
				n.Kind, n.Version, n.Summary = notice.NewVersion, newest, domain.English("news")
			case 2:
				n.Kind, n.Version, gone[v] = notice.VersionWithdrawn, v, true
			case 3:
				n.Kind, n.Version, gone[v] = notice.Reinstated, v, false
			case 4:
				n.Kind, withdrawn = notice.DocumentWithdrawn, r.IntN(4) == 0
			}
			all = append(all, Due{n, r.IntN(2) == 0})
		}
		for _, d := range all {
			d.Withdrawn, d.VersionWithdrawn = withdrawn, gone[d.Version]
		}
		cut := 1 + r.IntN(len(all)-1)
		want, first, second := Gather(all)[0], Gather(all[:cut])[0], Gather(all[cut:])[0]
		for _, got := range []Candidate{first.With(second), second.With(first)} {
			if got.Kind != want.Kind || got.Item.Kind != want.Kind || got.Summary.String() != want.Summary.String() || got.Ordinal != want.Ordinal ||
				got.Item.Updates != want.Item.Updates || got.BySeries != want.BySeries || !withdrawn && got.Item.Version != want.Item.Version {
				for _, d := range all {
					t.Logf("%d: %s v%d", d.Ordinal, d.Kind, d.Version)
				}
				t.Fatalf("cut at %d: told as %s v%d; want %s v%d", cut, got.Kind, got.Item.Version, want.Kind, want.Item.Version)
			}
		}
	}
}
