package main

// How the rebuild of all read models grows: from a tenth of the version records and
// from all of them, and the latter against COPY.

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"imprint/adapters/postgres/postgrestest"
	"imprint/projections"
)

const (
	growthGoal = 11
	growth     = 10 // times the events
)

// grown is a log of some size.
type grown struct {
	in     *installation
	events int64
}

// measureGrowth fills two logs and rebuilds from both, in turns.
func measureGrowth(ctx context.Context, b *bench) (err error) {
	from, err := findRecords(b.corpus, b.versions)
	if err != nil {
		return err
	}
	var logs [2]grown
	for i, versions := range []int{b.versions / growth, b.versions} {
		var in *installation
		if in, err = openInstallation(ctx, filepath.Join(b.dir, fmt.Sprintf("grown-%d", i))); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, in.Close()) }()
		filling, err := timed(func() error {
			return grow(ctx, in, from, versions, b.told.counted("version records", int64(versions)))
		})
		if err != nil {
			return fmt.Errorf("version records %s: %w", from.name, err)
		}
		at, err := in.log.Head(ctx)
		if err != nil {
			return err
		}
		logs[i] = grown{in, at.Ordinal}
		b.note("growth\t%s\t%d version records\t%d events\twritten in %s", from.name, versions, at.Ordinal, millis(filling))
	}
	if err := growthOnSQLite(ctx, b, logs); err != nil {
		return fmt.Errorf("on SQLite: %w", err)
	}
	err = onPostgres(b.report, func(server *postgrestest.Server) error { return growthOnPostgres(ctx, b, server, logs) })
	if err != nil {
		return fmt.Errorf("on PostgreSQL: %w", err)
	}
	return nil
}

// growthOnPostgres also holds the larger rebuild against COPY.
func growthOnPostgres(ctx context.Context, b *bench, server *postgrestest.Server, logs [2]grown) error {
	var sides [2]*readSide
	for i, l := range logs {
		s, err := openReadSide(ctx, server, fmt.Sprintf("grown_%d", i), l.in.log, l.in.registry)
		if err != nil {
			return err
		}
		defer s.db.Close()
		sides[i] = s
	}
	copies := againstCopy{figure: fmt.Sprintf("rebuild of all read models, PostgreSQL, %d version records", b.versions)}
	grows := growing{figure: fmt.Sprintf("growth: rebuild on PostgreSQL, %d version records", b.versions), logs: logs}
	for range b.growths {
		builds, small, err := sides[0].rebuild(ctx, b.told.rebuilt("rebuild on PostgreSQL"))
		if err != nil {
			return err
		}
		if err := sides[0].drop(ctx, builds); err != nil {
			return err
		}
		peak := peakMemory()
		if err := copies.round(ctx, b.report, sides[1], b.dir, b.told); err != nil {
			return err
		}
		b.note("%s\tpeak memory of this process %s", copies.figure, peak())
		grows.round(b.report, small, copies.ours[len(copies.ours)-1])
	}
	copies.add(b.report)
	grows.add(b.report)
	return nil
}

// growthOnSQLite is told of for comparison, once.
func growthOnSQLite(ctx context.Context, b *bench, logs [2]grown) error {
	grows := growing{figure: fmt.Sprintf("growth: rebuild on SQLite, %d version records", b.versions), logs: logs}
	var took [2]time.Duration
	for i, l := range logs {
		peak := peakMemory()
		var builds []projections.Build
		var err error
		took[i], err = timed(func() (err error) {
			builds, err = l.in.engine.RebuildAll(ctx, readModels(), b.told.rebuilt("rebuild on SQLite"))
			return err
		})
		if err != nil {
			return err
		}
		b.note("rebuild on SQLite\t%d events\t%s\t%.0f events/s\tpeak memory of this process %s", l.events, millis(took[i]), float64(l.events)/took[i].Seconds(), peak())
		for _, build := range builds {
			if err := l.in.store.Drop(ctx, build.Generation); err != nil {
				return err
			}
		}
	}
	grows.round(b.report, took[0], took[1])
	grows.add(b.report)
	return nil
}

// growing is one figure: rounds of the smaller and the larger log.
type growing struct {
	figure       string
	logs         [2]grown
	small, large []time.Duration
	ratios       []float64
}

// round takes one round in. The larger log has ten times the versions; its events
// are counted, for a tenth of the documents need not have a tenth of the series.
func (g *growing) round(r *report, small, large time.Duration) {
	events := [2]int64{g.logs[0].events, g.logs[1].events}
	ratio := float64(large) / float64(small) / (float64(events[1]) / float64(events[0])) * growth
	g.small, g.large, g.ratios = append(g.small, small), append(g.large, large), append(g.ratios, ratio)
	r.note("%s, round %d\t%d events %s\t%d events %s\tratio for ten times %.2f", g.figure, len(g.ratios), events[0], millis(small), events[1], millis(large), ratio)
}

func (g *growing) add(r *report) {
	r.atMost(g.figure, millis(median(g.large)), millis(median(g.small)), median(g.ratios), growthGoal)
}
