package catalog

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/access"
	"imprint/domain/document"
	"imprint/domain/event"
	"imprint/projections"
)

var (
	begin = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	docID = uuid.MustParse("019a0000-0000-7000-8000-000000000001")
)

// story is a trial with a running ordinal; one minute passes between events.
type story struct {
	t        testing.TB
	trial    *projections.Trial
	ordinal  int64
	revision map[event.Stream]int64
}

func newStory(t testing.TB) *story {
	return &story{t: t, trial: projections.NewTrial(Projection()), revision: map[event.Stream]int64{}}
}

// at is when the event of an ordinal was recorded.
func at(ordinal int64) time.Time { return begin.Add(time.Duration(ordinal) * time.Minute) }

func (s *story) try(stream event.Stream, p event.Payload) error {
	s.ordinal++
	s.revision[stream]++
	e := projections.Event{Recorded: &event.Recorded{}}
	e.Type, e.Payload, e.Stream = p.EventType(), p, stream
	e.Ordinal, e.Revision = s.ordinal, s.revision[stream]-1
	e.Meta.Time = at(s.ordinal)
	return s.trial.Fold(e)
}

func (s *story) happen(payloads ...event.Payload) {
	s.t.Helper()
	for _, p := range payloads {
		if err := s.try(document.Stream(docID), p); err != nil {
			s.t.Fatal(err)
		}
	}
}

// document is the only document's row.
func (s *story) document() documentRow {
	s.t.Helper()
	rows := projections.RowsOf[documentRow](s.trial)
	if len(rows) != 1 {
		s.t.Fatalf("there are %d documents", len(rows))
	}
	return rows[0]
}

func publication(details document.Details) document.Published {
	return document.Published{Document: docID, Details: details, Audience: access.Audience{Kind: access.Everyone}, Version: major(1)}
}

func major(number int) document.Version {
	return document.Version{Number: number, Major: true, Summary: domain.Text{"en": "Change " + string(rune('a'+number))}, PublishedAt: begin,
		Files: []document.File{{Locale: "en", Name: "a", SHA256: "hash"}, {Locale: "de", Name: "b", SHA256: "hash"}}}
}

func minor(number int) document.Version {
	v := major(number)
	v.Major = false
	return v
}
