package document_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"imprint/domain"
	"imprint/domain/document"
	"imprint/domain/event"
)

var origin = document.Origin{Source: "acme/docs", Key: "acme/docs/a.md"}

func past(digit string) document.Past {
	return document.Past{Details: details(), Audience: everyone, Draft: draft(digit), PublishedAt: now.AddDate(-3, 0, 0), Origin: origin}
}

func types(events []event.Payload) (names []string) {
	for _, e := range events {
		names = append(names, e.EventType())
	}
	return names
}

func TestAnImportStatesThePast(t *testing.T) {
	s := &story{t: t}
	check := func(want []string, events []event.Payload, err error) {
		t.Helper()
		s.does(events, err)
		if got := types(events); !slices.Equal(got, want) {
			t.Fatalf("events %v, want %v", got, want)
		}
		for _, e := range events {
			if got := fmt.Sprintf("%+v", e); !imported(e) {
				t.Errorf("no origin: %s", got)
			}
		}
	}
	events, err := s.Import(id, past("1"))
	check([]string{"DocumentPublished"}, events, err)
	if at := events[0].(document.Published).Version.PublishedAt; !at.Equal(now.AddDate(-3, 0, 0)) {
		t.Errorf("published at %s; want what the source claims", at)
	}

	// Equal bytes are a version if the source has one; time may go backwards or
	// lie in the future.
	again := past("1")
	again.PublishedAt = now.AddDate(-4, 0, 0)
	events, err = s.Import(id, again)
	check([]string{"DocumentVersioned"}, events, err)

	renamed := past("2")
	renamed.Details.Title = domain.English("Another title")
	renamed.PublishedAt = now.AddDate(10, 0, 0)
	events, err = s.Import(id, renamed)
	check([]string{"DetailsRevised", "DocumentVersioned"}, events, err)

	events, err = s.ImportWithdrawal(reason, now.AddDate(-2, 0, 0), origin)
	check([]string{"DocumentWithdrawn"}, events, err)
	refused(t, domain.Conflict, "withdrawn")(s.ImportWithdrawal(reason, now, origin))

	back := past("3")
	events, err = s.Import(id, back)
	check([]string{"DocumentReinstated", "DetailsRevised", "DocumentVersioned"}, events, err)
	if s.Withdrawn() || s.Newest() != 4 {
		t.Errorf("withdrawn %v at version %d; want in force at 4", s.Withdrawn(), s.Newest())
	}

	events, err = s.ImportDetails(back.Details, origin)
	check(nil, events, err)
	refused(t, domain.Invalid, "no-origin")(s.Import(id, document.Past{Details: details(), Draft: draft("1"), PublishedAt: now}))
	timeless := past("4")
	timeless.PublishedAt = time.Time{}
	refused(t, domain.Invalid, "bad-time")(s.Import(id, timeless))
}

func imported(p event.Payload) bool {
	switch e := p.(type) {
	case document.Published:
		return e.Origin != nil
	case document.Versioned:
		return e.Origin != nil
	case document.DetailsRevised:
		return e.Origin != nil
	case document.Withdrawn:
		return e.Origin != nil
	case document.Reinstated:
		return e.Origin != nil
	}
	return false
}
