package queries

// Series and what they hold.

import (
	"context"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/access"
	"imprint/projections"
	"imprint/projections/catalog"
)

const seriesColumns = `s.series, s.name, s.name_sort, s.description, s.discontinued, s.reason, s.successor`

// holds tells whether a series s holds a document that the reader may see. Those
// who fill series see empty ones, too.
func (c *Catalog) holds(r access.Reader) condition {
	see := visible(r, "t.audience")
	return where(`CAST(? AS bigint) = 1 OR EXISTS (SELECT 1 FROM `+c.tags+` t WHERE t.facet = ? AND t.value = s.series AND (`+see.text+`))`,
		append([]any{truth(r.Role.MayPublish()), catalog.FacetSeries}, see.args...)...)
}

// Series answers a series with one page of its documents, newest first.
func (c *Catalog) Series(ctx context.Context, r access.Reader, id uuid.UUID, p catalog.Page) (found catalog.Series, err error) {
	err = c.snapshot(ctx, &found.Reflects, func(q Querier) error {
		st := new(statement).add(`SELECT `+seriesColumns+` FROM `+c.series+` s WHERE s.series = ? AND `, id.String()).all([]condition{c.holds(r)})
		rows, err := c.seriesRows(ctx, q, r, st)
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			return absent(r, "series", id.String())
		}
		ordinal := found.Reflects
		found = rows[0].Series
		found.Reflects, found.Documents.Reflects = ordinal, ordinal
		only := selection{reader: r, filter: catalog.Filter{Series: id}}
		return c.page(ctx, q, only, p, listOf("series", id), &found.Documents)
	})
	return found, err
}

// AllSeries answers one page of the series that hold something for the reader, by
// name.
func (c *Catalog) AllSeries(ctx context.Context, r access.Reader, p catalog.Page) (l catalog.SeriesListing, err error) {
	list := listOf("all series", nil)
	err = c.snapshot(ctx, &l.Reflects, func(q Querier) error {
		size, err := limit(p)
		if err != nil {
			return err
		}
		after, going, err := parseCursor(p.After, list)
		if err != nil {
			return err
		}
		st := new(statement).add(`SELECT ` + seriesColumns + ` FROM ` + c.series + ` s WHERE `).all([]condition{c.holds(r)})
		if going {
			st.add(` AND (s.name_sort > ? OR s.name_sort = ? AND s.series > ?)`, after.text, after.text, after.id.String())
		}
		st.add(` ORDER BY s.name_sort, s.series LIMIT ?`, size+1)
		rows, err := c.seriesRows(ctx, q, r, st)
		if err != nil {
			return err
		}
		if len(rows) > size {
			rows = rows[:size]
			l.Next = cursor{list: list, id: rows[size-1].ID, text: rows[size-1].nameSort}.String()
		}
		for _, row := range rows {
			l.Items = append(l.Items, row.Series)
		}
		return nil
	})
	return l, err
}

// seriesRow is a series with what its list sorts by.
type seriesRow struct {
	catalog.Series
	nameSort string
}

func (c *Catalog) seriesRows(ctx context.Context, q Querier, r access.Reader, st *statement) (rows []seriesRow, err error) {
	err = st.each(ctx, q, func(scan func(...any) error) error {
		var row seriesRow
		var id, successor string
		err := scan(&id, as(&row.Name), &row.nameSort, as(&row.Description), &row.Discontinued, as(&row.Reason), &successor)
		if err != nil {
			return err
		}
		if row.ID, err = uuid.Parse(id); err != nil {
			return err
		}
		row.Successor, err = optional(successor)
		rows = append(rows, row)
		return err
	})
	if err != nil {
		return nil, err
	}
	for i := range rows {
		if rows[i].Successor, rows[i].SuccessorName, err = c.successor(ctx, q, r, rows[i].Successor); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// successor names the series that follows on, if the reader may know of it.
func (c *Catalog) successor(ctx context.Context, q Querier, r access.Reader, id uuid.UUID) (known uuid.UUID, name domain.Text, err error) {
	if id == uuid.Nil {
		return uuid.Nil, nil, nil
	}
	st := new(statement).add(`SELECT s.name FROM `+c.series+` s WHERE s.series = ? AND `, projections.ID(id)).all([]condition{c.holds(r)})
	err = st.each(ctx, q, func(scan func(...any) error) error {
		known = id
		return scan(as(&name))
	})
	return known, name, err
}
