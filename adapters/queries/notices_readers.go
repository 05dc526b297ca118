package queries

// Whom a version would concern, before it is published: gathered by what they keep
// and have said, and decided by the rule that selects what is due.

import (
	"context"
	"math"
	"slices"

	"github.com/google/uuid"

	"imprint/projections/notices"
)

// Readers answers whom an update of a document would concern now, in one snapshot.
// Those who might be concerned are gathered document by document of the series, up to
// a number; what each keeps is read for some hundred of them at a time.
func (n *Notices) Readers(ctx context.Context, document, series uuid.UUID, most int) (persons []uuid.UUID, more bool, err error) {
	// News: its cause lies after everything that was saved and said.
	update := &notices.Released{Ordinal: math.MaxInt64, CauseOrdinal: math.MaxInt64, Document: document, Series: series}
	releases := notices.Releases{ByDocument: map[uuid.UUID][]*notices.Released{document: {update}}, BySeries: map[uuid.UUID][]*notices.Released{}}
	if series != uuid.Nil {
		releases.BySeries[series] = []*notices.Released{update}
	}
	err = n.db.Snapshot(ctx, func(q Querier) error {
		if err := n.whole(ctx, q, 0); err != nil {
			return err
		}
		var near []uuid.UUID
		if near, more, err = n.near(ctx, q, document, series, most); err != nil {
			return err
		}
		persons = nil
		for batch := range slices.Chunk(near, idsInBatch) {
			s := dueSelection{Notices: n, q: q, room: math.MaxInt, asks: make([]notices.Ask, len(batch))}
			for i, person := range batch {
				s.asks[i].Person = person
			}
			if err := s.readKept(ctx); err != nil {
				return err
			}
			for i, kept := range s.kept {
				if len(releases.Concern(kept, 0)) > 0 {
					persons = append(persons, batch[i])
				}
			}
		}
		return nil
	})
	return persons, more, err
}

// near gathers who keeps the document, keeps another one of its series, or has said
// something about the series: each once, at most so many.
func (n *Notices) near(ctx context.Context, q Querier, document, series uuid.UUID, most int) (persons []uuid.UUID, more bool, err error) {
	seen := map[uuid.UUID]bool{}
	gather := func(page func(after string, limit int) *statement) error {
		for after := ""; !more; {
			found := 0
			err := page(after, idsInBatch).each(ctx, q, func(scan func(...any) error) error {
				person, err := scanID(scan)
				found, after = found+1, person.String()
				switch {
				case err != nil || seen[person]:
				case len(persons) == most:
					more = true
				default:
					seen[person], persons = true, append(persons, person)
				}
				return err
			})
			if err != nil || found < idsInBatch {
				return err
			}
		}
		return nil
	}
	keepers := func(of uuid.UUID) error {
		return gather(func(after string, limit int) *statement { return n.keepers(of.String(), after, limit) })
	}
	if err := keepers(document); err != nil || series == uuid.Nil {
		return persons, more, err
	}
	err = gather(func(after string, limit int) *statement { return n.sayers(series.String(), after, limit) })
	if err != nil {
		return nil, false, err
	}
	var members []uuid.UUID
	err = n.members(series.String()).each(ctx, q, func(scan func(...any) error) error {
		member, err := scanID(scan)
		members = append(members, member)
		return err
	})
	for _, member := range members {
		if err == nil && member != document {
			err = keepers(member)
		}
	}
	return persons, more, err
}
