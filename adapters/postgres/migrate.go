package postgres

// Migrations: applied by `imprint migrate up` only, checked whenever the database
// is opened for serving.

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"imprint/domain"
	"imprint/migrations"
)

// part is one folder of migrations and the schema that they are applied in.
type part struct {
	schema, folder string
}

// parts in the order in which they are applied: the first holds what is compatible
// for all, and the clock.
var parts = [...]part{{"imprint_views", "postgres/registry"}, {"imprint_work", "postgres/work"}}

// State tells how a schema stands to this program.
type State struct {
	Schema string
	Has    int64 // the newest migration in the database; 0: none
	Knows  int64 // the newest that this program has
	Oldest int64 // a program that knows less cannot work with the schema
}

// Migrate applies what the database lacks, each migration in a transaction of its
// own; if we crash between two, the next call goes on. Two at once wait for each
// other. A database that is newer than this program is left as it is.
func Migrate(ctx context.Context, db *DB) error {
	for _, p := range parts {
		if err := p.migrate(ctx, db); err != nil {
			return doing("migrate "+p.schema, p.explain(err))
		}
	}
	return nil
}

// explain tells of a schema that migrations of this program have not made: it is
// another user's, something has a name of theirs, or the record of migrations is of
// another kind.
func (p part) explain(err error) error {
	if Is(err, "3F000") { // the search path leaves out what the user may not enter
		return domain.Refuse(domain.Unavailable, "database-rights", "the user of %s may not use the schema %s, which another one owns; let it own the schema (ALTER SCHEMA %s OWNER TO …), or name another database", Setting, p.schema, p.schema).In(Setting).Because(err)
	}
	// goose has no name for its error about a record of migrations without a first row.
	foreign := err != nil && strings.Contains(err.Error(), "missing zero version")
	for _, code := range []string{"42P07", "42710", "42723", "42P01", "42703"} {
		if foreign || Is(err, code) {
			return domain.Refuse(domain.Conflict, "foreign-schema", "the schema %s in the database of %s holds something that is not of this program; name another database, or move that schema out of the way", p.schema, Setting).In(Setting).Because(err)
		}
	}
	return Explain(err)
}

func (p part) migrate(ctx context.Context, db *DB) (err error) {
	// The schema is made even where it has no migrations yet: search paths name it.
	if _, err := db.Write.Exec(ctx, `CREATE SCHEMA IF NOT EXISTS `+p.schema); err != nil && !Is(err, "23505") {
		return err // 23505: another has made it at the same moment
	}
	files, newest, err := p.files()
	if err != nil || newest == 0 {
		return err
	}
	config := db.Write.Config().ConnConfig.Copy()
	config.RuntimeParams["search_path"] = p.schema
	config.RuntimeParams["statement_timeout"] = "0"
	config.Tracer = nil // nor is it bounded from here
	pool := stdlib.OpenDB(*config)
	defer func() { err = errors.Join(err, pool.Close()) }()
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300))
	if err != nil {
		return err
	}
	g, err := goose.NewProvider(goose.DialectPostgres, pool, files, goose.WithDisableGlobalRegistry(true), goose.WithSessionLocker(locker))
	if err != nil {
		return err
	}
	_, err = g.Up(ctx)
	return err
}

// Check refuses to serve on a schema that is older than this program, or too new
// for it. It writes nothing.
func Check(ctx context.Context, db *DB) error {
	states, err := Status(ctx, db)
	if err != nil {
		return err
	}
	for _, s := range states {
		switch {
		case s.Has < s.Knows:
			return domain.Refuse(domain.Unavailable, "older-schema", "the schema %s in the database of %s is at migration %d and this program needs %d; run imprint migrate up", s.Schema, Setting, s.Has, s.Knows).In(Setting)
		case s.Knows < s.Oldest:
			return domain.Refuse(domain.Unavailable, "newer-schema", "the schema %s in the database of %s was changed by a newer program (migration %d; this one knows %d); run the newer program", s.Schema, Setting, s.Has, s.Knows).In(Setting)
		}
	}
	return nil
}

// Status tells how each schema stands. It writes nothing.
func Status(ctx context.Context, db *DB) ([]State, error) {
	var all []State
	for _, p := range parts {
		s, err := p.state(ctx, db)
		if err != nil {
			return nil, doing("the state of "+p.schema, p.explain(err))
		}
		all = append(all, s)
	}
	return all, nil
}

func (p part) state(ctx context.Context, db *DB) (s State, err error) {
	s.Schema = p.schema
	if _, s.Knows, err = p.files(); err != nil {
		return s, err
	}
	table := p.schema + ".goose_db_version"
	var there, compatible bool
	const made = `SELECT to_regclass($1) IS NOT NULL, to_regclass('imprint_views.compatibility') IS NOT NULL`
	if err := db.Write.QueryRow(ctx, made, table).Scan(&there, &compatible); err != nil || !there {
		return s, err
	}
	if err := db.Write.QueryRow(ctx, `SELECT coalesce(max(version_id), 0) FROM `+table).Scan(&s.Has); err != nil || !compatible {
		return s, err // without imprint_views, Check refuses that schema already
	}
	const oldest = `SELECT coalesce(max(oldest), 0) FROM imprint_views.compatibility WHERE part = $1`
	return s, db.Write.QueryRow(ctx, oldest, p.schema).Scan(&s.Oldest)
}

// files are the part's migrations and the number of the newest, 0 for none.
func (p part) files() (files fs.FS, newest int64, err error) {
	if files, err = fs.Sub(migrations.PostgreSQL, p.folder); err != nil {
		return nil, 0, err
	}
	names, err := fs.Glob(files, "*.sql") // sorted
	if err != nil || len(names) == 0 {
		return files, 0, err
	}
	if newest, err = goose.NumericComponent(names[len(names)-1]); err != nil {
		return nil, 0, fmt.Errorf("%s: %w", p.folder, err)
	}
	return files, newest, nil
}

// Writable refuses a database that this program could read and not write: a replica,
// or one in which its user lacks rights. It writes nothing.
func Writable(ctx context.Context, db *DB) error {
	const asked = `SELECT current_setting('transaction_read_only') = 'on',
		has_schema_privilege('imprint_views', 'CREATE'),
		has_table_privilege('imprint_views.generations', 'UPDATE') AND has_table_privilege('imprint_views.generations', 'INSERT'),
		has_table_privilege('imprint_work.leases', 'UPDATE') AND has_table_privilege('imprint_work.leases', 'INSERT')`
	var readOnly, tables, views, work bool
	if err := db.Write.QueryRow(ctx, asked).Scan(&readOnly, &tables, &views, &work); err != nil {
		return Explain(err)
	}
	refuse := func(code, what string) error { return server(Setting, &pgconn.PgError{Code: code, Message: what}) }
	switch {
	case readOnly:
		return refuse("25006", "")
	case !tables:
		return refuse("42501", "it may not make tables in the schema imprint_views")
	case !views:
		return refuse("42501", "it may not write the tables in the schema imprint_views")
	case !work:
		return refuse("42501", "it may not write the tables in the schema imprint_work")
	}
	return nil
}
