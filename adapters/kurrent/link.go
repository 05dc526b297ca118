// The way to the server: one client at a time, a gate before it, and a scout that
// finds the server again. See the package's comment on failure.

package kurrent

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/uuid"

	"imprint/domain/event"
)

const (
	firstBackOff = 100 * time.Millisecond
	lastBackOff  = 3 * time.Second
)

// link hands out the client to callers and counts them.
type link struct {
	config   esdb.Configuration
	host     string // without credentials
	probe    string // the stream that the scout reads: that of event 1
	logger   *slog.Logger
	patience time.Duration
	timeout  time.Duration
	life     context.Context // ends when the log is closed

	mu      sync.Mutex
	current *session      // nil while the gate is closed
	moved   event.Signal  // the gate has opened or shut
	down    time.Time     // since when the gate is closed
	cause   error         // why it is
	first   uuid.UUID     // the id of event 1, which is the log's identity; Nil while it is not known
	calls   int           // outstanding ones of all sessions
	idle    chan struct{} // closed by the last call after the end of life
	workers sync.WaitGroup
}

// session is one client and the number of calls that use it.
type session struct {
	client  *esdb.Client
	calls   int
	retired bool
}

// acquire gives the session to use. While the gate is closed it waits, but not
// longer than patience after it has closed: a blip is not seen, an outage is
// refused at once.
func (k *link) acquire(ctx context.Context, patience time.Duration) (*session, error) {
	for {
		k.mu.Lock()
		if k.life.Err() != nil {
			k.mu.Unlock()
			return nil, &notSentError{event.ErrClosed}
		}
		if s := k.current; s != nil {
			s.calls++
			k.calls++
			k.mu.Unlock()
			return s, nil
		}
		moved, cause, wait := k.moved.Changed(), k.cause, time.Until(k.down.Add(patience))
		k.mu.Unlock()
		if wait <= 0 {
			return nil, &notSentError{k.explain(cause)}
		}
		timer := time.NewTimer(wait)
		select {
		case <-moved:
		case <-timer.C:
		case <-k.life.Done():
		case <-ctx.Done():
			timer.Stop()
			return nil, &notSentError{ctx.Err()}
		}
		timer.Stop()
	}
}

// release ends a call. The last call of a retired session closes its client:
// closing it earlier would make the client panic.
func (k *link) release(s *session) {
	k.mu.Lock()
	defer k.mu.Unlock()
	s.calls--
	k.calls--
	if s.retired && s.calls == 0 {
		_ = s.client.Close() // it answers nil always
	}
	if k.calls == 0 && k.idle != nil {
		close(k.idle)
		k.idle = nil
	}
}

// fail retires a session whose connection has failed, shuts the gate and sends
// the scout. A client is not used again: left to itself it would lose track of
// its connections.
func (k *link) fail(s *session, cause error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.current != s || k.life.Err() != nil {
		return // another call has said so already
	}
	k.retire()
	k.cause, k.down = cause, time.Now()
	k.logger.Warn("the connection to the log has failed; looking for the server", "host", k.host, "error", cause)
	k.moved.Raise()
	k.workers.Go(k.scout)
}

func (k *link) retire() {
	s := k.current
	k.current = nil
	s.retired = true
	if s.calls == 0 {
		_ = s.client.Close()
	}
}

// scout looks for the server until it is found, with growing pauses, then opens
// the gate with a fresh client.
func (k *link) scout() {
	for pause := firstBackOff; ; pause = min(2*pause, lastBackOff) {
		err := k.look(k.life)
		if k.life.Err() != nil {
			return
		}
		if err == nil {
			k.open()
			return
		}
		k.mu.Lock()
		if k.cause == nil || err.Error() != k.cause.Error() {
			k.logger.Warn("the log is not reachable", "host", k.host, "error", err)
		}
		k.cause = err
		k.mu.Unlock()
		if sleep(k.life, jitter(pause)) != nil {
			return
		}
	}
}

// open makes the client that callers will use, and opens the gate.
func (k *link) open() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.life.Err() != nil {
		return
	}
	client, err := esdb.NewClient(&k.config)
	if err != nil {
		panic(err) // it checks the configuration only, which the scout's passed
	}
	if k.cause != nil {
		k.logger.Info("the log is reachable again", "host", k.host, "after", time.Since(k.down).Round(time.Millisecond))
	}
	k.current, k.cause = &session{client: client}, nil
	k.moved.Raise()
}

// look makes one attempt with a client of its own, which gives up by itself: it
// has no other caller who could hang in it. Another log than before is refused.
func (k *link) look(ctx context.Context) error {
	config := k.config
	config.MaxDiscoverAttempts, config.DiscoveryInterval = 1, 0
	client, err := esdb.NewClient(&config)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, k.timeout)
	defer cancel()
	var first uuid.UUID
	err = shielded(func() (err error) {
		first, err = k.eventOne(ctx, client)
		return err
	})
	_ = client.Close() // this is its only caller, and it is back
	switch {
	case err == nil:
		return k.recognise(first)
	case ctx.Err() != nil && k.life.Err() == nil:
		return errTimeout
	}
	return err
}

// health is nil while the gate is open.
func (k *link) health() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case k.life.Err() != nil:
		return event.ErrClosed
	case k.current == nil:
		return k.explain(k.cause)
	}
	return nil
}

// close retires the client after the end of life and waits for the calls
// outstanding, but not for ever: one that hangs in the client's discovery is
// left behind with it.
func (k *link) close() {
	k.mu.Lock()
	if k.current != nil {
		k.retire()
		k.moved.Raise()
	}
	idle := make(chan struct{})
	if k.calls > 0 {
		k.idle = idle
	} else {
		close(idle)
	}
	k.mu.Unlock()
	done := make(chan struct{})
	go func() {
		<-idle
		k.workers.Wait()
		close(done)
	}()
	timer := time.NewTimer(k.patience)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
		k.logger.Warn("calls to the log were still outstanding when it was closed", "host", k.host)
	}
}

// jitter spreads a pause over its second half, so that programs which lost one
// server do not come back to it at once.
func jitter(d time.Duration) time.Duration { return d/2 + rand.N(d/2) }

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
