package main

// Durable appends by 1, 16 and 64 callers.

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"
)

const maxCallers = 64

func measureAppends(ctx context.Context, r *report, s *stage, e extent) (err error) {
	all, closeAll, err := s.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeAll()) }()
	for i, c := range all { // connections are made, statements prepared
		if c == nil {
			continue
		}
		if _, err := appendRate(ctx, c, maxCallers, e.span/4); err != nil {
			return fmt.Errorf("%s: %w", libraries[i].name, err)
		}
	}
	for _, callers := range []int{1, 16, maxCallers} {
		figure := fmt.Sprintf("durable append, %d callers", callers)
		if callers == 1 {
			figure = "durable append, 1 caller"
		}
		rates := make([][]float64, len(all))
		for round := range e.appends {
			for _, i := range turns(len(all), round) {
				if all[i] == nil {
					continue
				}
				rate, err := appendRate(ctx, all[i], callers, e.span)
				if err != nil {
					return fmt.Errorf("%s: %w", libraries[i].name, err)
				}
				rates[i] = append(rates[i], rate)
				r.note("%s, round %d\t%s\t%.0f/s", figure, round+1, libraries[i].name, rate)
			}
		}
		r.against(figure, rates, nil)
	}
	return nil
}

// noPostgres is said of peers that need a database where there is none.
const noPostgres = "left out: no PostgreSQL on this machine"

// against compares the rates of ours, rates[0], with each of the others; why tells
// of some that have no rates.
func (r *report) against(figure string, rates [][]float64, why map[int]string) {
	for i := 1; i < len(rates); i++ {
		name, ours := figure+", "+libraries[i].name, perSecond(median(rates[0]))
		if len(rates[i]) == 0 {
			r.none(name, ours, cmp.Or(why[i], noPostgres))
			continue
		}
		ratios := make([]float64, len(rates[i]))
		for round := range ratios {
			ratios[round] = rates[0][round] / rates[i][round]
		}
		r.ahead(name, ours, perSecond(median(rates[i])), median(ratios))
	}
}

// appendRate lets callers append one event at a time for a span, each to a stream
// of its own, each waiting for its acknowledgement.
func appendRate(ctx context.Context, c contender, callers int, span time.Duration) (float64, error) {
	var count atomic.Int64
	began := time.Now()
	err := appendAll(ctx, c, callers, span, func(versioned) { count.Add(1) })
	return float64(count.Load()) / time.Since(began).Seconds(), err
}

func appendAll(ctx context.Context, c contender, callers int, span time.Duration, acknowledged func(versioned)) error {
	group, ctx := errgroup.WithContext(ctx)
	began := time.Now()
	for range callers {
		group.Go(func() error {
			document := uuid.New()
			for number := 1; time.Since(began) < span; number++ {
				e := newEvent(document, number)
				if err := c.append(ctx, e); err != nil {
					return err
				}
				acknowledged(e)
			}
			return nil
		})
	}
	return group.Wait()
}

// place tells an event from all others.
type place struct {
	document uuid.UUID
	number   int
}

func placeOf(e versioned) place { return place{e.Document, e.Version.Number} }

// places is a set that many may add to.
type places struct {
	mu  sync.Mutex
	set map[place]struct{}
}

func (p *places) add(e versioned) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.set[placeOf(e)] = struct{}{}
}

func (p *places) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.set)
}
