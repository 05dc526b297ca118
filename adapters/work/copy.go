// Carrying all rows into the tables of another engine, or into those of a backup.

package work

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"imprint/adapters/queries"
	"imprint/domain/event"
)

// copyBatch is how many rows are read, compared and written at once; SQLite takes
// 32,766 parameters in one statement.
const copyBatch = 200

// Source is what rows are read from: a Database, or one frozen at a moment.
type Source interface {
	queries.Querier
	Name() string
}

// Copy carries rows from one database to another. Each step may be repeated: what
// is there already is compared and left.
type Copy struct {
	From     Source
	To       Database
	Move     Move           // for After and Compare
	Progress func(rows int) // rows of this step so far
}

// Before copies the tables that events rely on, and answers how many rows they have.
func (c Copy) Before(ctx context.Context) (int, error) {
	return c.walk(ctx, tablesBefore(), c.replace)
}

// After copies the tables that rely on events.
func (c Copy) After(ctx context.Context) (int, error) { return c.walk(ctx, tablesAfter(), c.replace) }

// Mirror copies all rows as they are, positions too, with the digests' place and
// whose log they go with; the leases stay behind. The target is empty, and goes with
// the very same log. If we crash in between, it is of no use.
func (c Copy) Mirror(ctx context.Context) (int, error) {
	c.Move = func(at event.Checkpoint) (event.Checkpoint, error) { return at, nil }
	n, err := c.walk(ctx, Tables(), c.replace)
	if err != nil {
		return n, err
	}
	at, err := checkpoint(ctx, c.From)
	if err != nil {
		return n, err
	}
	log, known, err := servedLog(ctx, c.From)
	if err == nil && known {
		_, err = NewServed(c.To).Claim(ctx, log)
	}
	return n, errors.Join(err, Finish(ctx, c.To, at))
}

// Rebase puts the places of another log into the rows of db, where they stand: that
// of the digests, and those in every table. If we crash in between, the rows are of
// use to neither log.
func Rebase(ctx context.Context, db Database, move Move) error {
	at, err := checkpoint(ctx, db)
	if err != nil {
		return err
	}
	if at, err = move(at); err != nil {
		return err
	}
	if _, err := (Copy{From: db, To: db, Move: move}).After(ctx); err != nil {
		return err
	}
	return Finish(ctx, db, at)
}

// Renew makes rows that were copied before a log fit that log, from the source as
// it is after. Cursors and checkpoints may be older than the log, for its facts move
// them on; what is committed before the events that rely on it may not:
//
//	data_keys  as they are now: an event never lacks its key, and a key that was
//	           destroyed meanwhile does not come back
//	names      as they are now: a person who joined meanwhile is found again
//	requests   as they are now: an id that was used meanwhile is not free again
//	tokens     those that still hold: one revoked meanwhile does not work again.
//	           One issued meanwhile is left out, for its event may be missing
func (c Copy) Renew(ctx context.Context) (int, error) {
	return c.walk(ctx, tablesBefore(), func(ctx context.Context, t Table, s span, rows, there [][]any) error {
		if t.follows {
			rows = t.among(rows, there)
		}
		return c.replace(ctx, t, s, rows, there)
	})
}

// Compare holds every row of the target against the source's, and changes nothing.
// It fails with *DifferentError at the first table that is not the same.
func (c Copy) Compare(ctx context.Context) (int, error) {
	return c.walk(ctx, Tables(), func(_ context.Context, t Table, _ span, _, _ [][]any) error {
		return &DifferentError{Table: t.Name}
	})
}

// DifferentError names a table that is not the same on both sides.
type DifferentError struct{ Table string }

func (e *DifferentError) Error() string {
	return fmt.Sprintf("the rows of %s are not those of the source", e.Table)
}

// Places are the ordinals of all checkpoints in the rows of the source, the
// digests' own included.
func (c Copy) Places(ctx context.Context) (map[int64]bool, error) {
	at, err := checkpoint(ctx, c.From)
	if err != nil {
		return nil, err
	}
	places := map[int64]bool{at.Ordinal: true}
	c.Move = func(at event.Checkpoint) (event.Checkpoint, error) {
		places[at.Ordinal] = true
		return at, nil
	}
	c.To = nil
	_, err = c.walk(ctx, tablesAfter(), nil)
	return places, err
}

// span is a part of a table: from after one key (nil: the beginning) to another,
// inclusive (nil: the end).
type span struct{ after, to []any }

// walk goes through tables of the source, batch by batch, and calls differ where
// the same span of the target has not the very same rows.
func (c Copy) walk(ctx context.Context, tables []Table, differ func(ctx context.Context, t Table, s span, rows, there [][]any) error) (total int, err error) {
	for _, t := range tables {
		for s := (span{}); ; s.after = s.to {
			rows, err := t.read(ctx, c.From, span{after: s.after}, copyBatch)
			if err != nil {
				return total, err
			}
			s.to = nil
			if len(rows) == copyBatch {
				s.to = rows[len(rows)-1][:t.key]
			}
			for _, row := range rows {
				if t.settle == nil {
					break
				}
				if err := t.settle(row, c.Move); err != nil {
					return total, fmt.Errorf("a row of %s in %s: %w", t.Name, c.From.Name(), err)
				}
			}
			if c.To != nil {
				there, err := t.read(ctx, c.To, s, copyBatch+1)
				if err != nil {
					return total, err
				}
				if !equalRows(rows, there) {
					if err := differ(ctx, t, s, rows, there); err != nil {
						return total, err
					}
				}
			}
			total += len(rows)
			if c.Progress != nil {
				c.Progress(total)
			}
			if s.to == nil {
				break
			}
		}
	}
	return total, nil
}

// replace writes a span of the target anew, in one transaction. Old rows may hold
// a key that the source has destroyed since: their bytes go too.
func (c Copy) replace(ctx context.Context, t Table, s span, rows, there [][]any) error {
	write := c.To.Write
	if len(there) > 0 {
		write = c.To.Erase
	}
	return write(ctx, func(tx Tx) error {
		where, args := t.where(s)
		if _, err := tx.Exec(ctx, `DELETE FROM `+t.Name+where, args...); err != nil {
			return err
		}
		if len(rows) == 0 {
			return nil
		}
		insert, args := t.insert(rows)
		_, err := tx.Exec(ctx, insert, args...)
		return err
	})
}

func equalRows(a, b [][]any) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		for j := range a[i] {
			x, isBytes := a[i][j].([]byte)
			if isBytes && !bytes.Equal(x, b[i][j].([]byte)) || !isBytes && a[i][j] != b[i][j] {
				return false
			}
		}
	}
	return true
}
