// Reading and appending as the real client sees them.

package kurrenttest_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"imprint/adapters/kurrent/kurrenttest"
)

func TestWhatIsAppendedIsReadInBothDirections(t *testing.T) {
	_, c := start(t)
	made := events(5)
	result := write(t, c, "a-1", esdb.NoStream{}, made...)
	if result.NextExpectedVersion != 4 {
		t.Fatalf("the last revision is %d, want 4", result.NextExpectedVersion)
	}
	for _, tc := range []struct {
		name  string
		d     esdb.Direction
		from  esdb.StreamPosition
		n     uint64
		wants []uint64
	}{
		{"from the start", esdb.Forwards, esdb.Start{}, 10, []uint64{0, 1, 2, 3, 4}},
		{"limited", esdb.Forwards, esdb.Revision(1), 2, []uint64{1, 2}},
		{"behind the end", esdb.Forwards, esdb.Revision(5), 10, nil},
		{"from the end forwards", esdb.Forwards, esdb.End{}, 10, nil},
		{"backwards from the end", esdb.Backwards, esdb.End{}, 2, []uint64{4, 3}},
		{"backwards with the revision itself", esdb.Backwards, esdb.Revision(2), 10, []uint64{2, 1, 0}},
		{"backwards from beyond the end", esdb.Backwards, esdb.Revision(99), 1, []uint64{4}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			found, err := readStream(t, c, "a-1", tc.d, tc.from, tc.n)
			if err != nil {
				t.Fatal(err)
			}
			var revisions []uint64
			for _, e := range found {
				revisions = append(revisions, e.EventNumber)
				want := made[e.EventNumber]
				if e.EventID != want.EventID || e.EventType != want.EventType || e.ContentType != "application/json" ||
					!bytes.Equal(e.Data, want.Data) || !bytes.Equal(e.UserMetadata, want.Metadata) || e.StreamID != "a-1" || e.CreatedDate.IsZero() {
					t.Errorf("read %+v, appended %+v", e, want)
				}
			}
			if !slices.Equal(revisions, tc.wants) {
				t.Errorf("read %v, want %v", revisions, tc.wants)
			}
		})
	}
	found, err := readStream(t, c, "a-1", esdb.Backwards, esdb.End{}, 1)
	if err != nil || found[0].Position.Commit != result.CommitPosition || found[0].Position.Prepare != result.PreparePosition {
		t.Errorf("the last event stands at %+v, the append said %+v (%v)", found[0].Position, result, err)
	}
}

func TestAMissingStreamIsNotFound(t *testing.T) {
	_, c := start(t)
	_, err := readStream(t, c, "none", esdb.Forwards, esdb.Start{}, 1)
	wantCode(t, err, esdb.ErrorCodeResourceNotFound)
}

func TestPositionsAreInclusiveForwardsAndExclusiveBackwards(t *testing.T) {
	_, c := start(t)
	write(t, c, "a-1", esdb.NoStream{}, events(4)...)
	all := readAll(t, c, esdb.Forwards, esdb.Start{}, 100)
	back := readAll(t, c, esdb.Backwards, esdb.End{}, 100)
	slices.Reverse(back)
	if len(all) != len(back) {
		t.Fatalf("%d forwards, %d backwards", len(all), len(back))
	}
	for i, e := range all {
		if back[i].EventID != e.EventID {
			t.Errorf("the directions differ at %d", i)
		}
		if got := readAll(t, c, esdb.Forwards, e.Position, 1); got[0].EventID != e.EventID {
			t.Errorf("forwards from event %d begins elsewhere", i)
		}
		got := readAll(t, c, esdb.Backwards, e.Position, 1)
		if i == 0 && len(got) != 0 || i > 0 && got[0].EventID != all[i-1].EventID {
			t.Errorf("backwards from event %d does not begin with the one before", i)
		}
		if i > 0 && e.Position.Commit < all[i-1].Position.Commit+2 {
			t.Errorf("positions %d and %d are not sparse", all[i-1].Position.Commit, e.Position.Commit)
		}
	}
}

func TestANumberThatIsNoPositionIsRefused(t *testing.T) {
	_, c := start(t)
	write(t, c, "a-1", esdb.NoStream{}, events(2)...)
	all := readAll(t, c, esdb.Forwards, esdb.Start{}, 100)
	last := all[len(all)-1].Position
	for name, p := range map[string]esdb.Position{
		"one more":              {Commit: all[1].Position.Commit + 1, Prepare: all[1].Position.Commit + 1},
		"within the last":       {Commit: last.Commit + 1, Prepare: last.Commit + 1},
		"prepare behind commit": {Commit: last.Commit, Prepare: last.Commit + 1},
	} {
		stream, err := c.ReadAll(within(t), esdb.ReadAllOptions{From: p}, 1)
		_, err = drain(t, stream, err)
		var e *esdb.Error
		if !asError(err, &e) || status.Code(e.Err()) != codes.InvalidArgument {
			t.Errorf("%s: read from %+v: %v", name, p, err)
		}
		if _, err := c.SubscribeToAll(within(t), esdb.SubscribeToAllOptions{From: p}); !asError(err, &e) || status.Code(e.Err()) != codes.InvalidArgument {
			t.Errorf("%s: subscribe from %+v: %v", name, p, err)
		}
	}
	// A position of a longer log of another server is not noticed.
	if got := readAll(t, c, esdb.Forwards, esdb.Position{Commit: 1 << 40, Prepare: 1 << 40}, 1); len(got) != 0 {
		t.Errorf("found %d events beyond the end", len(got))
	}
}

func TestSystemEventsStandBetweenOurs(t *testing.T) {
	_, c := start(t, kurrenttest.WithStatisticsEvery(2))
	for range 4 {
		write(t, c, "a-1", esdb.Any{}, events(1)...)
	}
	var system, after int
	for _, e := range readAll(t, c, esdb.Forwards, esdb.Start{}, 100) {
		if strings.HasPrefix(e.EventType, "$") {
			system++
		} else if system > 3 {
			after++
		}
	}
	if system < 4 || after == 0 {
		t.Errorf("%d system events, %d of ours after the first of them that came later", system, after)
	}
}

func TestManyPagesOfAllAreReadWhole(t *testing.T) {
	_, c := start(t)
	for range 4 {
		write(t, c, "a-1", esdb.Any{}, events(300)...)
	}
	all := readAll(t, c, esdb.Forwards, esdb.Start{}, 5000)
	back := readAll(t, c, esdb.Backwards, esdb.End{}, 5000)
	slices.Reverse(back)
	same := slices.EqualFunc(all, back, func(a, b *esdb.RecordedEvent) bool { return a.EventID == b.EventID })
	if len(all) < 1200 || !same {
		t.Errorf("%d events forwards, %d backwards, the same: %v", len(all), len(back), same)
	}
}
