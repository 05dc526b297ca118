package queries

// The digest worker's queries.

import (
	"context"

	"github.com/google/uuid"

	"imprint/domain/access"
	"imprint/projections"
	"imprint/projections/catalog"
	"imprint/projections/library"
	"imprint/projections/notices"
)

// Notices answers notices.Queries.
type Notices struct {
	db     Database
	covers []projections.Projection // what a selection reads

	room int // bytes of one selection

	notices, entries, follows, documents, tags, versions, series string // views
}

var _ notices.Queries = (*Notices)(nil)

// NewNotices makes the digest worker's queries over a database of read models.
func NewNotices(db Database) *Notices {
	n, l, c := notices.Projection(), library.Projection(), catalog.Projection()
	return &Notices{
		db: db, covers: []projections.Projection{n, l, c}, room: roomForDue,
		notices: n.View("notices"), entries: l.View("entries"), follows: l.View("follows"),
		documents: c.View("documents"), tags: c.View("tags"), versions: c.View("versions"), series: c.View("series"),
	}
}

// Pending looks at one entry of an index. What waits for its release has the
// ordinal 0.
func (n *Notices) Pending(ctx context.Context, after int64) (pending bool, err error) {
	err = n.db.Snapshot(ctx, func(q Querier) error {
		return new(statement).add(`SELECT 1 FROM `+n.notices+` WHERE ordinal >= ? LIMIT 1`, max(after, 1)).
			each(ctx, q, func(func(...any) error) error { pending = true; return nil })
	})
	return pending, err
}

// Current answers the audiences now, in one snapshot.
func (n *Notices) Current(ctx context.Context, documents, series []uuid.UUID) (map[uuid.UUID]access.Audience, error) {
	now := map[uuid.UUID]access.Audience{}
	err := n.db.Snapshot(ctx, func(q Querier) error {
		if err := n.whole(ctx, q, 0); err != nil {
			return err
		}
		read := func(st *statement) error {
			return st.each(ctx, q, func(scan func(...any) error) error {
				var audience string
				id, err := scanID(func(to ...any) error { return scan(append(to, &audience)...) })
				now[id] = access.Audience{Kind: access.Kind(audience)}
				return err
			})
		}
		err := inBatches(documents, func(ids []string) error {
			return read(new(statement).add(`SELECT document, audience FROM ` + n.documents + ` WHERE `).all([]condition{anyOf("document", ids)}))
		})
		if err != nil {
			return err
		}
		return inBatches(series, func(ids []string) error {
			return read(new(statement).add(`SELECT s.series, `+n.ofSeries("s.series")+` FROM `+n.series+` s WHERE `,
				string(access.Everyone), string(access.SignedIn)).all([]condition{anyOf("s.series", ids)}))
		})
	})
	return now, err
}
