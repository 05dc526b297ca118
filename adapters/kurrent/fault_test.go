// Faults of the connection and the server, both ways.

package kurrent

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	"imprint/adapters/kurrent/kurrenttest"
	"imprint/domain"
	"imprint/domain/event"
)

func TestALostAnswerIsPursued(t *testing.T) {
	for name, fault := range map[string]kurrenttest.Fault{
		"dropped before":    kurrenttest.Drop(),
		"dropped after":     kurrenttest.Drop().BeforeAnswer(),
		"timed out before":  kurrenttest.Refuse(codes.DeadlineExceeded, "late"),
		"timed out after":   kurrenttest.Refuse(codes.DeadlineExceeded, "late").BeforeAnswer(),
		"unavailable":       kurrenttest.Refuse(codes.Unavailable, "not ready"),
		"unavailable after": kurrenttest.Refuse(codes.Unavailable, "not ready").BeforeAnswer(),
		"aborted after":     kurrenttest.Refuse(codes.Aborted, "aborted").BeforeAnswer(),
	} {
		t.Run(name, func(t *testing.T) {
			server := double(t)
			l, to := open(t, Options{Address: server.ConnectionString()}), document()
			events := samples(5)
			if _, err := l.Append(t.Context(), to, event.NoStream, events[:2]); err != nil {
				t.Fatal(err)
			}
			struck := server.Inject(kurrenttest.Append, 1, fault)
			a, err := l.Append(t.Context(), to, 1, events[2:])
			<-struck
			if err != nil || a.Revision != 4 {
				t.Errorf("%+v, %v", a, err)
			}
			got, err := all(t.Context(), l, event.Checkpoint{}, 10)
			if err != nil || len(got) != 5 || got[4].ID != events[4].ID || got[4].Position != a.Position {
				t.Errorf("the log holds %d events; %v", len(got), err)
			}
		})
	}
}

func TestAReadWhoseConnectionFailsIsMadeAgain(t *testing.T) {
	server := double(t)
	l, to := open(t, Options{Address: server.ConnectionString()}), document()
	if _, err := l.Append(t.Context(), to, event.NoStream, samples(20)); err != nil {
		t.Fatal(err)
	}
	for _, fault := range []kurrenttest.Fault{kurrenttest.Drop(), kurrenttest.Drop().AfterMessages(5), kurrenttest.Refuse(codes.Unavailable, "not ready")} {
		for name, read := range map[string]func() ([]event.Recorded, error){
			"all":    func() ([]event.Recorded, error) { return l.ReadAll(t.Context(), event.Checkpoint{}, 50) },
			"stream": func() ([]event.Recorded, error) { return l.ReadStream(t.Context(), to, 0, 50) },
			"back":   func() ([]event.Recorded, error) { return l.ReadStreamBack(t.Context(), to, 50) },
		} {
			struck := server.Inject(kurrenttest.Read, 1, fault)
			if got, err := read(); err != nil || len(got) != 20 {
				t.Errorf("%s: %d events, %v", name, len(got), err)
			}
			<-struck
		}
	}
}

func TestNoLeaderForAMoment(t *testing.T) {
	server := double(t)
	l := open(t, Options{Address: server.ConnectionString()})
	struck := server.Inject(kurrenttest.Append, 1, kurrenttest.NotLeader(server.Address()))
	if _, err := l.Append(t.Context(), document(), event.NoStream, samples(1)); err != nil {
		t.Error(err)
	}
	<-struck
}

// What the server says when it is overloaded or failing is no fault of this program.
func TestAFailingServerIsNamed(t *testing.T) {
	server := double(t)
	l, to := open(t, Options{Address: server.ConnectionString(), Patience: 200 * time.Millisecond}), document()
	// DeadlineExceeded is not among them: it may be the client's own, and is pursued as
	// a lost answer is.
	for _, code := range []codes.Code{codes.Aborted, codes.ResourceExhausted, codes.Internal, codes.Unknown, codes.Unimplemented} {
		struck := server.Inject(kurrenttest.Read, 1, kurrenttest.Refuse(code, "no"))
		_, read := l.ReadStream(t.Context(), to, 0, 1)
		<-struck
		for range 10 {
			server.Inject(kurrenttest.Append, 1, kurrenttest.Refuse(code, "no"))
		}
		_, appended := l.Append(t.Context(), document(), event.NoStream, samples(1))
		if !errors.Is(appended, event.ErrUncertain) {
			t.Errorf("%s: an append of unknown outcome: %v", code, appended)
		}
		for _, err := range []error{read, appended} {
			var told *domain.Error
			if !errors.As(err, &told) || told.Kind != domain.Unavailable || told.Code != "log-failing" || !strings.Contains(told.Message, setting) {
				t.Errorf("%s: %v", code, err)
			}
		}
		for { // what is left of the faults
			if _, err := l.Append(t.Context(), document(), event.NoStream, samples(1)); err == nil {
				break
			}
		}
	}
}

// A server that was configured to take less than its default.
func TestAServerThatTakesSmallAppendsOnly(t *testing.T) {
	server := double(t)
	l := open(t, Options{Address: server.ConnectionString()})
	struck := server.Inject(kurrenttest.Append, 1, kurrenttest.Refuse(codes.InvalidArgument, "Maximum Append Size of 1024 Exceeded."))
	_, err := l.Append(t.Context(), document(), event.NoStream, samples(1))
	<-struck
	var told *domain.Error
	if !errors.As(err, &told) || told.Kind != domain.Unavailable || told.Code != "log-append-size" || errors.Is(err, event.ErrUncertain) {
		t.Errorf("%v", err)
	}
}

func TestPatienceRunsOut(t *testing.T) {
	server := double(t)
	l, to, events := open(t, Options{Address: server.ConnectionString(), Patience: 300 * time.Millisecond}), document(), samples(1)
	for range 20 {
		server.Inject(kurrenttest.Append, 1, kurrenttest.Refuse(codes.DeadlineExceeded, "late").BeforeAnswer())
	}
	if _, err := l.Append(t.Context(), to, event.NoStream, events); !errors.Is(err, event.ErrUncertain) {
		t.Fatalf("after faults without end: %v", err)
	}
	for {
		a, err := l.Append(t.Context(), to, event.NoStream, events)
		if errors.Is(err, event.ErrUncertain) {
			continue
		}
		if err != nil || a.Revision != 0 {
			t.Errorf("repeated: %+v, %v", a, err)
		}
		break
	}
	if got, err := all(t.Context(), l, event.Checkpoint{}, 10); err != nil || len(got) != 1 {
		t.Errorf("the log holds %d events; %v", len(got), err)
	}
}

// The client of the official library is closed for good after an outage of a
// second, and its calls hang.
func TestOutageOfThreeSeconds(t *testing.T) {
	server := double(t)
	l, to := open(t, Options{Address: server.ConnectionString(), Patience: 3 * time.Second}), document()
	if _, err := l.Append(t.Context(), to, event.NoStream, samples(1)); err != nil {
		t.Fatal(err)
	}
	server.Stop()
	_, err := l.ReadAll(t.Context(), event.Checkpoint{}, 10) // may be the one that finds out
	if domain.KindOf(err) != domain.Unavailable {
		t.Errorf("as the server stops: %v", err)
	}
	// These wait at the gate until the outage is three seconds old.
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			_, err := l.Append(t.Context(), document(), event.NoStream, samples(1))
			if domain.KindOf(err) != domain.Unavailable || !strings.Contains(err.Error(), setting) || !strings.Contains(err.Error(), server.Address()) {
				t.Errorf("during the outage: %v", err)
			}
			if errors.Is(err, event.ErrUncertain) {
				t.Errorf("what was never sent is not uncertain: %v", err)
			}
		})
	}
	wg.Wait()
	if err := l.Health(); domain.KindOf(err) != domain.Unavailable {
		t.Errorf("health during the outage: %v", err)
	}
	short, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.Head(short); err == nil {
		t.Error("a cancelled call succeeded")
	}
	if err := server.Restart(); err != nil {
		t.Fatal(err)
	}
	appendThrough(t, l, to, 0, samples(1))
	if err := l.Health(); err != nil {
		t.Errorf("health after the outage: %v", err)
	}
	if got, err := all(t.Context(), l, event.Checkpoint{}, 10); err != nil || len(got) != 2 {
		t.Errorf("the log holds %d events; %v", len(got), err)
	}
	// The live subscription is back as well: another program's append is heard.
	other := open(t, Options{Address: server.ConnectionString(), Installation: strings.TrimSuffix(l.prefix, ".main.")})
	for heard := false; !heard; {
		changed := l.Changed()
		appendThrough(t, other, document(), event.NoStream, samples(1))
		select {
		case <-changed:
			heard = true
		case <-time.After(100 * time.Millisecond): // it may not have subscribed again yet
		}
	}
}

// appendThrough repeats an append through an outage, as callers of the port do.
func appendThrough(t *testing.T, l *Log, to event.Stream, expected int64, events []event.Event) {
	for {
		_, err := l.Append(t.Context(), to, expected, events)
		if err == nil {
			return
		}
		if domain.KindOf(err) != domain.Unavailable && !errors.Is(err, event.ErrUncertain) {
			t.Errorf("append: %v", err)
			return
		}
		<-time.After(10 * time.Millisecond) // not a busy loop; nothing depends on it
	}
}

func TestRestartsWhileSixteenAppend(t *testing.T) {
	const appenders, appends, restarts = 16, 60, 3
	server := double(t)
	l := open(t, Options{Address: server.ConnectionString(), Patience: 200 * time.Millisecond})
	acknowledged := make(chan event.Event, appenders*appends)
	var wg sync.WaitGroup
	for range appenders {
		wg.Go(func() {
			to := document()
			for r := event.NoStream; r < appends-1; r++ {
				events := samples(1)
				appendThrough(t, l, to, r, events)
				acknowledged <- events[0]
			}
		})
	}
	want := map[string]bool{}
	for n := range appenders * appends {
		want[(<-acknowledged).ID.String()] = true
		if n%(appenders*appends/(restarts+1)) == 1 {
			server.Stop()
			if err := server.Restart(); err != nil {
				t.Fatal(err)
			}
		}
	}
	wg.Wait()
	got, err := all(t.Context(), l, event.Checkpoint{}, 100)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, r := range got {
		if id := r.ID.String(); found[id] || !want[id] {
			t.Errorf("event %s stands twice, or was never acknowledged", id)
		} else {
			found[id] = true
		}
	}
	if len(found) != len(want) {
		t.Errorf("%d of %d acknowledged events are there", len(found), len(want))
	}
}

func TestAHangingServerDoesNotHangItsCallers(t *testing.T) {
	server := double(t)
	l := open(t, Options{Address: server.ConnectionString(), Patience: 500 * time.Millisecond, CallTimeout: 300 * time.Millisecond})
	release := make(chan struct{})
	defer close(release)
	struck := server.Inject(kurrenttest.Append, 1, kurrenttest.Hold(release))
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-struck
		cancel()
	}()
	if _, err := l.Append(ctx, document(), event.NoStream, samples(1)); !errors.Is(err, context.Canceled) || !errors.Is(err, event.ErrUncertain) {
		t.Errorf("cancelled under way: %v", err)
	}
	server.Inject(kurrenttest.Append, 1, kurrenttest.Hold(release))
	if _, err := l.Append(t.Context(), document(), event.NoStream, samples(1)); err != nil {
		t.Errorf("the second attempt was not held: %v", err)
	}
	server.Inject(kurrenttest.Read, 1, kurrenttest.Hold(release))
	if _, err := l.ReadStream(t.Context(), document(), 0, 1); err != nil {
		t.Errorf("the second read was not held: %v", err)
	}
}

func TestCloseWithCallsOutstanding(t *testing.T) {
	server := double(t)
	l := open(t, Options{Address: server.ConnectionString()})
	release := make(chan struct{})
	defer close(release)
	var wg sync.WaitGroup
	for range 20 {
		struck := server.Inject(kurrenttest.Append, 1, kurrenttest.Hold(release))
		wg.Go(func() {
			_, err := l.Append(t.Context(), document(), event.NoStream, samples(1))
			if !errors.Is(err, event.ErrClosed) || !errors.Is(err, event.ErrUncertain) {
				t.Errorf("an append under way when the log is closed: %v", err)
			}
		})
		<-struck
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	wg.Wait()
	_, err1 := l.Append(t.Context(), document(), event.NoStream, samples(1))
	_, err2 := l.ReadAll(t.Context(), event.Checkpoint{}, 1)
	_, err3 := l.Head(t.Context())
	for _, err := range []error{err1, err2, err3, l.Health()} {
		if !errors.Is(err, event.ErrClosed) || errors.Is(err, event.ErrUncertain) {
			t.Errorf("after Close: %v", err)
		}
	}
}

// Closing while the server is away leaves nothing that panics later.
func TestCloseDuringAnOutage(t *testing.T) {
	server := double(t)
	l := open(t, Options{Address: server.ConnectionString(), Patience: 100 * time.Millisecond})
	server.Stop()
	var wg sync.WaitGroup
	for range 30 {
		wg.Go(func() {
			if _, err := l.Append(t.Context(), document(), event.NoStream, samples(1)); err == nil {
				t.Error("an append succeeded without a server")
			}
		})
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	wg.Wait()
}
