package reactions

// Here: taking turns with other programs on the same log. What two of them do at
// once is still once in effect; a lease spares the work of doing it twice.

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

// Lease is held by one of several programs at a time, as far as clocks allow.
type Lease interface {
	// Acquire takes the lease or prolongs it, and tells whether it is held now.
	Acquire(ctx context.Context) (bool, error)
	// Release gives it back.
	Release(ctx context.Context) error
}

// giveBack bounds how long the lease may take to be given back at the end.
const giveBack = time.Second

// RunInTurn runs while the lease is held, and otherwise stands by, until ctx ends.
// It asks for the lease every so often; the lease must last longer than that by
// far. What passes (the database is away) is waited for. If we crash, the lease
// runs out and another program goes on from the checkpoints.
func (r *Reactions) RunInTurn(ctx context.Context, lease Lease, every time.Duration) error {
	for ctx.Err() == nil {
		pause := every
		held, err := lease.Acquire(ctx)
		if err == nil && held {
			err = r.turn(ctx, lease, every)
		}
		if errors.Is(err, errStopped) {
			// A newer program that stands by can go on where this one cannot.
			pause, err = 3*every, nil
		}
		if err != nil && ctx.Err() == nil {
			if !passing(err) {
				return err
			}
			slog.ErrorContext(ctx, "the reactions stand still; they try again", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
	return nil
}

// turn reacts until ctx ends, the lease is lost, or a reaction needs a newer
// program (errStopped), and gives the lease back.
func (r *Reactions) turn(ctx context.Context, lease Lease, every time.Duration) error {
	running, end := context.WithCancel(ctx)
	defer end()
	ended := make(chan error, 1)
	go func() { ended <- r.Run(running) }()
	renew := time.NewTicker(every)
	defer renew.Stop()
	for {
		var why error
		select {
		case err := <-ended:
			release(ctx, lease)
			return err
		case <-renew.C:
			held, err := lease.Acquire(ctx)
			if err == nil && held && !r.anyStopped() {
				continue
			}
			if why = err; err == nil && held {
				why = errStopped
			}
		}
		end()
		err := <-ended
		release(ctx, lease)
		return errors.Join(why, err)
	}
}

// release gives the lease back, also at the end of the program. It runs out anyway.
func release(ctx context.Context, lease Lease) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), giveBack)
	defer cancel()
	if err := lease.Release(ctx); err != nil {
		slog.WarnContext(ctx, "the lease of the reactions was not given back and has to run out", "error", err)
	}
}
