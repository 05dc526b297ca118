// Who is due, who holds whom, and what operators ask about it.

package work

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/google/uuid"

	"imprint/adapters/sqlite"
	"imprint/domain/digest"
)

// Claim leases persons whose time has come, those longest due first, under a new
// epoch each, and answers them with their frozen mails.
func (d *Digests) Claim(ctx context.Context, c digest.Claim) ([]digest.Standing, error) {
	var claimed []digest.Standing
	err := d.transact(ctx, func(tx *sql.Tx) error {
		clock := d.clock()
		// Each branch is a walk along one small index; one OR over both would scan.
		ids, err := people(ctx, tx, `SELECT person FROM digest_standings WHERE wake_at <= $1 AND lease_until <= $2 ORDER BY wake_at LIMIT $3`,
			micros(c.Now), micros(clock), c.Limit)
		if err == nil && c.Immediate && len(ids) < c.Limit {
			var more []string
			more, err = people(ctx, tx, `SELECT person FROM digest_standings WHERE immediate = 1 AND cursor < $1 AND lease_until <= $2 ORDER BY cursor LIMIT $3`,
				c.End, micros(clock), c.Limit-len(ids))
			ids = append(ids, more...)
		}
		if err != nil {
			return err
		}
		for _, id := range ids {
			s, err := scan(tx.QueryRowContext(ctx, `UPDATE digest_standings SET holder = $1, epoch = epoch + 1, lease_until = $2 WHERE person = $3 RETURNING `+standingColumns,
				c.Holder, micros(clock.Add(c.Lease)), id))
			if err != nil {
				return err
			}
			if s.Open != nil && s.Open.Frozen() {
				if err := tx.QueryRowContext(ctx, `SELECT box FROM digest_mails WHERE person = $1`, id).Scan(&s.Open.Box); err != nil {
					return err
				}
			}
			claimed = append(claimed, s)
		}
		return nil
	})
	return claimed, err
}

func people(ctx context.Context, tx *sql.Tx, query string, args ...any) ([]string, error) {
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var ids []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}

// Release gives back all leases of a holder. Names of holders are never shared by
// two living processes.
func (d *Digests) Release(ctx context.Context, holder string) error {
	_, err := d.db.Write.ExecContext(ctx, `UPDATE digest_standings SET lease_until = 0 WHERE holder = $1 AND lease_until > 0`, holder)
	return d.explain(err)
}

// Immediate is the lowest cursor of those who want their digests at once; false
// if there is nobody.
func (d *Digests) Immediate(ctx context.Context) (int64, bool, error) {
	var lowest sql.NullInt64
	err := d.db.Read.QueryRowContext(ctx, `SELECT min(cursor) FROM digest_standings WHERE immediate = 1`).Scan(&lowest)
	return lowest.Int64, lowest.Valid, d.explain(err)
}

// Find answers one person's standing, without the frozen mail; false if the
// person has never had settings.
func (d *Digests) Find(ctx context.Context, person uuid.UUID) (digest.Standing, bool, error) {
	s, found, err := find(ctx, d.db.Read, person)
	return s, found, d.explain(err)
}

// Due lists those whose time has come, held or not, longest due first.
func (d *Digests) Due(ctx context.Context, now time.Time, limit int) ([]digest.Standing, error) {
	return d.list(ctx, `SELECT `+standingColumns+` FROM digest_standings WHERE wake_at <= $1 ORDER BY wake_at LIMIT $2`, micros(now), limit)
}

// DueAtOnce lists those who want their digests at once and whose cursor lies
// before an ordinal, lowest cursor first.
func (d *Digests) DueAtOnce(ctx context.Context, end int64, limit int) ([]digest.Standing, error) {
	return d.list(ctx, `SELECT `+standingColumns+` FROM digest_standings WHERE immediate = 1 AND cursor < $1 ORDER BY cursor LIMIT $2`, end, limit)
}

// Troubled lists those for whom something waits after a failure.
func (d *Digests) Troubled(ctx context.Context, limit int) ([]digest.Standing, error) {
	return d.list(ctx, `SELECT `+standingColumns+` FROM digest_standings WHERE troubled = 1 ORDER BY person LIMIT $1`, limit)
}

func (d *Digests) list(ctx context.Context, query string, args ...any) ([]digest.Standing, error) {
	rows, err := d.db.Read.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, d.explain(err)
	}
	defer func() { _ = rows.Close() }()
	var all []digest.Standing
	for rows.Next() {
		s, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, d.explain(rows.Err())
}

// explain leaves digest.ErrMoved as it is and puts the driver's errors into words.
func (d *Digests) explain(err error) error {
	if err == nil || errors.Is(err, digest.ErrMoved) {
		return err
	}
	return sqlite.Explain(d.db.Path, err)
}
