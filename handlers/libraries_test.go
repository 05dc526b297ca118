package handlers_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/access"
	"imprint/domain/document"
	"imprint/domain/event"
	"imprint/domain/library"
	"imprint/handlers"
	"imprint/projections/catalog"
)

func TestALibraryKeepsTheFirstTime(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	l, id := w.libraries(), w.published(everyone)
	me := access.Reader{Person: uuid.NewString(), Role: access.Member}
	first := w.ask(me)
	saved, err := l.Save(ctx, first, id)
	ok(t, err)
	if saved.Already || saved.Version != 1 || saved.Events != 1 || saved.Token == "" {
		t.Errorf("saved: %+v", saved)
	}
	_, err = w.publishing().Version(ctx, w.ask(publisher), w.version(id, 1, "second"))
	ok(t, err)
	again, err := l.Save(ctx, w.ask(me), id)
	ok(t, err)
	if !again.Already || again.Version != 1 || again.Events != 0 || again.Token == "" {
		t.Errorf("saved again: %+v", again)
	}
	for _, want := range []int{1, 0} {
		done, err := l.Remove(ctx, w.ask(me), id)
		ok(t, err)
		if done.Events != want {
			t.Errorf("removed: %+v, want %d events", done, want)
		}
	}
	// The first request, repeated late, does not put it back.
	late, err := w.libraries().Save(ctx, first, id)
	ok(t, err)
	if !late.Repeated || late.Already || late.Version != 1 || late.Events != 0 {
		t.Errorf("repeated: %+v", late)
	}
}

func TestWhatOneMayNotSeeIsNotThere(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	l := w.libraries()
	me := access.Reader{Person: uuid.NewString(), Role: access.Member}
	for what, id := range map[string]uuid.UUID{"missing": uuid.New(), "hidden": w.hidden()} {
		_, err := l.Save(ctx, w.ask(me), id)
		refused(t, err, domain.NotFound, "not-found")
		results, done, err := l.SaveAll(ctx, w.ask(me), []uuid.UUID{id})
		ok(t, err)
		if results[0].Outcome != handlers.NotAvailable || done.Events != 0 {
			t.Errorf("%s: %+v, %+v", what, results, done)
		}
	}
	_, err := l.Follow(ctx, w.ask(me), uuid.New())
	refused(t, err, domain.NotFound, "not-found")
	_, err = l.Save(ctx, w.ask(access.Reader{}), w.published(everyone))
	refused(t, err, domain.Unauthenticated, "sign-in")
	_, err = l.Save(ctx, w.ask(operator), w.published(everyone))
	refused(t, err, domain.Forbidden, "not-a-person")
}

func TestBulkSaveAnswersEachAndIsRetried(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	l := w.libraries()
	me := access.Reader{Person: uuid.NewString(), Role: access.Member}
	there, fresh, missing := w.published(everyone), w.published(signedIn), uuid.New()
	_, err := l.Save(ctx, w.ask(me), there)
	ok(t, err)
	req, ids := w.ask(me), []uuid.UUID{there, missing, fresh, fresh}
	want := []handlers.SaveResult{{there, handlers.AlreadySaved}, {missing, handlers.NotAvailable}, {fresh, handlers.SavedNow}, {fresh, handlers.SavedNow}}
	first, done, err := l.SaveAll(ctx, req, ids)
	ok(t, err)
	if !slices.Equal(first, want) || done.Events != 1 || done.Repeated {
		t.Errorf("%+v, %+v; want %+v", first, done, want)
	}
	// By the time of the retry everything is different.
	_, err = l.Remove(ctx, w.ask(me), there)
	ok(t, err)
	_, err = w.publishing().Publish(ctx, w.ask(publisher), handlers.PublishDocument{
		Document: missing, Details: document.Details{Title: domain.English("Late")}, Audience: everyone, Files: w.files("x"), Summary: domain.English("First"),
	})
	ok(t, err)
	again, done, err := w.libraries().SaveAll(ctx, req, ids)
	ok(t, err)
	if !slices.Equal(again, want) || !done.Repeated || done.Events != 0 {
		t.Errorf("repeated: %+v, %+v; want %+v", again, done, want)
	}

	many := make([]uuid.UUID, library.MaxBulk+1)
	_, _, err = l.SaveAll(ctx, w.ask(me), many)
	refused(t, err, domain.Invalid, "bad-bulk")
	_, _, err = l.SaveAll(ctx, w.ask(me), nil)
	refused(t, err, domain.Invalid, "bad-bulk")
}

func TestFollowingIsExplicitAndIdempotent(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	l := w.libraries()
	me := access.Reader{Person: uuid.NewString(), Role: access.Member}
	line, err := w.publishing().OpenSeries(ctx, w.ask(publisher), handlers.OpenSeries{Name: domain.English("Line")})
	ok(t, err)
	for i, step := range []struct {
		do   func() (handlers.Written, error)
		want int
	}{
		{func() (handlers.Written, error) { return l.Follow(ctx, w.ask(me), line.Series) }, 1},
		{func() (handlers.Written, error) { return l.Follow(ctx, w.ask(me), line.Series) }, 0},
		{func() (handlers.Written, error) { return l.Unfollow(ctx, w.ask(me), line.Series) }, 1},
		{func() (handlers.Written, error) { return l.Unfollow(ctx, w.ask(me), line.Series) }, 0},
	} {
		done, err := step.do()
		ok(t, err)
		if done.Events != step.want {
			t.Errorf("step %d: %+v, want %d events", i, done, step.want)
		}
	}
	// A document saved in the series carries it, so that following can be derived.
	c := w.first(everyone)
	c.Details.Series = line.Series
	in, err := w.publishing().Publish(ctx, w.ask(publisher), c)
	ok(t, err)
	_, err = l.Save(ctx, w.ask(me), in.Document)
	ok(t, err)
	events := w.events(library.Stream(uuid.MustParse(me.Person)))
	p, err := w.codec.Registry().Decode(events[len(events)-1])
	ok(t, err)
	if saved, is := p.(library.Saved); !is || saved.Series != line.Series || saved.Title.String() == "" {
		t.Errorf("recorded %s", fmt.Sprintf("%+v", p))
	}
}

func TestAnAuditorKeepsNothing(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	id, line, l, p := w.published(everyone), uuid.New(), w.libraries(), w.people()
	who := w.joined("Ada")
	auditor := access.Reader{Person: who.String(), Role: access.Auditor}
	end := w.end()
	for name, try := range map[string]func(handlers.Request) error{
		"save":     func(r handlers.Request) error { _, err := l.Save(ctx, r, id); return err },
		"save all": func(r handlers.Request) error { _, _, err := l.SaveAll(ctx, r, []uuid.UUID{id}); return err },
		"remove":   func(r handlers.Request) error { _, err := l.Remove(ctx, r, id); return err },
		"follow":   func(r handlers.Request) error { _, err := l.Follow(ctx, r, line); return err },
		"unfollow": func(r handlers.Request) error { _, err := l.Unfollow(ctx, r, line); return err },
		"settings": func(r handlers.Request) error {
			_, err := p.ChangeSettings(ctx, r, handlers.Settings{Person: who, Schedule: schedule, Language: "en"})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			refused(t, try(w.ask(auditor)), domain.Forbidden, "auditor-changes-nothing")
		})
	}
	if w.end() != end {
		t.Errorf("the log went from %d to %d", end, w.end())
	}
}

// late shows a document only after somebody has waited for the catalog.
type late struct {
	*world
	waited bool
}

func (l *late) Document(ctx context.Context, r access.Reader, id uuid.UUID) (catalog.Document, error) {
	if !l.waited {
		return catalog.Document{}, domain.Refuse(domain.NotFound, "not-found", "there is no such document")
	}
	return l.world.Document(ctx, r, id)
}

// TestWhatWasJustPublishedCanBeSaved: also while the catalog is behind; and if it
// stays behind, the answer is that for what is not there.
func TestWhatWasJustPublishedCanBeSaved(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	me := access.Reader{Person: uuid.NewString(), Role: access.Member}
	one, two := w.published(everyone), w.published(everyone)
	head, err := w.log.Head(ctx)
	ok(t, err)
	behind := &late{world: w}
	waits, stuck := 0, false
	l := handlers.NewLibraries(w.journal(w.log), behind, func(_ context.Context, p event.Position, names ...string) error {
		waits++
		if p != head.Position || !slices.Equal(names, []string{catalog.Name}) {
			t.Errorf("waits for %q of %v", p, names)
		}
		if stuck {
			return context.DeadlineExceeded
		}
		behind.waited = true
		return nil
	})
	stuck = true
	_, err = l.Save(ctx, w.ask(me), one)
	refused(t, err, domain.NotFound, "not-found")
	stuck = false
	saved, err := l.Save(ctx, w.ask(me), one)
	ok(t, err)
	if saved.Events != 1 || waits != 2 {
		t.Errorf("%+v after %d waits", saved, waits)
	}
	head, err = w.log.Head(ctx)
	ok(t, err)
	behind.waited = false
	results, _, err := l.SaveAll(ctx, w.ask(me), []uuid.UUID{one, two, uuid.New()})
	ok(t, err)
	if results[0].Outcome != handlers.AlreadySaved || results[1].Outcome != handlers.SavedNow || results[2].Outcome != handlers.NotAvailable || waits != 3 {
		t.Errorf("%+v after %d waits", results, waits)
	}
}

// TestUnfollowingWhatIsNotThereLeavesNoTrace: a person can say no to what there
// is, and cannot fill the log with what there is not.
func TestUnfollowingWhatIsNotThereLeavesNoTrace(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	l, me := w.libraries(), access.Reader{Person: uuid.NewString(), Role: access.Member}
	line, err := w.publishing().OpenSeries(ctx, w.ask(publisher), handlers.OpenSeries{Name: domain.English("Line")})
	ok(t, err)
	for id, want := range map[uuid.UUID]int{uuid.New(): 0, uuid.Nil: 0, line.Series: 1} {
		done, err := l.Unfollow(ctx, w.ask(me), id)
		ok(t, err)
		if done.Events != want || done.Token == "" {
			t.Errorf("%s: %+v, not %d events", id, done, want)
		}
	}
}
