package main

// Events lost: many writers beside a reader that follows as its library's
// documentation tells it to. An event is lost that was acknowledged to its writer
// and has not come when the reader has had nothing new for a while.

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	lossWriters = 16
	// patience is how long a reader may be silent before what is missing is lost.
	patience = 2 * time.Second
)

func measureLoss(ctx context.Context, r *report, s *stage, e extent) (err error) {
	all, closeAll, err := s.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeAll()) }()
	texts := make([]string, len(all))
	lost := make([]int, len(all))
	for i, c := range all {
		if c == nil {
			texts[i] = noPostgres
			continue
		}
		written, missing, err := lose(ctx, c, e.writing)
		if err != nil {
			return fmt.Errorf("%s: %w", libraries[i].name, err)
		}
		texts[i], lost[i] = fmt.Sprintf("%d of %d", missing, written), missing
	}
	for i := 1; i < len(all); i++ {
		goal := "ours 0"
		if all[i] == nil {
			goal = "reported"
		}
		r.add(fmt.Sprintf("events lost under %d writers, %s", lossWriters, libraries[i].name), texts[0], texts[i], "-", goal, lost[0] == 0)
	}
	return nil
}

func lose(ctx context.Context, c contender, writing time.Duration) (written, missing int, err error) {
	acknowledged, seen := &places{set: map[place]struct{}{}}, &places{set: map[place]struct{}{}}
	following, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- c.follow(following, seen.add) }()
	err = appendAll(ctx, c, lossWriters, writing, acknowledged.add)
	for last, since := -1, time.Now(); err == nil && seen.count() < acknowledged.count() && time.Since(since) < patience; {
		if n := seen.count(); n != last {
			last, since = n, time.Now()
		}
		select {
		case err = <-ended: // it must not end before it is told to
			ended <- err
		case <-time.After(10 * time.Millisecond):
		}
	}
	stop()
	if ending := <-ended; err == nil {
		err = ending
	}
	for p := range acknowledged.set {
		if _, ok := seen.set[p]; !ok {
			missing++
		}
	}
	return len(acknowledged.set), missing, err
}

// everySoOften calls f again and again until the context ends, with the pause of a
// busy poller.
func everySoOften(ctx context.Context, f func() error) error {
	for {
		err := f()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(time.Millisecond):
		}
	}
}
