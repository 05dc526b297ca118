package queries

// One document as lists show it.

import (
	"context"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/access"
	"imprint/projections/catalog"
)

// itemColumns are those of a document d that an item is made of.
const itemColumns = `d.document, d.title, d.title_sort, d.description, d.series, d.categories, d.version, d.summary, d.last_updated, d.withdrawn, d.audience`

// item is an Item with what only its list needs.
type item struct {
	catalog.Item
	titleSort string
	place     int64 // of a search's hit
}

// scan reads itemColumns and what follows them.
func (it *item) scan(scan func(...any) error, more ...any) error {
	var id, series, audience string
	err := scan(append([]any{&id, as(&it.Title), &it.titleSort, as(&it.Description), &series, as(&it.Categories),
		&it.Version, as(&it.Summary), instant(&it.LastUpdated), &it.Withdrawn, &audience}, more...)...)
	if err != nil {
		return err
	}
	it.Audience = access.Audience{Kind: access.Kind(audience)}
	if it.ID, err = uuid.Parse(id); err != nil {
		return err
	}
	it.Series, err = optional(series)
	return err
}

// optional reads an id column that may be empty.
func optional(id string) (uuid.UUID, error) {
	if id == "" {
		return uuid.Nil, nil
	}
	return uuid.Parse(id)
}

// items reads a list's rows and then the summaries that they forgot and the names
// of their series: at most a page of them, by primary key.
func (c *Catalog) items(ctx context.Context, q Querier, st *statement) (items []item, err error) {
	err = st.each(ctx, q, func(scan func(...any) error) error {
		var it item
		err := it.scan(scan, &it.MatchedVersion, &it.place)
		items = append(items, it)
		return err
	})
	if err != nil {
		return nil, err
	}
	names := map[uuid.UUID]domain.Text{}
	for i := range items {
		if err := c.recall(ctx, q, &items[i].Item); err != nil {
			return nil, err
		}
		id := items[i].Series
		if id == uuid.Nil {
			continue
		}
		if _, known := names[id]; !known {
			if names[id], err = c.seriesName(ctx, q, id); err != nil {
				return nil, err
			}
		}
		items[i].SeriesName = names[id]
	}
	return items, nil
}

// recall reads the summary of the version that a document stands at from the
// version's own row, where the document's has none.
func (c *Catalog) recall(ctx context.Context, q Querier, it *catalog.Item) error {
	if it.Version == 0 || len(it.Summary) > 0 {
		return nil
	}
	return new(statement).add(`SELECT v.summary FROM `+c.versions+` v WHERE v.document = ? AND v.number = ?`, it.ID.String(), it.Version).
		each(ctx, q, func(scan func(...any) error) error { return scan(as(&it.Summary)) })
}

func (c *Catalog) seriesName(ctx context.Context, q Querier, id uuid.UUID) (name domain.Text, err error) {
	if id == uuid.Nil {
		return nil, nil
	}
	err = new(statement).add(`SELECT name FROM `+c.series+` WHERE series = ?`, id.String()).
		each(ctx, q, func(scan func(...any) error) error { return scan(as(&name)) })
	return name, err
}

// matched says which version a number or hash of the term found, if it is not
// the newest.
func (c *Catalog) matched(ctx context.Context, q Querier, s selection, it *item) error {
	st := new(statement).add(`SELECT MAX(v.number) FROM `+c.versions+` v WHERE v.document = ?`, it.ID.String())
	switch {
	case s.query.SHA256 != "":
		st.add(` AND EXISTS (SELECT 1 FROM `+c.hashes+` h WHERE h.document = v.document AND h.version = v.version AND h.sha256 = ?)`, s.query.SHA256)
	case len(s.query.Versions) > 0:
		st.add(` AND v.number = ?`, int64(s.query.Versions[0]))
	default:
		if it.MatchedVersion == it.Version {
			it.MatchedVersion = 0
		}
		return nil
	}
	return st.each(ctx, q, func(scan func(...any) error) error {
		var number *int64
		if err := scan(&number); err != nil {
			return err
		}
		if number != nil && int(*number) != it.Version {
			it.MatchedVersion = int(*number)
		}
		return nil
	})
}
