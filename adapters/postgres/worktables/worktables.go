// Package worktables keeps the work tables in the schema imprint_work of a
// PostgreSQL database: work.Database on PostgreSQL. Any number of programs share
// them.
//
// A transaction sees one snapshot, and of two that change the same row the later
// one is run again (REPEATABLE READ with retries): what a transaction has read and
// changes, nobody else has changed meanwhile.
package worktables

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"imprint/adapters/postgres"
	"imprint/adapters/queries"
	"imprint/adapters/work"
	"imprint/domain"
)

const (
	// attempts bounds how often a transaction is run again because another one
	// changed the same rows.
	attempts = 20
	// firstPause is the longest wait before the second attempt; it doubles from
	// attempt to attempt, up to lastPause.
	firstPause = time.Millisecond
	lastPause  = 100 * time.Millisecond
	// answerTime bounds a transaction from here, for a server that vanished with its
	// network; statement_timeout bounds its statements there.
	answerTime = 45 * time.Second
	// endTime bounds a rollback whose context has ended already.
	endTime = 5 * time.Second
)

// begin makes commits durable whatever the server's default is: what work tables
// hold can not be made again.
const begin = `BEGIN ISOLATION LEVEL REPEATABLE READ; SET LOCAL synchronous_commit = on`

// DB is the work tables.
type DB struct{ db *postgres.DB }

var _ work.Database = (*DB)(nil)

// Open refuses a database whose schema does not fit this program (see
// postgres.Check). The caller closes the database.
func Open(ctx context.Context, db *postgres.DB) (*DB, error) {
	if err := postgres.Check(ctx, db); err != nil {
		return nil, err
	}
	return &DB{db}, nil
}

// Name implements work.Database.
func (d *DB) Name() string { return "the database of " + postgres.Setting }

// Clock implements work.Database.
func (d *DB) Clock(ctx context.Context) (time.Time, error) {
	var micros int64
	err := d.db.Write.QueryRow(ctx, `SELECT imprint_views.clock()`).Scan(&micros)
	return time.UnixMicro(micros).UTC(), postgres.Explain(err)
}

// Query implements queries.Querier, on the primary.
func (d *DB) Query(ctx context.Context, text string, args ...any) (queries.Rows, error) {
	rows, err := d.db.Write.Query(ctx, text, args...)
	return answer{rows}, postgres.Explain(err)
}

// Write implements work.Database.
func (d *DB) Write(ctx context.Context, f func(work.Tx) error) error {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	pause := firstPause
	for range attempts {
		err := d.transact(ctx, f)
		if !collided(err) {
			return postgres.Explain(err)
		}
		select {
		case <-time.After(rand.N(pause)):
		case <-ctx.Done():
			return ctx.Err()
		}
		pause = min(2*pause, lastPause)
	}
	return domain.Refuse(domain.Unavailable, "busy", "others kept changing the same work rows %d times in a row; try again", attempts)
}

// Erase implements work.Database. PostgreSQL keeps overwritten rows until a vacuum,
// and their bytes in free space until they are written over; what this program
// erases is wrapped by the master key, which the database never holds.
func (d *DB) Erase(ctx context.Context, f func(work.Tx) error) error { return d.Write(ctx, f) }

// Frozen calls f with the rows as they are at one moment, whatever others write
// meanwhile and however long f takes; each statement is bounded as ever. While it
// runs, no vacuum takes away what has been overwritten since.
func (d *DB) Frozen(ctx context.Context, f func(work.Source) error) error {
	conn, err := d.db.Write.Acquire(ctx)
	if err != nil {
		return postgres.Explain(err)
	}
	// A connection that is still in a transaction when it is released is closed.
	defer conn.Release()
	if _, err := conn.Exec(ctx, `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY`); err != nil {
		return postgres.Explain(err)
	}
	err = f(frozen{transaction{conn.Conn()}, d.Name()})
	_, _ = conn.Exec(context.WithoutCancel(ctx), `ROLLBACK`) // only read
	return postgres.Explain(err)
}

// frozen is a work.Source.
type frozen struct {
	transaction
	name string
}

func (f frozen) Name() string { return f.name }

// transact runs one attempt. If we crash before its end, nothing of it is in the
// database.
func (d *DB) transact(ctx context.Context, f func(work.Tx) error) error {
	conn, err := d.db.Write.Acquire(ctx)
	if err != nil {
		return err
	}
	// A connection that is still in a transaction when it is released is closed.
	defer conn.Release()
	if _, err := conn.Exec(ctx, begin); err != nil {
		return err
	}
	if err := f(transaction{conn.Conn()}); err != nil {
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTime)
		defer cancel()
		_, _ = conn.Exec(end, `ROLLBACK`) // the first error tells more
		return err
	}
	done, err := conn.Exec(ctx, `COMMIT`)
	if err == nil && done.String() != "COMMIT" { // a statement failed, and f did not say so
		err = errors.New("the transaction was rolled back by the server")
	}
	return err
}

// collided tells whether another transaction was in the way (serialization_failure,
// deadlock_detected).
func collided(err error) bool {
	var said *pgconn.PgError
	return errors.As(err, &said) && (said.Code == "40001" || said.Code == "40P01")
}

// transaction is a work.Tx. Its errors are put into words at the end of Write.
type transaction struct{ conn *pgx.Conn }

func (t transaction) Query(ctx context.Context, text string, args ...any) (queries.Rows, error) {
	return t.conn.Query(ctx, text, args...)
}

func (t transaction) Exec(ctx context.Context, text string, args ...any) (int64, error) {
	done, err := t.conn.Exec(ctx, text, args...)
	return done.RowsAffected(), err
}

// answer is queries.Rows with errors in words.
type answer struct{ pgx.Rows }

func (a answer) Err() error { return postgres.Explain(a.Rows.Err()) }
