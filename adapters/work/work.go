// Package work keeps the work tables: everything that is neither in the log nor
// built from it, and therefore can not be made again: data keys, tokens, cursors,
// the outbox. Each concern has a file of its own here, and a migration of its own
// for each engine under migrations/. The SQL is written once, for every engine;
// this file says what it asks of one.
package work

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"imprint/adapters/queries"
)

// Tx runs the statements of one transaction.
type Tx interface {
	queries.Querier
	// Exec answers how many rows were changed.
	Exec(ctx context.Context, sql string, args ...any) (int64, error)
}

// Database holds the tables. Its errors are in words already.
type Database interface {
	// Query sees every commit that has returned, also those of other programs. The
	// caller closes the rows before the next statement.
	queries.Querier
	// Write runs f in one transaction. When it returns nil, all of it is durable;
	// else none of it has happened, or, where the connection broke at the very end,
	// it may have. What f has read nobody else has changed when it commits; the
	// engine may have to run f again for that, so f starts over each time.
	Write(ctx context.Context, f func(Tx) error) error
	// Erase is a Write of statements that overwrite secrets: the old bytes leave the
	// engine's files as soon as it is able to see to that.
	Erase(ctx context.Context, f func(Tx) error) error
	// Clock is the database's clock, by which leases end.
	Clock(ctx context.Context) (time.Time, error)
	// Name names the database in messages.
	Name() string
}

// exec writes one statement, durably.
func exec(ctx context.Context, db Database, sql string, args ...any) error {
	return db.Write(ctx, func(tx Tx) error {
		_, err := tx.Exec(ctx, sql, args...)
		return err
	})
}

// one reads the one row of a query; false if there is none.
func one(ctx context.Context, q queries.Querier, row func(scan func(...any) error) error, sql string, args ...any) (found bool, err error) {
	err = queries.Each(ctx, q, func(scan func(...any) error) error {
		found = true
		return row(scan)
	}, sql, args...)
	return found, err
}

// maxBatch bounds the ids of one statement.
const maxBatch = 64

// inBatches calls do with ids, a statement's worth at a time: the list of their
// placeholders, which follow those of the arguments before them, and all arguments.
// Each list is filled up to a power of two by repeating its last id, so that few
// texts serve all: they stay prepared.
func inBatches(ids []string, do func(list string, args []any) error, before ...any) error {
	for batch := range slices.Chunk(ids, maxBatch) {
		size := 1
		for size < len(batch) {
			size *= 2
		}
		args := slices.Clone(before)
		var list strings.Builder
		for i := range size {
			args = append(args, batch[min(i, len(batch)-1)])
			if i > 0 {
				list.WriteString(", ")
			}
			list.WriteString("$" + strconv.Itoa(len(args)))
		}
		if err := do(list.String(), args); err != nil {
			return err
		}
	}
	return nil
}

// into is a row function that fills variables.
func into(to ...any) func(scan func(...any) error) error {
	return func(scan func(...any) error) error { return scan(to...) }
}

// micros is how a time stands in a row: microseconds since 1970, 0 for none.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func moment(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

// flag is how a yes or no stands in a row.
func flag(yes bool) int64 {
	if yes {
		return 1
	}
	return 0
}
