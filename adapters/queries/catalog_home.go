package queries

// The first page and its tiles.

import (
	"context"

	"imprint/domain/access"
	"imprint/domain/category"
	"imprint/projections/catalog"
)

// newestOnHome is how many updates the first page shows.
const newestOnHome = 6

// groups are shown in this order.
var groups = [...]category.Group{category.Certifications, category.Reports, category.Regional, category.Organization}

// Home answers the groups with the tiles that hold something for the reader. A
// group without a tile is left out.
func (c *Catalog) Home(ctx context.Context, r access.Reader) (h catalog.Home, err error) {
	err = c.snapshot(ctx, &h.Reflects, func(q Querier) error {
		tiles, err := c.tiles(ctx, q, r, where(`0 < ?`, 1))
		if err != nil {
			return err
		}
		for _, id := range groups {
			g := catalog.Group{ID: id}
			for _, t := range tiles {
				if t.Group == id && t.Count.N > 0 {
					g.Tiles = append(g.Tiles, t)
				}
			}
			if len(g.Tiles) > 0 {
				h.Groups = append(h.Groups, g)
			}
		}
		newest, err := c.newest(ctx, q, selection{reader: r}, cursor{}, false, newestOnHome)
		for _, it := range newest {
			h.Newest = append(h.Newest, it.Item)
		}
		return err
	})
	return h, err
}

// Category answers one tile. One that holds nothing for the reader is absent, but
// for those who fill it.
func (c *Catalog) Category(ctx context.Context, r access.Reader, id string) (tile catalog.Category, err error) {
	var ordinal int64
	err = c.snapshot(ctx, &ordinal, func(q Querier) error {
		tiles, err := c.tiles(ctx, q, r, where(`c.category = ?`, id))
		if err != nil {
			return err
		}
		if len(tiles) == 0 || tiles[0].Count.N == 0 && !r.Role.MayPublish() {
			return absent(r, "category", id)
		}
		tile = tiles[0]
		return nil
	})
	return tile, err
}

// tiles reads categories with what they hold for the reader.
//
//	SCAN categories, which are few
//	CORRELATED SCALAR SUBQUERY: SEARCH tags USING COVERING INDEX (facet=? AND value=?)
func (c *Catalog) tiles(ctx context.Context, q Querier, r access.Reader, which condition) (tiles []catalog.Category, err error) {
	see := visible(r, "t.audience")
	st := new(statement).add(`SELECT c.category, c.tile_group, c.name, c.description, (SELECT COUNT(*) FROM (SELECT 1 AS one FROM `+c.tags+` t WHERE t.facet = ? AND t.value = c.category AND (`, catalog.FacetCategory).
		add(see.text, see.args...).
		add(`) LIMIT ?) few) FROM `+c.categories+` c WHERE `, catalog.CountLimit+1).
		add(which.text, which.args...).add(` ORDER BY c.name_sort, c.category`)
	err = st.each(ctx, q, func(scan func(...any) error) error {
		var t catalog.Category
		var group string
		var n int64
		err := scan(&t.ID, &group, as(&t.Name), as(&t.Description), &n)
		t.Group, t.Count = category.Group(group), count(n)
		tiles = append(tiles, t)
		return err
	})
	return tiles, err
}

// HeldBy counts the documents that stand in a category, whoever may see them. It
// is asked before a category is removed and never answered to a reader.
func (c *Catalog) HeldBy(ctx context.Context, category string) (n int, err error) {
	var ordinal int64
	err = c.snapshot(ctx, &ordinal, func(q Querier) error {
		return new(statement).add(`SELECT COUNT(*) FROM `+c.tags+` WHERE facet = ? AND value = ?`, catalog.FacetCategory, category).
			each(ctx, q, func(scan func(...any) error) error { return scan(&n) })
	})
	return n, err
}
