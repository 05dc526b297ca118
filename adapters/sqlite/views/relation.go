package views

// One table of one generation and its prepared statements. A set of rows goes
// out in statements of fixed sizes, so that a handful of them, prepared once,
// serve every batch.

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"imprint/projections"
)

// maxVariables is SQLite's default limit of parameters in one statement.
const maxVariables = 32766

// sizes are the numbers of rows or keys in one statement.
var sizes = []int{64, 8, 1}

// relation is owned by the writer and used under its lock.
type relation struct {
	table *projections.Table
	name  string
	keyed bool // it is known to have its primary key
	stmts map[shape]*sql.Stmt
}

// shape tells a relation's statements apart.
type shape struct {
	verb verb
	rows int
}

type verb int

const (
	load verb = iota
	insert
	upsert
	remove
)

// relation answers the statements of a table, kept from batch to batch.
func (w *writer) relation(g projections.Generation, t *projections.Table) *relation {
	name := tableName(g, t)
	r, ok := w.relations[name]
	if !ok {
		r = &relation{table: t, name: name, stmts: map[shape]*sql.Stmt{}}
		w.relations[name] = r
	}
	return r
}

// key makes the primary key where it is missing. While a table is loaded most of its
// rows are new and are looked for by nobody; to keep an index of keys in random order
// for them costs more than to make it at the end. So a table gets its key before the
// first row of it is looked for, replaced or deleted, or with the other indexes.
func (w *writer) key(ctx context.Context, g projections.Generation, r *relation) error {
	if r.keyed {
		return nil
	}
	// It is not asked for by name: tables of older programs were made with theirs.
	err := w.conn.QueryRowContext(ctx, `SELECT count(*) > 0 FROM pragma_index_list($1) WHERE "unique"`, r.name).Scan(&r.keyed)
	if err == nil && !r.keyed {
		err = w.define(ctx, createKey(g, r.table))
		r.keyed = err == nil
	}
	if err != nil {
		return fmt.Errorf("key of table %s: %w", r.name, err)
	}
	return nil
}

func (r *relation) close() error {
	var errs []error
	for _, stmt := range r.stmts {
		errs = append(errs, stmt.Close())
	}
	return errors.Join(errs...)
}

func (w *writer) prepared(ctx context.Context, r *relation, s shape) (*sql.Stmt, error) {
	if stmt, ok := r.stmts[s]; ok {
		return stmt, nil
	}
	stmt, err := w.conn.PrepareContext(ctx, r.text(s))
	if err != nil {
		return nil, fmt.Errorf("table %s: %w", r.name, err)
	}
	r.stmts[s] = stmt
	return stmt, nil
}

// each cuts rows into statements and calls do with each and its arguments.
func (w *writer) each(ctx context.Context, r *relation, v verb, rows []projections.Values, do func(*sql.Stmt, []any) error) error {
	for len(rows) > 0 {
		n := sizes[slices.IndexFunc(sizes, func(n int) bool { return n == 1 || n <= len(rows) && n*len(rows[0]) <= maxVariables })]
		stmt, err := w.prepared(ctx, r, shape{v, n})
		if err != nil {
			return err
		}
		if err := do(stmt, slices.Concat(rows[:n]...)); err != nil {
			return fmt.Errorf("table %s: %w", r.name, err)
		}
		rows = rows[n:]
	}
	return nil
}

func (r *relation) text(s shape) string {
	switch s.verb {
	case insert:
		return r.insert(s.rows)
	case upsert:
		return r.upsert(s.rows)
	case remove:
		return fmt.Sprintf("DELETE FROM %s WHERE %s", r.name, oneOf(r.table.PrimaryKey(), s.rows))
	}
	text := fmt.Sprintf("SELECT %s FROM %s WHERE %s", list(r.table.ColumnNames()), r.name, oneOf(r.table.KeyColumns(), s.rows))
	if r.table.Kind == projections.Interval {
		text += fmt.Sprintf(" AND %s = %d", projections.UntilColumn, projections.Forever)
	}
	return text
}

// insert adds rows that are not there.
func (r *relation) insert(rows int) string {
	names := r.table.ColumnNames()
	return fmt.Sprintf("INSERT INTO %s (%s) VALUES %s", r.name, list(names), tuples(rows, len(names)))
}

// upsert keeps the row_id of a row that is there, which the full text refers to.
func (r *relation) upsert(rows int) string {
	primary := r.table.PrimaryKey()
	var sets []string
	for _, n := range r.table.ColumnNames() {
		if !slices.Contains(primary, n) {
			sets = append(sets, fmt.Sprintf("%s = excluded.%s", n, n))
		}
	}
	action := "NOTHING"
	if len(sets) > 0 {
		action = "UPDATE SET " + list(sets)
	}
	return fmt.Sprintf("%s ON CONFLICT (%s) DO %s", r.insert(rows), list(primary), action)
}

// oneOf is a condition on rows that an index over the columns answers.
func oneOf(columns []string, rows int) string {
	if len(columns) == 1 {
		return fmt.Sprintf("%s IN %s", columns[0], tuple(rows))
	}
	if rows == 1 {
		return fmt.Sprintf("%s = ?", strings.Join(columns, " = ? AND "))
	}
	return fmt.Sprintf("(%s) IN (VALUES %s)", list(columns), tuples(rows, len(columns)))
}

func tuples(rows, width int) string { return list(slices.Repeat([]string{tuple(width)}, rows)) }

func tuple(width int) string { return "(" + list(slices.Repeat([]string{"?"}, width)) + ")" }
