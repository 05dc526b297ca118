package projections

// Keeping one projection up to date for ever: lease, wake-up, back-off, and what
// requests and operators may ask about it.

import (
	"context"
	"errors"
	"maps"
	"sync"
	"time"

	"imprint/domain"
	"imprint/domain/event"
)

// Runner keeps the live generation of one projection up to date. Any number of
// processes may run one: the lease makes one of them work, the commit's
// compare-and-set makes a second one harmless.
type Runner struct {
	engine     Engine
	projection Projection
	unknown    map[string]int64  // owned by whoever is in Run or CatchUp
	end        *event.Checkpoint // see began; owned by Run, nil: not yet known

	mu     sync.Mutex
	status Status
	moved  event.Signal // status has changed
}

// Status is what /readyz and operators see of a runner.
type Status struct {
	Projection string
	Version    int
	Generation int64
	Checkpoint event.Checkpoint
	CaughtUp   bool             // has reached the end that the log had when the runner began
	Leading    bool             // this process holds the lease
	Taken      int64            // how often this process has taken the lease, since the start
	Lost       int64            // how often another one, or a switch, has taken it away
	Parked     int              // keys hidden until they are replayed
	Unknown    map[string]int64 // events passed over by type, since the start
	Stopped    string           // why it has stopped for good; "" while it runs
	Trouble    string           // why it is trying again; "" when all is well
}

// NewRunner makes a runner. A projection that no store could keep is a mistake
// of the program and fails here.
func NewRunner(e Engine, p Projection) (*Runner, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	return &Runner{engine: e, projection: p, unknown: map[string]int64{}, status: Status{Projection: p.Name, Version: p.Version}}, nil
}

// Status tells how things stand.
func (r *Runner) Status() Status {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.status
	s.Unknown = maps.Clone(s.Unknown)
	return s
}

// Wait returns when the read model has passed a position. It only waits; the
// context bounds it, and its end is an Unavailable error, as is a projection that
// has stopped.
func (r *Runner) Wait(ctx context.Context, position event.Position) error {
	for {
		moved := r.moved.Changed()
		r.mu.Lock()
		s := r.status
		r.mu.Unlock()
		if s.Checkpoint.Position >= position {
			return nil
		}
		if s.Stopped != "" {
			return domain.Refuse(domain.Unavailable, "projection-stopped", "the read model %s has stopped and cannot show this yet; an operator sees the reason in the log of imprint serve", s.Projection)
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return domain.Refuse(domain.Unavailable, "projection-behind", "the read model %s has not yet reached what you waited for; what you wrote is safe, ask again", s.Projection).Because(context.Cause(ctx))
		}
	}
}

// Run works until the context ends, and then gives its lease back. Errors do not
// end it: it tries again with back-off, or stands still where trying is useless
// (a newer schema, an event that cannot be read, a damaged log); Status tells.
func (r *Runner) Run(ctx context.Context) error {
	retry := retryFirst
	for ctx.Err() == nil {
		before := r.Status().Checkpoint
		err := r.lead(ctx)
		if ctx.Err() != nil {
			break
		}
		if permanent(err) {
			r.update(func(s *Status) { s.Stopped, s.Leading = err.Error(), false })
			<-ctx.Done()
			break
		}
		if r.Status().Checkpoint != before || errors.Is(err, ErrLost) {
			retry = retryFirst
		}
		if errors.Is(err, ErrLost) {
			r.update(func(s *Status) { s.Lost, s.Leading = s.Lost+1, false })
			continue // moved or switched by another: look again at once
		}
		if errors.Is(err, ErrHeld) {
			if err = r.follow(ctx); err == nil {
				retry = retryFirst
				continue
			}
		}
		r.update(func(s *Status) { s.Leading, s.Trouble = false, describe(err) })
		pause(ctx, nil, retry)
		retry = min(2*retry, retryLast)
	}
	r.update(func(s *Status) { s.Leading = false })
	return nil
}

// CatchUp folds to the end that the log has now and returns; for programs that do not keep
// Run going, such as an import. Unavailable if another process holds the lease.
func (r *Runner) CatchUp(ctx context.Context, progress func(Progress)) error {
	f, err := r.open(ctx)
	if errors.Is(err, ErrHeld) {
		return domain.Refuse(domain.Unavailable, "projection-held", "another process keeps the read model %s up to date; stop it or let it finish", r.projection.Name).Because(err)
	}
	if err != nil {
		return err
	}
	err = feeds{f}.drain(ctx, func(p Progress) {
		r.show(f, false)
		progress(p)
	})
	r.show(f, err == nil)
	r.update(func(s *Status) { s.Leading = false })
	return errors.Join(err, f.close(ctx))
}

// open takes the lease of the live generation.
func (r *Runner) open(ctx context.Context) (*feed, error) {
	build, err := r.engine.Store.Live(ctx, r.projection)
	if err != nil {
		return nil, err
	}
	f, err := r.engine.open(ctx, r.projection, build, false)
	if err != nil {
		return nil, err
	}
	f.unknown = r.unknown
	r.update(func(s *Status) { s.Taken++ })
	r.show(f, false)
	return f, nil
}

// began answers where the log ended when this runner began, or had made the
// indexes. Who has folded up to there has caught up: under writes that do not stop,
// nobody ever sees the present end.
func (r *Runner) began(ctx context.Context) (event.Checkpoint, error) {
	if r.end == nil {
		head, err := r.engine.Log.Head(ctx)
		if err != nil {
			return head, err
		}
		r.end = &head
	}
	return *r.end, nil
}

// lead holds the lease and folds until something fails or the context ends.
func (r *Runner) lead(ctx context.Context) (err error) {
	f, err := r.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.close(ctx)) }()
	renewed, wait := time.Now(), pollFirst
	for {
		end, err := r.began(ctx)
		if err != nil {
			return err
		}
		// The signal is taken before the log is read: an append after the reading
		// closes it, one before is read.
		changed := r.engine.Log.Changed()
		n, err := f.step(ctx, f.limit())
		reached := f.build.Checkpoint.Ordinal >= end.Ordinal
		if n > 0 {
			r.show(f, f.build.Indexed && reached)
			wait = pollFirst
		}
		if err != nil {
			return err
		}
		if time.Since(renewed) > leaseTime/3 {
			if err := f.renew(ctx); err != nil {
				return err
			}
			renewed = time.Now()
		}
		if !f.build.Indexed && reached {
			if err := f.index(ctx); err != nil {
				return err
			}
			r.end = nil // much may have come meanwhile
			continue
		}
		if n > 0 {
			continue
		}
		r.show(f, reached)
		if !pause(ctx, changed, wait) {
			wait = min(2*wait, pollLast)
		}
		if ctx.Err() != nil {
			return nil
		}
	}
}

// follow learns how far the process that holds the lease has come, until it is
// time to try for the lease again.
func (r *Runner) follow(ctx context.Context) error {
	end, err := r.began(ctx)
	if err != nil {
		return err
	}
	number, until := int64(0), time.Now().Add(followPoll)
	for {
		var hint <-chan struct{}
		if h, ok := r.engine.Store.(Hinter); ok {
			hint = h.Changed() // before the reading, so that none is missed
		}
		build, err := r.engine.Store.Live(ctx, r.projection)
		if err != nil {
			return err
		}
		r.update(func(s *Status) {
			s.Generation, s.Checkpoint, s.Leading, s.Trouble = build.Number, build.Checkpoint, false, ""
			s.CaughtUp = s.CaughtUp || build.Indexed && build.Checkpoint.Ordinal >= end.Ordinal
		})
		if number != 0 && number != build.Number {
			return nil // handed over to another generation, whose lease is free
		}
		number = build.Number
		if !pause(ctx, hint, max(0, time.Until(until))) {
			return nil
		}
	}
}

// show publishes where the feed stands.
func (r *Runner) show(f *feed, caughtUp bool) {
	r.update(func(s *Status) {
		s.Generation, s.Checkpoint, s.Leading = f.build.Number, f.build.Checkpoint, true
		s.Parked, s.Unknown = len(f.parked), maps.Clone(f.unknown)
		s.CaughtUp, s.Trouble = s.CaughtUp || caughtUp, ""
	})
}

// update changes the status and wakes everyone who waits.
func (r *Runner) update(change func(*Status)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change(&r.status)
	r.moved.Raise()
}

// permanent tells what no repetition mends.
func permanent(err error) bool {
	var stop *stopError
	return errors.As(err, &stop) || errors.Is(err, event.ErrCorrupt)
}

// describe words an error for the status.
func describe(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// pause waits for the signal (true), for d, or for the end of the context.
func pause(ctx context.Context, signal <-chan struct{}, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-signal:
		return true
	case <-timer.C:
	case <-ctx.Done():
	}
	return false
}
