package queries

// One document with its versions.

import (
	"context"

	"github.com/google/uuid"

	"imprint/domain/access"
	"imprint/domain/document"
	"imprint/projections"
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
			var withdrawnAt int64
			found = true
			err := it.scan(scan, as(&d.Details.Services), as(&d.Details.Regions), as(&d.Details.Industries),
				as(&d.Reason), &withdrawnAt, &d.NewestRecorded, &d.Revision)
			d.Item, d.WithdrawnAt = it.Item, projections.Time(withdrawnAt)
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
	st := new(statement).add(`SELECT v.number, v.major, v.files, v.summary, v.published_at, v.recorded_at, v.effective, v.origin, v.withdrawn, v.reason FROM `+c.versions+` v WHERE v.document = ? ORDER BY v.number DESC`, id.String())
	err = st.each(ctx, q, func(scan func(...any) error) error {
		var v catalog.Version
		var published, recorded int64
		var effective document.Period
		var origin document.Origin
		err := scan(&v.Number, &v.Major, as(&v.Files), as(&v.Summary), &published, &recorded, as(&effective), as(&origin), &v.Withdrawn, as(&v.Reason))
		v.PublishedAt, v.RecordedAt = projections.Time(published), projections.Time(recorded)
		if effective != (document.Period{}) {
			v.Effective = &effective
		}
		if origin != (document.Origin{}) {
			v.Origin = &origin
		}
		versions = append(versions, v)
		return err
	})
	return versions, err
}
