package queries

// The statements of a selection. None reads a table wholly: each begins at rows
// that it is given the keys of. EXPLAIN QUERY PLAN, whatever the number of keys:
//
//	entriesOf  SEARCH e USING INDEX (person=?), SEARCH d USING INDEX (document=?) LEFT-JOIN
//	saidBy     SEARCH f USING INDEX (person=?)
//	released   SEARCH n USING INDEX (document=? AND ordinal>? AND ordinal<?), or series, or left_series
//	keepers    SEARCH e USING COVERING INDEX (document=? AND person>?)
//	sayers     SEARCH f USING COVERING INDEX (series=? AND person>?)
//	members    SEARCH t USING COVERING INDEX (facet=? AND value=?)
//	told       SEARCH n, d, v, s, x, l each by primary key or (document, number)

import (
	"imprint/domain"
	"imprint/domain/access"
	"imprint/domain/notice"
	"imprint/projections"
	"imprint/projections/catalog"
	"imprint/projections/notices"
)

// entriesOf selects what persons keep, each document with the series that it is
// in now. One that is parked leaves its entry without a series.
func (n *Notices) entriesOf(persons []string) *statement {
	return new(statement).add(`SELECT e.person, e.document, e.saved, e.series_then, COALESCE(d.series, ''), COALESCE(d.series_since, 0)
FROM ` + n.entries + ` e LEFT JOIN ` + n.documents + ` d ON d.document = e.document WHERE `).all([]condition{anyOf("e.person", persons)})
}

// saidBy selects what persons have said about series.
func (n *Notices) saidBy(persons []string) *statement {
	return new(statement).add(`SELECT f.person, f.series, f.followed, f.unfollowed FROM ` + n.follows + ` f WHERE `).
		all([]condition{anyOf("f.person", persons)})
}

// keepers selects who keeps a document, behind a person.
func (n *Notices) keepers(document, after string, limit int) *statement {
	return new(statement).add(`SELECT e.person FROM `+n.entries+` e WHERE e.document = ? AND e.person > ? ORDER BY e.person LIMIT ?`, document, after, limit)
}

// sayers selects who has said something about a series, behind a person.
func (n *Notices) sayers(series, after string, limit int) *statement {
	return new(statement).add(`SELECT f.person FROM `+n.follows+` f WHERE f.series = ? AND f.person > ? ORDER BY f.person LIMIT ?`, series, after, limit)
}

// members selects the documents of a series.
func (n *Notices) members(series string) *statement {
	return new(statement).add(`SELECT t.document FROM `+n.tags+` t WHERE t.facet = ? AND t.value = ?`, catalog.FacetSeries, series)
}

// released selects the notices of a span of ordinals by one of their columns.
func (n *Notices) released(column string, ids []string, from, until int64) *statement {
	return new(statement).add(`SELECT n.cause, n.ordinal, n.cause_ordinal, n.document, n.series, n.left_series FROM ` + n.notices + ` n WHERE `).
		all([]condition{anyOf("n."+column, ids), where(`n.ordinal >= ? AND n.ordinal < ?`, from, until)})
}

// told selects what holds now of the notices of causes.
func (n *Notices) told(causes []string) *statement {
	return new(statement).add(`SELECT n.cause, n.ordinal, n.cause_at, n.kind, n.document, n.version, n.reason,
	COALESCE(d.title, ''), COALESCE(d.audience, ''), COALESCE(d.withdrawn, FALSE), COALESCE(d.reason, ''),
	COALESCE(v.withdrawn, FALSE), COALESCE(v.reason, ''), COALESCE(v.summary, ''),
	CASE WHEN n.document = '' THEN n.series ELSE COALESCE(d.series, '') END, COALESCE(s.name, ''),
	CASE WHEN n.document <> '' OR s.series IS NULL THEN '' ELSE `+n.ofSeries("n.series")+` END,
	COALESCE(s.successor, ''), COALESCE(x.name, ''), CASE WHEN x.series IS NULL THEN '' ELSE `+n.widest("x.series")+` END,
	n.left_series, COALESCE(l.name, ''), CASE WHEN l.series IS NULL THEN '' ELSE `+n.ofSeries("l.series")+` END
FROM `+n.notices+` n
LEFT JOIN `+n.documents+` d ON d.document = n.document
LEFT JOIN `+n.versions+` v ON v.document = d.document AND v.number = n.version
LEFT JOIN `+n.series+` s ON s.series = CASE WHEN n.document = '' THEN n.series ELSE d.series END
LEFT JOIN `+n.series+` x ON x.series = s.successor
LEFT JOIN `+n.series+` l ON l.series = n.left_series
WHERE `,
		string(access.Everyone), string(access.SignedIn), string(access.Everyone), string(access.SignedIn),
		string(access.Everyone), string(access.SignedIn)).all([]condition{anyOf("n.cause", causes)})
}

// toldNotice reads a row of told.
func toldNotice(scan func(...any) error) (*notices.Notice, error) {
	t := &notices.Notice{}
	var kind, audience, widest, successors, lefts string
	var causeAt int64
	err := scan(id(&t.Cause), &t.Ordinal, &causeAt, &kind, id(&t.Document), &t.Version, as(&t.Reason),
		as(&t.Title), &audience, &t.Withdrawn, as(&t.WithdrawnReason),
		&t.VersionWithdrawn, as(&t.VersionReason), as(&t.Summary),
		id(&t.Series), as(&t.SeriesName), &widest, id(&t.Successor), as(&t.SuccessorName), &successors, id(&t.Left), as(&t.LeftName), &lefts)
	t.CauseAt, t.Kind = projections.Time(causeAt), notice.Kind(kind)
	t.Audience = access.Audience{Kind: access.Kind(audience + widest)}
	t.SuccessorAudience = access.Audience{Kind: access.Kind(successors)}
	t.LeftAudience = access.Audience{Kind: access.Kind(lefts)}
	return t, err
}

// sizeOf estimates what a notice takes in memory.
func sizeOf(t *notices.Notice) int {
	size := sizeOfNotice
	for _, text := range []domain.Text{t.Reason, t.Title, t.WithdrawnReason, t.VersionReason, t.Summary, t.SeriesName, t.SuccessorName, t.LeftName} {
		for locale, words := range text {
			size += len(locale) + len(words)
		}
	}
	return size
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
