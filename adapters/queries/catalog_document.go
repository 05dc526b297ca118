package queries

// One document with its versions.

import (
	"context"

	"github.com/google/uuid"

	"imprint/domain/access"
	"imprint/domain/document"
	"imprint/projections/catalog"
)

// Document answers one document with all its versions, newest first. A document
// that is hidden is absent by the same single statement as one that never was.
//
//	SEARCH documents USING INDEX (document=?)
//	SEARCH versions USING INDEX (document=?), in the order of its number
func (c *Catalog) Document(ctx context.Context, r access.Reader, id uuid.UUID) (d catalog.Document, err error) {
	err = c.snapshot(ctx, &d.Reflects, func(q Querier) error {
		found := false
		st := new(statement).add(`SELECT `+itemColumns+`, d.services, d.regions, d.industries, d.reason, d.withdrawn_at, d.newest, d.revision FROM `+c.documents+` d WHERE d.document = ? AND `, id.String()).
			all([]condition{visible(r, "d.audience")})
		err := st.each(ctx, q, func(scan func(...any) error) error {
			var it item
			found = true
			err := it.scan(scan, as(&d.Details.Services), as(&d.Details.Regions), as(&d.Details.Industries),
				as(&d.Reason), instant(&d.WithdrawnAt), &d.NewestRecorded, &d.Revision)
			d.Item = it.Item
			return err
		})
		if err != nil {
			return err
		}
		if !found {
			return absent(r, "document", id.String())
		}
		if err := c.recall(ctx, q, &d.Item); err != nil {
			return err
		}
		d.Details.Title, d.Details.Description, d.Details.Series, d.Details.Categories = d.Title, d.Description, d.Item.Series, d.Item.Categories
		if d.SeriesName, err = c.seriesName(ctx, q, d.Item.Series); err != nil {
			return err
		}
		d.Versions, err = c.versionsOf(ctx, q, id)
		return err
	})
	return d, err
}

func (c *Catalog) versionsOf(ctx context.Context, q Querier, id uuid.UUID) (versions []catalog.Version, err error) {
	st := new(statement).add(`SELECT `+versionColumns+` FROM `+c.versions+` v WHERE v.document = ? ORDER BY v.number DESC`, id.String())
	err = st.each(ctx, q, func(scan func(...any) error) error {
		v, err := scanVersion(scan)
		versions = append(versions, v)
		return err
	})
	return versions, err
}

// versionColumns are those of a version v that its document shows, in the catalog
// and in the history.
const versionColumns = `v.number, v.major, v.files, v.summary, v.published_at, v.recorded_at, v.effective_from, v.effective_to, v.origin, v.withdrawn, v.reason`

func scanVersion(scan func(...any) error) (v catalog.Version, err error) {
	var effective document.Period
	err = scan(&v.Number, &v.Major, as(&v.Files), as(&v.Summary), instant(&v.PublishedAt), instant(&v.RecordedAt),
		day(&effective.From), day(&effective.To), as(&v.Origin), &v.Withdrawn, as(&v.Reason))
	if effective != (document.Period{}) {
		v.Effective = &effective
	}
	return v, err
}
