package main

// hallgren/eventsourcing with its SQL stores.

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"net/url"
	"path/filepath"
	"time"

	"github.com/hallgren/eventsourcing"
	"github.com/hallgren/eventsourcing/aggregate"
	"github.com/hallgren/eventsourcing/core"
	store "github.com/hallgren/eventsourcing/eventstore/sql"
	_ "github.com/jackc/pgx/v5/stdlib" // registers the driver
)

// document registers the event with the library, which knows it by the name of
// its aggregate and of its type.
type document struct{ aggregate.Root }

func (*document) Transition(eventsourcing.Event)    {}
func (*document) Register(register aggregateEvents) { register(&versioned{}) }

type aggregateEvents = func(events ...any)

// hallgrenStore is what both of its SQL stores can do.
type hallgrenStore interface {
	core.EventStore
	All(start core.Version) core.Fetcher
}

type hallgren struct {
	store hallgrenStore
	table interface {
		table
		empty(context.Context) error
	}
	closes []func() error
}

func openHallgrenSQLite(ctx context.Context, dir string) (contender, error) {
	aggregate.Register(&document{})
	query := url.Values{"_pragma": {"journal_mode(WAL)", "synchronous(FULL)", "busy_timeout(10000)"}}
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "events.db")+"?"+query.Encode())
	if err != nil {
		return nil, err
	}
	h := &hallgren{closes: []func() error{db.Close}}
	if h.store, err = store.NewSQLiteSingelWriter(db); err != nil {
		return nil, errors.Join(err, h.close())
	}
	t, err := newSQLiteTable(ctx, dir)
	if err != nil {
		return nil, errors.Join(err, h.close())
	}
	h.table, h.closes = t, append(h.closes, t.db.Close)
	return h, nil
}

func openHallgrenPostgres(ctx context.Context, address string) (contender, error) {
	aggregate.Register(&document{})
	db, err := sql.Open("pgx", address)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(maxCallers)
	db.SetMaxIdleConns(maxCallers)
	h := &hallgren{closes: []func() error{db.Close}}
	if h.store, err = store.NewPostgres(db); err != nil {
		return nil, errors.Join(err, h.close())
	}
	pool, err := openPool(ctx, address)
	if err != nil {
		return nil, errors.Join(err, h.close())
	}
	h.table, h.closes = postgresTable{pool}, append(h.closes, func() error { pool.Close(); return nil })
	return h, nil
}

func (h *hallgren) close() (err error) {
	for _, c := range h.closes {
		err = errors.Join(err, c())
	}
	return err
}

func (h *hallgren) append(ctx context.Context, e versioned) error {
	return h.fill(ctx, []versioned{e})
}

func (h *hallgren) fill(_ context.Context, es []versioned) error {
	events := make([]core.Event, len(es))
	for i, e := range es {
		data, err := json.Marshal(e)
		if err != nil {
			return err
		}
		events[i] = core.Event{
			AggregateID: e.Document.String(), AggregateType: "document", Version: core.Version(e.Version.Number),
			Reason: eventName, Timestamp: time.Now(), Data: data,
		}
	}
	return h.store.Save(events)
}

func (h *hallgren) project(ctx context.Context, _ int) error {
	if err := h.table.empty(ctx); err != nil {
		return err
	}
	fold := newBatchFold(h.table)
	p := eventsourcing.NewProjection(h.store.All(0), func(e eventsourcing.Event) error {
		return fold.add(ctx, *e.Data().(*versioned))
	})
	if result := p.RunToEnd(ctx); result.Error != nil {
		return result.Error
	}
	return fold.flush(ctx)
}

func (h *hallgren) folded(ctx context.Context) (map[string]row, error) { return h.table.all(ctx) }

func (h *hallgren) follow(ctx context.Context, seen func(versioned)) error {
	p := eventsourcing.NewProjection(h.store.All(0), func(e eventsourcing.Event) error {
		seen(*e.Data().(*versioned))
		return nil
	})
	return everySoOften(ctx, func() error { return p.RunToEnd(ctx).Error })
}
