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

	"github.com/google/uuid"

	"imprint/adapters/queries"
	"imprint/domain/digest"
	"imprint/domain/event"
)

// Digests keeps the standings. The database's clock decides leases; who is due is
// decided by the time that a claim carries.
type Digests struct{ db Database }

// NewDigests makes the store.
func NewDigests(db Database) *Digests { return &Digests{db: db} }

// Checkpoint is how far facts have been folded.
func (d *Digests) Checkpoint(ctx context.Context) (event.Checkpoint, error) {
	return checkpoint(ctx, d.db)
}

// Fold changes the standings by facts and moves the checkpoint, in one
// transaction: a crash leaves both or neither. ErrMoved if the checkpoint is not
// `from` any more.
func (d *Digests) Fold(ctx context.Context, from, to event.Checkpoint, facts []digest.Fact) error {
	return d.db.Write(ctx, func(tx Tx) error {
		// First the checkpoint: whoever moves it has the facts to himself.
		const move = `UPDATE digest_reader SET position = $1, ordinal = $2, log_time = $3 WHERE name = 'facts' AND position = $4 AND ordinal = $5`
		moved, err := tx.Exec(ctx, move, string(to.Position), to.Ordinal, micros(to.LogTime), string(from.Position), from.Ordinal)
		if err != nil {
			return err
		}
		if moved == 0 {
			return digest.ErrMoved
		}
		var persons []uuid.UUID
		of := map[uuid.UUID][]digest.Fact{}
		for _, f := range facts {
			if of[f.Person] == nil {
				persons = append(persons, f.Person)
			}
			of[f.Person] = append(of[f.Person], f)
		}
		rows, err := load(ctx, tx, persons)
		if err != nil {
			return err
		}
		for _, person := range persons {
			r := rows[person]
			open := r.Open != nil
			for _, f := range of[person] {
				r.Standing = r.Evolve(f)
			}
			if open && r.Open == nil {
				r.lease = 0 // the fact was the last that it was for
			}
			if err := r.save(ctx, tx); err != nil {
				return err
			}
		}
		return nil
	})
}

// Commit applies changes in one transaction and answers for each whether it was
// done: false where the lease was lost or Apply declined.
func (d *Digests) Commit(ctx context.Context, changes []digest.Change) ([]bool, error) {
	now, err := d.db.Clock(ctx)
	if err != nil {
		return nil, err
	}
	persons := make([]uuid.UUID, len(changes))
	for i, c := range changes {
		persons[i] = c.Person
	}
	var done []bool
	err = d.db.Write(ctx, func(tx Tx) error {
		done = make([]bool, len(changes))
		rows, err := load(ctx, tx, persons)
		if err != nil {
			return err
		}
		for i, c := range changes {
			r, found := rows[c.Person]
			if !found || r.Epoch != c.Epoch || !c.Apply(&r.Standing) {
				continue
			}
			r.lease = 0
			if c.Hold > 0 {
				r.lease = micros(now.Add(c.Hold))
			}
			if err := r.save(ctx, tx); err != nil {
				return err
			}
			rows[c.Person], done[i] = r, true
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return done, nil
}

func checkpoint(ctx context.Context, q queries.Querier) (event.Checkpoint, error) {
	var c event.Checkpoint
	var at int64
	_, err := one(ctx, q, into(&c.Position, &c.Ordinal, &at), `SELECT position, ordinal, log_time FROM digest_reader WHERE name = 'facts'`)
	c.LogTime = moment(at)
	return c, err
}

const standingColumns = `person, settings, changed, cursor, since, next_due, last_due, delivery, carried, epoch, pending, suspended, barred, later, turn`

// find loads a standing without the frozen mail; the zero one where there is none.
func find(ctx context.Context, q queries.Querier, person uuid.UUID) (digest.Standing, bool, error) {
	s := digest.Standing{Person: person}
	found, err := one(ctx, q, standing(&s), `SELECT `+standingColumns+` FROM digest_standings WHERE person = $1`, person.String())
	return s, found && err == nil, err
}

// row is a standing as a transaction changes it.
type row struct {
	digest.Standing
	lease  int64 // until when
	frozen bool  // the mail of its digest is kept
}

// load loads rows without their frozen mails. Of those who have none, no row is
// answered.
func load(ctx context.Context, tx Tx, persons []uuid.UUID) (map[uuid.UUID]row, error) {
	rows := make(map[uuid.UUID]row, len(persons))
	ids := make([]string, len(persons))
	for i, person := range persons {
		ids[i] = person.String()
	}
	err := inBatches(ids, func(list string, args []any) error {
		return queries.Each(ctx, tx, func(scan func(...any) error) error {
			r := row{}
			err := standing(&r.Standing)(func(to ...any) error { return scan(append(to, &r.lease)...) })
			r.frozen = r.Open != nil && r.Open.Frozen()
			rows[r.Person] = r
			return err
		}, `SELECT `+standingColumns+`, lease_until FROM digest_standings WHERE person IN (`+list+`)`, args...)
	})
	return rows, err
}

// standing reads a row of standingColumns.
func standing(s *digest.Standing) func(scan func(...any) error) error {
	return func(scan func(...any) error) error {
		var person, settings, delivery, carried, pending string
		var next, last, barred, later, turn int64
		if err := scan(&person, &settings, &s.Changed, &s.Cursor, &s.Since, &next, &last, &delivery, &carried, &s.Epoch, &pending, (*string)(&s.Suspended), &barred, &later, &turn); err != nil {
			return err
		}
		s.NextDue, s.LastDue, s.Barred = moment(next), moment(last), barred != 0
		s.Later, s.Turn = moment(later), turn != 0
		var err error
		if s.Person, err = uuid.Parse(person); err != nil {
			return fmt.Errorf("digest row of %s: %w", person, err)
		}
		err = errors.Join(json.Unmarshal([]byte(settings), &s.Settings), json.Unmarshal([]byte(carried), &s.Carried))
		if delivery != "" {
			s.Open = &digest.Delivery{}
			err = errors.Join(err, json.Unmarshal([]byte(delivery), s.Open))
		}
		if pending != "" {
			s.Pending = &digest.Confirmation{}
			err = errors.Join(err, json.Unmarshal([]byte(pending), s.Pending))
		}
		if err != nil {
			return fmt.Errorf("digest row of %s: %w", person, err)
		}
		return nil
	}
}

// save writes a row and its frozen mail, which goes as soon as it cannot be needed
// again.
func (r *row) save(ctx context.Context, tx Tx) error {
	s := r.Standing
	settings, err := json.Marshal(s.Settings)
	if err != nil {
		return err
	}
	carried, err := json.Marshal(s.Carried)
	if err != nil {
		return err
	}
	var delivery, pending []byte
	if s.Open != nil {
		if delivery, err = json.Marshal(s.Open); err != nil {
			return err
		}
	}
	if s.Pending != nil {
		if pending, err = json.Marshal(s.Pending); err != nil {
			return err
		}
	}
	at, immediate := s.Wake()
	wake := sql.NullInt64{Int64: micros(at), Valid: !at.IsZero()}
	_, err = tx.Exec(ctx, `
		INSERT INTO digest_standings (person, settings, changed, cursor, since, next_due, last_due, delivery, carried, wake_at, immediate, troubled, pending, suspended, barred, later, turn, lease_until)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
		ON CONFLICT (person) DO UPDATE SET settings = excluded.settings, changed = excluded.changed, cursor = excluded.cursor,
		  since = excluded.since, next_due = excluded.next_due, last_due = excluded.last_due, delivery = excluded.delivery,
		  carried = excluded.carried, wake_at = excluded.wake_at, immediate = excluded.immediate, troubled = excluded.troubled,
		  pending = excluded.pending, suspended = excluded.suspended, barred = excluded.barred, later = excluded.later, turn = excluded.turn,
		  lease_until = excluded.lease_until`,
		s.Person.String(), string(settings), s.Changed, s.Cursor, s.Since, micros(s.NextDue), micros(s.LastDue),
		string(delivery), string(carried), wake, flag(immediate), flag(s.Troubled()),
		string(pending), string(s.Suspended), flag(s.Barred), micros(s.Later), flag(s.Turn), r.lease)
	freezes := s.Open != nil && s.Open.Frozen()
	switch {
	case err != nil:
		return err
	case freezes && s.Open.Box != nil:
		_, err = tx.Exec(ctx, `INSERT INTO digest_mails (person, box) VALUES ($1, $2) ON CONFLICT (person) DO UPDATE SET box = excluded.box`,
			s.Person.String(), s.Open.Box)
	case r.frozen && !freezes:
		_, err = tx.Exec(ctx, `DELETE FROM digest_mails WHERE person = $1`, s.Person.String())
	}
	r.frozen = freezes
	return err
}
