package queries

// Lists of documents: one page, its order, its total.

import (
	"context"

	"imprint/domain/access"
	"imprint/projections"
	"imprint/projections/catalog"
)

// List answers one page: newest first by last update, ties by title, then id. A
// term puts what meets it in the title first, and what meets it by an old version
// last. None of that changes by what is published meanwhile, so that pages neither
// repeat nor skip.
func (c *Catalog) List(ctx context.Context, r access.Reader, f catalog.Filter, p catalog.Page) (l catalog.Listing, err error) {
	err = c.snapshot(ctx, &l.Reflects, func(q Querier) error {
		s, err := c.choose(ctx, q, r, f)
		if err != nil {
			return err
		}
		if err := c.page(ctx, q, s, p, listOf("documents", f), &l); err != nil {
			return err
		}
		l.Facets, err = c.facets(ctx, q, s)
		return err
	})
	return l, err
}

// page reads the items of a page and the total.
func (c *Catalog) page(ctx context.Context, q Querier, s selection, p catalog.Page, list [8]byte, l *catalog.Listing) error {
	size, err := limit(p)
	if err != nil {
		return err
	}
	after, going, err := parseCursor(p.After, list)
	if err != nil {
		return err
	}
	read := c.newest
	if s.hits != nil {
		if err := after.shallow(); err != nil {
			return err
		}
		read = c.best
	}
	items, err := read(ctx, q, s, after, going, size+1)
	if err != nil {
		return err
	}
	if len(items) > size {
		items = items[:size]
		last := items[size-1]
		l.Next = cursor{list: list, place: last.place, depth: after.depth + uint32(size), number: projections.Micros(last.LastUpdated), id: last.ID, text: last.titleSort}.String()
	}
	l.Items = make([]catalog.Item, len(items))
	for i, it := range items {
		if err := c.matched(ctx, q, s, &it); err != nil {
			return err
		}
		l.Items[i] = it.Item
	}
	l.Total, err = c.total(ctx, q, s)
	return err
}

// newest reads what sorts after a cursor. Only the keys are sorted; the rows that
// are shown are looked up for the page.
//
//	CO-ROUTINE page
//	  SCAN documents USING COVERING INDEX (last_updated DESC, title_sort, document, audience)
//	  or SEARCH tags USING COVERING INDEX (facet=? AND value=?), in the same order;
//	  with a cursor SEARCH … (last_updated<?)
//	SEARCH documents USING INDEX (document=?)
func (c *Catalog) newest(ctx context.Context, q Querier, s selection, after cursor, going bool, size int) ([]item, error) {
	row := c.source(s, "").alias
	updated, title, id := row+".last_updated", row+".title_sort", row+".document"
	st := new(statement).add(`SELECT ` + itemColumns + `, 0, 0 FROM (SELECT ` + id + ` AS document, ` + updated + ` AS last_updated, ` + title + ` AS title_sort`)
	c.begin(st, s, "")
	if going {
		st.add(` AND `+updated+` <= ? AND (`+updated+` < ? OR `+title+` > ? OR `+title+` = ? AND `+id+` > ?)`,
			after.number, after.number, after.text, after.text, after.id.String())
	}
	st.add(` ORDER BY `+updated+` DESC, `+title+`, `+id+` LIMIT ?) page CROSS JOIN `+c.documents+` d WHERE d.document = page.document ORDER BY page.last_updated DESC, page.title_sort, page.document`, size)
	return c.items(ctx, q, st)
}

// best reads the hits of a term after a cursor. It sorts every hit.
//
//	SCAN documents_fts VIRTUAL TABLE
//	SEARCH documents USING INTEGER PRIMARY KEY (rowid=?)
//	USE TEMP B-TREE FOR ORDER BY
//	SEARCH documents USING INDEX (document=?), for the page
func (c *Catalog) best(ctx context.Context, q Querier, s selection, after cursor, going bool, size int) ([]item, error) {
	st := new(statement).add(`SELECT ` + itemColumns + `, page.number, page.place FROM (SELECT h.document AS document, h.number AS number, h.place AS place, h.last_updated AS last_updated, h.title_sort AS title_sort`)
	c.begin(st, s, "")
	if going {
		st.add(` AND (h.place > ? OR h.place = ? AND (h.last_updated < ? OR h.last_updated = ? AND (h.title_sort > ? OR h.title_sort = ? AND h.document > ?)))`,
			after.place, after.place, after.number, after.number, after.text, after.text, after.id.String())
	}
	st.add(` ORDER BY h.place, h.last_updated DESC, h.title_sort, h.document LIMIT ?) page CROSS JOIN `+c.documents+` d WHERE d.document = page.document ORDER BY page.place, page.last_updated DESC, page.title_sort, page.document`, size)
	return c.items(ctx, q, st)
}

// total counts the documents, as far as counting goes.
func (c *Catalog) total(ctx context.Context, q Querier, s selection) (catalog.Count, error) {
	st := new(statement).add(`SELECT COUNT(*) FROM (SELECT 1 AS one`)
	c.begin(st, s, "")
	st.add(` LIMIT ?) counted`, catalog.CountLimit+1)
	var n int64
	err := st.each(ctx, q, func(scan func(...any) error) error { return scan(&n) })
	return count(n), err
}
