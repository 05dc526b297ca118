package main

// Here: which engine keeps each part of an installation, and how the engines are
// opened. The rest of the program speaks to the interfaces below and does not know
// which engines it got.

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"os"
	"strings"
	"time"

	"imprint/adapters/blob"
	"imprint/adapters/blob/bucket"
	"imprint/adapters/datafolder"
	"imprint/adapters/kurrent"
	"imprint/adapters/postgres"
	postgresviews "imprint/adapters/postgres/views"
	"imprint/adapters/postgres/worktables"
	"imprint/adapters/queries"
	"imprint/adapters/sqlite/eventlog"
	"imprint/adapters/sqlite/views"
	"imprint/adapters/sqlite/workfile"
	"imprint/adapters/work"
	"imprint/domain"
	"imprint/domain/content"
	"imprint/domain/event"
	"imprint/projections"
)

// engineFlags say where each part of an installation is kept. Any mixture works.
type engineFlags struct {
	Data          string `env:"IMPRINT_DATA" placeholder:"DIR" help:"The data folder. Default: none, and needed while a part is kept in files."`
	Log           string `env:"IMPRINT_LOG" default:"file" placeholder:"file|esdb://…" help:"Where the log is: file (log.db in the data folder), or a KurrentDB cluster, esdb://[user:password@]host:2113?tls=true or esdb+discover://…. A password belongs in the environment, for others can see the flags of a process."`
	Database      string `env:"IMPRINT_DATABASE" default:"file" placeholder:"file|postgres://…" help:"Where read models and work tables are: file (views.db and work.db in the data folder), or postgres://[user:password@]host:5432/database. A password belongs in the environment."`
	DatabaseRead  string `env:"IMPRINT_DATABASE_READ" placeholder:"postgres://…" help:"A replica of the database that answers queries while it is current. Default: none, and the database itself answers."`
	Content       string `env:"IMPRINT_CONTENT" default:"dir" placeholder:"dir|s3://…" help:"Where the documents' bytes are: dir (content/ in the data folder), or a bucket, s3://bucket?region=…; credentials come from the environment (AWS_ACCESS_KEY_ID …)."`
	Installation  string `env:"IMPRINT_INSTALLATION" default:"imprint" placeholder:"NAME" help:"What the streams of this installation begin with on a KurrentDB cluster: a-z, 0-9 and '-'."`
	MasterKeyFile string `env:"IMPRINT_MASTER_KEY_FILE" placeholder:"FILE" help:"The master key, 64 hexadecimal digits; it must be named where the database is no file. Default: master.key in the data folder."`
}

// The values by which a part is kept in the data folder. Left empty, they hold too.
const (
	inFile      = "file"
	inDirectory = "dir"
)

func (f engineFlags) logInFile() bool      { return f.Log == "" || f.Log == inFile }
func (f engineFlags) databaseInFile() bool { return f.Database == "" || f.Database == inFile }
func (f engineFlags) contentInDir() bool   { return f.Content == "" || f.Content == inDirectory }

// embedded tells whether any part lies in the data folder, which one program at a
// time may then have open.
func (f engineFlags) embedded() bool {
	return f.logInFile() || f.databaseInFile() || f.contentInDir()
}

// known refuses what names no engine. No value is repeated: it may hold a password.
func (f engineFlags) known() error {
	unknown := func(setting, flag, known string) error {
		return domain.Refuse(domain.Invalid, "unknown-engine", "%s (%s) names no engine of this program; write %s", setting, flag, known).In(setting)
	}
	switch {
	case !f.logInFile() && !begins(f.Log, "esdb://", "esdb+discover://", "kurrentdb://", "kurrentdb+discover://"):
		return unknown("IMPRINT_LOG", "--log", "file, esdb://… or esdb+discover://…")
	case !f.databaseInFile() && !begins(f.Database, "postgres://", "postgresql://"):
		return unknown(postgres.Setting, "--database", "file or postgres://…")
	case f.DatabaseRead != "" && f.databaseInFile():
		return domain.Refuse(domain.Invalid, "unknown-engine", "%s (--database-read) names a replica, but the database is a file; set %s too, or leave both out", postgres.ReadSetting, postgres.Setting).In(postgres.ReadSetting)
	case f.DatabaseRead != "" && !begins(f.DatabaseRead, "postgres://", "postgresql://"):
		return unknown(postgres.ReadSetting, "--database-read", "postgres://…")
	case !f.contentInDir() && !strings.Contains(f.Content, "://"):
		return unknown("IMPRINT_CONTENT", "--content", "dir or s3://…")
	}
	return nil
}

// check refuses flags by which no installation can be opened.
func (f engineFlags) check() error {
	if err := f.known(); err != nil {
		return err
	}
	switch {
	case f.embedded() && f.Data == "":
		return domain.Refuse(domain.Invalid, "no-data-folder", "no data folder is named, and a part of the installation is kept in it; name it with --data or IMPRINT_DATA, or set IMPRINT_LOG, IMPRINT_DATABASE and IMPRINT_CONTENT")
	case !f.databaseInFile() && f.MasterKeyFile == "":
		return domain.Refuse(domain.Invalid, "no-master-key", "IMPRINT_MASTER_KEY_FILE (--master-key-file) names no file; the data keys are in the database of %s, and every program that uses it needs the same master key. Make one with: (umask 077; openssl rand -hex 32 > master.key)", postgres.Setting).In("IMPRINT_MASTER_KEY_FILE")
	}
	return nil
}

// onlyFiles refuses a command that works on files alone.
func (f engineFlags) onlyFiles(command string) error {
	if f.logInFile() && f.databaseInFile() && f.contentInDir() {
		return nil
	}
	return domain.Refuse(domain.Invalid, "external-engine", "imprint %s works on a data folder, and a part of this installation is elsewhere (IMPRINT_LOG, IMPRINT_DATABASE or IMPRINT_CONTENT). Stop every imprint serve and use what the engines have: KurrentDB's own backup, pg_dump, and versioning or replication of the bucket; docs/operations.md says in which order", command)
}

func begins(value string, prefixes ...string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(value, p) {
			return true
		}
	}
	return false
}

// eventLog is the log.
type eventLog interface {
	event.Log
	Close() error
}

// viewStore keeps the read models and answers queries on them.
type viewStore interface {
	projections.Store
	queries.Database
	// Sizes tells how many bytes each generation takes.
	Sizes(ctx context.Context) (map[int64]int64, error)
}

// contentStore keeps bytes under their SHA-256.
type contentStore interface {
	Put(ctx context.Context, r io.Reader) (content.Stored, error)
	PutExpected(ctx context.Context, r io.Reader, sha256hex string) (content.Stored, error)
	Read(ctx context.Context, sha256hex string) (io.ReadSeekCloser, int64, error)
	Has(ctx context.Context, sha256hex string) (bool, error)
	All(ctx context.Context) iter.Seq2[string, error]
	Scrub(ctx context.Context, progress func(done, total int)) iter.Seq2[content.Damage, error]
}

// engines are the open engines of one installation, in the order of their opening.
type engines struct {
	flags  engineFlags
	holder string             // names whoever opened them in leases
	folder *datafolder.Folder // nil where no folder is named
	locked bool               // the folder is ours alone

	work    work.Database
	views   viewStore
	search  queries.Search
	log     eventLog
	content contentStore

	database *postgres.DB // nil where the database is a file
	closers  []func() error
}

// embeddedHolder names whoever has the files open: the folder's lock lets one
// process in, so a restart after a crash may take its own leases over at once.
const embeddedHolder = "embedded"

// newHolder is a name that no other opening of this database has, in this process
// or in another.
func (f engineFlags) newHolder() string {
	if f.databaseInFile() {
		return embeddedHolder
	}
	host, err := os.Hostname()
	if err != nil {
		host = "unknown-host"
	}
	return fmt.Sprintf("%s/%d/%s", host, os.Getpid(), strings.ToLower(rand.Text()[:8]))
}

// openFolder takes the folder's lock where anything is kept in it.
func (e *engines) openFolder(create bool) (err error) {
	if !e.flags.embedded() {
		if e.flags.Data != "" { // for mails kept as files
			e.folder = &datafolder.Folder{Dir: e.flags.Data}
		}
		return nil
	}
	if !create { // a mistyped folder must not become an empty installation that is found well
		if err := e.viewFolder(); err != nil {
			return err
		}
	}
	if e.folder, err = datafolder.Open(e.flags.Data); err != nil {
		return err
	}
	e.locked = true
	e.closers = append(e.closers, e.folder.Close)
	return nil
}

// viewFolder looks for the folder without taking its lock.
func (e *engines) viewFolder() (err error) {
	switch {
	case e.flags.logInFile():
		e.folder, err = datafolder.View(e.flags.Data)
		return err
	case e.flags.Data == "":
		return nil
	}
	e.folder = &datafolder.Folder{Dir: e.flags.Data}
	must := e.folder.Dir
	if e.flags.databaseInFile() {
		must = e.folder.Work()
	}
	if _, err := os.Stat(must); err != nil && e.flags.embedded() {
		return domain.Refuse(domain.NotFound, "no-data", "%s is not a data folder of Imprint (there is no %s); name the right one with --data", e.folder.Dir, must).Because(err)
	}
	return nil
}

// masterKey reads the key; only one in a folder with files is made on first use.
func (e *engines) masterKey() ([]byte, error) {
	folder := e.folder
	if folder == nil {
		folder = &datafolder.Folder{} // its key file is named: see check
	}
	return folder.MasterKey(e.flags.MasterKeyFile)
}

// openWork opens the work tables, and connects to the database.
func (e *engines) openWork(ctx context.Context) error {
	if e.flags.databaseInFile() {
		file, err := workfile.Open(ctx, e.folder.Work(), time.Now)
		if err != nil {
			return err
		}
		e.work = file
		e.closers = append(e.closers, file.Close)
		return nil
	}
	return e.connect(ctx)
}

// connect opens the PostgreSQL database with its work tables.
func (e *engines) connect(ctx context.Context) (err error) {
	e.database, err = postgres.Open(ctx, postgres.Options{URL: e.flags.Database, ReadURL: e.flags.DatabaseRead})
	if err != nil {
		return err
	}
	e.closers = append(e.closers, func() error { e.database.Close(); return nil })
	tables, err := worktables.Open(ctx, e.database)
	if err != nil {
		return err
	}
	e.work = tables
	return nil
}

func (e *engines) openViews(ctx context.Context) error {
	if e.database != nil {
		return e.openSharedViews(ctx)
	}
	store, err := views.Open(ctx, e.folder.Views(), time.Now)
	if err != nil {
		return builtAnew(e.folder.Views(), err)
	}
	e.views, e.search = store, views.Search{}
	e.closers = append(e.closers, store.Close)
	return nil
}

func (e *engines) openSharedViews(ctx context.Context) error {
	store, err := postgresviews.Open(ctx, e.database)
	if err != nil {
		return err
	}
	e.views, e.search = store, postgresviews.Search{}
	return nil
}

// openLog opens the log. KurrentDB counts on from what the read models know;
// nothing rests on that before the log has told whose it is (belong.go).
func (e *engines) openLog(ctx context.Context, clock domain.Clock, logger *slog.Logger) error {
	if e.flags.logInFile() {
		log, err := eventlog.Open(ctx, e.folder.Log(), eventlog.Options{Clock: clock})
		if err != nil {
			return err
		}
		e.log = log
		e.closers = append(e.closers, log.Close)
		return nil
	}
	return e.connectLog(ctx, clock, logger)
}

func (e *engines) connectLog(ctx context.Context, clock domain.Clock, logger *slog.Logger) error {
	known, err := e.furthest(ctx)
	if err != nil {
		return err
	}
	installation := e.flags.Installation
	if installation == "" {
		installation = "imprint"
	}
	log, err := kurrent.Open(ctx, kurrent.Options{Address: e.flags.Log, Installation: installation, Known: known, Clock: clock, Logger: logger})
	if codeOf(err) == "bad-position" {
		return domain.Refuse(domain.Conflict, "another-log", "the read models in %s have read a log of another kind than that of IMPRINT_LOG; correct IMPRINT_LOG or %s, for they are not of one installation (imprint copy moves one)", e.viewsName(), postgres.Setting).Because(err)
	}
	if err != nil {
		return err
	}
	e.log = log
	e.closers = append(e.closers, log.Close)
	return nil
}

// furthest is the furthest place that a live read model has reached.
func (e *engines) furthest(ctx context.Context) (furthest event.Checkpoint, err error) {
	if e.views == nil {
		return furthest, nil // it is counted from the beginning
	}
	all, err := builds(ctx, e.views)
	for _, b := range all {
		if b.Live && b.Checkpoint.Ordinal > furthest.Ordinal {
			furthest = b.Checkpoint
		}
	}
	return furthest, err
}

// openContent opens the bytes' store; maxBytes bounds one content, 0 is the default.
func (e *engines) openContent(ctx context.Context, maxBytes int64) error {
	if e.flags.contentInDir() {
		store, err := blob.Open(e.folder.Content(), blob.Options{MaxBytes: maxBytes})
		e.content = store
		return err
	}
	if maxBytes == 0 {
		maxBytes = blob.DefaultMaxBytes
	}
	store, err := bucket.Open(ctx, e.flags.Content, bucket.Options{MaxBytes: maxBytes, Clock: time.Now})
	if err != nil {
		return err
	}
	e.content = store
	e.closers = append(e.closers, store.Close)
	return nil
}

// openForReading opens log, read models and work tables beside a program that may
// be writing them; what is in files cannot be written through it.
func (e *engines) openForReading(ctx context.Context) error {
	if err := e.viewFolder(); err != nil {
		return err
	}
	if e.flags.databaseInFile() {
		if err := e.viewDatabase(ctx); err != nil {
			return err
		}
	} else {
		if err := e.connect(ctx); err != nil {
			return err
		}
		if err := e.openSharedViews(ctx); err != nil {
			return err
		}
	}
	if !e.flags.logInFile() {
		return e.connectLog(ctx, time.Now, slog.Default())
	}
	log, err := eventlog.OpenReadOnly(ctx, e.folder.Log())
	if err != nil {
		return err
	}
	e.log = log
	e.closers = append(e.closers, log.Close)
	return nil
}

func (e *engines) viewDatabase(ctx context.Context) error {
	store, err := views.OpenReadOnly(ctx, e.folder.Views())
	if err != nil {
		return builtAnew(e.folder.Views(), err)
	}
	e.views, e.search = store, views.Search{}
	e.closers = append(e.closers, store.Close)
	file, err := workfile.OpenReadOnly(ctx, e.folder.Work())
	if err != nil {
		return err
	}
	e.work = file
	e.closers = append(e.closers, file.Close)
	return nil
}

// How messages name the engines; an address may hold a password and is not said.
func (e *engines) logName() string {
	if e.flags.logInFile() {
		return e.folder.Log()
	}
	return "the log of IMPRINT_LOG"
}

func (e *engines) viewsName() string {
	if e.flags.databaseInFile() {
		return e.folder.Views()
	}
	return "the database of " + postgres.Setting
}

// viewsAnew says how the read models are thrown away, to be folded from the log.
func (e *engines) viewsAnew() string {
	if e.flags.databaseInFile() {
		return fmt.Sprintf("delete %s with its -wal and -shm: it is built anew", e.folder.Views())
	}
	return fmt.Sprintf("drop the schema imprint_views in the database of %s (DROP SCHEMA imprint_views CASCADE) and run imprint migrate up: it is built anew", postgres.Setting)
}

// place names the installation to whoever started the program.
func (e *engines) place() string {
	if e.locked {
		return e.folder.Dir
	}
	return "the installation " + e.flags.Installation
}

// Close closes the engines in the reverse order of their opening.
func (e *engines) Close() error {
	var errs []error
	for i := len(e.closers) - 1; i >= 0; i-- {
		errs = append(errs, e.closers[i]())
	}
	return errors.Join(errs...)
}
