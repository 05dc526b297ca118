package digest

// Here: what those who were claimed are to be told, selected for all of them
// together.

import (
	"context"
	"fmt"
	"time"

	"imprint/domain/digest"
	"imprint/domain/event"
	"imprint/domain/person"
)

// freshness is how old a selection may be, by the application's clock, when a mail
// is made of it. Access was decided in it, and a slow mail server can keep the last
// of a group waiting long: for those it is decided anew, one by one.
const freshness = 2 * time.Second

// task is a person's next step.
type task struct {
	wanted        // without Open: the window that would be next
	composes bool // something may be to be told in it:
	composed
	at  time.Time // when that was selected
	err error     // or why it could not be
}

// tasks makes tasks of the first of those claimed, as many as memory has room for
// and one at least. A fault in selecting is each one's own.
func (r *round) tasks(ctx context.Context, end int64, claimed []digest.Standing) []task {
	now := r.now()
	tasks := make([]task, len(claimed))
	var all []wanted
	var places []int // of these in tasks
	for i, st := range claimed {
		tasks[i].wanted, tasks[i].composes = wants(st, end, now)
		if tasks[i].composes {
			all, places = append(all, tasks[i].wanted), append(places, i)
		}
	}
	if len(all) == 0 {
		return tasks
	}
	done, err := r.compose(ctx, all)
	if err == nil {
		err = r.loadKeys(ctx, all, done)
	}
	for i, place := range places {
		switch {
		case err != nil:
			tasks[place].err = err
		case i < len(done):
			tasks[place].composed, tasks[place].at = done[i], now
		default:
			return tasks[:place]
		}
	}
	return tasks
}

// loadKeys brings the keys of those who get a mail into memory.
func (r *round) loadKeys(ctx context.Context, all []wanted, done []composed) error {
	var ids []event.KeyID
	for i, c := range done {
		if len(c.items) > 0 {
			ids = append(ids, person.Key(all[i].standing.Person))
		}
	}
	if err := r.keys.Load(ctx, ids); err != nil {
		return fmt.Errorf("digest: read keys: %w", err)
	}
	return nil
}

// wants says what a person's next step tells of, and whether it tells anything.
func wants(st digest.Standing, end int64, now time.Time) (w wanted, composes bool) {
	if d := st.Open; d != nil {
		return wanted{st, d.Window, d.Due}, d.State == digest.Waiting && !st.Stopped()
	}
	return wanted{st, digest.Window{From: st.Cursor, Until: end}, st.DueBy(now)}, st.Cursor < end
}

// fresh is the task with a selection that may be told: its own or, where that has
// grown old, a new one.
func (r *round) fresh(ctx context.Context, t task) (task, error) {
	now := r.now()
	if age := now.Sub(t.at); t.err != nil || age >= 0 && age <= freshness {
		return t, t.err
	}
	done, err := r.compose(ctx, []wanted{t.wanted})
	if err != nil {
		return t, err
	}
	t.composed, t.at = done[0], now
	return t, nil
}
