// Subscriptions as the real client sees them.

package kurrenttest_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"imprint/adapters/kurrent/kurrenttest"
)

func subscribeAll(t *testing.T, c *esdb.Client, o esdb.SubscribeToAllOptions) *esdb.Subscription {
	t.Helper()
	sub, err := c.SubscribeToAll(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sub.Close() })
	return sub
}

func prefixed(prefix string) *esdb.SubscriptionFilter {
	return &esdb.SubscriptionFilter{Type: esdb.StreamFilterType, Prefixes: []string{prefix}}
}

// untilCaughtUp is what a subscription tells before it has caught up.
func untilCaughtUp(t *testing.T, sub *esdb.Subscription) (found []*esdb.RecordedEvent, checkpoints []esdb.Position) {
	t.Helper()
	for {
		switch e := next(t, sub); {
		case e.CaughtUp != nil:
			return found, checkpoints
		case e.EventAppeared != nil:
			found = append(found, e.EventAppeared.OriginalEvent())
		case e.CheckPointReached != nil:
			checkpoints = append(checkpoints, *e.CheckPointReached)
		default:
			t.Fatalf("dropped: %v", e.SubscriptionDropped.Error)
		}
	}
}

func TestASubscriptionCatchesUpAndGoesLive(t *testing.T) {
	_, c := start(t)
	write(t, c, "a-1", esdb.NoStream{}, events(3)...)
	sub := subscribeAll(t, c, esdb.SubscribeToAllOptions{From: esdb.Start{}})
	found, _ := untilCaughtUp(t, sub)
	all := readAll(t, c, esdb.Forwards, esdb.Start{}, 100)
	if !slices.EqualFunc(found, all, func(a, b *esdb.RecordedEvent) bool { return a.EventID == b.EventID && a.Position == b.Position }) {
		t.Errorf("the subscription told %d events, reading %d", len(found), len(all))
	}
	result := write(t, c, "a-1", esdb.Revision(2), events(1)...)
	if live := next(t, sub); live.EventAppeared == nil || live.EventAppeared.OriginalEvent().Position.Commit != result.CommitPosition {
		t.Errorf("live came %+v", live)
	}
}

func TestASubscriptionStartsBehindItsPosition(t *testing.T) {
	_, c := start(t)
	write(t, c, "a-1", esdb.NoStream{}, events(3)...)
	all := readAll(t, c, esdb.Forwards, esdb.Start{}, 100)
	last := len(all) - 1
	found, _ := untilCaughtUp(t, subscribeAll(t, c, esdb.SubscribeToAllOptions{From: all[last-1].Position}))
	if len(found) != 1 || found[0].EventID != all[last].EventID {
		t.Errorf("behind the last but one came %d events", len(found))
	}
	sub := subscribeAll(t, c, esdb.SubscribeToAllOptions{From: esdb.End{}})
	if found, _ := untilCaughtUp(t, sub); len(found) != 0 {
		t.Errorf("behind the end came %d events", len(found))
	}
}

func TestAStreamIsSubscribedToBeforeItExists(t *testing.T) {
	_, c := start(t)
	sub, err := c.SubscribeToStream(t.Context(), "a-1", esdb.SubscribeToStreamOptions{From: esdb.Start{}})
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Close()
	untilCaughtUp(t, sub)
	write(t, c, "a-2", esdb.NoStream{}, events(1)...)
	write(t, c, "a-1", esdb.NoStream{}, events(2)...)
	for i := range uint64(2) {
		if e := next(t, sub).EventAppeared; e == nil || e.OriginalEvent().StreamID != "a-1" || e.OriginalEvent().EventNumber != i {
			t.Fatalf("event %d came as %+v", i, e)
		}
	}
	behind, err := c.SubscribeToStream(t.Context(), "a-1", esdb.SubscribeToStreamOptions{From: esdb.Revision(0)})
	if err != nil {
		t.Fatal(err)
	}
	defer behind.Close()
	if found, _ := untilCaughtUp(t, behind); len(found) != 1 || found[0].EventNumber != 1 {
		t.Errorf("behind revision 0 came %d events", len(found))
	}
	if _, err := c.TombstoneStream(within(t), "a-1", esdb.TombstoneStreamOptions{}); err != nil {
		t.Fatal(err)
	}
	if dropped := next(t, sub).SubscriptionDropped; dropped == nil || status.Code(dropped.Error) != codes.FailedPrecondition {
		t.Errorf("a tombstone came as %+v", dropped)
	}
}

func TestFiltersLetPass(t *testing.T) {
	_, c := start(t, kurrenttest.WithStatisticsEvery(1))
	for i := range 3 {
		write(t, c, fmt.Sprintf("ours-%d", i), esdb.NoStream{}, event("Made", "{}"), event("Changed", "{}"))
		write(t, c, fmt.Sprintf("theirs-%d", i), esdb.NoStream{}, event("Made", "{}"))
	}
	for name, tc := range map[string]struct {
		filter *esdb.SubscriptionFilter
		want   int
	}{
		"stream prefix":        {prefixed("ours-"), 6},
		"two stream prefixes":  {&esdb.SubscriptionFilter{Type: esdb.StreamFilterType, Prefixes: []string{"ours-0", "theirs-"}}, 5},
		"stream regex":         {&esdb.SubscriptionFilter{Type: esdb.StreamFilterType, Regex: "-[01]$"}, 6},
		"type prefix":          {&esdb.SubscriptionFilter{Type: esdb.EventFilterType, Prefixes: []string{"Ch"}}, 3},
		"type regex":           {&esdb.SubscriptionFilter{Type: esdb.EventFilterType, Regex: "^Ma.e$"}, 6},
		"without system types": {esdb.ExcludeSystemEventsFilter(), 9},
	} {
		t.Run(name, func(t *testing.T) {
			found, _ := untilCaughtUp(t, subscribeAll(t, c, esdb.SubscribeToAllOptions{From: esdb.Start{}, Filter: tc.filter}))
			if len(found) != tc.want {
				t.Errorf("%d events came, want %d", len(found), tc.want)
			}
		})
	}
}

func TestCheckpointsComeWhenGoingLiveAndAfterEachInterval(t *testing.T) {
	_, c := start(t, kurrenttest.WithStatisticsEvery(0))
	write(t, c, "theirs-1", esdb.NoStream{}, events(20)...)
	total := len(readAll(t, c, esdb.Forwards, esdb.Start{}, 100))
	o := esdb.SubscribeToAllOptions{From: esdb.Start{}, Filter: prefixed("ours-"), MaxSearchWindow: 3, CheckpointInterval: 2}
	sub := subscribeAll(t, c, o)
	found, checkpoints := untilCaughtUp(t, sub)
	if want := total/6 + 1; len(found) != 0 || len(checkpoints) != want {
		t.Fatalf("%d events and %d checkpoints of %d records, want %d", len(found), len(checkpoints), total, want)
	}
	all := readAll(t, c, esdb.Backwards, esdb.End{}, 1)
	if last := checkpoints[len(checkpoints)-1]; last != all[0].Position {
		t.Errorf("going live, the checkpoint is %+v, the last record stands at %+v", last, all[0].Position)
	}
	result := write(t, c, "theirs-1", esdb.Any{}, events(6)...)
	if e := next(t, sub); e.CheckPointReached == nil || e.CheckPointReached.Commit != result.CommitPosition {
		t.Errorf("after six records more came %+v", e)
	}
	// Resuming from a checkpoint shows what comes behind it.
	write(t, c, "ours-1", esdb.NoStream{}, events(1)...)
	o.From = checkpoints[len(checkpoints)-1]
	if found, _ := untilCaughtUp(t, subscribeAll(t, c, o)); len(found) != 1 {
		t.Errorf("behind the checkpoint came %d events, want 1", len(found))
	}
}

func TestWhoFallsBehindIsToldThatItCaughtUpAgain(t *testing.T) {
	_, c := start(t)
	sub := subscribeAll(t, c, esdb.SubscribeToAllOptions{From: esdb.End{}})
	untilCaughtUp(t, sub)
	write(t, c, "a-1", esdb.NoStream{}, events(100)...)
	if found, _ := untilCaughtUp(t, sub); len(found) != 100 {
		t.Errorf("%d events came before it caught up again, want 100", len(found))
	}
}

func TestABadCheckpointLosesAnEvent(t *testing.T) {
	s, c := start(t)
	write(t, c, "ours-1", esdb.NoStream{}, events(1)...)
	sent := s.InjectBadCheckpoint()
	o := esdb.SubscribeToAllOptions{From: esdb.Start{}, Filter: prefixed("ours-")}
	sub := subscribeAll(t, c, o)
	bad := next(t, sub).CheckPointReached
	await(t, sent, "the checkpoint")
	if bad == nil || bad.Prepare != 0 {
		t.Fatalf("the checkpoint is %+v", bad)
	}
	if next(t, sub).EventAppeared == nil {
		t.Error("the event itself did not come")
	}
	o.From = *bad
	if found, _ := untilCaughtUp(t, subscribeAll(t, c, o)); len(found) != 0 {
		t.Errorf("%d events came behind the checkpoint: it does no harm", len(found))
	}
}

// Newer clients read the time of CaughtUp, which these stubs do not know yet.
func TestCaughtUpCarriesItsTime(t *testing.T) {
	s := kurrenttest.Start(t)
	conn, err := grpc.NewClient(s.Address(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	call, err := streams.NewStreamsClient(conn).Read(within(t), &streams.ReadReq{Options: &streams.ReadReq_Options{
		StreamOption: &streams.ReadReq_Options_All{All: &streams.ReadReq_Options_AllOptions{}},
		CountOption:  &streams.ReadReq_Options_Subscription{Subscription: &streams.ReadReq_Options_SubscriptionOptions{}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	for {
		m, err := call.Recv()
		if err != nil {
			t.Fatal(err)
		}
		if m.GetCaughtUp() == nil {
			continue
		}
		number, kind, n := protowire.ConsumeTag(m.GetCaughtUp().ProtoReflect().GetUnknown())
		if number != 1 || kind != protowire.BytesType {
			t.Fatalf("the unknown field is %d of type %d", number, kind)
		}
		raw, _ := protowire.ConsumeBytes(m.GetCaughtUp().ProtoReflect().GetUnknown()[n:])
		var at timestamppb.Timestamp
		if err := proto.Unmarshal(raw, &at); err != nil || time.Since(at.AsTime()).Abs() > time.Hour {
			t.Errorf("it caught up at %v (%v)", at.AsTime(), err)
		}
		return
	}
}
