package main

// modernice/goes on PostgreSQL.

import (
	"context"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/modernice/goes/backend/postgres"
	"github.com/modernice/goes/codec"
	"github.com/modernice/goes/event"
	"github.com/modernice/goes/event/query"
	"github.com/modernice/goes/projection"
)

type goes struct {
	pool  *pgxpool.Pool
	store *postgres.EventStore
	table postgresTable
}

func openGoes(ctx context.Context, address string) (contender, error) {
	pool, err := openPool(ctx, address)
	if err != nil {
		return nil, err
	}
	registry := codec.New()
	codec.Register[versioned](registry, eventName)
	g := &goes{pool: pool, store: postgres.NewEventStore(registry, postgres.Pool(pool)), table: postgresTable{pool}}
	if err := g.store.Connect(ctx); err != nil {
		pool.Close()
		return nil, err
	}
	return g, nil
}

func (g *goes) close() error {
	g.pool.Close()
	return nil
}

func (g *goes) append(ctx context.Context, e versioned) error { return g.fill(ctx, []versioned{e}) }

func (g *goes) fill(ctx context.Context, es []versioned) error {
	events := make([]event.Event, len(es))
	for i, e := range es {
		events[i] = event.New[any](eventName, e, event.Aggregate(e.Document, "document", e.Version.Number))
	}
	return g.store.Insert(ctx, events...)
}

// goesTarget is a projection of the library's: shown each event, it may keep its
// progress with it.
type goesTarget struct {
	*projection.Progressor
	apply func(versioned)
}

func (t goesTarget) ApplyEvent(e event.Event) { t.apply(e.Data().(versioned)) }

// job is what schedule.Periodically makes at each tick.
func (g *goes) job(ctx context.Context) projection.Job {
	return projection.NewJob(ctx, g.store, query.New(query.Name(eventName), query.SortByTime()))
}

func (g *goes) project(ctx context.Context, _ int) error {
	if err := g.table.empty(ctx); err != nil {
		return err
	}
	fold := newBatchFold(g.table)
	var failed error
	target := goesTarget{projection.NewProgressor(), func(e versioned) {
		if failed == nil {
			failed = fold.add(ctx, e)
		}
	}}
	if err := g.job(ctx).Apply(ctx, target); err != nil {
		return err
	}
	if failed != nil {
		return failed
	}
	return fold.flush(ctx)
}

func (g *goes) folded(ctx context.Context) (map[string]row, error) { return g.table.all(ctx) }

func (g *goes) follow(ctx context.Context, seen func(versioned)) error {
	target := goesTarget{projection.NewProgressor(), seen}
	return everySoOften(ctx, func() error { return g.job(ctx).Apply(ctx, target) })
}
