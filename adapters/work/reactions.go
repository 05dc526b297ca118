// Reactions: how far each has read, which notices wait for their grace period,
// and what has been parked.

package work

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"imprint/adapters/queries"
	"imprint/domain/event"
	"imprint/domain/notice"
	"imprint/domain/reaction"
)

// Reactions keeps the state of the reactions.
type Reactions struct{ db Database }

// NewReactions makes the store over the tables.
func NewReactions(db Database) *Reactions { return &Reactions{db: db} }

// Checkpoint answers how far a reaction has read; zero if it never has.
func (r *Reactions) Checkpoint(ctx context.Context, name string) (event.Checkpoint, error) {
	const query = `SELECT position, ordinal, log_time FROM reaction_checkpoints WHERE reaction = $1`
	var at event.Checkpoint
	var logTime int64
	_, err := one(ctx, r.db, into(&at.Position, &at.Ordinal, &logTime), query, name)
	at.LogTime = moment(logTime)
	return at, err
}

// Advance moves a reaction's checkpoint forwards, durably; never back, so that a
// second program that reads the same events does no harm.
func (r *Reactions) Advance(ctx context.Context, name string, to event.Checkpoint) error {
	const upsert = `INSERT INTO reaction_checkpoints (reaction, position, ordinal, log_time) VALUES ($1, $2, $3, $4)
		ON CONFLICT (reaction) DO UPDATE SET position = excluded.position, ordinal = excluded.ordinal, log_time = excluded.log_time
		WHERE excluded.ordinal > reaction_checkpoints.ordinal`
	return exec(ctx, r.db, upsert, name, string(to.Position), to.Ordinal, micros(to.LogTime))
}

// held is what a pending notice consists of besides its columns.
type held struct {
	Notice    notice.Released  `json:"notice"`
	CauseType string           `json:"causeType"`
	Before    event.Checkpoint `json:"before"`
}

// Hold keeps a notice until its grace period ends, durably. A cause that is held
// already stays as it is.
func (r *Reactions) Hold(ctx context.Context, p notice.Pending) error {
	body, err := json.Marshal(held{Notice: p.Notice, CauseType: p.CauseType, Before: p.Before})
	if err != nil {
		return fmt.Errorf("hold the notice of %s: %w", p.Notice.Cause, err)
	}
	const insert = `INSERT INTO pending_notices (cause, cause_ordinal, release_at, correlation, notice) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (cause) DO NOTHING`
	return exec(ctx, r.db, insert, p.Notice.Cause.String(), p.Notice.CauseOrdinal, micros(p.ReleaseAt), p.Correlation.String(), string(body))
}

// Held lists the notices whose grace period ends at or before a time, in the
// order of its end and then of their causes, at most limit.
func (r *Reactions) Held(ctx context.Context, until time.Time, limit int) ([]notice.Pending, error) {
	const query = `SELECT release_at, correlation, notice FROM pending_notices WHERE release_at <= $1
		ORDER BY release_at, cause_ordinal LIMIT $2`
	var due []notice.Pending
	err := queries.Each(ctx, r.db, func(scan func(...any) error) error {
		var releaseAt int64
		var correlation, body string
		if err := scan(&releaseAt, &correlation, &body); err != nil {
			return err
		}
		var h held
		if err := json.Unmarshal([]byte(body), &h); err != nil {
			return fmt.Errorf("a held notice cannot be read: %w", err)
		}
		p := notice.Pending{Notice: h.Notice, ReleaseAt: moment(releaseAt), CauseType: h.CauseType, Before: h.Before}
		var err error
		if p.Correlation, err = uuid.Parse(correlation); err != nil {
			return fmt.Errorf("a held notice cannot be read: %w", err)
		}
		due = append(due, p)
		return nil
	}, query, micros(until), limit)
	return due, err
}

// NextRelease is when the next grace period ends; false if none is running.
func (r *Reactions) NextRelease(ctx context.Context) (time.Time, bool, error) {
	var next sql.NullInt64
	_, err := one(ctx, r.db, into(&next), `SELECT min(release_at) FROM pending_notices`)
	return moment(next.Int64), next.Valid, err
}

// Drop forgets a held notice: it has been released, or never will be.
func (r *Reactions) Drop(ctx context.Context, cause uuid.UUID) error {
	return exec(ctx, r.db, `DELETE FROM pending_notices WHERE cause = $1`, cause.String())
}

// Park keeps an event that a reaction failed on, durably.
func (r *Reactions) Park(ctx context.Context, p reaction.Parked) error {
	const upsert = `INSERT INTO parked_reactions (reaction, event, type, ordinal, before_position, before_ordinal, before_log_time, reason, parked_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON CONFLICT (reaction, event) DO UPDATE SET reason = excluded.reason, parked_at = excluded.parked_at`
	return exec(ctx, r.db, upsert, p.Reaction, p.Event.String(), p.Type, p.Ordinal,
		string(p.Before.Position), p.Before.Ordinal, micros(p.Before.LogTime), p.Reason, micros(p.At))
}

// Parked lists what is parked, in the order of the log.
func (r *Reactions) Parked(ctx context.Context) ([]reaction.Parked, error) {
	const query = `SELECT reaction, event, type, ordinal, before_position, before_ordinal, before_log_time, reason, parked_at
		FROM parked_reactions ORDER BY ordinal, reaction`
	var parked []reaction.Parked
	err := queries.Each(ctx, r.db, func(scan func(...any) error) error {
		var p reaction.Parked
		var id string
		var logTime, at int64
		if err := scan(&p.Reaction, &id, &p.Type, &p.Ordinal, &p.Before.Position, &p.Before.Ordinal, &logTime, &p.Reason, &at); err != nil {
			return err
		}
		var err error
		if p.Event, err = uuid.Parse(id); err != nil {
			return fmt.Errorf("a parked event cannot be read: %w", err)
		}
		p.Before.LogTime, p.At = moment(logTime), moment(at)
		parked = append(parked, p)
		return nil
	}, query)
	return parked, err
}

// Unpark forgets a parked event: it has been dealt with.
func (r *Reactions) Unpark(ctx context.Context, name string, id uuid.UUID) error {
	return exec(ctx, r.db, `DELETE FROM parked_reactions WHERE reaction = $1 AND event = $2`, name, id.String())
}
