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
	disks    []*disk      // of the parts that are written
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
		e.work = diskWork{file, e.inFolder(postgres.Setting)}
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
	e.work = diskWork{tables, e.onServer()}
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
		e.log = diskLog{log, e.inFolder("IMPRINT_LOG")}
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
		if err != nil {
			return err
		}
		e.content = diskContent{store, e.inContent(store)}
		return nil
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
	} else if err := e.connectAll(ctx); err != nil {
		return err
	}
	return e.viewLog(ctx)
}

// connectAll opens the PostgreSQL database with all of its tables.
func (e *engines) connectAll(ctx context.Context) error {
	if err := e.connect(ctx); err != nil {
		return err
	}
	return e.openSharedViews(ctx)
}

func (e *engines) viewLog(ctx context.Context) error {
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

func (e *engines) viewContent(ctx context.Context) error {
	if !e.flags.contentInDir() {
		return e.openContent(ctx, 0)
	}
	e.content = blob.View(e.folder.Content())
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

func (e *engines) workName() string {
	if e.flags.databaseInFile() {
		return e.folder.Work()
	}
	return "the database of " + postgres.Setting
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
