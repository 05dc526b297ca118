package postgres

// Opening and closing the pools.

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"imprint/domain"
)

// The settings that errors name.
const (
	Setting     = "IMPRINT_DATABASE"      // Options.URL
	ReadSetting = "IMPRINT_DATABASE_READ" // Options.ReadURL
)

// Limits of a connection, where Options and the address name no others.
const (
	connectTimeout     = 10 * time.Second
	statementTimeout   = 30 * time.Second
	lockTimeout        = 10 * time.Second
	transactionTimeout = time.Minute // of a transaction that does nothing
	closeTime          = 3 * time.Second
)

// Options say where the database is. What the address itself sets as a parameter
// (statement_timeout, application_name …) is left as it is.
type Options struct {
	URL     string // postgres://user:password@host/database?sslmode=verify-full
	ReadURL string // of a replica for queries; "" reads at URL
	// MaxConns bounds each of the two pools; 0 takes pool_max_conns of the address, and
	// where it says none four per processor, at least sixteen.
	MaxConns int
	// StatementTimeout ends a statement on the server, and here after half as long
	// again; 0 takes 30 seconds. Making indexes and reading whole tables is not bounded
	// by it.
	StatementTimeout time.Duration
}

// DB is an open database.
type DB struct {
	Write *pgxpool.Pool
	Read  *pgxpool.Pool // sessions are read-only; of the replica, if there is one
	// Replica tells that Read may be behind Write.
	Replica bool

	serves atomic.Pointer[uuid.UUID] // the log that is expected of it; see Expect
}

// Open connects. It fails where the primary cannot be reached or refuses; a
// replica may come later. The schema is not looked at: see Check and Migrate.
func Open(ctx context.Context, o Options) (*DB, error) {
	db := &DB{Replica: o.ReadURL != ""}
	var err error
	if db.Write, err = db.newPool(ctx, Setting, o.URL, o, nil); err != nil {
		return nil, err
	}
	setting, url := Setting, o.URL
	if db.Replica {
		setting, url = ReadSetting, o.ReadURL
	}
	if db.Read, err = db.newPool(ctx, setting, url, o, map[string]string{"default_transaction_read_only": "on"}); err != nil {
		db.Write.Close()
		return nil, err
	}
	if err := db.Write.Ping(ctx); err != nil {
		db.Close()
		return nil, Explain(err)
	}
	return db, nil
}

// Close closes both pools. It waits for connections that are in use, but not for a
// server that does not answer: those are left to the end of the process.
func (db *DB) Close() {
	closed := make(chan struct{})
	go func() {
		db.Read.Close()
		db.Write.Close()
		close(closed)
	}()
	timer := time.NewTimer(closeTime)
	defer timer.Stop()
	select {
	case <-closed:
	case <-timer.C:
	}
}

// newPool makes a pool; it connects when it is first used.
func (db *DB) newPool(ctx context.Context, setting, url string, o Options, more map[string]string) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, badAddress(setting, err)
	}
	if o.StatementTimeout == 0 {
		o.StatementTimeout = statementTimeout
	}
	switch {
	case o.MaxConns > 0:
		config.MaxConns = int32(min(o.MaxConns, 1000))
	case !strings.Contains(url, "pool_max_conns="):
		config.MaxConns = int32(max(16, 4*runtime.NumCPU()))
	}
	config.MaxConnLifetime, config.MaxConnLifetimeJitter = time.Hour, 10*time.Minute
	if config.ConnConfig.ConnectTimeout == 0 || config.ConnConfig.ConnectTimeout > connectTimeout {
		config.ConnConfig.ConnectTimeout = connectTimeout
	}
	config.PingTimeout = connectTimeout
	entry := &gate{}
	config.BeforeConnect = func(context.Context, *pgx.ConnConfig) error { return entry.pass() }
	config.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		registerText(conn)
		err := unicode(conn, setting)
		if err == nil {
			err = db.recognise(ctx, conn, setting)
		}
		entry.told(err)
		return err
	}
	params := map[string]string{
		"application_name":                    "imprint",
		"search_path":                         "imprint_views, imprint_work",
		"statement_timeout":                   millis(o.StatementTimeout),
		"lock_timeout":                        millis(lockTimeout),
		"idle_in_transaction_session_timeout": millis(transactionTimeout),
		"jit":                                 "off", // it costs these short statements more than it gives
	}
	for name, value := range more {
		params[name] = value
	}
	for name, value := range params {
		if _, set := config.ConnConfig.RuntimeParams[name]; !set {
			config.ConnConfig.RuntimeParams[name] = value
		}
	}
	config.ConnConfig.Tracer = tracer{
		attempts: attempts{gate: entry, setting: setting},
		bounds:   boundsOf(config.ConnConfig.RuntimeParams["statement_timeout"]),
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, explain(setting, err)
	}
	return pool, nil
}

// badAddress words an address that cannot be read. The cause may quote it with its
// password, so it is dropped, but for a file that it names.
func badAddress(setting string, err error) error {
	if file, ok := as[*fs.PathError](err); ok {
		return domain.Refuse(domain.Invalid, "bad-address", "%s names the file %s, which cannot be read; correct its name, or its owner and permissions", setting, file.Path).In(setting).Because(file.Err)
	}
	return domain.Refuse(domain.Invalid, "bad-address", "%s is not the address of a PostgreSQL database; write it as postgres://user:password@host:5432/database, with '/', '#', '%%', '@', ':' and '?' in the password percent-encoded, and correct its parameters (sslmode and others)", setting).In(setting)
}

func millis(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

// errors.As for a type that is not a pointer, in one expression.
func as[T error](err error) (found T, ok bool) {
	ok = errors.As(err, &found)
	return found, ok
}

// doing adds what was being done to an error that Explain has no words for.
func doing(what string, err error) error {
	if domain.KindOf(err) == domain.Internal {
		return fmt.Errorf("%s: %w", what, err)
	}
	return err
}
