package work_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/google/uuid"

	"imprint/adapters/work"
	"imprint/domain/event"
	"imprint/domain/notice"
	"imprint/domain/reaction"
)

var nine = time.Date(2026, 3, 1, 9, 0, 0, 1000, time.UTC)

func TestACheckpointNeverGoesBack(t *testing.T) {
	onEach(t, func(t *testing.T, db work.Database, _ *clock) {
		store, ctx := work.NewReactions(db), t.Context()
		if at, err := store.Checkpoint(ctx, "series"); at != (event.Checkpoint{}) || err != nil {
			t.Errorf("before the first: %+v, %v", at, err)
		}
		far := event.Checkpoint{Position: "b", Ordinal: 7, LogTime: nine}
		for _, to := range []event.Checkpoint{{Position: "a", Ordinal: 3}, far, {Position: "a", Ordinal: 3, LogTime: nine}} {
			if err := store.Advance(ctx, "series", to); err != nil {
				t.Fatal(err)
			}
		}
		if at, err := store.Checkpoint(ctx, "series"); at != far || err != nil {
			t.Errorf("got %+v, %v; want %+v", at, err, far)
		}
		if at, err := store.Checkpoint(ctx, "notices"); at != (event.Checkpoint{}) || err != nil {
			t.Errorf("another reaction is at %+v, %v", at, err)
		}
	})
}

func TestNoticesAreHeldUntilTheyAreDue(t *testing.T) {
	onEach(t, func(t *testing.T, db work.Database, _ *clock) {
		store, ctx := work.NewReactions(db), t.Context()
		if _, held, err := store.NextRelease(ctx); held || err != nil {
			t.Errorf("something is held in an empty store: %v, %v", held, err)
		}
		pending := func(ordinal int64, at time.Time) notice.Pending {
			return notice.Pending{
				Notice: notice.Released{
					Cause: uuid.New(), CauseOrdinal: ordinal, Kind: notice.SeriesChanged,
					Document: uuid.New(), Version: 2, Series: uuid.New(), LeftSeries: uuid.New(),
				},
				ReleaseAt: at, Correlation: uuid.New(), CauseType: "DetailsRevised", Before: event.Checkpoint{Position: "p", Ordinal: ordinal - 1, LogTime: nine},
			}
		}
		second, first, later := pending(5, nine), pending(4, nine), pending(3, nine.Add(time.Second))
		for _, p := range []notice.Pending{later, second, first, first} {
			if err := store.Hold(ctx, p); err != nil {
				t.Fatal(err)
			}
		}
		again := first
		again.ReleaseAt = nine.Add(time.Hour)
		if err := store.Hold(ctx, again); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			until time.Time
			limit int
			want  []notice.Pending
		}{
			{nine.Add(-time.Microsecond), 9, nil},
			{nine, 9, []notice.Pending{first, second}},
			{nine.Add(time.Minute), 9, []notice.Pending{first, second, later}},
			{nine.Add(time.Minute), 1, []notice.Pending{first}},
		} {
			if got, err := store.Held(ctx, c.until, c.limit); !reflect.DeepEqual(got, c.want) || err != nil {
				t.Errorf("held until %s:\n%+v, %v; want\n%+v", c.until, got, err, c.want)
			}
		}
		for _, p := range []notice.Pending{first, second, second} {
			if err := store.Drop(ctx, p.Notice.Cause); err != nil {
				t.Fatal(err)
			}
		}
		if at, held, err := store.NextRelease(ctx); !at.Equal(later.ReleaseAt) || !held || err != nil {
			t.Errorf("the next is due at %s, %v, %v", at, held, err)
		}
	})
}

func TestAnEventIsParkedOnceByEachReaction(t *testing.T) {
	onEach(t, func(t *testing.T, db work.Database, _ *clock) {
		store, ctx := work.NewReactions(db), t.Context()
		parked := reaction.Parked{
			Reaction: "series", Event: uuid.New(), Type: "DocumentVersioned", Ordinal: 8,
			Before: event.Checkpoint{Position: "p", Ordinal: 7, LogTime: nine}, Reason: "first", At: nine,
		}
		again, other, earlier := parked, parked, parked
		again.Reason, again.At = "second", nine.Add(time.Hour)
		other.Reaction = "notices"
		earlier.Event, earlier.Ordinal = uuid.New(), 2
		for _, p := range []reaction.Parked{parked, again, other, earlier} {
			if err := store.Park(ctx, p); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := store.Parked(ctx); !reflect.DeepEqual(got, []reaction.Parked{earlier, other, again}) || err != nil {
			t.Errorf("parked: %+v, %v", got, err)
		}
		for range 2 {
			if err := store.Unpark(ctx, "series", parked.Event); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := store.Parked(ctx); !reflect.DeepEqual(got, []reaction.Parked{earlier, other}) || err != nil {
			t.Errorf("parked, after one was dealt with: %+v, %v", got, err)
		}
	})
}
