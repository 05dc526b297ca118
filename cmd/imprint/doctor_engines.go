package main

// Here: the doctor asks the engines that are no files.

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"github.com/google/uuid"

	"imprint/adapters/postgres"
	"imprint/adapters/work"
)

// server asks the database: whether it answers, and with which schema. Read models
// and work tables are open afterwards, if they can be.
func (d *doctor) server(ctx context.Context, e *engines) {
	if err := e.connect(ctx); err != nil {
		d.failure("database", err)
		return
	}
	states, err := postgres.Status(ctx, e.database)
	if err != nil {
		d.failure("database", err)
		return
	}
	for _, s := range states {
		if s.Has > s.Knows {
			d.warn("database", "%s is at migration %d, and this program knows %d; run the newer program here too", s.Schema, s.Has, s.Knows)
		} else {
			d.ok("database", "answers; %s is at migration %d", s.Schema, s.Has)
		}
	}
	if err := postgres.Writable(ctx, e.database); err != nil {
		d.failure("database", err)
	}
	if err := e.openSharedViews(ctx); err != nil {
		d.failure("database", err)
	}
	d.turns(ctx, e)
}

// replica asks the replica that answers queries, if there is one.
func (d *doctor) replica(ctx context.Context, e *engines, log uuid.UUID) {
	if e.database == nil || !e.database.Replica {
		return
	}
	err := e.database.Expect(ctx, log)
	if err == nil {
		err = e.database.CheckReplica(ctx)
	}
	switch {
	case codeOf(err) == "another-database":
		d.failure("replica", err)
	case err != nil:
		d.warn("replica", "%s; the database itself answers meanwhile", strings.Join(strings.Fields(err.Error()), " "))
	default:
		d.ok("replica", "answers, and is of this database")
	}
}

// turns tells who carries out the reactions; somebody does wherever it is served.
func (d *doctor) turns(ctx context.Context, e *engines) {
	held, err := work.Leases(ctx, e.work)
	if err != nil {
		d.failure("database", err)
		return
	}
	for _, h := range held {
		d.served = true
		d.ok("lease", "%s: %s, until %s", h.Name, h.Holder, h.Until.Format(time.RFC3339))
	}
	if !d.served {
		d.warn("lease", "nobody carries out the reactions; is imprint serve running anywhere?")
	}
}

// cluster asks the log on its server: whether it answers, and whose it is.
func (d *doctor) cluster(ctx context.Context, e *engines, master []byte) {
	quiet := slog.New(slog.DiscardHandler) // what goes wrong comes back as an error
	if err := e.connectLog(ctx, time.Now, quiet); err != nil {
		d.failure("log", err)
		return
	}
	if !d.identity(ctx, e.log, "answers; its first event is there") {
		if by := e.remembered(ctx, master); by != "" {
			d.fail("log", "it holds no event, but the %s remember some: events are lost, or it is another cluster or name; %s", by, d.part.lost)
			return
		}
		d.warn("log", "the log is empty; imprint serve opens it")
	}
}
