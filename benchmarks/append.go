package main

// Durable appends: the log against bare inserts of the same rows, one commit
// each, and many callers against one.

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"imprint/adapters/sqlite"
	"imprint/adapters/sqlite/eventlog"
	"imprint/domain"
	"imprint/domain/event"
)

const (
	appendGoal = 0.8
	groupGoal  = 6
	callers    = 64
	// groupFactor makes the rounds of many callers about as long as the others.
	groupFactor = 6
)

// measureAppends runs rounds of: the log by one caller, bare inserts, the log by
// many callers. Each side has a file of its own that grows through all rounds.
func measureAppends(ctx context.Context, r *report, dir string, e extent) (err error) {
	log, err := eventlog.Open(ctx, filepath.Join(dir, "append.db"), eventlog.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, log.Close()) }()
	bare, err := openBareLog(ctx, filepath.Join(dir, "append-bare.db"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, bare.close()) }()

	var ones, bares, manys, againstBare, againstOne []float64
	for round := range e.rounds {
		one, err := appendRate(ctx, log, round, 1, e.appends)
		if err != nil {
			return err
		}
		inserts, err := bare.rate(ctx, round, e.appends)
		if err != nil {
			return err
		}
		many, err := appendRate(ctx, log, round, callers, groupFactor*e.appends)
		if err != nil {
			return err
		}
		r.note("append round %d\t1 caller %.0f/s\tbare %.0f/s\t%d callers %.0f/s", round+1, one, inserts, callers, many)
		ones, bares, manys = append(ones, one), append(bares, inserts), append(manys, many)
		againstBare, againstOne = append(againstBare, one/inserts), append(againstOne, many/one)
	}
	r.atLeast("durable append, 1 caller", perSecond(median(ones)), perSecond(median(bares)), median(againstBare), appendGoal)
	r.atLeast(fmt.Sprintf("durable append, %d callers", callers), perSecond(median(manys)), perSecond(median(ones)), median(againstOne), groupGoal)
	return nil
}

func perSecond(rate float64) string { return fmt.Sprintf("%.0f/s", rate) }

// sampleData is the data of an event of a usual size.
var sampleData = []byte(`{"document":"0198c0de-0000-7000-8000-000000000001","version":{"number":7,"major":true,"files":[{"locale":"en","name":"report.pdf","sha256":"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08","bytes":123456,"mediaType":"application/pdf"}],"summary":{"en":"Covers the period from January to June, with the new data centres in the north."},"publishedAt":"2026-02-03T04:05:06.000007Z"}}`)

func sampleEvent(at time.Time) event.Event {
	return event.Event{
		ID: uuid.New(), Type: "DocumentVersioned", Data: sampleData,
		Meta: event.Metadata{Schema: 1, Time: at, Actor: event.OperatorActor, Correlation: uuid.New()},
	}
}

// appendRate lets callers append one event at a time, each to a stream of its
// own, each waiting for its acknowledgement.
func appendRate(ctx context.Context, log event.Log, round, callers, count int) (perSecond float64, err error) {
	now := domain.Moment(time.Now())
	events := make([]event.Event, count)
	for i := range events {
		events[i] = sampleEvent(now)
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	errs := make(chan error, callers)
	began := time.Now()
	for caller := range callers {
		wg.Go(func() {
			stream := event.Stream(fmt.Sprintf("document-%d-%d-%d", round, callers, caller))
			for revision := event.NoStream; ; revision++ {
				i := int(next.Add(1)) - 1
				if i >= count {
					return
				}
				if _, err := log.Append(ctx, stream, revision, events[i:i+1]); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	wg.Wait()
	took := time.Since(began)
	select {
	case err := <-errs:
		return 0, err
	default:
		return float64(count) / took.Seconds(), nil
	}
}

// bareLog is the baseline: the log's own table, indexes and pragmas, and one
// prepared insert that commits by itself.
type bareLog struct {
	db      *sqlite.DB
	conn    *sql.Conn
	insert  *sql.Stmt
	ordinal int64
}

func openBareLog(ctx context.Context, path string) (*bareLog, error) {
	log, err := eventlog.Open(ctx, path, eventlog.Options{}) // makes the table
	if err != nil {
		return nil, err
	}
	if err := log.Close(); err != nil {
		return nil, err
	}
	b := &bareLog{}
	if b.db, err = sqlite.Open(ctx, path, sqlite.Durable); err != nil {
		return nil, err
	}
	if b.conn, err = b.db.Write.Conn(ctx); err == nil {
		b.insert, err = b.conn.PrepareContext(ctx, `INSERT INTO events (ordinal, stream, revision, id, type, schema, time, log_time, data, meta)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`)
	}
	if err != nil {
		return nil, errors.Join(err, b.db.Close())
	}
	return b, nil
}

func (b *bareLog) close() error { return errors.Join(b.insert.Close(), b.conn.Close(), b.db.Close()) }

// rows makes rows ready to insert: encoding them is not the baseline's work.
func (b *bareLog) rows(stream string, count int) ([][]any, error) {
	now := domain.Moment(time.Now())
	rows := make([][]any, count)
	for i := range rows {
		e := sampleEvent(now)
		meta, err := json.Marshal(e.Meta)
		if err != nil {
			return nil, err
		}
		b.ordinal++
		rows[i] = []any{b.ordinal, stream, int64(i), e.ID[:], e.Type, e.Meta.Schema, now.UnixMicro(), now.UnixMicro(), e.Data, meta}
	}
	return rows, nil
}

func (b *bareLog) rate(ctx context.Context, round, count int) (perSecond float64, err error) {
	rows, err := b.rows(fmt.Sprintf("document-%d-1-0", round), count)
	if err != nil {
		return 0, err
	}
	took, err := timed(func() error {
		for _, row := range rows {
			if err := b.commit(ctx, row); err != nil {
				return err
			}
		}
		return nil
	})
	return float64(count) / took.Seconds(), err
}

// commit makes one row durable.
func (b *bareLog) commit(ctx context.Context, row []any) error {
	_, err := b.insert.ExecContext(ctx, row...)
	return err
}
