package document_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/access"
	"imprint/domain/document"
	"imprint/domain/event"
)

var (
	id       = uuid.MustParse("00000000-0000-7000-8000-000000000001")
	now      = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	everyone = access.Audience{Kind: access.Everyone}
	reason   = domain.English("It was wrong.")
)

// file makes a file whose hash is one hex digit, repeated.
func file(digit string) document.File {
	return document.File{Locale: "en", Name: "report.pdf", SHA256: strings.Repeat(digit, 64), Bytes: 7, MediaType: "application/pdf"}
}

func draft(digit string) document.Draft {
	return document.Draft{Major: true, Files: []document.File{file(digit)}, Summary: domain.English("Change " + digit)}
}

func details() document.Details {
	return document.Details{Title: domain.English("SOC 2 report"), Categories: []string{"soc"}}
}

// story is a document that grows by decisions which must succeed.
type story struct {
	t *testing.T
	document.State
}

func published(t *testing.T) *story {
	s := &story{t: t}
	s.does(s.Publish(id, details(), everyone, draft("1"), now))
	return s
}

func (s *story) does(events []event.Payload, err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
	s.State = s.Fold(events...)
}

// with adds versions of the given bytes.
func (s *story) with(digits ...string) *story {
	s.t.Helper()
	for _, d := range digits {
		s.does(s.Version(s.Newest(), draft(d), false, now))
	}
	return s
}

// refused checks that a decision is refused by a rule, with a message that holds
// the words.
func refused(t *testing.T, kind domain.Kind, code string, words ...string) func([]event.Payload, error) {
	t.Helper()
	return func(events []event.Payload, err error) {
		t.Helper()
		var e *domain.Error
		if !errors.As(err, &e) || e.Kind != kind || e.Code != code || len(events) > 0 {
			t.Fatalf("got %d events and %v; want a refusal %s/%s", len(events), err, kind, code)
		}
		for _, w := range words {
			if !strings.Contains(e.Message, w) {
				t.Errorf("the message %q lacks %q", e.Message, w)
			}
		}
	}
}
