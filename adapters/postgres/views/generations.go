package views

// Making, indexing, showing and dropping generations.

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"imprint/adapters/postgres"
	"imprint/projections"
)

// Live implements projections.Store.
func (s *Store) Live(ctx context.Context, p projections.Projection) (build projections.Build, err error) {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	find := func() (found bool, err error) {
		live, err := builds(ctx, s.db.Write, liveOf, p.Name, p.Version)
		if found = len(live) == 1; found {
			build = live[0]
			s.known.learn(build.Generation, build.Checkpoint.Ordinal)
		}
		return found, postgres.Explain(err)
	}
	if found, err := find(); err != nil || found {
		return build, err
	}
	made := false
	err = s.transact(ctx, func(tx pgx.Tx) error {
		build, made, err = create(ctx, tx, p, true)
		return err
	})
	if err != nil || made {
		return build, err
	}
	// Another process has made it at this moment.
	if found, err := find(); err != nil || found {
		return build, err
	}
	return build, fmt.Errorf("the live generation of %s came and went", p.Name)
}

// Create implements projections.Store.
func (s *Store) Create(ctx context.Context, p projections.Projection) (build projections.Build, err error) {
	err = s.do(ctx, func(tx pgx.Tx) error {
		build, _, err = create(ctx, tx, p, false)
		return err
	})
	return build, err
}

// create makes a generation. Of several processes that make the live one, one
// does; the others wait for it and answer false.
func create(ctx context.Context, tx pgx.Tx, p projections.Projection, live bool) (projections.Build, bool, error) {
	g := projections.Generation{Projection: p.Name, Version: p.Version}
	const insert = `INSERT INTO imprint_views.generations (projection, version, live, log_time, expires) VALUES ($1, $2, $3, $4, imprint_views.clock())
		ON CONFLICT (projection, version) WHERE live DO NOTHING RETURNING generation`
	err := tx.QueryRow(ctx, insert, p.Name, p.Version, live, projections.Micros(time.Time{})).Scan(&g.Number)
	if errors.Is(err, pgx.ErrNoRows) {
		return projections.Build{}, false, nil
	}
	if err != nil {
		return projections.Build{}, false, err
	}
	if err := define(ctx, tx, "CREATE SCHEMA "+viewSchema(g)); err != nil {
		return projections.Build{}, false, err
	}
	var names []string
	for _, t := range p.Tables {
		names = append(names, tableName(g, t))
		texts, err := createTable(p, g, t)
		if err == nil {
			err = define(ctx, tx, texts...)
		}
		if err != nil {
			return projections.Build{}, false, fmt.Errorf("table %s: %w", t.Name, err)
		}
	}
	_, err = tx.Exec(ctx, `UPDATE imprint_views.generations SET tables = $1 WHERE generation = $2`, strings.Join(names, " "), g.Number)
	return projections.Build{Generation: g, Live: live}, true, err
}

// unhurried lets a transaction make indexes for as long as it takes.
var unhurried = []string{`SET LOCAL statement_timeout = 0`, `SET LOCAL maintenance_work_mem = '256MB'`}

// Index implements projections.Store. It may take minutes, so that no time bounds
// it; writers of the generation wait, readers do not.
func (s *Store) Index(ctx context.Context, p projections.Projection, g projections.Generation) error {
	ctx = postgres.Unbounded(ctx)
	return s.transact(ctx, func(tx pgx.Tx) error {
		if err := define(ctx, tx, unhurried...); err != nil {
			return err
		}
		done, err := tx.Exec(ctx, `UPDATE imprint_views.generations SET indexed = true WHERE generation = $1 AND NOT indexed`, g.Number)
		if err != nil || done.RowsAffected() == 0 {
			return err
		}
		for _, t := range p.Tables {
			if err := define(ctx, tx, createIndexes(g, t)...); err != nil {
				return fmt.Errorf("indexes of %s: %w", t.Name, err)
			}
		}
		return nil
	})
}

// Switch implements projections.Store. If we crash before the commit queries see
// the former generation, whole. Who follows is told, as of a commit.
func (s *Store) Switch(ctx context.Context, _ projections.Projection, former, next projections.Build) error {
	return s.do(ctx, func(tx pgx.Tx) error {
		// Both rows are locked against commits, in one order.
		found, err := builds(ctx, tx, `WHERE generation IN ($1, $2) ORDER BY generation FOR UPDATE`, former.Number, next.Number)
		if err != nil {
			return err
		}
		if err := projections.CheckSwitch(found, former, next); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, retire, former.Number); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, free, next.Number, next.Epoch); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE imprint_views.generations SET live = true WHERE generation = $1`, next.Number); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `SELECT pg_notify('imprint_checkpoints', '')`)
		return err
	})
}

// retire ends the life of a generation and fences its runner.
const retire = `UPDATE imprint_views.generations SET live = false, epoch = epoch + 1, holder = '', expires = imprint_views.clock() WHERE generation = $1 AND live`

// Retire implements projections.Store. Its views stay in a schema of their own,
// where no snapshot looks any more.
func (s *Store) Retire(ctx context.Context, g projections.Generation) error {
	return s.do(ctx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, retire, g.Number)
		return err
	})
}

// Drop implements projections.Store. It waits for readers of the generation from
// before it was retired, as long as a lock is waited for.
func (s *Store) Drop(ctx context.Context, g projections.Generation) error {
	return s.do(ctx, func(tx pgx.Tx) error {
		found, err := builds(ctx, tx, one+` FOR UPDATE`, g.Number)
		if err != nil || len(found) == 0 {
			return err
		}
		if found[0].Live {
			return fmt.Errorf("generation %d of %s is live and cannot be dropped", g.Number, g.Projection)
		}
		var tables string
		if err := tx.QueryRow(ctx, `DELETE FROM imprint_views.generations WHERE generation = $1 RETURNING tables`, g.Number).Scan(&tables); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, hold, g.Number); err != nil {
			return err
		}
		if err := define(ctx, tx, "DROP SCHEMA "+viewSchema(g)+" CASCADE"); err != nil {
			return err
		}
		for _, name := range strings.Fields(tables) {
			if err := define(ctx, tx, "DROP TABLE imprint_views."+name); err != nil {
				return err
			}
		}
		_, err = tx.Exec(ctx, `DELETE FROM imprint_views.parked WHERE generation = $1`, g.Number)
		return err
	})
}

// Sizes answers how many bytes of the disk each generation takes, by its number:
// tables, indexes and full text.
func (s *Store) Sizes(ctx context.Context) (map[int64]int64, error) {
	sizes := map[int64]int64{}
	rows, err := s.db.Write.Query(ctx, `SELECT g.generation, CAST(coalesce(sum(pg_total_relation_size(to_regclass('imprint_views.' || t.name))), 0) AS bigint)
		FROM imprint_views.generations g LEFT JOIN LATERAL unnest(string_to_array(g.tables, ' ')) AS t(name) ON true
		GROUP BY g.generation`)
	if err != nil {
		return nil, postgres.Explain(err)
	}
	var generation, size int64
	_, err = pgx.ForEachRow(rows, []any{&generation, &size}, func() error {
		sizes[generation] = size
		return nil
	})
	return sizes, postgres.Explain(err)
}
