package postgres

// Back-off before a server that takes no connections: however many callers there
// are, it is asked by one of them now and then.

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// The pauses between two attempts, the last one for as long as the outage lasts.
const (
	firstPause = 50 * time.Millisecond
	lastPause  = time.Second
)

// gate stands before the new connections of one pool. Once an attempt has failed, one
// goes on after each pause, and the pauses grow; all others are told at once what the
// last one was told. Connections that are open are not its affair.
type gate struct {
	mu    sync.Mutex
	why   error // of the last attempt; nil: it succeeded, or there was none
	pause time.Duration
	next  time.Time // not before
}

// pass answers nil for an attempt that is to be made; its end must be told.
func (g *gate) pass() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.why == nil {
		return nil
	}
	if time.Now().Before(g.next) {
		return g.why
	}
	g.wait(min(2*g.pause, lastPause)) // whatever comes of this one, and however late
	return nil
}

// told is called with the outcome of each attempt.
func (g *gate) told(err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case err == nil:
		g.why = nil
		return
	case errors.Is(err, context.Canceled):
		return // nothing was found out
	case g.why == nil:
		g.wait(firstPause)
	}
	g.why = err
}

// wait lets nobody through for a while; many programs lose one server.
func (g *gate) wait(pause time.Duration) {
	g.pause, g.next = pause, time.Now().Add(pause/2+rand.N(pause/2))
}

// attempts tells a gate of connections that failed.
type attempts struct {
	gate    *gate
	setting string
}

// TraceConnectStart implements pgx.ConnectTracer.
func (attempts) TraceConnectStart(ctx context.Context, _ pgx.TraceConnectStartData) context.Context {
	return ctx
}

// TraceConnectEnd implements pgx.ConnectTracer. Success is told when the connection
// has been recognised (see newPool).
func (a attempts) TraceConnectEnd(_ context.Context, d pgx.TraceConnectEndData) {
	if d.Err != nil {
		a.gate.told(explain(a.setting, d.Err))
	}
}
