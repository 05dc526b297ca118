package queries

// Selecting what is due to a group of persons, in one snapshot and in a few
// statements for all of them: what they keep and have said, the notices about
// that, and what mails say of those that concern somebody.

import (
	"context"
	"errors"
	"maps"
	"math"
	"slices"

	"github.com/google/uuid"

	"imprint/domain/library"
	"imprint/projections/notices"
)

// roomForDue bounds what one selection holds, in bytes as estimated below: enough
// for thousands of persons with libraries as they are.
const (
	roomForDue    = 8 << 20
	sizeOfEntry   = 150
	sizeOfRelease = 250
	sizeOfConcern = 500 // a candidate of one person
	sizeOfNotice  = 1000
)

// errNoRoom: the group is too large for one selection.
var errNoRoom = errors.New("no room for so many persons in one selection")

// Due selects. Where the persons do not fit, it begins again with the first half
// of them, in the same snapshot. One person alone is taken whatever the library
// holds: a digest names all of it.
func (n *Notices) Due(ctx context.Context, asks []notices.Ask) (found []notices.Found, err error) {
	until := int64(0)
	for _, a := range asks {
		for _, w := range a.Windows {
			until = max(until, w.Until)
		}
	}
	err = n.db.Snapshot(ctx, func(q Querier) (err error) {
		if err := n.whole(ctx, q, until); err != nil {
			return err
		}
		for asks := asks; len(asks) > 0; asks = asks[:(len(asks)+1)/2] {
			s := dueSelection{Notices: n, q: q, asks: asks, room: n.room}
			if len(asks) == 1 {
				s.room = math.MaxInt
			}
			if found, err = s.run(ctx); !errors.Is(err, errNoRoom) {
				return err
			}
		}
		return nil
	})
	return found, err
}

// dueSelection is one selection for one group.
type dueSelection struct {
	*Notices
	q    Querier
	asks []notices.Ask
	room int // bytes that are left

	kept     []notices.Kept                  // by ask
	releases notices.Releases                // of all that is kept or followed
	known    map[uuid.UUID]*notices.Released // by cause: each is held once
}

func (s *dueSelection) run(ctx context.Context) ([]notices.Found, error) {
	if err := s.readKept(ctx); err != nil {
		return nil, err
	}
	if err := s.readReleases(ctx); err != nil {
		return nil, err
	}
	concerns := make([][]notices.Concern, len(s.asks))
	causes := map[uuid.UUID]*notices.Notice{}
	for i, a := range s.asks {
		concerns[i] = s.releases.Concern(s.kept[i], a.Since)
		for _, c := range concerns[i] {
			causes[c.Cause] = nil
		}
		if err := s.take(len(concerns[i]) * sizeOfConcern); err != nil {
			return nil, err
		}
	}
	if err := s.readTold(ctx, causes); err != nil {
		return nil, err
	}
	found := make([]notices.Found, len(s.asks))
	for i, a := range s.asks {
		found[i] = make(notices.Found, len(a.Windows))
		for j, w := range a.Windows {
			var due []notices.Due
			for _, c := range concerns[i] {
				if w.From <= c.Ordinal && c.Ordinal < w.Until {
					due = append(due, notices.Due{Notice: causes[c.Cause], Saved: c.Saved})
				}
			}
			found[i][j] = notices.Gather(due)
		}
	}
	return found, nil
}

// take uses up room.
func (s *dueSelection) take(bytes int) error {
	if s.room -= bytes; s.room < 0 {
		return errNoRoom
	}
	return nil
}

// readKept reads the persons' own rows.
func (s *dueSelection) readKept(ctx context.Context) error {
	s.kept = make([]notices.Kept, len(s.asks))
	place, persons := make(map[uuid.UUID]int, len(s.asks)), make([]uuid.UUID, len(s.asks))
	for i, a := range s.asks {
		place[a.Person], persons[i] = i, a.Person
	}
	var person uuid.UUID
	return inBatches(persons, func(persons []string) error {
		err := s.entriesOf(persons).each(ctx, s.q, func(scan func(...any) error) error {
			var e notices.Entry
			if err := scan(id(&person), id(&e.Document), &e.Saved, id(&e.SeriesThen), id(&e.Series), &e.SeriesSince); err != nil {
				return err
			}
			k := &s.kept[place[person]]
			k.Entries = append(k.Entries, e)
			return s.take(sizeOfEntry)
		})
		if err != nil {
			return err
		}
		return s.saidBy(persons).each(ctx, s.q, func(scan func(...any) error) error {
			var series uuid.UUID
			var said library.Explicit
			if err := scan(id(&person), id(&series), &said.Followed, &said.Unfollowed); err != nil {
				return err
			}
			k := &s.kept[place[person]]
			if k.Said == nil {
				k.Said = map[uuid.UUID]library.Explicit{}
			}
			k.Said[series] = said
			return s.take(sizeOfEntry)
		})
	})
}

// readReleases reads the notices, in any of the windows, about what anybody of the
// group keeps or may follow.
func (s *dueSelection) readReleases(ctx context.Context) error {
	documents, series := map[uuid.UUID]bool{}, map[uuid.UUID]bool{}
	for _, k := range s.kept {
		for _, e := range k.Entries {
			documents[e.Document] = true
			series[e.Series] = true
		}
		for of := range k.Said {
			series[of] = true
		}
	}
	delete(series, uuid.Nil)
	// The first notice released has an ordinal of at least 1; 0 waits for release.
	from, until := int64(math.MaxInt64), int64(0)
	for _, a := range s.asks {
		for _, w := range a.Windows {
			from, until = min(from, max(w.From, 1)), max(until, w.Until)
		}
	}
	if from >= until {
		return nil
	}
	s.known = map[uuid.UUID]*notices.Released{}
	s.releases = notices.Releases{ByDocument: map[uuid.UUID][]*notices.Released{}, BySeries: map[uuid.UUID][]*notices.Released{}}
	for _, about := range []struct {
		column string
		ids    map[uuid.UUID]bool
		of     func(*notices.Released)
	}{
		{"document", documents, func(r *notices.Released) {
			s.releases.ByDocument[r.Document] = append(s.releases.ByDocument[r.Document], r)
		}},
		{"series", series, func(r *notices.Released) { s.releases.BySeries[r.Series] = append(s.releases.BySeries[r.Series], r) }},
		{"left_series", series, func(r *notices.Released) { s.releases.BySeries[r.Left] = append(s.releases.BySeries[r.Left], r) }},
	} {
		err := inBatches(slices.Collect(maps.Keys(about.ids)), func(ids []string) error {
			return s.released(about.column, ids, from, until).each(ctx, s.q, func(scan func(...any) error) error {
				r := &notices.Released{}
				if err := scan(id(&r.Cause), &r.Ordinal, &r.CauseOrdinal, id(&r.Document), id(&r.Series), id(&r.Left)); err != nil {
					return err
				}
				if same, twice := s.known[r.Cause]; twice {
					r = same
				} else if s.known[r.Cause] = r; s.take(sizeOfRelease) != nil {
					return errNoRoom
				}
				about.of(r)
				return nil
			})
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// readTold reads what holds now of the notices whose causes are named.
func (s *dueSelection) readTold(ctx context.Context, causes map[uuid.UUID]*notices.Notice) error {
	return inBatches(slices.Collect(maps.Keys(causes)), func(ids []string) error {
		return s.told(ids).each(ctx, s.q, func(scan func(...any) error) error {
			t, err := toldNotice(scan)
			if err != nil {
				return err
			}
			causes[t.Cause] = t
			return s.take(sizeOf(t))
		})
	})
}
