package main

// Rebuilding all read models from the log, against a bare bulk insert of exactly
// the rows that the rebuild ends with.

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"imprint/adapters/sqlite"
	"imprint/projections"
)

const rebuildGoal = 2.5

// measureRebuild runs rounds of rebuild and bulk insert. What the rebuild before
// has left is dropped outside the time taken, for an installation drops it once.
func measureRebuild(ctx context.Context, r *report, in *installation, dir string, e extent) error {
	var ours, bares []time.Duration
	var ratios []float64
	var rows, events int64
	for round := range e.rebuilds {
		var builds []projections.Build
		took, err := timed(func() (err error) {
			builds, err = in.engine.RebuildAll(ctx, readModels(), nil)
			return err
		})
		if err != nil {
			return err
		}
		tables, err := finalRows(ctx, in, builds)
		if err != nil {
			return err
		}
		path := filepath.Join(dir, fmt.Sprintf("bulk-%d.db", round))
		bare, err := bulkInsert(ctx, path, tables)
		if err != nil {
			return fmt.Errorf("bulk insert: %w", err)
		}
		rows, events = 0, builds[0].Checkpoint.Ordinal
		for _, t := range tables {
			rows += int64(len(t.rows))
		}
		r.note("rebuild round %d\tours %s\tbulk insert %s\tratio %.2f", round+1, millis(took), millis(bare), float64(took)/float64(bare))
		ours, bares, ratios = append(ours, took), append(bares, bare), append(ratios, float64(took)/float64(bare))
		if err := forget(ctx, in, builds, path); err != nil {
			return err
		}
	}
	r.note("rebuild\t%d read models\t%d events\t%d final rows\t%.0f events/s", len(readModels()), events, rows, float64(events)/median(ours).Seconds())
	r.atMost("rebuild of all read models", millis(median(ours)), millis(median(bares)), median(ratios), rebuildGoal)
	return nil
}

// forget drops what a round has built on either side.
func forget(ctx context.Context, in *installation, builds []projections.Build, bulk string) error {
	for _, b := range builds {
		if err := in.store.Drop(ctx, b.Generation); err != nil {
			return err
		}
	}
	return os.Remove(bulk)
}

// built is one table of a generation with all its rows.
type built struct {
	name    string
	columns []string
	schema  []string // the table
	indexes []string // its secondary indexes and full text
	rows    []projections.Values
}

// finalRows reads the rows into memory, in primary-key order, which suits the
// bulk insert best, with the very statements that made their tables and indexes.
func finalRows(ctx context.Context, in *installation, builds []projections.Build) ([]*built, error) {
	var tables []*built
	for i, p := range readModels() {
		for _, t := range p.Tables {
			b := &built{name: fmt.Sprintf("%s_%s_v%d_g%d", p.Name, t.Name, p.Version, builds[i].Number)}
			for _, c := range t.Columns {
				b.columns = append(b.columns, c.Name)
			}
			err := in.store.Read(ctx, func(r projections.Reader) error {
				for row, err := range r.Scan(ctx, builds[i].Generation, t) {
					if err != nil {
						return err
					}
					b.rows = append(b.rows, row)
				}
				return nil
			})
			if err != nil {
				return nil, err
			}
			tables = append(tables, b)
		}
	}
	return tables, describe(ctx, in.views, tables)
}

// describe reads how the tables are made from the file's own schema.
func describe(ctx context.Context, path string, tables []*built) (err error) {
	db, err := sqlite.OpenReadOnly(ctx, path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	for _, t := range tables {
		rows, err := db.Read.QueryContext(ctx, `SELECT type, name, sql FROM sqlite_schema
			WHERE sql IS NOT NULL AND (name = $1 OR tbl_name = $1 AND type = 'index' OR name = $1 || '_fts')`, t.name)
		if err != nil {
			return err
		}
		for rows.Next() {
			var kind, name, text string
			if err := rows.Scan(&kind, &name, &text); err != nil {
				return errors.Join(err, rows.Close())
			}
			switch {
			case kind == "index":
				t.indexes = append(t.indexes, text)
			case name == t.name:
				t.schema = append(t.schema, text)
			default: // the full text, filled when the rows are in
				t.indexes = append(t.indexes, text, fmt.Sprintf("INSERT INTO %[1]s(%[1]s) VALUES ('rebuild')", name))
			}
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return err
		}
		if len(t.schema) != 1 {
			return fmt.Errorf("the file has no table %s", t.name)
		}
	}
	return nil
}
