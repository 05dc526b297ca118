package reactions_test

// Here: several programs that take turns.

import (
	"context"
	"errors"
	"testing"
	"time"

	"imprint/adapters/work"
	"imprint/domain"
	"imprint/handlers/reactions"
)

const every = 10 * time.Millisecond

// inTurn runs a program under the lease until stop is called.
func (w *world) inTurn(r *reactions.Reactions, lease reactions.Lease) (stop func()) {
	w.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- r.RunInTurn(ctx, lease, every) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		w.ok(<-ended)
	}
	w.t.Cleanup(stop)
	return stop
}

func (w *world) lease(holder string) *work.Lease {
	return work.NewLease(w.db, "reactions", holder, time.Hour)
}

// holder is who reacts now; "" for nobody.
func (w *world) holder() string {
	held, err := work.Leases(context.Background(), w.db)
	w.ok(err)
	if len(held) == 0 {
		return ""
	}
	return held[0].Holder
}

func TestProgramsTakeTurns(t *testing.T) {
	w := newWorld(t)
	line := w.line()
	stop := w.inTurn(w.reactions(), w.lease("a"))
	w.await("a to react", func() bool { return w.holder() == "a" })
	w.inTurn(w.reactions(), w.lease("b"))
	_, first := w.publish(line, true)
	w.await("the first notice", w.isReleased(first))
	if w.holder() != "a" {
		t.Errorf("%q reacts while a does", w.holder())
	}
	stop() // the lease would last an hour: a has given it back
	_, second := w.publish(line, true)
	w.await("the second notice", w.isReleased(second))
	if w.holder() != "b" {
		t.Errorf("%q reacts after a", w.holder())
	}
	w.await("both updates of the series", func() bool { return len(w.updates(line)) == 2 })
}

// A program that stands still at an event of a newer one lets that one go on.
func TestAnOlderProgramLetsTheNewerOneGoOn(t *testing.T) {
	w := newWorld(t)
	line := w.line()
	doc, first := w.publish(line, true)
	old := w.reactions()
	w.inTurn(old, w.lease("old"))
	w.await("the first notice", w.isReleased(first))
	second := w.fromTheFuture(doc, 2)
	w.await("the old one to stop", func() bool { return len(stopped(old)) > 0 })
	w.inTurn(w.newer(), w.lease("new"))
	w.await("the second notice", w.isReleased(second))
	if w.holder() != "new" {
		t.Errorf("%q reacts", w.holder())
	}
}

// moody is a lease whose database goes away and comes back.
type moody struct {
	reactions.Lease
	away chan struct{} // closed: it is back
	seen chan struct{} // told of each failure, if there is room
}

func (m moody) Acquire(ctx context.Context) (bool, error) {
	select {
	case <-m.away:
		return m.Lease.Acquire(ctx)
	default:
	}
	select {
	case m.seen <- struct{}{}:
	default:
	}
	return false, domain.Refuse(domain.Unavailable, "away", "the database is away")
}

func TestReactionsWaitForTheDatabase(t *testing.T) {
	w := newWorld(t)
	lease := moody{Lease: w.lease("a"), away: make(chan struct{}), seen: make(chan struct{}, 1)}
	w.inTurn(w.reactions(), lease)
	<-lease.seen
	<-lease.seen
	close(lease.away)
	_, cause := w.publish(w.line(), true)
	w.await("the notice", w.isReleased(cause))
}

type broken struct{ reactions.Lease }

var errBroken = errors.New("broken")

func (broken) Acquire(context.Context) (bool, error) { return false, errBroken }

func TestALeaseThatIsBrokenEndsTheRun(t *testing.T) {
	w := newWorld(t)
	if err := w.reactions().RunInTurn(t.Context(), broken{w.lease("a")}, every); !errors.Is(err, errBroken) {
		t.Errorf("got %v", err)
	}
}
