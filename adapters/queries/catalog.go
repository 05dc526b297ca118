package queries

// The catalog's queries: what they share. Each answer is read from one snapshot.

import (
	"context"
	"fmt"

	"imprint/domain"
	"imprint/domain/access"
	"imprint/domain/terms"
	"imprint/projections"
	"imprint/projections/catalog"
)

// Search is the full text of one engine. Its texts hold ? for arguments and
// become a part of a statement, so that hits are joined, hidden, counted and
// paged by the database in the same snapshot.
type Search interface {
	// Hits answers a SELECT over the rows d of a searchable table that hold every
	// word: the columns asked for, and rank (0 where the table's first searchable
	// column alone holds every word, else 1: what other rows hold does not count, so
	// that pages in its order are stable). Instead of a word
	// a row may hold one of the word's refs, at the same index, in its column
	// found_refs; nil refs look there for nothing.
	Hits(p projections.Projection, table, columns string, words []terms.Word, refs [][]string) (text string, args []any)
}

// Catalog answers catalog.Queries.
type Catalog struct {
	db         Database
	search     Search
	projection projections.Projection

	documents, tags, versions, hashes, series, categories string // views
}

var _ catalog.Queries = (*Catalog)(nil)

// NewCatalog makes the catalog's queries over a database of read models.
func NewCatalog(db Database, search Search) *Catalog {
	p := catalog.Projection()
	return &Catalog{
		db: db, search: search, projection: p,
		documents: p.View("documents"), tags: p.View("tags"), versions: p.View("versions"),
		hashes: p.View("hashes"), series: p.View("series"), categories: p.View("categories"),
	}
}

// visible is access.MaySee in SQL, over a column that holds the audience's kind.
// A test holds the two against each other.
func visible(r access.Reader, column string) condition {
	return where(fmt.Sprintf(`%s = ? OR %s = ? AND CAST(? AS bigint) = 1`, column, column), string(access.Everyone), string(access.SignedIn), truth(access.MaySee(r, access.Audience{Kind: access.SignedIn})))
}

func truth(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// absent is the one answer for what is not there and for what is hidden.
func absent(r access.Reader, what, id string) error {
	if !r.SignedIn() {
		return domain.Refuse(domain.Unauthenticated, "sign-in", "the %s %.80q is not public, or does not exist; sign in and ask again", what, id)
	}
	return domain.Refuse(domain.NotFound, "no-"+what, "there is no %s %.80q that you may see; check the address", what, id)
}

// snapshot reads an answer, and the ordinal it reflects, from one moment.
func (c *Catalog) snapshot(ctx context.Context, ordinal *int64, read func(Querier) error) error {
	return c.db.Snapshot(ctx, func(q Querier) (err error) {
		if *ordinal, err = reflects(ctx, q, c.projection); err != nil {
			return err
		}
		return read(q)
	})
}
