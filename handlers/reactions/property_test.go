package reactions_test

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"imprint/adapters/conformance/logtest"
	"imprint/domain/document"
	"imprint/domain/event"
	"imprint/domain/notice"
	"imprint/domain/series"
	"imprint/handlers/reactions"
)

// forgetful is a store whose checkpoints are lost: reading begins again from at.
type forgetful struct {
	reactions.Store
	at event.Checkpoint
}

func (f *forgetful) Checkpoint(context.Context, string) (event.Checkpoint, error) { return f.at, nil }

// TestWhateverHappensTheSameIsTold holds the reactions against a model: random
// histories, with the reactions running at random times, dying around their
// appends and forgetting how far they were.
func TestWhateverHappensTheSameIsTold(t *testing.T) {
	w := newWorld(t) // one for all: each history has its own documents and series
	rapid.Check(t, func(t *rapid.T) {
		w.pass(24 * time.Hour)
		begin, err := w.log.Head(context.Background())
		w.ok(err)
		l := []uuid.UUID{uuid.Nil, w.line(), w.line()}
		lineOf := rapid.SampledFrom(l)
		docs := make([]uuid.UUID, 2)
		for i := range docs {
			docs[i], _ = w.publish(lineOf.Draw(t, "series"), rapid.Bool().Draw(t, "urgent"))
		}
		run := func() {
			plan := func(logtest.Op, int) logtest.Fault { return logtest.None }
			if rapid.Bool().Draw(t, "dies") {
				plan = logtest.At(logtest.Append, rapid.IntRange(1, 3).Draw(t, "at"), rapid.SampledFrom([]logtest.Fault{logtest.NotDone, logtest.AnswerLost}).Draw(t, "fault"))
			}
			var store reactions.Store = w.store
			if rapid.Bool().Draw(t, "forgets") {
				store = &forgetful{Store: w.store, at: begin}
			}
			// Its error is the death; the next one goes on.
			_ = w.reactionsOn(logtest.Break(w.log, plan), store).CatchUp(context.Background())
		}
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			w.pass(time.Duration(rapid.SampledFrom([]int{0, 1, 4, 9, 10, 11, 30}).Draw(t, "minutes")) * time.Minute)
			if rapid.Bool().Draw(t, "run") {
				run()
			}
			n := rapid.IntRange(1, 3).Draw(t, "number")
			decision := rapid.SampledFrom([]func(document.State) ([]event.Payload, error){
				w.version(true, false), w.version(true, true), w.version(false, false), w.withdraw, w.withdraw, w.reinstate, w.reinstate,
				withdrawVersion(n), reinstateVersion(n), move(lineOf.Draw(t, "to")),
			}).Draw(t, "decision")
			w.decide(rapid.SampledFrom(docs).Draw(t, "document"), decision)
		}
		run()
		w.pass(time.Hour)
		w.catchUp()
		w.ok(w.reactionsOn(w.log, &forgetful{Store: w.store, at: begin}).CatchUp(context.Background()))

		wantUpdates := map[uuid.UUID][]series.Updated{}
		for _, doc := range docs {
			events, payloads := w.stream(document.Stream(doc))
			m := newModel(events, payloads)
			for i, e := range events {
				if got := w.released(e.ID); got != m.notices[i] {
					t.Errorf("event %d of the document, a %s: the notice is\n%+v, not\n%+v", i, e.Type, got, m.notices[i])
				}
			}
			for line, updates := range m.updates {
				wantUpdates[line] = append(wantUpdates[line], updates...)
			}
		}
		byCause := func(a, b series.Updated) int { return cmp.Compare(a.CauseOrdinal, b.CauseOrdinal) }
		for _, line := range l[1:] {
			got, want := w.updates(line), wantUpdates[line]
			slices.SortFunc(want, byCause)
			if !slices.Equal(got, want) {
				t.Errorf("the series' updates are\n%+v, not\n%+v", got, want)
			}
		}
	})
}

// model says what follows from one document's events. It goes through the ends of
// the grace periods in their order and keeps what readers know after each.
type model struct {
	notices []notice.Released
	updates map[uuid.UUID][]series.Updated
}

// truth is how a document stands.
type truth struct {
	gone    bool
	line    uuid.UUID
	stands  map[int]bool
	current int
}

func newModel(events []event.Recorded, payloads []event.Payload) model {
	m := model{notices: make([]notice.Released, len(events)), updates: map[uuid.UUID][]series.Updated{}}
	states := make([]truth, len(events)) // after each event
	major := map[int]bool{}
	state := truth{stands: map[int]bool{}}
	releaseAt := make([]time.Time, len(events))
	for i, p := range payloads {
		releaseAt[i] = events[i].Meta.Time.Add(grace)
		state.stands = maps.Clone(state.stands)
		before := state.line
		switch p := p.(type) {
		case document.Published:
			state.line, state.stands[1], major[1] = p.Details.Series, true, true
			before = state.line
			if p.Version.Urgent {
				releaseAt[i] = events[i].Meta.Time
			}
			m.update(state.line, events[i], series.Updated{Change: series.Joined, Document: p.Document, Version: 1})
		case document.Versioned:
			state.stands[p.Version.Number], major[p.Version.Number] = true, p.Version.Major
			if p.Version.Urgent {
				releaseAt[i] = events[i].Meta.Time
			}
			if p.Version.Major {
				m.update(state.line, events[i], series.Updated{Change: series.Versioned, Document: p.Document, Version: p.Version.Number})
			}
		case document.VersionWithdrawn:
			state.stands[p.Number] = false
		case document.VersionReinstated:
			state.stands[p.Number] = true
		case document.Withdrawn:
			state.gone = true
			m.update(state.line, events[i], series.Updated{Change: series.Withdrew, Document: p.Document})
		case document.Reinstated:
			state.gone = false
		case document.DetailsRevised:
			state.line = p.Details.Series
			if before != state.line {
				m.update(before, events[i], series.Updated{Change: series.Left, Document: p.Document})
				m.update(state.line, events[i], series.Updated{Change: series.Joined, Document: p.Document, Version: state.current})
			}
		}
		state.current = 0
		for n, stands := range state.stands {
			if stands {
				state.current = max(state.current, n)
			}
		}
		states[i] = state
	}

	order := make([]int, len(events))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return releaseAt[a].Compare(releaseAt[b]) })
	toldSet := map[int]bool{}
	for _, i := range order {
		end := i // the last event within the grace period
		for end+1 < len(events) && events[end+1].Meta.Time.Before(releaseAt[i]) {
			end++
		}
		// What readers know by now: the told events before this one, in their order.
		known := truth{line: states[0].line, stands: map[int]bool{}}
		for j := range i {
			if !toldSet[j] {
				continue
			}
			switch p := payloads[j].(type) {
			case document.Published:
				known.stands[1], known.gone = true, false
			case document.Versioned:
				known.stands[p.Version.Number], known.gone = true, false
			case document.VersionWithdrawn:
				known.stands[p.Number] = false
			case document.VersionReinstated:
				known.stands[p.Number] = true
			case document.Withdrawn:
				known.gone = true
			case document.Reinstated:
				known.gone = false
				for n, stands := range states[j].stands {
					if stands && major[n] {
						known.stands[n] = true
					}
				}
			case document.DetailsRevised:
				known.line = p.Details.Series
			}
		}
		within := payloads[i+1 : end+1]
		n, tell := notice.Released{Series: states[i].line}, false
		switch p := payloads[i].(type) {
		case document.Published:
			n.Kind, n.Document, n.Version = notice.NewDocument, p.Document, 1
			tell = !states[end].gone && states[end].stands[1]
		case document.Versioned:
			n.Kind, n.Document, n.Version = notice.NewVersion, p.Document, p.Version.Number
			tell = p.Version.Major && !states[end].gone && states[end].stands[p.Version.Number]
		case document.VersionWithdrawn:
			n.Kind, n.Document, n.Version = notice.VersionWithdrawn, p.Document, p.Number
			tell = known.stands[p.Number] && !any1(within, func(o document.VersionReinstated) bool { return o.Number == p.Number })
		case document.VersionReinstated:
			n.Kind, n.Document, n.Version = notice.Reinstated, p.Document, p.Number
			stands, heard := known.stands[p.Number]
			tell = (heard && !stands || !heard && major[p.Number]) && !any1(within, func(o document.VersionWithdrawn) bool { return o.Number == p.Number })
		case document.Withdrawn:
			n.Kind, n.Document, n.Version = notice.DocumentWithdrawn, p.Document, states[i].current
			tell = len(known.stands) > 0 && !known.gone && !any1(within, func(document.Reinstated) bool { return true })
		case document.Reinstated:
			n.Kind, n.Document, n.Version = notice.Reinstated, p.Document, states[i].current
			newest := 0
			for v, stands := range states[i].stands {
				if stands && major[v] {
					newest = max(newest, v)
				}
			}
			_, heard := known.stands[newest]
			tell = (known.gone || newest > 0 && !heard) && !any1(within, func(document.Withdrawn) bool { return true })
		case document.DetailsRevised:
			n.Kind, n.Document, n.Version, n.LeftSeries = notice.SeriesChanged, p.Document, states[i].current, known.line
			tell = states[i].line != states[i-1].line && !states[end].gone && states[end].line == states[i].line && known.line != states[i].line
		}
		if tell {
			n.Cause, n.CauseOrdinal = events[i].ID, events[i].Ordinal
			m.notices[i], toldSet[i] = n, true
		}
	}
	return m
}

func (m model) update(line uuid.UUID, cause event.Recorded, u series.Updated) {
	if line == uuid.Nil {
		return
	}
	u.Series, u.Cause, u.CauseOrdinal = line, cause.ID, cause.Ordinal
	m.updates[line] = append(m.updates[line], u)
}

func any1[P event.Payload](payloads []event.Payload, matches func(P) bool) bool {
	return slices.ContainsFunc(payloads, func(p event.Payload) bool {
		of, is := p.(P)
		return is && matches(of)
	})
}
