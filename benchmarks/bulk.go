package main

// The baseline of the rebuild: the fastest honest way to put rows into tables of
// the same kind. A fresh file with the same pragmas; one transaction; statements
// of many rows, prepared once; indexes and full text made when the rows are in.

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"imprint/adapters/sqlite"
)

// bulkRows is the number of rows in one statement: larger ones were not faster.
const bulkRows = 64

// bulkInsert tells how long it took from the first statement to the commit.
func bulkInsert(ctx context.Context, path string, tables []*built) (took time.Duration, err error) {
	db, err := sqlite.Open(ctx, path, sqlite.Rebuildable)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	conn, err := db.Write.Conn(ctx)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	return timed(func() error {
		if _, err := conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
			return err
		}
		for _, t := range tables {
			if err := t.insert(ctx, conn); err != nil {
				return fmt.Errorf("table %s: %w", t.name, err)
			}
		}
		_, err := conn.ExecContext(ctx, "COMMIT")
		return err
	})
}

func (t *built) insert(ctx context.Context, conn *sql.Conn) error {
	if err := execute(ctx, conn, t.schema); err != nil {
		return err
	}
	for _, size := range []int{bulkRows, 1} {
		if err := t.insertBy(ctx, conn, size); err != nil {
			return err
		}
	}
	return execute(ctx, conn, t.indexes)
}

// insertBy inserts rows by statements of size rows: the whole ones, and by size 1
// what those left over.
func (t *built) insertBy(ctx context.Context, conn *sql.Conn, size int) error {
	rows := t.rows[:len(t.rows)/bulkRows*bulkRows]
	if size == 1 {
		rows = t.rows[len(rows):]
	}
	tuple := "(?" + strings.Repeat(",?", len(t.columns)-1) + ")"
	stmt, err := conn.PrepareContext(ctx, fmt.Sprintf("INSERT INTO %s (%s) VALUES %s", t.name, strings.Join(t.columns, ","), tuple+strings.Repeat(","+tuple, size-1)))
	if err != nil {
		return err
	}
	defer func() { _ = stmt.Close() }()
	args := make([]any, 0, size*len(t.columns))
	for ; len(rows) > 0; rows = rows[size:] {
		args = args[:0]
		for _, row := range rows[:size] {
			args = append(args, row...)
		}
		if _, err := stmt.ExecContext(ctx, args...); err != nil {
			return err
		}
	}
	return nil
}

func execute(ctx context.Context, conn *sql.Conn, texts []string) error {
	for _, text := range texts {
		if _, err := conn.ExecContext(ctx, text); err != nil {
			return err
		}
	}
	return nil
}
