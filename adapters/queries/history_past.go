package queries

// The catalog as it was recorded, and as it was published by the times claimed.

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/access"
	"imprint/projections"
	"imprint/projections/catalog"
	"imprint/projections/history"
)

// What AsOf.By says.
const (
	byRecord = "recorded"
	byClaim  = "published"
)

// spanning is the condition that an interval row held at an ordinal.
func spanning(alias string, ordinal int64) condition {
	return where(fmt.Sprintf(`%[1]s.from_ordinal <= ? AND %[1]s.until_ordinal > ?`, alias), ordinal, ordinal)
}

// recordedAt begins a statement with the tables held and stood: versions and
// documents as they were at an ordinal. A document given narrows both to it.
func (h *History) recordedAt(ordinal int64, only uuid.UUID) *statement {
	versions, documents := []condition{spanning("v", ordinal)}, []condition{spanning("d", ordinal)}
	if only != uuid.Nil {
		versions, documents = append(versions, where(`v.document = ?`, only.String())), append(documents, where(`d.document = ?`, only.String()))
	}
	return new(statement).add(`WITH held AS (
	SELECT v.document, v.number, v.major, v.withdrawn, v.summary, v.updated_at AS stamp FROM ` + h.versions + ` v WHERE `).all(versions).add(`
), stood AS (
	SELECT d.document, d.title, d.title_sort, d.description, d.series, d.categories, d.withdrawn, d.audience FROM ` + h.documents + ` d WHERE `).all(documents).add(`
)`)
}

// publishedBy is the same by the times claimed: of every version and document
// the row as it is now, with the standing that the latest change claiming a time
// not after by gave it.
func (h *History) publishedBy(by time.Time) *statement {
	d, open := projections.Micros(by), projections.Forever
	standing := func(view, alias, same string) string {
		return `COALESCE((SELECT w.withdrawn FROM ` + view + ` w WHERE w.document = ` + alias + `.document` + same + ` AND w.stands_since <= ? ORDER BY w.stands_since DESC, w.from_ordinal DESC LIMIT 1), FALSE) AS withdrawn`
	}
	return new(statement).add(`WITH held AS (
	SELECT v.document, v.number, v.major, `+standing(h.versions, "v", " AND w.version = v.version")+`, v.summary, v.published_at AS stamp
	FROM `+h.versions+` v WHERE v.until_ordinal = ? AND v.published_at <= ?
), stood AS (
	SELECT d.document, d.title, d.title_sort, d.description, d.series, d.categories, `+standing(h.documents, "d", "")+`, d.audience
	FROM `+h.documents+` d WHERE d.until_ordinal = ?
)`, d, open, d, d, open)
}

// listed goes on with the table listed, whose columns are those of an item: each
// document with its newest live version and the time of its newest live major
// one, else of its first, as the catalog stands (package catalog). held is scanned
// once and then joined by an index that SQLite makes for the statement.
func (h *History) listed(st *statement, r access.Reader) *statement {
	return st.add(`, standing AS (
	SELECT document, MAX(CASE WHEN withdrawn THEN 0 ELSE number END) AS version,
		MAX(CASE WHEN withdrawn OR NOT major THEN 0 ELSE number END) AS updated, MIN(number) AS oldest, MAX(number) AS newest
	FROM held GROUP BY document
), listed AS (
	SELECT d.document, d.title, d.title_sort, d.description, d.series, d.categories, s.version, COALESCE(v.summary, '') AS summary,
		u.stamp AS last_updated, d.withdrawn, d.audience, s.newest
	FROM stood d JOIN standing s ON s.document = d.document
	JOIN held u ON u.document = d.document AND u.number = CASE WHEN s.updated = 0 THEN s.oldest ELSE s.updated END
	LEFT JOIN held v ON v.document = d.document AND v.number = s.version
	WHERE `).all([]condition{h.seen(r)}).add(`
)`)
}

// CatalogAsOf lists by the order of recording. A cursor carries the ordinal, so
// that the pages of one list show one moment.
func (h *History) CatalogAsOf(ctx context.Context, r access.Reader, m history.Moment, p catalog.Page) (answer history.AsOf[catalog.Listing], err error) {
	return h.past(ctx, p, listOf("as-of", m), func(q Querier, pinned int64) (place, string, error) {
		at, err := h.resolve(ctx, q, m)
		if err == nil && pinned >= 0 && pinned <= at.ordinal {
			provisional := at.provisional
			at, err = h.placeOf(ctx, q, pinned)
			at.provisional = provisional
		}
		return at, byRecord, err
	}, func(at place) *statement {
		return h.listed(h.recordedAt(at.ordinal, uuid.Nil), r)
	})
}

// CatalogPublishedBy lists by the times claimed. It reflects the end of the log.
func (h *History) CatalogPublishedBy(ctx context.Context, r access.Reader, by time.Time, p catalog.Page) (answer history.AsOf[catalog.Listing], err error) {
	return h.past(ctx, p, listOf("published-by", by.UTC()), func(q Querier, _ int64) (place, string, error) {
		at, err := h.head(ctx, q)
		at.provisional = !by.Before(at.logTime)
		return at, byClaim, err
	}, func(place) *statement {
		return h.listed(h.publishedBy(by), r)
	})
}

// past reads a page and the total of the list that tables makes.
func (h *History) past(ctx context.Context, p catalog.Page, list [8]byte, when func(Querier, int64) (place, string, error), tables func(place) *statement) (answer history.AsOf[catalog.Listing], err error) {
	size, err := limit(p)
	if err != nil {
		return answer, err
	}
	after, going, err := parseCursor(p.After, list)
	if err != nil {
		return answer, err
	}
	pinned := int64(-1)
	if going {
		if pinned, after.text, err = unpin(after.text); err != nil {
			return answer, err
		}
	}
	err = h.db.Snapshot(ctx, func(q Querier) error {
		at, by, err := when(q, pinned)
		if err != nil {
			return err
		}
		answer.Ordinal, answer.LogTime, answer.Provisional, answer.By = at.ordinal, at.logTime, at.provisional, by
		l := &answer.Answer
		if l.Reflects, err = reflects(ctx, q, h.projection); err != nil {
			return err
		}
		total := tables(at).add(` SELECT COUNT(*) FROM (SELECT 1 FROM listed LIMIT ?) c`, int64(catalog.CountLimit+1))
		err = total.each(ctx, q, func(scan func(...any) error) error {
			var n int64
			err := scan(&n)
			l.Total = count(n)
			return err
		})
		if err != nil {
			return err
		}
		var last item
		return h.pageOf(tables(at), at, after, going, size+1).each(ctx, q, func(scan func(...any) error) error {
			if len(l.Items) == size {
				l.Next = cursor{list: list, number: projections.Micros(last.LastUpdated), id: last.ID, text: pin(at.ordinal, last.titleSort)}.String()
				return nil
			}
			var it item
			err := it.scan(scan, as(&it.SeriesName))
			last, l.Items = it, append(l.Items, it.Item)
			return err
		})
	})
	return answer, err
}

// pageOf reads one page: newest first by last update, ties by title, then id.
func (h *History) pageOf(st *statement, at place, after cursor, going bool, size int) *statement {
	span := spanning("n", at.ordinal)
	st.add(`
SELECT `+itemColumns+`, COALESCE(n.name, '') FROM listed d LEFT JOIN `+h.series+` n ON n.series = d.series AND `+span.text, span.args...)
	if going {
		st.add(`
WHERE d.last_updated < ? OR d.last_updated = ? AND (d.title_sort > ? OR d.title_sort = ? AND d.document > ?)`,
			after.number, after.number, after.text, after.text, after.id.String())
	}
	return st.add(`
ORDER BY d.last_updated DESC, d.title_sort, d.document LIMIT ?`, int64(size))
}

// pin puts the ordinal of a list before the text of its cursor.
func pin(ordinal int64, text string) string { return fmt.Sprintf("%d %s", ordinal, text) }

func unpin(text string) (ordinal int64, rest string, err error) {
	head, rest, _ := strings.Cut(text, " ")
	if _, err := fmt.Sscanf(head, "%d", &ordinal); err != nil || ordinal < 0 {
		return 0, "", domain.Refuse(domain.Invalid, "bad-cursor", "the cursor does not belong to this list and filter; start again without the cursor").In("after")
	}
	return ordinal, rest, nil
}

// DocumentAsOf answers one document as it was. Revision is 0: nothing can be
// based on the past.
func (h *History) DocumentAsOf(ctx context.Context, r access.Reader, id uuid.UUID, m history.Moment) (answer history.AsOf[catalog.Document], err error) {
	err = h.db.Snapshot(ctx, func(q Querier) error {
		at, err := h.resolve(ctx, q, m)
		if err != nil {
			return err
		}
		answer = history.AsOf[catalog.Document]{Ordinal: at.ordinal, LogTime: at.logTime, Provisional: at.provisional, By: byRecord}
		d, found := &answer.Answer, false
		if d.Reflects, err = reflects(ctx, q, h.projection); err != nil {
			return err
		}
		document, series := spanning("o", at.ordinal), spanning("n", at.ordinal)
		st := h.listed(h.recordedAt(at.ordinal, id), r).add(`
SELECT `+itemColumns+`, COALESCE(n.name, ''), d.newest, o.services, o.regions, o.industries, o.reason, o.withdrawn_at
FROM listed d JOIN `+h.documents+` o ON o.document = d.document AND `+document.text+`
LEFT JOIN `+h.series+` n ON n.series = d.series AND `+series.text, append(document.args, series.args...)...)
		err = st.each(ctx, q, func(scan func(...any) error) error {
			var it item
			err := it.scan(scan, as(&it.SeriesName), &d.NewestRecorded, as(&d.Details.Services), as(&d.Details.Regions), as(&d.Details.Industries), as(&d.Reason), instant(&d.WithdrawnAt))
			d.Item, found = it.Item, true
			d.Details.Title, d.Details.Description, d.Details.Series, d.Details.Categories = it.Title, it.Description, it.Series, it.Categories
			return err
		})
		if err != nil {
			return err
		}
		if !found {
			return absent(r, "document", id.String())
		}
		d.Versions, err = h.versionsAt(ctx, q, id, at.ordinal)
		return err
	})
	return answer, err
}

// versionsAt lists a document's versions at an ordinal, newest first.
func (h *History) versionsAt(ctx context.Context, q Querier, id uuid.UUID, ordinal int64) (all []catalog.Version, err error) {
	st := new(statement).add(`SELECT ` + versionColumns + ` FROM ` + h.versions + ` v WHERE `).
		all([]condition{where(`v.document = ?`, id.String()), spanning("v", ordinal)}).add(` ORDER BY v.number DESC`)
	err = st.each(ctx, q, func(scan func(...any) error) error {
		v, err := scanVersion(scan)
		all = append(all, v)
		return err
	})
	return all, err
}
