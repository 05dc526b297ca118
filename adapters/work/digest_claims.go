// Who is due, who holds whom, and what operators ask about it.

package work

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"imprint/adapters/queries"
	"imprint/domain/digest"
)

// Claim leases persons whose time has come, under a new epoch each, and answers them
// with their frozen mails: first those whose turn at a mail domain it is, for turns
// pass; then those longest due.
func (d *Digests) Claim(ctx context.Context, c digest.Claim) ([]digest.Standing, error) {
	clock, err := d.db.Clock(ctx)
	if err != nil {
		return nil, err
	}
	var claimed []digest.Standing
	err = d.db.Write(ctx, func(tx Tx) error {
		claimed = nil
		ids, err := due(ctx, tx, c, clock)
		if err != nil {
			return err
		}
		found := make(map[string]digest.Standing, len(ids))
		err = inBatches(ids, func(list string, args []any) error {
			return queries.Each(ctx, tx, func(scan func(...any) error) error {
				var s digest.Standing
				err := standing(&s)(scan)
				found[s.Person.String()] = s
				return err
			}, `UPDATE digest_standings SET holder = $1, epoch = epoch + 1, lease_until = $2 WHERE person IN (`+list+`) RETURNING `+standingColumns, args...)
		}, c.Holder, micros(clock.Add(c.Lease)))
		if err != nil {
			return err
		}
		for _, id := range ids {
			s := found[id]
			if s.Open != nil && s.Open.Frozen() {
				kept, err := one(ctx, tx, into(&s.Open.Box), `SELECT box FROM digest_mails WHERE person = $1`, id)
				if err == nil && !kept {
					err = fmt.Errorf("the frozen mail of %s is missing from %s", id, d.db.Name())
				}
				if err != nil {
					return err
				}
			}
			claimed = append(claimed, s)
		}
		return nil
	})
	return claimed, err
}

// due lists whose time has come and whom nobody holds, each once.
func due(ctx context.Context, tx Tx, c digest.Claim, clock time.Time) (ids []string, err error) {
	// Each branch is a walk along one small index; one OR over all would scan.
	type branch struct {
		query string
		until int64
	}
	branches := []branch{
		{`SELECT person FROM digest_standings WHERE turn = 1 AND later > 0 AND later <= $1 AND lease_until <= $2 ORDER BY later LIMIT $3`, micros(c.Now)},
		{`SELECT person FROM digest_standings WHERE wake_at <= $1 AND turn = 0 AND lease_until <= $2 ORDER BY wake_at LIMIT $3`, micros(c.Now)},
	}
	if c.Immediate {
		branches = append(branches, branch{`SELECT person FROM digest_standings WHERE immediate = 1 AND cursor < $1 AND lease_until <= $2 ORDER BY cursor LIMIT $3`, c.End})
	}
	for _, b := range branches {
		if len(ids) == c.Limit {
			break
		}
		more, err := people(ctx, tx, b.query, b.until, micros(clock), c.Limit-len(ids))
		if err != nil {
			return nil, err
		}
		for _, id := range more {
			if !slices.Contains(ids, id) { // an immediate reader may have an address to be asked about as well
				ids = append(ids, id)
			}
		}
	}
	return ids, nil
}

func people(ctx context.Context, tx Tx, query string, args ...any) (ids []string, err error) {
	err = queries.Each(ctx, tx, func(scan func(...any) error) error {
		var id string
		err := scan(&id)
		ids = append(ids, id)
		return err
	}, query, args...)
	return ids, err
}

// maxReleased bounds the rows of one transaction: an engine may hold in memory what
// a statement changes.
const maxReleased = 500

// Release gives back all leases of a holder. Names of holders are never shared by
// two living processes. If we crash in the middle, the others run out.
func (d *Digests) Release(ctx context.Context, holder string) error {
	const release = `UPDATE digest_standings SET lease_until = 0 WHERE person IN
		(SELECT person FROM digest_standings WHERE holder = $1 AND lease_until > 0 LIMIT $2)`
	for changed := int64(maxReleased); changed == maxReleased; {
		err := d.db.Write(ctx, func(tx Tx) (err error) {
			changed, err = tx.Exec(ctx, release, holder, maxReleased)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Immediate is the lowest cursor of those who want their digests at once; false
// if there is nobody.
func (d *Digests) Immediate(ctx context.Context) (int64, bool, error) {
	var lowest sql.NullInt64
	_, err := one(ctx, d.db, into(&lowest), `SELECT min(cursor) FROM digest_standings WHERE immediate = 1`)
	return lowest.Int64, lowest.Valid, err
}

// Find answers one person's standing, without the frozen mail; false if the
// person has never had settings.
func (d *Digests) Find(ctx context.Context, person uuid.UUID) (digest.Standing, bool, error) {
	return find(ctx, d.db, person)
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

// PutOff lists those whose mail waits for its turn at a mail domain, the next turn
// first.
func (d *Digests) PutOff(ctx context.Context, limit int) ([]digest.Standing, error) {
	return d.list(ctx, `SELECT `+standingColumns+` FROM digest_standings WHERE later > 0 ORDER BY later LIMIT $1`, limit)
}

// Troubled lists those for whom something waits after a failure.
func (d *Digests) Troubled(ctx context.Context, limit int) ([]digest.Standing, error) {
	return d.list(ctx, `SELECT `+standingColumns+` FROM digest_standings WHERE troubled = 1 ORDER BY person LIMIT $1`, limit)
}

func (d *Digests) list(ctx context.Context, query string, args ...any) ([]digest.Standing, error) {
	var all []digest.Standing
	err := queries.Each(ctx, d.db, func(scan func(...any) error) error {
		var s digest.Standing
		err := standing(&s)(scan)
		all = append(all, s)
		return err
	}, query, args...)
	return all, err
}
