package digest

// Here: what those who were claimed are to be told, selected for all of them
// together.

import (
	"context"
	"time"

	"github.com/google/uuid"

	"imprint/domain/digest"
)

// freshness is how old a selection may be, by the application's clock, when an
// intent is made of it. Access was decided in it, and a slow mail server can keep
// the last of a group waiting long: for those it is decided anew, one by one.
const freshness = 2 * time.Second

// draft is what a person is to be told, or why that could not be found out.
type draft struct {
	wanted
	composed
	at  time.Time // when it was selected
	err error
}

// wants says what is to be composed for a person's next step, if anything.
func (r *round) wants(st digest.Standing, now time.Time) (wanted, bool) {
	switch d := st.Open; {
	case d == nil:
		return wanted{st, digest.Window{From: st.Cursor, Until: r.end}, st.DueBy(now)}, st.Cursor < r.end
	case d.State == digest.Waiting && !st.Stopped():
		return wanted{st, d.Window, d.Due}, true
	}
	return wanted{}, false
}

// drafts composes for the first of those claimed, as many as memory has room for,
// and answers how many these are. A fault is each one's own.
func (r *round) drafts(ctx context.Context, claimed []digest.Standing) (drafts map[uuid.UUID]draft, n int) {
	now := r.now()
	var all []wanted
	var places []int // in claimed
	for i, st := range claimed {
		if w, needed := r.wants(st, now); needed {
			all, places = append(all, w), append(places, i)
		}
	}
	if len(all) == 0 {
		return nil, len(claimed)
	}
	drafts = make(map[uuid.UUID]draft, len(all))
	done, err := r.compose(ctx, all)
	if err != nil {
		for _, w := range all {
			drafts[w.standing.Person] = draft{err: err}
		}
		return drafts, len(claimed)
	}
	for i, c := range done {
		drafts[all[i].standing.Person] = draft{wanted: all[i], composed: c, at: now}
	}
	if len(done) < len(all) {
		return drafts, places[len(done)]
	}
	return drafts, len(claimed)
}

// renewed is a draft that is fresh: the one given or, where that has grown old, a
// new one.
func (r *round) renewed(ctx context.Context, d draft) (draft, error) {
	now := r.now()
	if age := now.Sub(d.at); d.err != nil || age >= 0 && age <= freshness {
		return d, d.err
	}
	done, err := r.compose(ctx, []wanted{d.wanted})
	if err != nil {
		return d, err
	}
	return draft{wanted: d.wanted, composed: done[0], at: now}, nil
}
