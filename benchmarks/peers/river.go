package main

// River, a queue of jobs in PostgreSQL: it appends durably, and each job is worked
// once and then gone, so there is nothing to catch up from.

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
)

type riverQueue struct {
	pool   *pgxpool.Pool
	client *river.Client[pgx.Tx] // inserts only
	logger *slog.Logger
}

func openRiver(ctx context.Context, address string) (_ contender, err error) {
	q := &riverQueue{logger: slog.New(slog.NewTextHandler(io.Discard, nil))}
	if q.pool, err = openPool(ctx, address); err != nil {
		return nil, err
	}
	migrator, err := rivermigrate.New(riverpgxv5.New(q.pool), &rivermigrate.Config{Logger: q.logger})
	if err == nil {
		_, err = migrator.Migrate(ctx, rivermigrate.DirectionUp, nil)
	}
	if err == nil {
		q.client, err = river.NewClient(riverpgxv5.New(q.pool), &river.Config{Logger: q.logger})
	}
	if err != nil {
		q.pool.Close()
		return nil, err
	}
	return q, nil
}

func (q *riverQueue) close() error {
	q.pool.Close()
	return nil
}

func (q *riverQueue) append(ctx context.Context, e versioned) error {
	_, err := q.client.Insert(ctx, e, nil)
	return err
}

func (q *riverQueue) fill(ctx context.Context, es []versioned) error {
	params := make([]river.InsertManyParams, len(es))
	for i, e := range es {
		params[i].Args = e
	}
	_, err := q.client.InsertManyFast(ctx, params)
	return err
}

func (q *riverQueue) project(context.Context, int) error {
	return fmt.Errorf("%w: a job is worked once, in no order, and is gone", errNone)
}

func (q *riverQueue) folded(context.Context) (map[string]row, error) { return nil, errNone }

// seer is a worker that shows its jobs.
type seer struct {
	river.WorkerDefaults[versioned]
	seen func(versioned)
}

func (s *seer) Work(_ context.Context, job *river.Job[versioned]) error {
	s.seen(job.Args)
	return nil
}

func (q *riverQueue) follow(ctx context.Context, seen func(versioned)) error {
	workers := river.NewWorkers()
	river.AddWorker(workers, &seer{seen: seen})
	client, err := river.NewClient(riverpgxv5.New(q.pool), &river.Config{
		Logger: q.logger, Workers: workers, FetchCooldown: 10 * time.Millisecond, FetchPollInterval: 100 * time.Millisecond,
		Queues: map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: 100}},
	})
	if err != nil {
		return err
	}
	if err := client.Start(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	<-ctx.Done()
	return client.Stop(context.WithoutCancel(ctx))
}
