package main

// The tables that peers fold into: in SQLite with the pragmas of our read models,
// in PostgreSQL with commits that, like ours, are not waited for.

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"imprint/adapters/sqlite"
)

const (
	dropTable   = `DROP TABLE IF EXISTS folded`
	createTable = `CREATE TABLE folded (document text PRIMARY KEY, versions bigint, newest bigint, summary text, bytes bigint)`
	replaceRow  = ` ON CONFLICT (document) DO UPDATE SET versions = excluded.versions, newest = excluded.newest, summary = excluded.summary, bytes = excluded.bytes`
	selectAll   = `SELECT document, versions, newest, summary, bytes FROM folded`
)

type sqliteTable struct{ db *sqlite.DB }

// newSQLiteTable opens a file beside a peer's own.
func newSQLiteTable(ctx context.Context, dir string) (sqliteTable, error) {
	db, err := sqlite.Open(ctx, filepath.Join(dir, "folded.db"), sqlite.Rebuildable)
	return sqliteTable{db}, err
}

func (t sqliteTable) empty(ctx context.Context) error {
	for _, text := range []string{dropTable, createTable} {
		if _, err := t.db.Write.ExecContext(ctx, text); err != nil {
			return err
		}
	}
	return nil
}

// statementRows is the number of rows in one statement: larger ones are not faster.
const statementRows = 64

func (t sqliteTable) put(ctx context.Context, rows []row) (err error) {
	tx, err := t.db.Write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, tx.Rollback())
		}
	}()
	for len(rows) > 0 {
		n := min(statementRows, len(rows))
		args := make([]any, 0, 5*n)
		for _, r := range rows[:n] {
			args = append(args, r.Document, r.Versions, r.Newest, r.Summary, r.Bytes)
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO folded VALUES (?,?,?,?,?)`+strings.Repeat(`,(?,?,?,?,?)`, n-1)+replaceRow, args...); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return tx.Commit()
}

func (t sqliteTable) all(ctx context.Context) (map[string]row, error) {
	rows, err := t.db.Write.QueryContext(ctx, selectAll)
	if err != nil {
		return nil, err
	}
	found := map[string]row{}
	for rows.Next() {
		var r row
		if err := rows.Scan(&r.Document, &r.Versions, &r.Newest, &r.Summary, &r.Bytes); err != nil {
			return nil, errors.Join(err, rows.Close())
		}
		found[r.Document] = r
	}
	return found, errors.Join(rows.Err(), rows.Close())
}

type postgresTable struct{ pool *pgxpool.Pool }

// openPool opens as many connections as there are callers.
func openPool(ctx context.Context, url string) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	config.MaxConns = maxCallers
	return pgxpool.NewWithConfig(ctx, config)
}

func (t postgresTable) empty(ctx context.Context) error {
	for _, text := range []string{dropTable, createTable} {
		if _, err := t.pool.Exec(ctx, text); err != nil {
			return err
		}
	}
	return nil
}

func (t postgresTable) put(ctx context.Context, rows []row) error {
	n := len(rows)
	documents, versions, newest, summaries, bytes := make([]string, n), make([]int, n), make([]int, n), make([]string, n), make([]int64, n)
	for i, r := range rows {
		documents[i], versions[i], newest[i], summaries[i], bytes[i] = r.Document, r.Versions, r.Newest, r.Summary, r.Bytes
	}
	return pgx.BeginFunc(ctx, t.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SET LOCAL synchronous_commit = off`); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `INSERT INTO folded SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::text[], $5::bigint[])`+replaceRow,
			documents, versions, newest, summaries, bytes)
		return err
	})
}

func (t postgresTable) all(ctx context.Context) (map[string]row, error) {
	rows, err := t.pool.Query(ctx, selectAll)
	if err != nil {
		return nil, err
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[row])
	if err != nil {
		return nil, fmt.Errorf("read the folded rows: %w", err)
	}
	found := map[string]row{}
	for _, r := range all {
		found[r.Document] = r
	}
	return found, nil
}
