// Where each person's digests stand: folding the log's facts in, and the worker's
// steps under a lease. The decisions are digest.Standing's; this file only keeps
// rows, one per person.

package work

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/digest"
	"imprint/domain/event"
)

// Digests keeps the standings. Its clock is the database's, which decides leases;
// who is due is decided by the time that a claim carries.
type Digests struct {
	db    *DB
	clock domain.Clock
}

// NewDigests makes the store.
func NewDigests(db *DB, clock domain.Clock) *Digests { return &Digests{db: db, clock: clock} }

// Checkpoint is how far facts have been folded.
func (d *Digests) Checkpoint(ctx context.Context) (event.Checkpoint, error) {
	return checkpoint(ctx, d.db.Read)
}

// Fold changes the standings by facts and moves the checkpoint, in one
// transaction: a crash leaves both or neither. ErrMoved if the checkpoint is not
// `from` any more.
func (d *Digests) Fold(ctx context.Context, from, to event.Checkpoint, facts []digest.Fact) error {
	return d.transact(ctx, func(tx *sql.Tx) error {
		now, err := checkpoint(ctx, tx)
		if err != nil {
			return err
		}
		if now.Position != from.Position || now.Ordinal != from.Ordinal {
			return digest.ErrMoved
		}
		rows := map[uuid.UUID]digest.Standing{}
		var order []uuid.UUID
		for _, f := range facts {
			s, loaded := rows[f.Person]
			if !loaded {
				if s, _, err = find(ctx, tx, f.Person); err != nil {
					return err
				}
				order = append(order, f.Person)
			}
			rows[f.Person] = s.Evolve(f)
		}
		for _, person := range order {
			if err := save(ctx, tx, rows[person]); err != nil {
				return err
			}
		}
		_, err = tx.ExecContext(ctx, `UPDATE digest_reader SET position = $1, ordinal = $2, log_time = $3 WHERE name = 'facts'`,
			string(to.Position), to.Ordinal, micros(to.LogTime))
		return err
	})
}

// Commit applies changes in one transaction and answers for each whether it was
// done: false where the lease was lost or Apply declined.
func (d *Digests) Commit(ctx context.Context, changes []digest.Change) ([]bool, error) {
	done := make([]bool, len(changes))
	err := d.transact(ctx, func(tx *sql.Tx) error {
		for i, c := range changes {
			s, found, err := find(ctx, tx, c.Person)
			if err != nil {
				return err
			}
			if !found || s.Epoch != c.Epoch || !c.Apply(&s) {
				continue
			}
			if err := save(ctx, tx, s); err != nil {
				return err
			}
			until := int64(0)
			if c.Hold > 0 {
				until = micros(d.clock().Add(c.Hold))
			}
			if _, err := tx.ExecContext(ctx, `UPDATE digest_standings SET lease_until = $1 WHERE person = $2`, until, c.Person.String()); err != nil {
				return err
			}
			done[i] = true
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return done, nil
}

// transact runs one writing transaction.
func (d *Digests) transact(ctx context.Context, do func(*sql.Tx) error) error {
	tx, err := d.db.Write.BeginTx(ctx, nil)
	if err != nil {
		return d.explain(err)
	}
	if err := do(tx); err != nil {
		return d.explain(errors.Join(err, tx.Rollback()))
	}
	return d.explain(tx.Commit())
}

// queryer is a transaction or a pool.
type queryer interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func checkpoint(ctx context.Context, q queryer) (event.Checkpoint, error) {
	var c event.Checkpoint
	var at int64
	err := q.QueryRowContext(ctx, `SELECT position, ordinal, log_time FROM digest_reader WHERE name = 'facts'`).Scan(&c.Position, &c.Ordinal, &at)
	c.LogTime = moment(at)
	return c, err
}

const standingColumns = `person, settings, changed, cursor, since, next_due, last_due, delivery, carried, epoch`

// find loads a row without the frozen mail; the zero standing where there is none.
func find(ctx context.Context, q queryer, person uuid.UUID) (digest.Standing, bool, error) {
	s, err := scan(q.QueryRowContext(ctx, `SELECT `+standingColumns+` FROM digest_standings WHERE person = $1`, person.String()))
	if errors.Is(err, sql.ErrNoRows) {
		return digest.Standing{Person: person}, false, nil
	}
	return s, err == nil, err
}

func scan(row interface{ Scan(...any) error }) (digest.Standing, error) {
	var s digest.Standing
	var person, settings, delivery, carried string
	var next, last int64
	if err := row.Scan(&person, &settings, &s.Changed, &s.Cursor, &s.Since, &next, &last, &delivery, &carried, &s.Epoch); err != nil {
		return s, err
	}
	s.NextDue, s.LastDue = moment(next), moment(last)
	var err error
	if s.Person, err = uuid.Parse(person); err != nil {
		return s, fmt.Errorf("digest row of %s: %w", person, err)
	}
	err = errors.Join(json.Unmarshal([]byte(settings), &s.Settings), json.Unmarshal([]byte(carried), &s.Carried))
	if delivery != "" {
		s.Open = &digest.Delivery{}
		err = errors.Join(err, json.Unmarshal([]byte(delivery), s.Open))
	}
	if err != nil {
		return s, fmt.Errorf("digest row of %s: %w", person, err)
	}
	return s, nil
}

// save writes a row and its frozen mail, which goes as soon as it cannot be needed
// again.
func save(ctx context.Context, tx *sql.Tx, s digest.Standing) error {
	settings, err := json.Marshal(s.Settings)
	if err != nil {
		return err
	}
	carried, err := json.Marshal(s.Carried)
	if err != nil {
		return err
	}
	var delivery []byte
	if s.Open != nil {
		if delivery, err = json.Marshal(s.Open); err != nil {
			return err
		}
	}
	at, immediate := s.Wake()
	wake := sql.NullInt64{Int64: micros(at), Valid: !at.IsZero()}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO digest_standings (person, settings, changed, cursor, since, next_due, last_due, delivery, carried, wake_at, immediate, troubled)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
		ON CONFLICT (person) DO UPDATE SET settings = excluded.settings, changed = excluded.changed, cursor = excluded.cursor,
		  since = excluded.since, next_due = excluded.next_due, last_due = excluded.last_due, delivery = excluded.delivery,
		  carried = excluded.carried, wake_at = excluded.wake_at, immediate = excluded.immediate, troubled = excluded.troubled`,
		s.Person.String(), string(settings), s.Changed, s.Cursor, s.Since, micros(s.NextDue), micros(s.LastDue),
		string(delivery), string(carried), wake, immediate, s.Troubled())
	switch {
	case err != nil:
	case s.Open == nil || !s.Open.Frozen():
		_, err = tx.ExecContext(ctx, `DELETE FROM digest_mails WHERE person = $1`, s.Person.String())
	case s.Open.Box != nil:
		_, err = tx.ExecContext(ctx, `INSERT INTO digest_mails (person, box) VALUES ($1, $2) ON CONFLICT (person) DO UPDATE SET box = excluded.box`,
			s.Person.String(), s.Open.Box)
	}
	return err
}

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
