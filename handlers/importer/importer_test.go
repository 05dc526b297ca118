package importer_test

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"imprint/adapters/conformance/logtest"
	"imprint/domain"
	"imprint/domain/document"
	"imprint/domain/event"
	"imprint/handlers/importer"
)

// oddities is a small corpus with everything that is odd in real ones.
func oddities() *corpus {
	var c corpus
	c.version("a b/ü.md", 1, "one", fields{"title": "Größe 漢字", "series": "s/r/a b"})
	c.version("a b/ü.md", 2, "one", fields{"title": "Größe 漢字", "series": "s/r/a b", "summary": " "}) // same bytes, no summary
	c.version("empty", 1, "", fields{"published_at": "2019-01-01T00:00:00Z"})                         // no bytes, time goes back
	c.version("future", 1, "f", fields{"published_at": "2999-01-01T00:00:00Z"})
	c.withdrawal("future", 2)
	c.version("future", 3, "f", nil)                                        // reappears
	c.version("moved.md", 3, "one", fields{"renamed_from": "s/r/a b/ü.md"}) // renamed, into another series
	c.version("a b/ü.md", 3, "new", fields{"series": "s/r/a b"})            // the key is used again
	c.version("empty", 4, "x", fields{"renamed_from": "s/r/moved.md"})      // onto a living document
	c.withdrawal("future", 4)
	c.version("future", 5, "y", fields{"renamed_from": "s/r/empty"})            // onto a withdrawn one
	c.version("outside", 1, "z", fields{"renamed_from": "s/r/elsewhere/x.bin"}) // from outside the corpus
	c.withdrawal("outside", 2)
	return &c
}

// story is what happened to each document, in order, by its claimed titles.
func (w *world) story() map[uuid.UUID]string {
	stories := map[uuid.UUID][]string{}
	for _, p := range w.decoded() {
		switch p := p.(type) {
		case document.Published:
			stories[p.Document] = append(stories[p.Document], "published "+p.Origin.Key)
		case document.Versioned:
			stories[p.Document] = append(stories[p.Document], "versioned "+p.Origin.Key)
		case document.DetailsRevised:
			stories[p.Document] = append(stories[p.Document], "revised "+p.Details.Title.String())
		case document.Withdrawn:
			stories[p.Document] = append(stories[p.Document], "withdrawn")
		case document.Reinstated:
			stories[p.Document] = append(stories[p.Document], "reinstated")
		}
	}
	joined := map[uuid.UUID]string{}
	for id, s := range stories {
		joined[id] = strings.Join(s, ", ")
	}
	return joined
}

func TestEveryOddityOfACorpus(t *testing.T) {
	w, c := newWorld(t), oddities()
	c.store(w)
	first := w.run(c.String())
	if first.Records != len(c.lines) || first.Skipped != 0 || !slices.Equal(first.Sources, []string{"s/r"}) {
		t.Errorf("the first run: %+v", first)
	}
	var stories []string
	for _, s := range w.story() {
		stories = append(stories, s)
	}
	slices.Sort(stories)
	want := []string{
		"published s/r/a b/ü.md", // the key used again is another document
		"published s/r/a b/ü.md, versioned s/r/a b/ü.md, revised moved.md, versioned s/r/moved.md, revised empty, versioned s/r/empty, revised future, versioned s/r/future",
		"published s/r/empty, withdrawn", // the living occupant
		"published s/r/future, withdrawn, reinstated, versioned s/r/future, withdrawn",
		"published s/r/outside, withdrawn",
	}
	if !slices.Equal(stories, want) {
		t.Errorf("the documents are\n%s\nnot\n%s", strings.Join(stories, "\n"), strings.Join(want, "\n"))
	}
	if held, want := w.count("s/r"), (importer.Held{Documents: 5, Versions: 10, Withdrawals: 4}); held != want {
		t.Errorf("held: %+v, want %+v", held, want)
	}
	if held := w.count("other"); held != (importer.Held{}) {
		t.Errorf("held from another source: %+v", held)
	}
	for _, p := range w.decoded() {
		switch p := p.(type) {
		case document.Published:
			if p.Origin.Key == "s/r/future" && p.Version.PublishedAt.Year() != 2999 {
				t.Errorf("a time in the future became %v", p.Version.PublishedAt)
			}
			if p.Origin.Key == "s/r/empty" && (p.Version.Files[0].Bytes != 0 || !p.Version.PublishedAt.Equal(time.Date(2019, 1, 1, 0, 0, 0, 0, time.UTC))) {
				t.Errorf("the empty file: %+v", p.Version)
			}
		case document.Versioned:
			if p.Version.Number == 2 && p.Origin.Key == "s/r/a b/ü.md" && p.Version.Summary.String() != importer.NoSummary {
				t.Errorf("an empty summary became %q", p.Version.Summary)
			}
			if !p.Version.Major {
				t.Errorf("version %d is not major", p.Version.Number)
			}
		}
	}
	before := len(w.events())
	second := w.run(c.String())
	if second.Events != 0 || second.Skipped != len(c.lines) || len(w.events()) != before {
		t.Errorf("the second run: %+v", second)
	}
}

// A line that says otherwise than what was recorded from it is told, and does
// nothing: not even withdraw the document onto which it now claims to be renamed.
func TestAChangedLineIsToldAndChangesNothing(t *testing.T) {
	w := newWorld(t)
	var before, after corpus
	for _, c := range []*corpus{&before, &after} {
		c.version("a", 1, "a1", nil)
		c.version("b", 1, "b1", nil)
	}
	before.version("a", 2, "a2", nil)
	before.withdrawal("b", 2)
	after.version("b", 2, "a2", fields{"doc": "s/r/a", "renamed_from": "s/r/b", "summary": "Another summary."})
	after.line(fields{"doc": "s/r/b", "version": 2, "title": "Another title", "withdrawn": true, "renamed_from": ""}, nil)
	after.version("a", 1, "a1", fields{"published_at": "2020-01-02T04:04:05+01:00"}) // the same moment
	before.store(w)
	after.store(w)
	w.run(before.String())
	events := len(w.events())
	report := w.run(strings.Join(after.lines[:3], "\n") + "\n")
	want := []importer.Changed{{Line: 3, Key: "s/r/a", Version: 2}}
	if report.Changed != 1 || !slices.Equal(report.First, want) || report.Skipped != 3 || report.Events != 0 || len(w.events()) != events {
		t.Errorf("a changed rename: %+v, %d events more", report, len(w.events())-events)
	}
	lines := []string{after.lines[4], after.lines[1], after.lines[3]}
	report = w.run(strings.Join(lines, "\n") + "\n")
	if want := []importer.Changed{{Line: 3, Key: "s/r/b", Version: 2}}; !slices.Equal(report.First, want) || report.Events != 0 {
		t.Errorf("a changed withdrawal, and a time written otherwise: %+v", report)
	}
	var many corpus
	for i := range 20 {
		many.version("a", 1, "a1", fields{"summary": strings.Repeat("!", i+1)})
	}
	if report := w.run(many.String()); report.Changed != 20 || len(report.First) != 10 {
		t.Errorf("of 20 changed lines %d are counted and %d named", report.Changed, len(report.First))
	}
	var next corpus
	next.version("a", 1, "a1", fields{"summary": "Changed."})
	next.version("a", 3, "a3", nil)
	next.store(w)
	if report := w.run(next.String()); report.Changed != 1 || report.Events == 0 {
		t.Errorf("a new version behind a changed line: %+v", report)
	}
}

// plain is what must be equal in two imports: all but times and salts.
type plain struct {
	Stream   event.Stream
	Revision int64
	ID       uuid.UUID
	Type     string
	Data     string
}

func (w *world) plain() []plain {
	var all []plain
	for _, e := range w.events() {
		if e.Stream.Category() != event.LogCategory {
			all = append(all, plain{e.Stream, e.Revision, e.ID, e.Type, string(e.Data)})
		}
	}
	return all
}

func TestAnImportThatIsKilledAnywhereGoesOn(t *testing.T) {
	whole, c := newWorld(t), oddities()
	c.store(whole)
	counting := logtest.Break(whole.log, func(logtest.Op, int) logtest.Fault { return logtest.None })
	_, err := whole.importer(counting).Run(t.Context(), strings.NewReader(c.String()), func(int) {})
	ok(t, err)
	want := whole.plain()
	for nth := 1; nth <= counting.Calls(logtest.Append); nth++ {
		for _, fault := range []logtest.Fault{logtest.NotDone, logtest.AnswerLost} {
			w := newWorld(t)
			c.store(w)
			// The kill: from this append on nothing reaches the log.
			broken := logtest.Break(w.log, func(op logtest.Op, n int) logtest.Fault {
				if op != logtest.Append || n < nth {
					return logtest.None
				}
				if n > nth {
					return logtest.NotDone
				}
				return fault
			})
			_, err := w.importer(broken).Run(t.Context(), strings.NewReader(c.String()), func(int) {})
			if !errors.Is(err, logtest.ErrInjected) {
				t.Fatalf("append %d %s: %v", nth, fault, err)
			}
			w.run(c.String())
			if got := w.plain(); !reflect.DeepEqual(got, want) {
				t.Fatalf("append %d %s: the resumed import differs:\n%+v\nnot\n%+v", nth, fault, got, want)
			}
		}
	}
}

func TestAnImportStopsWithItsContext(t *testing.T) {
	w, c := newWorld(t), oddities()
	c.store(w)
	ctx, cancel := context.WithCancel(t.Context())
	_, err := w.importer(w.log).Run(ctx, strings.NewReader(c.String()), func(done int) {
		if done == 3 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "line 4") {
		t.Errorf("got %v", err)
	}
}

func TestAnErrorNamesTheLine(t *testing.T) {
	for says, spoil := range map[string]func(*corpus){
		"line 2 of the corpus: it is not a JSON":                     func(c *corpus) { c.lines = append(c.lines, "nonsense") },
		"which no line before it has published":                      func(c *corpus) { c.withdrawal("never", 1) },
		"are neither in the archive nor stored":                      func(c *corpus) { c.version("b", 1, "b", fields{"sha256": hashOf("other")}) },
		"s/r/b, version 1: it claims 5 bytes, and its content has 1": func(c *corpus) { c.version("b", 1, "b", fields{"bytes": 5}) },
		"line 2 of the corpus has more than":                         func(c *corpus) { c.version("b", 1, "b", fields{"summary": strings.Repeat("x", 1<<20)}) },
		"line 2 of the corpus: s/r/b, version 1":                     func(c *corpus) { c.version("b", 1, "b", fields{"summary": strings.Repeat("x", 1<<19)}) },
		"line 2 of the corpus: s/r/b, version 1: ":                   func(c *corpus) { c.version("b", 1, "b", fields{"title": ""}) },
	} {
		t.Run(says, func(t *testing.T) {
			w := newWorld(t)
			var c corpus
			c.version("a", 1, "a", nil)
			spoil(&c)
			c.store(w)
			report, err := w.importer(w.log).Run(t.Context(), strings.NewReader(c.String()), func(int) {})
			if domain.KindOf(err) == domain.Internal || err == nil || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), "line 2") {
				t.Errorf("got %v", err)
			}
			if held := w.count("s/r"); held.Versions != 1 || report.Events == 0 {
				t.Errorf("what came before the line is gone: %+v", held)
			}
		})
	}
}
