package queries

// Who follows what: domain/library.Follows in SQL. A property test holds the two
// against each other.

import (
	"imprint/projections/catalog"
	"imprint/projections/library"
)

// follows are the views that following is derived from.
type follows struct {
	entries, follows, documents string
}

func newFollows() follows {
	l := library.Projection()
	return follows{entries: l.View("entries"), follows: l.View("follows"), documents: catalog.Projection().View("documents")}
}

// followed begins a statement with the table followed (series, since, explicit)
// of one person: since is the ordinal from which the following has lasted. It
// reads that person's entries and follows by index, and each entry's document by
// primary key; a document that is parked leaves its entry without a series.
func (f follows) followed(person string) *statement {
	return new(statement).add(`WITH mine AS (
	SELECT e.saved AS saved, e.series_then AS series_then, COALESCE(d.series, '') AS series,
		CASE WHEN d.series_since > e.saved THEN d.series_since ELSE e.saved END AS since
	FROM `+f.entries+` e LEFT JOIN `+f.documents+` d ON d.document = e.document
	WHERE e.person = ?
), said AS (
	SELECT series, followed, unfollowed FROM `+f.follows+` WHERE person = ?
), resumed AS (
	SELECT m.series_then AS series, MIN(m.saved) AS since
	FROM said s JOIN mine m ON m.series_then = s.series
	WHERE s.unfollowed > 0 AND m.saved > s.unfollowed
	GROUP BY m.series_then
), reasons AS (
	SELECT series, followed AS since, 1 AS explicit FROM said WHERE followed > unfollowed
	UNION ALL
	SELECT m.series, CASE WHEN r.since > m.since THEN r.since ELSE m.since END, 0
	FROM mine m LEFT JOIN said s ON s.series = m.series LEFT JOIN resumed r ON r.series = m.series
	WHERE m.series <> '' AND (COALESCE(s.unfollowed, 0) = 0 OR r.since IS NOT NULL)
), followed AS (
	SELECT series, MIN(since) AS since, MAX(explicit) AS explicit FROM reasons GROUP BY series
)`, person, person)
}
