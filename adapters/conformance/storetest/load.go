package storetest

// Rebuilds and switches while events are written and snapshots are read.

import (
	"fmt"
	"sync"
	"testing"

	"imprint/adapters/queries"
	"imprint/domain/event"
)

// testSwitchesUnderLoad: every snapshot shows the rows of exactly as many events
// as its checkpoint says, whichever generation it reads, and never fewer than the
// one before.
func testSwitchesUnderLoad(t *testing.T, h Harness) {
	w := newWorks(t, h)
	group, _ := w.run(t, w.engine)
	builder := w.engine
	builder.Holder = "builder"
	ok(t, group.Wait(t.Context(), w.writer.add(t, put{Item: "a", Shelf: "s", Title: "t", Count: 1})))
	const switches = 4
	var last event.Position
	var others sync.WaitGroup
	built := make(chan struct{})
	others.Go(func() {
		for {
			last = w.writer.add(t, put{Item: "a", Shelf: "s", Title: "t", Count: 1})
			select {
			case <-built:
				return
			default:
			}
		}
	})
	others.Go(func() {
		before := int64(0)
		for {
			ordinal, sum := w.moment(t)
			if sum != ordinal || ordinal < before {
				t.Errorf("a snapshot at event %d, after one at %d, shows %d", ordinal, before, sum)
				return
			}
			before = ordinal
			select {
			case <-built:
				return
			default:
			}
		}
	})
	for range switches {
		build, err := builder.Rebuild(t.Context(), w.shelf, nil)
		if err == nil {
			err = builder.Switch(t.Context(), w.shelf, build.Number)
		}
		if err != nil {
			t.Error(err)
			break
		}
	}
	close(built)
	others.Wait()
	ok(t, group.Wait(t.Context(), last))
	w.verify(t)
}

// moment reads the checkpoint and what the item counts, in one snapshot.
func (w *works) moment(t *testing.T) (ordinal, sum int64) {
	t.Helper()
	err := w.store.Snapshot(t.Context(), func(q queries.Querier) error {
		for text, to := range map[string]*int64{
			`SELECT ordinal FROM projection_checkpoints WHERE projection = 'shelf'`: &ordinal,
			`SELECT count FROM shelf_items_v1 WHERE id = 'a'`:                       &sum,
		} {
			rows, err := q.Query(t.Context(), text)
			if err != nil {
				return err
			}
			for rows.Next() {
				if err := rows.Scan(to); err != nil {
					return err
				}
			}
			rows.Close()
			if err := rows.Err(); err != nil {
				return fmt.Errorf("%s: %w", text, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	return ordinal, sum
}
