package main

// What readers ask: searches over the corpus and the pages they see most.

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"imprint/domain/access"
	"imprint/handlers"
	"imprint/projections/catalog"
)

// terms are what is searched: rare and common words, two words, beginnings of
// words, phrases, and words that are not there.
var terms = strings.Split(strings.TrimSpace(`
glossary
erratum
passkey
crosswalk
offboarding
trademark
waiver
zebra
update
add
policy
security
baseline
readme
guide
template
privacy
document
security policy
add template
privacy policy
incident response
control baseline
update readme
access control
risk assessment
audit report
vulnerability advisory
pol
sec
auth
cert
vuln
inc
"security policy"
"incident response"
"privacy policy"
"update readme"
"access control"
"control baseline"
`), "\n")

// savedDocuments is the size of the library that is read.
const savedDocuments = 50

// measureReads asks one question at a time. Nothing is written meanwhile.
func measureReads(ctx context.Context, r *report, in *installation, e extent) error {
	visitor := access.Reader{}
	var searches []time.Duration
	found := 0
	for round := range e.reads {
		for _, term := range terms {
			took, err := timed(func() error {
				l, err := in.catalog.List(ctx, visitor, catalog.Filter{Term: term}, catalog.Page{})
				if round == 0 && len(l.Items) > 0 {
					found++
				}
				return err
			})
			if err != nil {
				return fmt.Errorf("search for %s: %w", term, err)
			}
			searches = append(searches, took)
		}
	}
	r.note("search\t%d terms, %d of them found something\t%d times each", len(terms), found, e.reads)
	r.tell("search, p50", millis(median(searches)))
	r.tell("search, p99", millis(quantile(searches, 0.99)))

	documents, err := someDocuments(ctx, in)
	if err != nil {
		return err
	}
	reader, err := savedLibrary(ctx, in)
	if err != nil {
		return err
	}
	pages := []struct {
		name string
		read func(i int) error
	}{
		{"home", func(int) error { _, err := in.catalog.Home(ctx, visitor); return err }},
		{"list", func(int) error {
			_, err := in.catalog.List(ctx, visitor, catalog.Filter{}, catalog.Page{})
			return err
		}},
		{"document", func(i int) error {
			_, err := in.catalog.Document(ctx, visitor, documents[i%len(documents)].ID)
			return err
		}},
		{"library", func(int) error {
			_, err := in.library.Library(ctx, reader, time.Now(), catalog.Page{})
			return err
		}},
	}
	for _, page := range pages {
		var took []time.Duration
		for i := range 10 * e.reads {
			t, err := timed(func() error { return page.read(i) })
			if err != nil {
				return fmt.Errorf("%s: %w", page.name, err)
			}
			took = append(took, t)
		}
		r.tell(page.name+", p50", millis(median(took)))
		r.tell(page.name+", p99", millis(quantile(took, 0.99)))
	}
	return nil
}

// savedLibrary makes a person who keeps documents.
func savedLibrary(ctx context.Context, in *installation) (access.Reader, error) {
	reader := access.Reader{Person: uuid.NewString(), Role: access.Member}
	listing, err := in.catalog.List(ctx, reader, catalog.Filter{}, catalog.Page{Limit: savedDocuments})
	if err != nil {
		return reader, err
	}
	var ids []uuid.UUID
	for _, item := range listing.Items {
		ids = append(ids, item.ID)
	}
	if _, _, err := in.libraries.SaveAll(ctx, handlers.Request{ID: "library", Actor: reader}, ids); err != nil {
		return reader, err
	}
	return reader, in.readModels.CatchUp(ctx, nil)
}
