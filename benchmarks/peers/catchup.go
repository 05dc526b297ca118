package main

// Catching up: all events of a log folded into a fresh table.

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"
)

// fillers is the number of streams that are filled at once before measuring.
const fillers = 16

func measureCatchUp(ctx context.Context, r *report, s *stage, e extent) (err error) {
	all, closeAll, err := s.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeAll()) }()
	count := e.streams * e.perStream
	logs := make([][]versioned, e.streams)
	expected := map[string]row{}
	for i := range logs {
		document := uuid.New()
		for number := range e.perStream {
			next := newEvent(document, number+1)
			logs[i] = append(logs[i], next)
			expected[document.String()] = expected[document.String()].with(next)
		}
	}
	why := map[int]string{}
	for i, c := range all {
		if c == nil {
			continue
		}
		if err := c.project(ctx, 0); errors.Is(err, errNone) {
			why[i] = err.Error()
			continue
		} else if err != nil {
			return fmt.Errorf("%s, before the first event: %w", libraries[i].name, err)
		}
		group, filling := errgroup.WithContext(ctx)
		group.SetLimit(fillers)
		for _, es := range logs {
			group.Go(func() error { return c.fill(filling, es) })
		}
		if err := group.Wait(); err != nil {
			return fmt.Errorf("fill %s: %w", libraries[i].name, err)
		}
	}
	rates := make([][]float64, len(all))
	for round := range e.folds {
		for _, i := range turns(len(all), round) {
			if all[i] == nil || why[i] != "" {
				continue
			}
			began := time.Now()
			err := all[i].project(ctx, count)
			took := time.Since(began)
			if err != nil {
				return fmt.Errorf("%s: %w", libraries[i].name, err)
			}
			rows, err := all[i].folded(ctx)
			if err != nil {
				return fmt.Errorf("%s: %w", libraries[i].name, err)
			}
			if !maps.Equal(rows, expected) {
				return fmt.Errorf("%s: the folded rows (%d) are not those of the events (%d)", libraries[i].name, len(rows), len(expected))
			}
			rates[i] = append(rates[i], float64(count)/took.Seconds())
			r.note("catch-up round %d\t%s\t%d events\t%.0f events/s", round+1, libraries[i].name, count, float64(count)/took.Seconds())
		}
	}
	r.against("catch-up projection", rates, why)
	return nil
}
