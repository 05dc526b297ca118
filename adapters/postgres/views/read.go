package views

// Reading: one transaction per snapshot.

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"imprint/adapters/postgres"
	"imprint/adapters/queries"
	"imprint/domain/event"
	"imprint/projections"
)

// The beginnings of a snapshot. Its moment is that of the first statement behind
// BEGIN, which finds the generations that are live then and holds them (see hold)
// until it ends. Whole read models are read for as long as it takes.
const (
	beginQueries = `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SELECT set_config('search_path', imprint_views.live_path(), true), ` + held
	beginScan    = `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0; SELECT ` + held

	held = `(SELECT count(pg_advisory_xact_lock_shared(` + lockClass + `, generation::integer)) FROM imprint_views.generations WHERE live)`
	// hold is taken by whoever drops a generation: it waits for the snapshots from
	// before the switch, which may not have read the tables yet, and for no others.
	hold = `SELECT pg_advisory_xact_lock(` + lockClass + `, $1::integer)`
	// lockClass keeps these locks apart from those of other programs.
	lockClass = `1768779890`
)

// endTime bounds the end of a snapshot whose context has ended already.
const endTime = 3 * time.Second

// reader is a connection with an open snapshot; one goroutine has it at a time.
type reader struct {
	conn *pgxpool.Conn
	open pgx.Rows // the last answer, perhaps not read to its end
}

// Snapshot implements queries.Database. The Querier is valid during the call, and
// answers one query at a time: the next one ends the one before.
//
// A replica is read where it shows at least what this process knows to be there;
// the primary where it lags, or does not answer.
func (s *Store) Snapshot(ctx context.Context, read func(queries.Querier) error) error {
	if !s.db.Replica {
		return snapshot(ctx, s.db.Read, beginQueries, func(r *reader) error { return read(r) })
	}
	chosen := false
	err := snapshot(ctx, s.db.Read, beginQueries, func(r *reader) (err error) {
		if chosen, err = s.current(ctx, r); err != nil || !chosen {
			return err
		}
		return read(r)
	})
	if chosen || ctx.Err() != nil {
		return err
	}
	return snapshot(ctx, s.db.Write, beginQueries, func(r *reader) error { return read(r) })
}

// Read implements projections.Store. It reads the primary.
func (s *Store) Read(ctx context.Context, read func(projections.Reader) error) error {
	return snapshot(ctx, s.db.Write, beginScan, func(r *reader) error { return read(r) })
}

func snapshot(ctx context.Context, pool *pgxpool.Pool, begin string, read func(*reader) error) error {
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return postgres.Explain(err)
	}
	// A connection that is still in a transaction when it is released is closed.
	defer conn.Release()
	if _, err := conn.Exec(ctx, begin); err != nil {
		return postgres.Explain(err)
	}
	r := &reader{conn: conn}
	defer r.end(ctx)
	return read(r)
}

// end closes what the caller left open and ends the transaction. Nothing depends
// on how that goes.
func (r *reader) end(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTime)
	defer cancel()
	r.close()
	_, _ = r.conn.Exec(ctx, "ROLLBACK")
}

func (r *reader) close() {
	if r.open != nil {
		r.open.Close()
		r.open = nil
	}
}

// Query implements queries.Querier.
func (r *reader) Query(ctx context.Context, text string, args ...any) (queries.Rows, error) {
	found, err := r.query(ctx, text, args...)
	if err != nil {
		return nil, postgres.Explain(err)
	}
	return rows{found}, nil
}

func (r *reader) query(ctx context.Context, text string, args ...any) (pgx.Rows, error) {
	r.close()
	found, err := r.conn.Query(ctx, text, args...)
	r.open = found
	return found, err
}

// rows is pgx.Rows as queries.Rows.
type rows struct{ pgx.Rows }

// Scan implements queries.Rows.
func (r rows) Scan(to ...any) error { return postgres.Explain(r.Rows.Scan(to...)) }

// Err implements queries.Rows.
func (r rows) Err() error { return postgres.Explain(r.Rows.Err()) }

// Builds implements projections.Reader.
func (r *reader) Builds(ctx context.Context) ([]projections.Build, error) {
	r.close()
	all, err := builds(ctx, r.conn, `ORDER BY projection, version, generation`)
	return all, postgres.Explain(err)
}

// Which builds to read.
const (
	liveOf = `WHERE live AND projection = $1 AND version = $2`
	one    = `WHERE generation = $1`
)

// querier is a pool, a connection or a transaction.
type querier interface {
	Query(ctx context.Context, text string, args ...any) (pgx.Rows, error)
}

func builds(ctx context.Context, q querier, which string, args ...any) ([]projections.Build, error) {
	found, err := q.Query(ctx, `SELECT projection, version, generation, live, indexed, position, ordinal, log_time, epoch,
		CASE WHEN expires = 0 THEN 0 ELSE greatest(0, imprint_views.clock() - expires) END FROM imprint_views.generations `+which, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(found, func(row pgx.CollectableRow) (b projections.Build, err error) {
		var logTime, unfed int64
		var position string
		err = row.Scan(&b.Projection, &b.Version, &b.Number, &b.Live, &b.Indexed, &position, &b.Checkpoint.Ordinal, &logTime, &b.Epoch, &unfed)
		b.Unfed = time.Duration(unfed) * time.Microsecond
		b.Checkpoint.Position, b.Checkpoint.LogTime = event.Position(position), projections.Time(logTime)
		return b, err
	})
}

// Parked implements projections.Reader.
func (r *reader) Parked(ctx context.Context, g projections.Generation) ([]projections.Parked, error) {
	found, err := r.query(ctx, `SELECT kind, first_part, second_part, ordinal, position, log_time, event_id, event_type, reason
		FROM imprint_views.parked WHERE generation = $1 ORDER BY ordinal, kind, first_part, second_part`, g.Number)
	if err != nil {
		return nil, postgres.Explain(err)
	}
	all, err := pgx.CollectRows(found, func(row pgx.CollectableRow) (p projections.Parked, err error) {
		var ordinal, logTime int64
		var position, id string
		if err := row.Scan(&p.Key.Kind, &p.Key.Parts[0], &p.Key.Parts[1], &ordinal, &position, &logTime, &id, &p.Type, &p.Reason); err != nil {
			return p, err
		}
		p.Before = event.Checkpoint{Position: event.Position(position), Ordinal: ordinal - 1, LogTime: projections.Time(logTime)}
		if p.EventID, err = uuid.Parse(id); err != nil {
			return p, fmt.Errorf("parked event %d: %w", ordinal, err)
		}
		return p, nil
	})
	return all, postgres.Explain(err)
}

// Scan implements projections.Reader.
func (r *reader) Scan(ctx context.Context, g projections.Generation, t *projections.Table) iter.Seq2[projections.Values, error] {
	return func(yield func(projections.Values, error) bool) {
		text := fmt.Sprintf("SELECT %s FROM imprint_views.%s ORDER BY %s", list(t.ColumnNames()), tableName(g, t), list(t.PrimaryKey()))
		found, err := r.query(postgres.Unbounded(ctx), text)
		if err != nil {
			yield(nil, postgres.Explain(err))
			return
		}
		defer found.Close()
		for found.Next() {
			row, err := scanRow(found, t)
			if !yield(row, err) || err != nil {
				return
			}
		}
		if err := found.Err(); err != nil {
			yield(nil, postgres.Explain(err))
		}
	}
}
