package handlers_test

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/document"
	"imprint/domain/event"
	"imprint/handlers"
)

func TestAnImportIsRepeatableAndStatesThePast(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	w.define("docs")
	id := domain.Derive(uuid.Nil, "acme/docs", "a.md")
	then := now.AddDate(-3, 0, 0)
	version := func(title, content string) handlers.ImportVersion {
		return handlers.ImportVersion{
			Document: id, Details: document.Details{Title: domain.English(title), Categories: []string{"docs"}}, Audience: everyone,
			Major: true, Files: w.files(content), Summary: domain.English("Change"), PublishedAt: then,
			Origin: document.Origin{Source: "acme/docs", Key: "acme/docs/a.md"},
		}
	}
	req := func(n int) handlers.Request {
		return handlers.Request{ID: fmt.Sprintf("import %d", n), Actor: operator}
	}
	run := func() (events int) {
		p := w.publishing()
		for n, step := range []func(handlers.Request) (handlers.DocumentWritten, error){
			func(r handlers.Request) (handlers.DocumentWritten, error) {
				return p.ImportVersion(ctx, r, version("A", "1"))
			},
			func(r handlers.Request) (handlers.DocumentWritten, error) {
				return p.ImportVersion(ctx, r, version("A", "1"))
			},
			func(r handlers.Request) (handlers.DocumentWritten, error) {
				return p.ImportWithdrawal(ctx, r, handlers.ImportWithdrawal{Document: id, Reason: reason, WithdrawnAt: then, Origin: version("", "").Origin})
			},
			func(r handlers.Request) (handlers.DocumentWritten, error) {
				return p.ImportVersion(ctx, r, version("B", ""))
			},
			func(r handlers.Request) (handlers.DocumentWritten, error) {
				return p.ImportDetails(ctx, r, handlers.ImportDetails{Document: id, Details: version("C", "").Details, Origin: version("", "").Origin})
			},
		} {
			done, err := step(req(n))
			ok(t, err)
			if want := []int{1, 2, 0, 3, 0}[n]; done.Version != want {
				t.Errorf("step %d is version %d, want %d", n, done.Version, want)
			}
			events += done.Events
		}
		return events
	}
	if n := run(); n != 7 {
		t.Errorf("the import wrote %d events, want 7", n)
	}
	var types []string
	for _, e := range w.events(document.Stream(id)) {
		types = append(types, e.Type)
	}
	if want := []string{"DocumentPublished", "DocumentVersioned", "DocumentWithdrawn", "DocumentReinstated", "DetailsRevised", "DocumentVersioned", "DetailsRevised"}; !slices.Equal(types, want) {
		t.Errorf("events %v, want %v", types, want)
	}
	if n := run(); n != 0 {
		t.Errorf("the second import wrote %d events", n)
	}
}

// counting counts the events that are read from streams.
type counting struct {
	event.Log
	read atomic.Int64
}

func (c *counting) ReadStream(ctx context.Context, stream event.Stream, from int64, limit int) ([]event.Recorded, error) {
	events, err := c.Log.ReadStream(ctx, stream, from, limit)
	c.read.Add(int64(len(events)))
	return events, err
}

func TestALongDocumentIsNotReadAgainForEachVersion(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	log := &counting{Log: w.log}
	p := w.publishingOn(log)
	id := w.published(everyone)
	const versions = 300
	for n := 1; n < versions; n++ {
		_, err := p.Version(ctx, w.ask(publisher), w.version(id, n, fmt.Sprint(n)))
		ok(t, err)
	}
	if n := log.read.Load(); n != 1 {
		t.Errorf("%d events were read for %d versions; want the first one only", n, versions)
	}
	// What another program writes is read, and no more than that.
	_, err := w.publishing().Version(ctx, w.ask(publisher), w.version(id, versions, "elsewhere"))
	ok(t, err)
	_, err = p.Version(ctx, w.ask(publisher), w.version(id, versions+1, "here"))
	ok(t, err)
	if n := log.read.Load(); n != 2 {
		t.Errorf("%d events were read, want 2", n)
	}
}
