// The mark of a copy that has not come to its end. Until then nobody may use the
// tables: with the cursors missing, everybody would be told everything again.

package work

import (
	"context"
	"strings"

	"imprint/domain/event"
)

// unfinished begins the position of the digests' checkpoint while a copy is under
// way. It is no position of any log, so a program that does not know the mark
// cannot read on from it either.
const unfinished = "unfinished copy of "

// Begin marks the tables as those of an unfinished copy of a log.
func Begin(ctx context.Context, db Database, log string) error {
	return exec(ctx, db, `UPDATE digest_reader SET position = $1, ordinal = 1, log_time = 0 WHERE name = 'facts'`, unfinished+log)
}

// Unfinished answers the log of which the tables are an unfinished copy; false if
// they are none.
func Unfinished(ctx context.Context, db Database) (log string, marked bool, err error) {
	at, err := checkpoint(ctx, db)
	if err != nil {
		return "", false, err
	}
	log, marked = strings.CutPrefix(string(at.Position), unfinished)
	return log, marked, nil
}

// Finish puts the digests' checkpoint in the place of the mark: the copy is whole.
// If we crash before, it is unfinished and goes on when it is begun again.
func Finish(ctx context.Context, db Database, at event.Checkpoint) error {
	return exec(ctx, db, `UPDATE digest_reader SET position = $1, ordinal = $2, log_time = $3 WHERE name = 'facts'`,
		string(at.Position), at.Ordinal, micros(at.LogTime))
}

// Empty tells whether nothing has ever been kept in the tables.
func Empty(ctx context.Context, db Database) (bool, error) {
	at, err := checkpoint(ctx, db)
	if err != nil || at.Position != "" {
		return false, err
	}
	for _, t := range Tables() {
		if rows, err := t.read(ctx, db, span{}, 1); err != nil || len(rows) > 0 {
			return false, err
		}
	}
	return true, nil
}

// Sending tells whether somebody holds a lease on a digest at this moment.
func Sending(ctx context.Context, db Database) (bool, error) {
	now, err := db.Clock(ctx)
	if err != nil {
		return false, err
	}
	var held int64
	return one(ctx, db, into(&held), `SELECT 1 FROM digest_standings WHERE lease_until > $1 LIMIT 1`, micros(now))
}
