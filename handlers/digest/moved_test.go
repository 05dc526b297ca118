package digest_test

// What the letter says of a document that joins, leaves or changes its series.

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/access"
	"imprint/domain/calendar"
	"imprint/domain/document"
	"imprint/domain/notice"
	"imprint/domain/series"
)

// move changes a document's series and releases the notice.
func (w *world) move(doc, from, to uuid.UUID) {
	w.t.Helper()
	cause, id := w.tell(document.Stream(doc), document.DetailsRevised{Document: doc,
		Details: document.Details{Title: domain.English("SOC 2 Report"), Series: to, Categories: []string{"reports"}}})
	w.tell(notice.Stream(id), notice.Released{Cause: id, CauseOrdinal: cause, Kind: notice.SeriesChanged, Document: doc, Version: 1, Series: to, LeftSeries: from})
}

var tags = regexp.MustCompile(`<[^>]*>`)

func TestTheLetterSaysWhereADocumentMoved(t *testing.T) {
	const joined, left, moved = "Added to a series", "Removed from its series", "Moved to another series"
	const inA, inB, fromA, fromB = "Series: Line A", "Series: Line B", "Former series: Line A", "Former series: Line B"
	for name, is := range map[string]struct {
		happens func(w *world, doc, a, b uuid.UUID)
		want    []string
	}{
		"joined":                     {func(w *world, doc, a, _ uuid.UUID) { w.move(doc, uuid.Nil, a) }, []string{joined, inA}},
		"left":                       {func(w *world, doc, a, _ uuid.UUID) { w.move(doc, a, uuid.Nil) }, []string{left, fromA}},
		"moved":                      {func(w *world, doc, a, b uuid.UUID) { w.move(doc, a, b) }, []string{moved, inB, fromA}},
		"moved twice: the last move": {func(w *world, doc, a, b uuid.UUID) { w.move(doc, a, b); w.move(doc, b, a) }, []string{moved, inA, fromB, "2 updates"}},
		"moved from a series that is hidden": {func(w *world, doc, a, b uuid.UUID) {
			hidden := w.publishIn(a, "Hidden")
			w.tell(document.Stream(hidden), document.AudienceChanged{Document: hidden, Audience: access.Audience{Kind: "nobody"}})
			w.move(doc, a, b)
		}, []string{moved, inB}},
	} {
		t.Run(name, func(t *testing.T) {
			w, reader, doc := scene(t, calendar.Daily)
			a, b := uuid.New(), uuid.New()
			w.tell(series.Stream(a), series.Opened{Series: a, Name: domain.English("Line A")})
			w.tell(series.Stream(b), series.Opened{Series: b, Name: domain.English("Line B")})
			is.happens(w, doc, a, b)
			w.must(w.group.CatchUp(w.ctx, nil))
			p, err := w.service.Preview(w.ctx, reader)
			w.must(err)
			parts := map[string]string{"text": p.Mail.Text, "HTML": tags.ReplaceAllString(p.Mail.HTML, "")}
			for part, says := range parts {
				for _, said := range []string{joined, left, moved, inA, inB, fromA, fromB, "2 updates"} {
					if wanted := slices.Contains(is.want, said); strings.Contains(says, said) != wanted {
						t.Errorf("the %s says %q: %t, want %t\n%s", part, said, !wanted, wanted, says)
					}
				}
			}
		})
	}
}
