package views

// Making, indexing, showing and dropping generations.

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"imprint/adapters/sqlite"
	"imprint/projections"
)

// Live implements projections.Store.
func (s *Store) Live(ctx context.Context, p projections.Projection) (projections.Build, error) {
	build, found, err := s.live(ctx, p)
	if err != nil || found {
		return build, err
	}
	err = s.do(ctx, func(w *writer) error {
		// Another runner of this program may have made it meanwhile.
		builds, err := builds(ctx, w.conn, s.clock(), liveOf, p.Name, p.Version)
		if err != nil {
			return err
		}
		if len(builds) == 1 {
			build = builds[0]
			return nil
		}
		if build, err = create(ctx, w, s.clock(), p); err != nil {
			return err
		}
		build.Live = true
		return show(ctx, w, p, build.Generation)
	})
	return build, err
}

// live looks without the writer, for it is asked often.
func (s *Store) live(ctx context.Context, p projections.Projection) (build projections.Build, found bool, err error) {
	err = s.snapshot(ctx, func(r *reader) error {
		live, err := builds(ctx, r.conn, r.clock(), liveOf, p.Name, p.Version)
		if found = len(live) == 1; found {
			build = live[0]
		}
		return err
	})
	return build, found, err
}

// Create implements projections.Store.
func (s *Store) Create(ctx context.Context, p projections.Projection) (build projections.Build, err error) {
	err = s.do(ctx, func(w *writer) error {
		build, err = create(ctx, w, s.clock(), p)
		return err
	})
	return build, err
}

func create(ctx context.Context, w *writer, now time.Time, p projections.Projection) (projections.Build, error) {
	g := projections.Generation{Projection: p.Name, Version: p.Version}
	const insert = `INSERT INTO generations (projection, version, tables, log_time, expires) VALUES ($1, $2, '', $3, $4) RETURNING generation`
	if err := w.conn.QueryRowContext(ctx, insert, p.Name, p.Version, projections.Micros(time.Time{}), now.UnixMicro()).Scan(&g.Number); err != nil {
		return projections.Build{}, err
	}
	var names []string
	for _, t := range p.Tables {
		names = append(names, tableName(g, t))
		if err := w.define(ctx, createTable(g, t)...); err != nil {
			return projections.Build{}, fmt.Errorf("table %s: %w", t.Name, err)
		}
	}
	if err := w.exec(ctx, `UPDATE generations SET tables = $1 WHERE generation = $2`, strings.Join(names, " "), g.Number); err != nil {
		return projections.Build{}, err
	}
	return projections.Build{Generation: g}, w.built(ctx, 1)
}

// Index implements projections.Store.
func (s *Store) Index(ctx context.Context, p projections.Projection, g projections.Generation) error {
	return s.do(ctx, func(w *writer) error {
		n, err := w.changed(ctx, `UPDATE generations SET indexed = true WHERE generation = $1 AND NOT indexed`, g.Number)
		if err != nil || n == 0 {
			return err
		}
		for _, t := range p.Tables {
			if err := w.key(ctx, g, w.relation(g, t)); err != nil {
				return err
			}
			if err := w.define(ctx, createIndexes(g, t)...); err != nil {
				return fmt.Errorf("indexes of %s: %w", t.Name, err)
			}
		}
		return w.built(ctx, -1)
	})
}

// Switch implements projections.Store. If we crash before the commit the views
// show the former generation, whole.
func (s *Store) Switch(ctx context.Context, p projections.Projection, former, next projections.Build) error {
	return s.do(ctx, func(w *writer) error {
		found, err := builds(ctx, w.conn, s.clock(), `WHERE generation IN ($1, $2)`, former.Number, next.Number)
		if err != nil {
			return err
		}
		if err := projections.CheckSwitch(found, former, next); err != nil {
			return err
		}
		if err := w.exec(ctx, retire, s.clock().UnixMicro(), former.Number); err != nil {
			return err
		}
		if err := w.exec(ctx, free, s.clock().UnixMicro(), next.Number, next.Epoch); err != nil {
			return err
		}
		return show(ctx, w, p, next.Generation)
	})
}

// retire ends the life of a generation and fences its runner.
const retire = `UPDATE generations SET live = false, epoch = epoch + 1, holder = '', expires = $1 WHERE generation = $2 AND live`

// show makes a generation the live one.
func show(ctx context.Context, w *writer, p projections.Projection, g projections.Generation) error {
	if err := w.exec(ctx, `UPDATE generations SET live = true WHERE generation = $1`, g.Number); err != nil {
		return err
	}
	for _, t := range p.Tables {
		if err := w.define(ctx, createView(p, g, t)...); err != nil {
			return fmt.Errorf("view of %s: %w", t.Name, err)
		}
	}
	return nil
}

// Retire implements projections.Store.
func (s *Store) Retire(ctx context.Context, g projections.Generation) error {
	return s.do(ctx, func(w *writer) error {
		n, err := w.changed(ctx, retire, s.clock().UnixMicro(), g.Number)
		if err != nil || n == 0 {
			return err
		}
		names, err := w.tables(ctx, g)
		if err != nil {
			return err
		}
		for _, name := range names {
			if err := w.define(ctx, dropView(g, name)...); err != nil {
				return err
			}
		}
		return nil
	})
}

// tables are the names of a generation's tables, as they were made.
func (w *writer) tables(ctx context.Context, g projections.Generation) ([]string, error) {
	var tables string
	err := w.conn.QueryRowContext(ctx, `SELECT tables FROM generations WHERE generation = $1`, g.Number).Scan(&tables)
	return strings.Fields(tables), err
}

// Drop implements projections.Store.
func (s *Store) Drop(ctx context.Context, g projections.Generation) error {
	return s.do(ctx, func(w *writer) error {
		found, err := builds(ctx, w.conn, s.clock(), one, g.Number)
		if err != nil || len(found) == 0 {
			return err
		}
		if found[0].Live {
			return fmt.Errorf("generation %d of %s is live and cannot be dropped", g.Number, g.Projection)
		}
		names, err := w.tables(ctx, g)
		if err != nil {
			return err
		}
		if err := w.exec(ctx, `DELETE FROM generations WHERE generation = $1`, g.Number); err != nil {
			return err
		}
		if err := w.forget(func(table string) bool { return slices.Contains(names, table) }); err != nil {
			return err
		}
		for _, name := range names {
			if err := w.define(ctx, dropTable(name)...); err != nil {
				return err
			}
		}
		return w.exec(ctx, `DELETE FROM parked WHERE generation = $1`, g.Number)
	})
}

// Sizes answers how many bytes of the file each generation takes, by its number:
// tables, indexes and full text. It reads the whole file.
func (s *Store) Sizes(ctx context.Context) (map[int64]int64, error) {
	sizes := map[int64]int64{}
	err := s.snapshot(ctx, func(r *reader) error {
		// What belongs to a table is called TABLE_…; only the index of its primary key
		// has a prefix. A table's own name ends with the generation's number.
		found, err := r.query(ctx, `WITH parts AS (
				SELECT CASE WHEN name LIKE 'sqlite\_autoindex\_%' ESCAPE '\' THEN substr(name, 18) ELSE name END || '_' AS name, pgsize
				FROM dbstat WHERE aggregate = TRUE)
			SELECT g.generation, coalesce(sum(p.pgsize), 0)
			FROM generations g LEFT JOIN parts p ON p.name GLOB g.projection || '_*_v' || g.version || '_g' || g.generation || '_*'
			GROUP BY g.generation`)
		if err != nil {
			return sqlite.Explain(r.path, err)
		}
		for found.Next() {
			var generation, size int64
			if err := found.Scan(&generation, &size); err != nil {
				return sqlite.Explain(r.path, err)
			}
			sizes[generation] = size
		}
		return found.Err()
	})
	return sizes, err
}
