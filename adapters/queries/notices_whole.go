package queries

// Whether the read models of a selection may be relied on.

import (
	"context"

	"imprint/projections/notices"
)

// Coverage tells how far the read models of a selection reach.
func (n *Notices) Coverage(ctx context.Context) (c notices.Coverage, err error) {
	err = n.db.Snapshot(ctx, func(q Querier) error {
		c, err = n.coverage(ctx, q)
		return err
	})
	return c, err
}

// whole refuses a snapshot that does not hold everything before an ordinal. It is
// asked in the snapshot that is selected from: a key may be parked at any time.
func (n *Notices) whole(ctx context.Context, q Querier, until int64) error {
	c, err := n.coverage(ctx, q)
	if err != nil {
		return err
	}
	return c.Whole(until)
}

// coverage looks at one row of each read model, and at one parked key at most. One
// that is not built yet has folded nothing.
func (n *Notices) coverage(ctx context.Context, q Querier) (c notices.Coverage, err error) {
	for i, p := range n.covers {
		ordinal, parked := int64(0), false
		s := new(statement).add(`SELECT g.ordinal, EXISTS (SELECT 1 FROM parked w WHERE w.generation = g.generation)
FROM generations g WHERE g.live AND g.projection = ? AND g.version = ?`, p.Name, p.Version)
		err := s.each(ctx, q, func(scan func(...any) error) error { return scan(&ordinal, &parked) })
		if err != nil {
			return c, err
		}
		if i == 0 || ordinal+1 < c.End {
			c.End, c.Behind = ordinal+1, p.Name
		}
		if parked {
			c.Parked = append(c.Parked, p.Name)
		}
	}
	return c, nil
}
