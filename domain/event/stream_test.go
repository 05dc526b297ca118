package event

import (
	"strings"
	"testing"
	"unicode/utf8"

	"imprint/domain"
)

func TestParseStream(t *testing.T) {
	for name, want := range map[string]struct {
		category Category
		id       string
	}{
		"log":   {LogCategory, ""},
		"roles": {RolesCategory, ""},
		"document-0198c0de-0000-7000-8000-000000000001": {DocumentCategory, "0198c0de-0000-7000-8000-000000000001"},
		"domain-example.org":                            {DomainCategory, "example.org"},
		"category-iso_27001-2022":                       {CategoryCategory, "iso_27001-2022"},
		"person--":                                      {PersonCategory, "-"},
	} {
		s, err := ParseStream(name)
		if err != nil || s.Category() != want.category || s.ID() != want.id {
			t.Errorf("%s: %s, %s, %v", name, s.Category(), s.ID(), err)
		}
		if want.id != "" && StreamOf(want.category, want.id) != s {
			t.Errorf("%s is built as %s", name, StreamOf(want.category, want.id))
		}
	}
	for _, name := range []string{
		"", "-", "-1", "thing-1", "Document-1", "document", "document-", "log-1", "log-", "roles-x", "documents-1",
		"document-A", "document-ü", "document-a b", "document-a/b", "document-../x", "document-\x00", "document-\xff", " document-1", "document-1\n",
		"acme.main.document-1", "document-" + strings.Repeat("a", 200),
	} {
		if s, err := ParseStream(name); domain.KindOf(err) != domain.Invalid || s != "" {
			t.Errorf("%q passes as %q: %v", name, s, err)
		}
	}
	longest := "document-" + strings.Repeat("a", maxStreamName-len("document-"))
	if _, err := ParseStream(longest); err != nil {
		t.Errorf("%d bytes: %v", len(longest), err)
	}
}

func FuzzParseStream(f *testing.F) {
	for _, name := range []string{"log", "document-1", "document-", "log-", "x-1", "document-\xff", strings.Repeat("-", 300)} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		s, err := ParseStream(name)
		if err != nil {
			if domain.KindOf(err) != domain.Invalid || s != "" {
				t.Fatalf("%q, %v", s, err)
			}
			if n := len(err.Error()); n > 600 || !utf8.ValidString(err.Error()) {
				t.Errorf("the error has %d bytes: %s", n, err)
			}
			return
		}
		if string(s) != name || len(name) > maxStreamName || strings.ContainsAny(name, "/\\ \x00\n") {
			t.Errorf("%q passes", name)
		}
		if s.ID() != "" && StreamOf(s.Category(), s.ID()) != s {
			t.Errorf("%q is taken apart as %q and %q", name, s.Category(), s.ID())
		}
	})
}
