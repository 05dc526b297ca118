package handlers_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/access"
	"imprint/domain/document"
	"imprint/domain/event"
	"imprint/handlers"
)

func TestADocumentsLife(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	p := w.publishing()
	done, err := p.Publish(ctx, w.ask(publisher), w.first(everyone))
	ok(t, err)
	id := done.Document
	if done.Version != 1 || done.Events != 1 || done.Token == "" || done.Repeated {
		t.Errorf("published: %+v", done)
	}
	v, err := p.Version(ctx, w.ask(publisher), w.version(id, 1, "second"))
	ok(t, err)
	if v.Version != 2 || v.Token <= done.Token {
		t.Errorf("version: %+v", v)
	}
	_, err = p.Version(ctx, w.ask(publisher), w.version(id, 1, "third"))
	refused(t, err, domain.Stale, "stale-version")
	_, err = p.Version(ctx, w.ask(publisher), w.version(id, 2, "second"))
	refused(t, err, domain.Conflict, "same-bytes")

	steps := []func() (handlers.DocumentWritten, error){
		func() (handlers.DocumentWritten, error) {
			return p.CorrectSummary(ctx, w.ask(publisher), handlers.CorrectSummary{Document: id, Number: 2, Summary: domain.English("Right")})
		},
		func() (handlers.DocumentWritten, error) {
			return p.CorrectDates(ctx, w.ask(publisher), handlers.CorrectDates{Document: id, Number: 2, PublishedAt: new(now.Add(-time.Hour))})
		},
		func() (handlers.DocumentWritten, error) {
			return p.WithdrawVersion(ctx, w.ask(publisher), handlers.WithdrawVersion{Document: id, Number: 2, Reason: reason})
		},
		func() (handlers.DocumentWritten, error) {
			return p.ReinstateVersion(ctx, w.ask(publisher), handlers.ReinstateVersion{Document: id, Number: 2})
		},
		func() (handlers.DocumentWritten, error) {
			return p.Revise(ctx, w.ask(publisher), handlers.ReviseDetails{Document: id, Details: document.Details{Title: domain.English("Other")}})
		},
		func() (handlers.DocumentWritten, error) {
			return p.ChangeAudience(ctx, w.ask(publisher), handlers.ChangeAudience{Document: id, Audience: signedIn})
		},
		func() (handlers.DocumentWritten, error) {
			return p.Withdraw(ctx, w.ask(publisher), handlers.WithdrawDocument{Document: id, Reason: reason})
		},
		func() (handlers.DocumentWritten, error) {
			return p.Reinstate(ctx, w.ask(publisher), handlers.ReinstateDocument{Document: id})
		},
	}
	for i, step := range steps {
		done, err := step()
		ok(t, err)
		if want := map[bool]int{true: 2}[i < 4]; done.Version != want || done.Document != id {
			t.Errorf("step %d answers %+v, want version %d", i, done, want)
		}
	}
	want := []string{"DocumentPublished", "DocumentVersioned", "SummaryCorrected", "DatesCorrected", "VersionWithdrawn", "VersionReinstated", "DetailsRevised", "AudienceChanged", "DocumentWithdrawn", "DocumentReinstated"}
	events := w.events(document.Stream(id))
	if len(events) != len(want) {
		t.Fatalf("%d events, want %d", len(events), len(want))
	}
	for i, e := range events {
		if e.Type != want[i] || e.Meta.Actor != publisher.Person || !e.Meta.Time.Equal(now) || e.Meta.Correlation == uuid.Nil || e.Meta.Commitment == "" {
			t.Errorf("event %d is %s with %+v", i, e.Type, e.Meta)
		}
		// From the narrowing on the salts are sealed.
		if restricted := i >= 7; (e.Meta.SealedSalt != nil) != restricted || (e.Meta.Salt == nil) != restricted {
			t.Errorf("event %d (%s): salt sealed %v", i, e.Type, e.Meta.SealedSalt != nil)
		}
	}
	_, err = p.Withdraw(ctx, w.ask(publisher), handlers.WithdrawDocument{Document: uuid.New(), Reason: reason})
	refused(t, err, domain.NotFound, "no-document")
}

func TestOpeningADocumentTellsNothingOfBefore(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	id := w.published(signedIn)
	_, err := w.publishing().ChangeAudience(ctx, w.ask(publisher), handlers.ChangeAudience{Document: id, Audience: everyone, Reason: "released"})
	ok(t, err)
	for _, e := range w.events(document.Stream(id)) {
		if e.Meta.SealedSalt == nil || e.Meta.SealedSalt.Key != document.Key(id) {
			t.Errorf("%s: the salt stands in the clear", e.Type)
		}
	}
}

func TestOnlyPublishersPublish(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	p, end := w.publishing(), w.end()
	for _, c := range []struct {
		who  access.Reader
		kind domain.Kind
	}{
		{access.Reader{}, domain.Unauthenticated},
		{access.Reader{Role: access.Publisher}, domain.Unauthenticated},
		{access.Reader{Person: "p", Role: access.Member}, domain.Forbidden},
		{access.Reader{Person: "p", Role: access.Auditor}, domain.Forbidden},
	} {
		req, id := w.ask(c.who), uuid.New()
		for name, err := range map[string]error{
			"publish":  second(p.Publish(ctx, req, w.first(everyone))),
			"version":  second(p.Version(ctx, req, w.version(id, 1, "x"))),
			"import":   second(p.ImportVersion(ctx, req, handlers.ImportVersion{Document: id})),
			"withdraw": second(p.Withdraw(ctx, req, handlers.WithdrawDocument{Document: id})),
			"series":   second(p.OpenSeries(ctx, req, handlers.OpenSeries{})),
			"category": second(p.DefineCategory(ctx, req, handlers.DefineCategory{Category: "soc"})),
		} {
			if domain.KindOf(err) != c.kind {
				t.Errorf("%s by %+v: %v; want %s", name, c.who, err, c.kind)
			}
		}
	}
	if w.end() != end {
		t.Error("a refused command has written")
	}
	for _, who := range []access.Reader{publisher, {Person: "a", Role: access.Administrator}, operator, {Person: event.SystemActor}} {
		_, err := p.Publish(ctx, w.ask(who), w.first(everyone))
		ok(t, err)
	}
}

func second[T any](_ T, err error) error { return err }

func TestRequestsNeedAnID(t *testing.T) {
	w := newWorld(t)
	for _, id := range []string{"", "a\nb", "ä", string(make([]byte, 201))} {
		_, err := w.publishing().Publish(t.Context(), handlers.Request{ID: id, Actor: publisher}, w.first(everyone))
		refused(t, err, domain.Invalid, "bad-request-id")
	}
}

func TestNoEventNamesBytesThatAreNotStored(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	id := w.published(everyone)
	c := w.version(id, 1, "second")
	c.Files[0].SHA256 = "00" + c.Files[0].SHA256[2:]
	_, err := w.publishing().Version(ctx, w.ask(publisher), c)
	refused(t, err, domain.Invalid, "no-content")
	first := w.first(everyone)
	first.Files = c.Files
	_, err = w.publishing().Publish(ctx, w.ask(publisher), first)
	refused(t, err, domain.Invalid, "no-content")
}

func TestADocumentComesOnlyIntoWhatIsThere(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	p := w.publishing()
	c := w.first(everyone)
	c.Details.Categories = []string{"soc"}
	_, err := p.Publish(ctx, w.ask(publisher), c)
	refused(t, err, domain.Invalid, "no-category")
	w.define("soc")
	c.Details.Series = uuid.New()
	_, err = p.Publish(ctx, w.ask(publisher), c)
	refused(t, err, domain.Invalid, "no-series")
	line, err := p.OpenSeries(ctx, w.ask(publisher), handlers.OpenSeries{Name: domain.English("SOC 2")})
	ok(t, err)
	c.Details.Series = line.Series
	done, err := p.Publish(ctx, w.ask(publisher), c)
	ok(t, err)

	_, err = p.RemoveCategory(ctx, w.ask(publisher), handlers.RemoveCategory{Category: "soc"})
	refused(t, err, domain.Conflict, "category-holds-documents")
	_, err = p.DiscontinueSeries(ctx, w.ask(publisher), handlers.DiscontinueSeries{Series: line.Series, Reason: reason})
	ok(t, err)
	// What is in the series already stays in it and may be revised.
	c.Details.Title = domain.English("Another")
	_, err = p.Revise(ctx, w.ask(publisher), handlers.ReviseDetails{Document: done.Document, Details: c.Details})
	ok(t, err)
	_, err = p.Publish(ctx, w.ask(publisher), c)
	refused(t, err, domain.Conflict, "discontinued")
	c.Details.Series, c.Details.Categories = uuid.Nil, nil
	_, err = p.Revise(ctx, w.ask(publisher), handlers.ReviseDetails{Document: done.Document, Details: c.Details})
	ok(t, err)
	_, err = p.RemoveCategory(ctx, w.ask(publisher), handlers.RemoveCategory{Category: "soc"})
	ok(t, err)

	events := w.events(document.Stream(done.Document))
	var revised document.DetailsRevised
	ok(t, json.Unmarshal(events[len(events)-1].Data, &revised))
	if revised.Details.Categories == nil {
		t.Error("no categories are written as null, not as an empty list")
	}
}

func TestSeriesSucceedEachOther(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	p := w.publishing()
	open := func() uuid.UUID {
		done, err := p.OpenSeries(ctx, w.ask(publisher), handlers.OpenSeries{Name: domain.English("Line")})
		ok(t, err)
		return done.Series
	}
	first, next := open(), open()
	_, err := p.DiscontinueSeries(ctx, w.ask(publisher), handlers.DiscontinueSeries{Series: first, Reason: reason, Successor: uuid.New()})
	refused(t, err, domain.Invalid, "no-successor")
	_, err = p.DiscontinueSeries(ctx, w.ask(publisher), handlers.DiscontinueSeries{Series: first, Reason: reason, Successor: next})
	ok(t, err)
	_, err = p.DiscontinueSeries(ctx, w.ask(publisher), handlers.DiscontinueSeries{Series: next, Reason: reason, Successor: first})
	refused(t, err, domain.Conflict, "successor-discontinued")
	_, err = p.ReviseSeries(ctx, w.ask(publisher), handlers.ReviseSeries{Series: next, Name: domain.English("Renamed")})
	ok(t, err)
}

func TestCategoriesAreRenamedAndMoved(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	p := w.publishing()
	w.define("soc")
	end := w.end()
	w.define("soc")
	if w.end() != end {
		t.Error("an equal definition has written")
	}
	done, err := p.MoveCategory(ctx, w.ask(publisher), handlers.MoveCategory{Category: "soc", Group: "certifications"})
	ok(t, err)
	if done.Events != 1 {
		t.Errorf("moved: %+v", done)
	}
	done, err = p.MoveCategory(ctx, w.ask(publisher), handlers.MoveCategory{Category: "soc", Group: "certifications"})
	ok(t, err)
	if done.Events != 0 || done.Token == "" {
		t.Errorf("moved to where it is: %+v", done)
	}
	_, err = p.MoveCategory(ctx, w.ask(publisher), handlers.MoveCategory{Category: "../x", Group: "certifications"})
	refused(t, err, domain.Invalid, "bad-slug")
}
