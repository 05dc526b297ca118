package queries

// The libraries' queries.

import (
	"context"
	"time"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/access"
	"imprint/projections"
	"imprint/projections/catalog"
	"imprint/projections/library"
)

// Library answers library.Queries.
type Library struct {
	db         Database
	projection projections.Projection
	follows    follows

	entries, documents, tags, versions, series string // views
}

var _ library.Queries = (*Library)(nil)

// NewLibrary makes the libraries' queries over a database of read models.
func NewLibrary(db Database) *Library {
	l, c := library.Projection(), catalog.Projection()
	return &Library{
		db: db, projection: l, follows: newFollows(), entries: l.View("entries"),
		documents: c.View("documents"), tags: c.View("tags"), versions: c.View("versions"), series: c.View("series"),
	}
}

// Library answers one page, newest saved first. An anonymous visitor has none.
func (l *Library) Library(ctx context.Context, r access.Reader, now time.Time, p catalog.Page) (answer library.Library, err error) {
	if !r.SignedIn() {
		return answer, domain.Refuse(domain.Unauthenticated, "sign-in", "a library belongs to a person; sign in and ask again")
	}
	size, err := limit(p)
	if err != nil {
		return answer, err
	}
	list := listOf("library", r.Person)
	after, going, err := parseCursor(p.After, list)
	if err != nil {
		return answer, err
	}
	if !going {
		after.number = projections.Forever
	}
	err = l.db.Snapshot(ctx, func(q Querier) (err error) {
		if answer.Reflects, err = reflects(ctx, q, l.projection); err != nil {
			return err
		}
		var last int64
		err = l.page(r, now, after.number, size+1).each(ctx, q, func(scan func(...any) error) error {
			if len(answer.Entries) == size { // one more than the page: there is a next one
				answer.Next = cursor{list: list, number: last}.String()
				return nil
			}
			e, saved, err := entry(scan)
			last, answer.Entries = saved, append(answer.Entries, e)
			return err
		})
		if err != nil {
			return err
		}
		answer.Series, err = l.followed(ctx, q, r)
		return err
	})
	return answer, err
}

// page reads the entries saved before an ordinal. u is the newest version that
// the 30-day mark counts, if any; both ends of the window are included.
//
//	SEARCH e USING INDEX (person=? AND saved<?)
//	SEARCH d USING INDEX documents_key (document=?) LEFT-JOIN
//	SEARCH s USING INDEX series_key (series=?) LEFT-JOIN
//	SEARCH u USING INDEX (document=? AND number=?) LEFT-JOIN
//	CORRELATED SCALAR SUBQUERY: SEARCH v USING INDEX (document=? AND number>?)
func (l *Library) page(r access.Reader, now time.Time, before int64, size int) *statement {
	marked := ` FROM ` + l.versions + ` v WHERE v.document = d.document AND v.number > 1 AND v.major AND NOT v.withdrawn AND NOT d.withdrawn AND v.updated_at >= ? AND v.updated_at <= ?`
	from, to := projections.Micros(now.Add(-library.UpdatedWindow)), projections.Micros(now)
	see := visible(r, "d.audience")
	return new(statement).add(`SELECT e.document, e.saved, e.saved_at, e.version,
	d.document IS NOT NULL, COALESCE(d.title, e.title), COALESCE(d.version, 0),
	COALESCE(d.series, ''), COALESCE(s.name, ''), COALESCE(d.withdrawn, FALSE), COALESCE(d.reason, ''),
	u.updated_at, COALESCE(u.summary, ''), (SELECT COUNT(*)`+marked+`)
FROM `+l.entries+` e
LEFT JOIN `+l.documents+` d ON d.document = e.document AND (`, from, to).
		add(see.text, see.args...).
		add(`)
LEFT JOIN `+l.series+` s ON s.series = d.series
LEFT JOIN `+l.versions+` u ON u.document = d.document AND u.number = (SELECT MAX(v.number)`+marked+`)
WHERE e.person = ? AND e.saved < ?
ORDER BY e.saved DESC LIMIT ?`, from, to, r.Person, before, int64(size))
}

func entry(scan func(...any) error) (e library.Entry, saved int64, err error) {
	var document, series string
	err = scan(&document, &saved, instant(&e.SavedAt), &e.SavedVersion, &e.Available, as(&e.Title), &e.Version,
		&series, as(&e.SeriesName), &e.Withdrawn, as(&e.Reason), instant(&e.UpdatedAt), as(&e.Summary), &e.MoreUpdates)
	if err != nil {
		return e, saved, err
	}
	if e.MoreUpdates > 0 {
		e.Updated, e.MoreUpdates = true, e.MoreUpdates-1
	}
	if e.Document, err = uuid.Parse(document); err != nil {
		return e, saved, err
	}
	e.Series, err = optional(series)
	return e, saved, err
}

// followed lists the series that a person follows. One that holds nothing which
// the person may see has lost its name.
func (l *Library) followed(ctx context.Context, q Querier, r access.Reader) (all []library.Followed, err error) {
	st := l.follows.followed(r.Person).add(`
SELECT f.series, COALESCE(s.name, ''), f.explicit = 1, COALESCE(s.discontinued, FALSE)
FROM followed f LEFT JOIN `+l.series+` s ON s.series = f.series
	AND EXISTS (SELECT 1 FROM `+l.tags+` t WHERE t.facet = ? AND t.value = f.series AND (`, catalog.FacetSeries).
		all([]condition{visible(r, "t.audience")}).
		add(`))
ORDER BY COALESCE(s.name_sort, ''), f.series`)
	err = st.each(ctx, q, func(scan func(...any) error) error {
		var f library.Followed
		var id string
		if err := scan(&id, as(&f.Name), &f.Explicit, &f.Discontinued); err != nil {
			return err
		}
		f.Series, err = uuid.Parse(id)
		all = append(all, f)
		return err
	})
	return all, err
}

// Saved tells which of the documents are in the person's library.
func (l *Library) Saved(ctx context.Context, person uuid.UUID, documents []uuid.UUID) (map[uuid.UUID]bool, error) {
	saved := map[uuid.UUID]bool{}
	err := l.db.Snapshot(ctx, func(q Querier) error {
		return inBatches(documents, func(ids []string) error {
			st := new(statement).add(`SELECT document FROM ` + l.entries + ` WHERE `).
				all([]condition{where(`person = ?`, person.String()), anyOf("document", ids)})
			return st.each(ctx, q, func(scan func(...any) error) error {
				id, err := scanID(scan)
				saved[id] = true
				return err
			})
		})
	})
	return saved, err
}

// Follows tells whether the person follows the series.
func (l *Library) Follows(ctx context.Context, person, series uuid.UUID) (following bool, err error) {
	err = l.db.Snapshot(ctx, func(q Querier) error {
		st := l.follows.followed(person.String()).add(`
SELECT series FROM followed WHERE series = ?`, series.String())
		return st.each(ctx, q, func(func(...any) error) error { following = true; return nil })
	})
	return following, err
}

// scanID reads a first column that is an id.
func scanID(scan func(...any) error) (uuid.UUID, error) {
	var text string
	if err := scan(&text); err != nil {
		return uuid.Nil, err
	}
	return uuid.Parse(text)
}
