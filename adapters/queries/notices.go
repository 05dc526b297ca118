package queries

// The digest worker's queries.

import (
	"context"

	"github.com/google/uuid"

	"imprint/domain/access"
	"imprint/domain/digest"
	"imprint/domain/notice"
	"imprint/projections"
	"imprint/projections/catalog"
	"imprint/projections/library"
	"imprint/projections/notices"
)

// Notices answers notices.Queries.
type Notices struct {
	db      Database
	covers  []projections.Projection // what a selection reads
	follows follows

	notices, entries, documents, tags, versions, series string // views
}

var _ notices.Queries = (*Notices)(nil)

// NewNotices makes the digest worker's queries over a database of read models.
func NewNotices(db Database) *Notices {
	n, l, c := notices.Projection(), library.Projection(), catalog.Projection()
	return &Notices{
		db: db, covers: []projections.Projection{n, l, c}, follows: newFollows(),
		notices: n.View("notices"), entries: l.View("entries"),
		documents: c.View("documents"), tags: c.View("tags"), versions: c.View("versions"), series: c.View("series"),
	}
}

// Pending looks at one entry of an index. What waits for its release has the
// ordinal 0.
func (n *Notices) Pending(ctx context.Context, after int64) (pending bool, err error) {
	err = n.db.Snapshot(ctx, func(q Querier) error {
		return new(statement).add(`SELECT 1 FROM `+n.notices+` WHERE ordinal >= ? LIMIT 1`, max(after, 1)).
			each(ctx, q, func(func(...any) error) error { pending = true; return nil })
	})
	return pending, err
}

// Current answers the audiences now, in one snapshot.
func (n *Notices) Current(ctx context.Context, documents, series []uuid.UUID) (map[uuid.UUID]access.Audience, error) {
	now := map[uuid.UUID]access.Audience{}
	err := n.db.Snapshot(ctx, func(q Querier) error {
		if err := n.whole(ctx, q, 0); err != nil {
			return err
		}
		read := func(st *statement) error {
			return st.each(ctx, q, func(scan func(...any) error) error {
				var audience string
				id, err := scanID(func(to ...any) error { return scan(append(to, &audience)...) })
				now[id] = access.Audience{Kind: access.Kind(audience)}
				return err
			})
		}
		err := inBatches(documents, func(ids []string) error {
			return read(new(statement).add(`SELECT document, audience FROM ` + n.documents + ` WHERE `).all([]condition{anyOf("document", ids)}))
		})
		if err != nil {
			return err
		}
		return inBatches(series, func(ids []string) error {
			return read(new(statement).add(`SELECT s.series, `+n.ofSeries("s.series")+` FROM `+n.series+` s WHERE `,
				string(access.Everyone), string(access.SignedIn)).all([]condition{anyOf("s.series", ids)}))
		})
	})
	return now, err
}

// Due selects, and gathers what is told.
func (n *Notices) Due(ctx context.Context, person uuid.UUID, w digest.Window, since int64) ([]notices.Candidate, error) {
	var due []notices.Due
	err := n.db.Snapshot(ctx, func(q Querier) error {
		if err := n.whole(ctx, q, w.Until); err != nil {
			return err
		}
		return n.due(person, w, since).each(ctx, q, func(scan func(...any) error) error {
			d, err := dueNotice(scan)
			due = append(due, d)
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	return notices.Gather(due), nil
}

// due goes from the person's own rows to the notices. CROSS JOIN keeps SQLite
// from beginning at the notices of the window, which grow with all that is
// published; PostgreSQL reads it as the join it is. EXPLAIN QUERY PLAN, without
// the tables of followed, which are read likewise (library_follows.go):
//
//	MATERIALIZE due
//	  SEARCH e USING INDEX (person=?)
//	  SEARCH n USING INDEX (document=? AND ordinal>? AND ordinal<?)
//	  SCAN f                            the person's followed series, materialised
//	  SEARCH n USING INDEX (series=? AND ordinal>? AND ordinal<?)
//	  SCAN f
//	  SEARCH n USING INDEX (left_series=? AND ordinal>? AND ordinal<?)
//	SCAN c                              the causes chosen
//	SEARCH n, d, v, s, x, l             each by primary key or (document, number)
func (n *Notices) due(person uuid.UUID, w digest.Window, since int64) *statement {
	// The first notice released has an ordinal of at least 1; 0 waits for release.
	from := max(w.From, 1)
	return n.follows.followed(person.String()).add(`, due AS (
	SELECT n.cause AS cause, 1 AS saved
	FROM `+n.entries+` e CROSS JOIN `+n.notices+` n
	WHERE e.person = ? AND n.document = e.document AND n.ordinal >= ? AND n.ordinal < ? AND n.cause_ordinal > e.saved
	UNION ALL
	SELECT n.cause, 0
	FROM followed f CROSS JOIN `+n.notices+` n
	WHERE n.series = f.series AND n.ordinal >= ? AND n.ordinal < ? AND n.cause_ordinal > f.since
	UNION ALL
	SELECT n.cause, 0
	FROM followed f CROSS JOIN `+n.notices+` n
	WHERE n.left_series = f.series AND n.ordinal >= ? AND n.ordinal < ? AND n.cause_ordinal > f.since
), chosen AS (
	SELECT cause, MAX(saved) AS saved FROM due GROUP BY cause
)
SELECT n.cause, n.ordinal, n.cause_at, n.kind, n.document, n.version, c.saved = 1, n.reason,
	COALESCE(d.title, ''), COALESCE(d.audience, ''), COALESCE(d.withdrawn, FALSE), COALESCE(d.reason, ''),
	COALESCE(v.withdrawn, FALSE), COALESCE(v.reason, ''), COALESCE(v.summary, ''),
	CASE WHEN n.document = '' THEN n.series ELSE COALESCE(d.series, '') END, COALESCE(s.name, ''),
	CASE WHEN n.document <> '' OR s.series IS NULL THEN '' ELSE `+n.ofSeries("n.series")+` END,
	COALESCE(s.successor, ''), COALESCE(x.name, ''), CASE WHEN x.series IS NULL THEN '' ELSE `+n.widest("x.series")+` END,
	n.left_series, COALESCE(l.name, ''), CASE WHEN l.series IS NULL THEN '' ELSE `+n.ofSeries("l.series")+` END
FROM chosen c
JOIN `+n.notices+` n ON n.cause = c.cause
LEFT JOIN `+n.documents+` d ON d.document = n.document
LEFT JOIN `+n.versions+` v ON v.document = d.document AND v.number = n.version
LEFT JOIN `+n.series+` s ON s.series = CASE WHEN n.document = '' THEN n.series ELSE d.series END
LEFT JOIN `+n.series+` x ON x.series = s.successor
LEFT JOIN `+n.series+` l ON l.series = n.left_series
WHERE n.cause_ordinal > ?`,
		person.String(), from, w.Until, from, w.Until, from, w.Until,
		string(access.Everyone), string(access.SignedIn), string(access.Everyone), string(access.SignedIn),
		string(access.Everyone), string(access.SignedIn), since)
}

// widest is the audience of a series in the column named, which has none itself:
// the widest of its documents', so that it is told to those who may see one. It is
// nobody's where there is no document to see, and so hides what is parked.
func (n *Notices) widest(series string) string {
	return `CASE WHEN EXISTS (` + n.within(series) + ` AND t.audience = ?) THEN '` + string(access.Everyone) + `'
		WHEN EXISTS (` + n.within(series) + ` AND t.audience = ?) THEN '` + string(access.SignedIn) + `' ELSE '' END`
}

// ofSeries is the audience of a series' own notice: the widest of its documents',
// and everyone where it has none, for then it has nothing to hide.
func (n *Notices) ofSeries(series string) string {
	return `CASE WHEN NOT EXISTS (` + n.within(series) + `) THEN '` + string(access.Everyone) + `' ELSE ` + n.widest(series) + ` END`
}

// within selects the documents of a series.
func (n *Notices) within(series string) string {
	return `SELECT 1 FROM ` + n.tags + ` t WHERE t.facet = '` + catalog.FacetSeries + `' AND t.value = ` + series
}

func dueNotice(scan func(...any) error) (d notices.Due, err error) {
	var cause, kind, document, audience, series, widest, successor, successors, left, lefts string
	var causeAt int64
	err = scan(&cause, &d.Ordinal, &causeAt, &kind, &document, &d.Version, &d.Saved, as(&d.Reason),
		as(&d.Title), &audience, &d.Withdrawn, as(&d.WithdrawnReason),
		&d.VersionWithdrawn, as(&d.VersionReason), as(&d.Summary),
		&series, as(&d.SeriesName), &widest, &successor, as(&d.SuccessorName), &successors, &left, as(&d.LeftName), &lefts)
	if err != nil {
		return d, err
	}
	d.CauseAt, d.Kind = projections.Time(causeAt), notice.Kind(kind)
	d.Audience = access.Audience{Kind: access.Kind(audience + widest)}
	d.SuccessorAudience = access.Audience{Kind: access.Kind(successors)}
	if d.Cause, err = uuid.Parse(cause); err != nil {
		return d, err
	}
	if d.Document, err = optional(document); err != nil {
		return d, err
	}
	if d.Series, err = optional(series); err != nil {
		return d, err
	}
	d.LeftAudience = access.Audience{Kind: access.Kind(lefts)}
	if d.Left, err = optional(left); err != nil {
		return d, err
	}
	d.Successor, err = optional(successor)
	return d, err
}
