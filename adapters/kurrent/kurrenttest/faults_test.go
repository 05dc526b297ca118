// Faults on demand, outages, and what they leave behind.

package kurrenttest_test

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"imprint/adapters/kurrent/kurrenttest"
)

// count is how many events a stream has, by a client of its own: the one whose
// connection was cut may still be finding its way back.
func count(t *testing.T, s *kurrenttest.Server, stream string) int {
	t.Helper()
	found, err := readStream(t, dial(t, s.ConnectionString()), stream, esdb.Forwards, esdb.Start{}, 1000)
	var e *esdb.Error
	if asError(err, &e) && e.Code() == esdb.ErrorCodeResourceNotFound {
		return 0
	}
	if err != nil {
		t.Fatal(err)
	}
	return len(found)
}

func TestADroppedConnectionLosesTheWriteOrTheAnswer(t *testing.T) {
	for name, tc := range map[string]struct {
		fault kurrenttest.Fault
		wants int
	}{
		"not done":                         {kurrenttest.Drop(), 0},
		"done, but the answer was lost":    {kurrenttest.Drop().BeforeAnswer(), 2},
		"refused, not done":                {kurrenttest.Refuse(codes.Unavailable, "Server Is Too Busy"), 0},
		"done, and told that it timed out": {kurrenttest.Refuse(codes.DeadlineExceeded, "Timeout").BeforeAnswer(), 2},
	} {
		t.Run(name, func(t *testing.T) {
			s, c := start(t)
			struck := s.Inject(kurrenttest.Append, 1, tc.fault)
			made := events(2)
			if _, err := c.AppendToStream(within(t), "a-1", esdb.AppendToStreamOptions{ExpectedRevision: esdb.NoStream{}}, made...); err == nil {
				t.Error("the append was answered")
			}
			await(t, struck, "the fault")
			if got := count(t, s, "a-1"); got != tc.wants {
				t.Errorf("%d events were written, want %d", got, tc.wants)
			}
			// Trying again with the same ids is safe either way.
			write(t, dial(t, s.ConnectionString()), "a-1", esdb.NoStream{}, made...)
			if got := count(t, s, "a-1"); got != 2 {
				t.Errorf("after trying again there are %d events, want 2", got)
			}
		})
	}
}

func TestAFaultStrikesItsOwnCallOnly(t *testing.T) {
	s, c := start(t)
	s.Inject(kurrenttest.Append, 2, kurrenttest.Refuse(codes.ResourceExhausted, "enough"))
	write(t, c, "a-1", esdb.Any{}, events(1)...)
	readAll(t, c, esdb.Forwards, esdb.Start{}, 1)
	_, err := c.AppendToStream(within(t), "a-1", esdb.AppendToStreamOptions{}, events(1)...)
	var e *esdb.Error
	if !asError(err, &e) || status.Code(e.Err()) != codes.ResourceExhausted {
		t.Fatalf("the second append: %v", err)
	}
	write(t, c, "a-1", esdb.Any{}, events(1)...)
}

func TestASlowAnswerPassesTheDeadline(t *testing.T) {
	s, c := start(t)
	release := make(chan struct{})
	struck := s.Inject(kurrenttest.Append, 1, kurrenttest.Hold(release).BeforeAnswer())
	deadline := 50 * time.Millisecond
	_, err := c.AppendToStream(t.Context(), "a-1", esdb.AppendToStreamOptions{Deadline: &deadline}, events(1)...)
	wantCode(t, err, esdb.ErrorCodeDeadlineExceeded)
	await(t, struck, "the fault")
	if got := count(t, s, "a-1"); got != 1 {
		t.Errorf("%d events, want the one whose answer was late", got)
	}

	s.Inject(kurrenttest.Append, 1, kurrenttest.Hold(release))
	close(release)
	write(t, c, "a-1", esdb.Revision(0), events(1)...)
}

func TestTheClientGoesToTheLeader(t *testing.T) {
	leader := kurrenttest.Start(t)
	follower, c := start(t)
	write(t, c, "a-1", esdb.Any{}, events(1)...)
	follower.Inject(kurrenttest.Append, 1, kurrenttest.NotLeader(leader.Address()))
	_, err := c.AppendToStream(within(t), "a-1", esdb.AppendToStreamOptions{}, events(1)...)
	wantCode(t, err, esdb.ErrorCodeNotLeader)
	write(t, c, "a-1", esdb.NoStream{}, events(1)...)
	if count(t, leader, "a-1") != 1 || count(t, follower, "a-1") != 1 {
		t.Error("the append after the hint did not go to the leader")
	}
}

func TestAReadIsCutInTheMiddle(t *testing.T) {
	s, c := start(t)
	write(t, c, "a-1", esdb.NoStream{}, events(10)...)
	s.Inject(kurrenttest.Read, 1, kurrenttest.Refuse(codes.Unavailable, "cut").AfterMessages(4))
	found, err := readStream(t, c, "a-1", esdb.Forwards, esdb.Start{}, 10)
	wantCode(t, err, esdb.ErrorUnavailable)
	if len(found) != 4 {
		t.Errorf("%d events came before it failed, want 4", len(found))
	}
}

func TestASubscriptionIsCutAndDoesNotComeBack(t *testing.T) {
	s, c := start(t)
	// After its confirmation and having caught up.
	struck := s.Inject(kurrenttest.Subscribe, 1, kurrenttest.Drop().AfterMessages(2))
	sub := subscribeAll(t, c, esdb.SubscribeToAllOptions{From: esdb.End{}})
	untilCaughtUp(t, sub)
	write(t, dial(t, s.ConnectionString()), "a-1", esdb.NoStream{}, events(1)...)
	await(t, struck, "the fault")
	for range 2 { // and once more, for it does not come back by itself
		if e := next(t, sub); e.SubscriptionDropped == nil {
			t.Errorf("the subscription lives on: %+v", e)
		}
	}
}

func TestADroppedConnectionTakesItsOtherCallsAlong(t *testing.T) {
	s, c := start(t)
	sub := subscribeAll(t, c, esdb.SubscribeToAllOptions{From: esdb.End{}})
	untilCaughtUp(t, sub)
	struck := s.Inject(kurrenttest.Append, 1, kurrenttest.Drop())
	if _, err := c.AppendToStream(within(t), "a-1", esdb.AppendToStreamOptions{}, events(1)...); err == nil {
		t.Error("the append was answered")
	}
	await(t, struck, "the fault")
	if e := next(t, sub); e.SubscriptionDropped == nil {
		t.Errorf("the subscription lives on: %+v", e)
	}
}

func TestAfterAnOutageTheLogIsThere(t *testing.T) {
	s, c := start(t)
	write(t, c, "a-1", esdb.NoStream{}, events(3)...)
	sub := subscribeAll(t, c, esdb.SubscribeToAllOptions{From: esdb.End{}})
	untilCaughtUp(t, sub)
	address := s.Address()
	s.Stop()
	if next(t, sub).SubscriptionDropped == nil {
		t.Error("the subscription survived the outage")
	}
	if conn, err := net.DialTimeout("tcp", address, patience); err == nil {
		conn.Close()
		t.Error("something listens during the outage")
	}
	if err := s.Restart(); err != nil {
		t.Fatal(err)
	}
	if s.Address() != address {
		t.Errorf("it came back at %s, was at %s", s.Address(), address)
	}
	if got := count(t, s, "a-1"); got != 3 {
		t.Errorf("%d events are left, want 3", got)
	}
}

// Measured in the client: after an outage of about a second with its defaults it
// is closed for good. This is what adapters must guard against.
func TestTheClientItselfGivesUp(t *testing.T) {
	s := kurrenttest.Start(t)
	conf, err := esdb.ParseConnectionString(s.ConnectionString("maxDiscoverAttempts=2", "discoveryInterval=1"))
	if err != nil {
		t.Fatal(err)
	}
	conf.Logger = func(esdb.LogLevel, string, ...any) {}
	c, err := esdb.NewClient(conf)
	if err != nil {
		t.Fatal(err)
	}
	write(t, c, "a-1", esdb.NoStream{}, events(1)...)
	s.Stop()
	// A call or two fail on the dead connection; the next looks for a server in vain.
	for gaveUp := false; !gaveUp; {
		_, err := c.AppendToStream(within(t), "a-1", esdb.AppendToStreamOptions{}, events(1)...)
		if err == nil {
			t.Fatal("an append was answered during the outage")
		}
		gaveUp = strings.Contains(err.Error(), "maximum discovery attempt")
	}
	if err := s.Restart(); err != nil {
		t.Fatal(err)
	}
	_, err = c.AppendToStream(within(t), "a-1", esdb.AppendToStreamOptions{}, events(1)...)
	wantCode(t, err, esdb.ErrorCodeConnectionClosed)
}

func TestStoppingEndsCallsThatWait(t *testing.T) {
	s, c := start(t)
	struck := s.Inject(kurrenttest.Append, 1, kurrenttest.Hold(nil))
	failed := make(chan error, 1)
	go func() {
		_, err := c.AppendToStream(context.Background(), "a-1", esdb.AppendToStreamOptions{}, events(1)...)
		failed <- err
	}()
	await(t, struck, "the fault")
	s.Stop()
	select {
	case err := <-failed:
		if err == nil {
			t.Error("the append was answered")
		}
	case <-time.After(patience):
		t.Error("the call outlives the server")
	}
}
