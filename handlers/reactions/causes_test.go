package reactions_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"imprint/domain/access"
	"imprint/domain/document"
	"imprint/domain/event"
	"imprint/domain/notice"
	"imprint/domain/series"
)

var none notice.Released

func TestEachCauseIsToldOnceAfterItsGracePeriod(t *testing.T) {
	w := newWorld(t)
	a, b := w.line(), w.line()
	doc, published := w.publish(a, false)
	causes := map[string]uuid.UUID{"published": published}
	for _, step := range []struct {
		what     string
		decision func(document.State) ([]event.Payload, error)
	}{
		{"versioned", w.version(true, false)},
		{"minor", w.version(false, false)},
		{"version withdrawn", withdrawVersion(2)},
		{"version reinstated", reinstateVersion(2)},
		{"moved", move(b)},
		{"withdrawn", w.withdraw},
		{"reinstated", w.reinstate},
	} {
		w.pass(grace)
		w.catchUp()
		causes[step.what] = w.does(doc, step.decision)
		w.catchUp()
		w.told(step.what+", at once", causes[step.what], none)
	}
	causes["discontinued"] = w.tell(series.Stream(b), series.Discontinued{Series: b, Reason: reason, DiscontinuedAt: w.clock()})
	w.pass(grace)
	w.catchUp()
	w.catchUp()

	for what, want := range map[string]notice.Released{
		"published":          {Kind: notice.NewDocument, Document: doc, Version: 1, Series: a},
		"versioned":          {Kind: notice.NewVersion, Document: doc, Version: 2, Series: a},
		"minor":              none,
		"version withdrawn":  {Kind: notice.VersionWithdrawn, Document: doc, Version: 2, Series: a},
		"version reinstated": {Kind: notice.Reinstated, Document: doc, Version: 2, Series: a},
		"moved":              {Kind: notice.SeriesChanged, Document: doc, Version: 3, Series: b, LeftSeries: a},
		"withdrawn":          {Kind: notice.DocumentWithdrawn, Document: doc, Version: 3, Series: b},
		"reinstated":         {Kind: notice.Reinstated, Document: doc, Version: 3, Series: b},
		"discontinued":       {Kind: notice.Discontinued, Series: b},
	} {
		w.told(what, causes[what], want)
	}
	w.updated(a,
		series.Updated{Change: series.Joined, Document: doc, Version: 1, Cause: published},
		series.Updated{Change: series.Versioned, Document: doc, Version: 2, Cause: causes["versioned"]},
		series.Updated{Change: series.Left, Document: doc, Cause: causes["moved"]})
	w.updated(b,
		series.Updated{Change: series.Joined, Document: doc, Version: 3, Cause: causes["moved"]},
		series.Updated{Change: series.Withdrew, Document: doc, Cause: causes["withdrawn"]})
}

func TestThePastIsNeverTold(t *testing.T) {
	w := newWorld(t)
	a, b, doc := w.line(), w.line(), uuid.New()
	version := func(line uuid.UUID) func(document.State) ([]event.Payload, error) {
		return func(s document.State) ([]event.Payload, error) {
			return s.Import(doc, document.Past{Details: details(line), Audience: access.Audience{Kind: access.Everyone}, Draft: draft(true, false), PublishedAt: start, Origin: past})
		}
	}
	before, err := w.log.Head(t.Context())
	w.ok(err)
	w.does(doc, version(a))
	w.does(doc, version(b)) // moves it, too
	w.does(doc, func(s document.State) ([]event.Payload, error) { return s.ImportWithdrawal(reason, start, past) })
	w.does(doc, version(b)) // reinstates it
	after, err := w.log.Head(t.Context())
	w.ok(err)
	w.pass(grace)
	w.catchUp()
	if end, err := w.log.Head(t.Context()); err != nil || end.Ordinal != after.Ordinal {
		t.Fatalf("%d events follow from the %d imported ones (%v)", end.Ordinal-after.Ordinal, after.Ordinal-before.Ordinal, err)
	}
	// Readers find it in the catalog, so what happens from now on is news.
	withdrawn := w.does(doc, w.withdraw)
	w.pass(grace)
	w.catchUp()
	w.told("withdrawn by us", withdrawn, notice.Released{Kind: notice.DocumentWithdrawn, Document: doc, Version: 3, Series: b})
}

func TestUrgentIsToldAtOnce(t *testing.T) {
	w := newWorld(t)
	doc, published := w.publish(uuid.Nil, true)
	w.catchUp()
	w.told("published", published, notice.Released{Kind: notice.NewDocument, Document: doc, Version: 1})
	urgent := w.does(doc, w.version(true, true))
	w.catchUp()
	w.told("versioned", urgent, notice.Released{Kind: notice.NewVersion, Document: doc, Version: 2})
}

// step is what happens to one document, minutes after the step before, and
// whether readers are told.
type step struct {
	after    int
	what     string
	decision func(*world, lines) func(document.State) ([]event.Payload, error)
	told     bool
	left     int // of a told move: the series that readers knew it in
}

type lines [3]uuid.UUID

func TestWhatIsUndoneWithinTheGracePeriodIsNotTold(t *testing.T) {
	w := newWorld(t) // one for all: each case has its own document and series
	version := func(w *world, _ lines) func(document.State) ([]event.Payload, error) { return w.version(true, false) }
	minor := func(w *world, _ lines) func(document.State) ([]event.Payload, error) { return w.version(false, false) }
	withdraw := func(w *world, _ lines) func(document.State) ([]event.Payload, error) { return w.withdraw }
	reinstate := func(w *world, _ lines) func(document.State) ([]event.Payload, error) { return w.reinstate }
	without := func(n int) func(*world, lines) func(document.State) ([]event.Payload, error) {
		return func(*world, lines) func(document.State) ([]event.Payload, error) { return withdrawVersion(n) }
	}
	with := func(n int) func(*world, lines) func(document.State) ([]event.Payload, error) {
		return func(*world, lines) func(document.State) ([]event.Payload, error) { return reinstateVersion(n) }
	}
	to := func(line int) func(*world, lines) func(document.State) ([]event.Payload, error) {
		return func(_ *world, l lines) func(document.State) ([]event.Payload, error) { return move(l[line]) }
	}
	for name, c := range map[string]struct {
		published bool // is the publication told?
		steps     []step
	}{
		"withdrawn within grace":                  {false, []step{{9, "W", withdraw, false, 0}}},
		"withdrawn as it ends":                    {true, []step{{10, "W", withdraw, true, 0}}},
		"withdrawn and reinstated within grace":   {true, []step{{1, "W", withdraw, false, 0}, {1, "R", reinstate, false, 0}}},
		"reinstated after a silent withdrawal":    {false, []step{{1, "W", withdraw, false, 0}, {30, "R", reinstate, true, 0}}},
		"and withdrawn again":                     {false, []step{{1, "W", withdraw, false, 0}, {30, "R", reinstate, true, 0}, {30, "W", withdraw, true, 0}}},
		"a withdrawal taken back":                 {true, []step{{30, "W", withdraw, false, 0}, {5, "R", reinstate, false, 0}}},
		"a withdrawal taken back later":           {true, []step{{30, "W", withdraw, true, 0}, {15, "R", reinstate, true, 0}}},
		"to and fro, gone in the end":             {true, []step{{30, "W", withdraw, false, 0}, {1, "R", reinstate, false, 0}, {1, "W", withdraw, true, 0}}},
		"to and fro, back in the end":             {true, []step{{30, "W", withdraw, true, 0}, {30, "R", reinstate, false, 0}, {1, "W", withdraw, false, 0}, {1, "R", reinstate, true, 0}}},
		"a version that fell silent":              {true, []step{{30, "v2", version, false, 0}, {5, "W", withdraw, false, 0}, {6, "R", reinstate, true, 0}}},
		"a version withdrawn within grace":        {true, []step{{30, "v2", version, false, 0}, {9, "W2", without(2), false, 0}}},
		"a version withdrawn later":               {true, []step{{30, "v2", version, true, 0}, {10, "W2", without(2), true, 0}}},
		"a version withdrawn, reinstated later":   {true, []step{{30, "v2", version, false, 0}, {1, "W2", without(2), false, 0}, {30, "R2", with(2), true, 0}}},
		"a version's withdrawal taken back":       {true, []step{{30, "v2", version, true, 0}, {30, "W2", without(2), false, 0}, {1, "R2", with(2), false, 0}}},
		"a minor version withdrawn":               {true, []step{{30, "v2", minor, false, 0}, {30, "W2", without(2), false, 0}, {30, "R2", with(2), false, 0}}},
		"moved":                                   {true, []step{{30, "B", to(1), true, 0}}},
		"moved and back within grace":             {true, []step{{30, "B", to(1), false, 0}, {5, "A", to(0), false, 0}}},
		"moved and back later":                    {true, []step{{30, "B", to(1), true, 0}, {15, "A", to(0), true, 1}}},
		"moved on within grace":                   {true, []step{{30, "B", to(1), false, 0}, {5, "C", to(2), true, 0}}},
		"moved and withdrawn within grace":        {true, []step{{30, "B", to(1), false, 0}, {5, "W", withdraw, true, 0}}},
		"two versions within one grace period":    {true, []step{{30, "v2", version, true, 0}, {5, "v3", version, true, 0}}},
		"a version, the document withdrawn later": {true, []step{{30, "v2", version, true, 0}, {15, "W", withdraw, true, 0}}},
	} {
		t.Run(name, func(t *testing.T) {
			// Whether the reactions run all the time or only in the end, after an
			// outage say, makes no difference.
			for _, live := range []bool{true, false} {
				l := lines{w.line(), w.line(), w.line()}
				doc, published := w.publish(l[0], false)
				causes := make([]uuid.UUID, len(c.steps))
				for i, s := range c.steps {
					for range s.after {
						w.pass(time.Minute)
						if live && s.after < 30 {
							w.catchUp()
						}
					}
					if live {
						w.catchUp()
					}
					causes[i] = w.does(doc, s.decision(w, l))
				}
				w.pass(time.Hour)
				w.catchUp()
				if told := w.released(published).Kind != ""; told != c.published {
					t.Errorf("live %v: the publication was told: %v", live, told)
				}
				for i, s := range c.steps {
					n := w.released(causes[i])
					if told := n.Kind != ""; told != s.told {
						t.Errorf("live %v: step %d (%s) was told: %v", live, i, s.what, told)
					}
					if n.Kind == notice.SeriesChanged && n.LeftSeries != l[s.left] {
						t.Errorf("live %v: step %d (%s) tells another series that the document left", live, i, s.what)
					}
				}
			}
		})
	}
}

func TestAClockSetBackReleasesNeitherEarlyNorTwice(t *testing.T) {
	w := newWorld(t)
	line := w.line()
	doc, published := w.publish(line, false)
	w.catchUp()
	w.pass(-3 * time.Hour)
	second := w.does(doc, w.version(true, false))
	w.pass(grace)
	w.catchUp()
	w.told("published, by a clock that was set back", published, none)
	w.told("the second, after its own grace period", second, notice.Released{Kind: notice.NewVersion, Document: doc, Version: 2, Series: line})
	w.pass(3 * time.Hour)
	w.catchUp()
	want := notice.Released{Kind: notice.NewDocument, Document: doc, Version: 1, Series: line}
	w.told("published", published, want)
	w.pass(-3 * time.Hour)
	w.ok(w.reactionsOn(w.log, &forgetful{Store: w.store}).CatchUp(t.Context())) // everything is delivered again
	w.pass(3 * time.Hour)
	w.catchUp()
	w.told("published, again", published, want)
	w.updated(line,
		series.Updated{Change: series.Joined, Document: doc, Version: 1, Cause: published},
		series.Updated{Change: series.Versioned, Document: doc, Version: 2, Cause: second})
}

// What a series says of a restricted document is as restricted as the document.
func TestTheSaltOfARestrictedDocumentsUpdateIsSealed(t *testing.T) {
	w := newWorld(t)
	line := w.line()
	w.publish(line, false)
	hidden, _ := w.publish(line, false)
	w.does(hidden, func(s document.State) ([]event.Payload, error) {
		return s.ChangeAudience(access.Audience{Kind: access.SignedIn}, "")
	})
	w.does(hidden, w.version(true, false))
	w.catchUp()
	events, payloads := w.stream(series.Stream(line))
	var sealed []bool
	for i, e := range events {
		u, is := payloads[i].(series.Updated)
		if !is {
			continue
		}
		if e.Meta.Commitment == "" || (e.Meta.SealedSalt == nil) == (len(e.Meta.Salt) == 0) {
			t.Errorf("%+v: commitment %q, salt %x and sealed %v", u, e.Meta.Commitment, e.Meta.Salt, e.Meta.SealedSalt)
		}
		if e.Meta.SealedSalt != nil && e.Meta.SealedSalt.Key != document.Key(hidden) {
			t.Errorf("%+v: sealed under %s", u, e.Meta.SealedSalt.Key)
		}
		sealed = append(sealed, e.Meta.SealedSalt != nil)
	}
	if !slices.Equal(sealed, []bool{false, false, true}) {
		t.Errorf("sealed: %v", sealed)
	}
}
