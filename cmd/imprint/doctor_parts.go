package main

// Here: the doctor looks into the files of a data folder.

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/google/uuid"

	"imprint/adapters/datafolder"
	"imprint/adapters/sqlite"
	"imprint/adapters/sqlite/eventlog"
	"imprint/adapters/sqlite/views"
	"imprint/adapters/sqlite/workfile"
	"imprint/adapters/work"
	"imprint/domain/document"
	"imprint/domain/event"
	"imprint/handlers"
	"imprint/projections"
)

const (
	// sampledContents is how many of the newest contents are looked for.
	sampledContents = 200
	// sampledKeys is how many of the newest data keys are opened.
	sampledKeys = 1000
	// latest is how long a digest may be overdue before that is worth a warning.
	latest = 15 * time.Minute
	// listed bounds what is counted of digests.
	listed = 1000
)

// parts looks into every part. What cannot be opened is told, and the rest is
// looked at all the same; an error is one of the caller's (a context that ended).
func (d *doctor) parts(ctx context.Context, e *engines, master []byte) error {
	defer func() { _ = e.Close() }() // only read
	d.part = named(e.flags)
	if !e.flags.databaseInFile() {
		d.server(ctx, e)
	}
	if e.flags.logInFile() {
		if log := d.logFile(ctx, e, master); log != nil {
			e.log = log
			e.closers = append(e.closers, log.Close)
		}
	} else {
		d.cluster(ctx, e, master)
	}
	if e.flags.databaseInFile() {
		if db := d.workFile(ctx, e.folder); db != nil {
			e.work = db
			e.closers = append(e.closers, db.Close)
		}
	}
	if e.work != nil {
		d.work(ctx, e, master)
	}
	if e.log != nil && !d.stranger {
		d.contents(ctx, e)
		d.views(ctx, e)
	}
	return ctx.Err()
}

// partNames is how the parts are called in what is said, and what to do where one is
// lost, or is one of another installation.
type partNames struct{ log, work, views, lost, anew string }

func named(f engineFlags) partNames {
	n := partNames{log: "log.db", work: "work.db", views: "views.db", lost: fromBackup, anew: fromLog}
	if !f.logInFile() {
		n.log = "log"
	}
	if !f.databaseInFile() {
		n.work, n.views = "work tables", "read models"
		n.anew = (&engines{flags: f}).viewsAnew()
	}
	if !f.logInFile() || !f.databaseInFile() {
		n.lost = "correct IMPRINT_LOG, IMPRINT_INSTALLATION or IMPRINT_DATABASE, or put back the backups that belong together"
	}
	return n
}

// sound checks one file; how says what to do where it is damaged.
func (d *doctor) sound(ctx context.Context, path, how string) bool {
	name := filepath.Base(path)
	err := sqlite.Check(ctx, path)
	switch codeOf(err) {
	case "":
		if err == nil {
			return true
		}
		d.failure(name, err)
	case "damaged-file":
		d.fail(name, "%s is damaged, cut off or no database (%v); %s", path, causeOf(err), how)
	default:
		d.failure(name, err)
	}
	return false
}

// open tells of a file whose tables are not this program's; how says what to do
// where it never was one.
func (d *doctor) open(path, how string, err error) bool {
	switch {
	case err == nil:
		return true
	case codeOf(err) == "older-file":
		d.fail(filepath.Base(path), "%v. If it never was a file of Imprint, %s", err, how)
	default:
		d.failure(filepath.Base(path), err)
	}
	return false
}

// What to do with a file that cannot be made again, and with one that can.
const (
	fromBackup = "stop imprint, move the whole folder away and run imprint restore"
	fromLog    = "stop imprint, delete it and its -wal and -shm, and start imprint serve: it is built anew from the log"
)

// logFile checks the log's file and whose it is; nil if it cannot be read, or has
// lost its events.
func (d *doctor) logFile(ctx context.Context, e *engines, master []byte) *eventlog.Log {
	folder := e.folder
	if has, err := holds(folder.Log()); err == nil && !has {
		if by := e.remembered(ctx, master); by != "" {
			d.fail("log.db", "the log is an empty file, but %s is not: events are lost; %s", by, fromBackup)
			return nil
		}
	}
	if !d.sound(ctx, folder.Log(), fromBackup) {
		return nil
	}
	log, err := eventlog.OpenReadOnly(ctx, folder.Log())
	if !d.open(folder.Log(), fromBackup, err) {
		return nil
	}
	head, err := log.Head(ctx)
	if err == nil && head.Ordinal == 0 {
		if by := e.remembered(ctx, master); by != "" {
			d.fail("log.db", "the log holds no event, but %s remembers some: events are lost; %s", by, fromBackup)
			_ = log.Close() // only read
			return nil
		}
		d.warn("log.db", "the log is empty; imprint serve opens it")
		return log
	}
	if err != nil {
		d.failure("log.db", err)
		return log
	}
	d.identity(ctx, log, fmt.Sprintf("sound; %d events", head.Ordinal))
	return log
}

// identity tells whose log it is; false if it is empty. It rests on no checkpoint.
func (d *doctor) identity(ctx context.Context, log eventLog, how string) bool {
	codec, err := readingCodec()
	if err != nil {
		d.failure(d.part.log, err)
		return true
	}
	identity, found, err := handlers.Identity(ctx, log, codec)
	if err != nil {
		d.failure(d.part.log, err)
		return true
	}
	if found {
		d.log = identity.Log
		d.ok(d.part.log, "%s of %s, identity %s", how, identity.Name, identity.Log)
	}
	return found
}

// remembered answers the part that knows of events, whatever the log says: "" if
// none does. One that cannot be read is told of elsewhere.
func (e *engines) remembered(ctx context.Context, master []byte) string {
	n := named(e.flags)
	db, store := e.work, e.views
	if e.flags.databaseInFile() {
		if file, err := workfile.OpenReadOnly(ctx, e.folder.Work()); err == nil {
			defer func() { _ = file.Close() }() // only read
			db = file
		}
		if file, err := views.OpenReadOnly(ctx, e.folder.Views()); err == nil {
			defer func() { _ = file.Close() }() // only read
			store = file
		}
	}
	if db != nil && rowsRemember(ctx, db, master) {
		return n.work
	}
	if store != nil {
		if all, err := builds(ctx, store); err == nil && furthest(all) > 0 {
			return n.views
		}
	}
	return ""
}

// rowsRemember tells whether the work tables know of events. Those of an unfinished
// copy come before its log, so that they say nothing about it.
func rowsRemember(ctx context.Context, db work.Database, master []byte) bool {
	if _, unfinished, err := work.Unfinished(ctx, db); err == nil && unfinished {
		return false
	}
	if at, err := work.NewDigests(db).Checkpoint(ctx); err == nil && at.Ordinal > 0 {
		return true
	}
	keys, err := work.NewKeys(db, master, time.Now)
	if err != nil {
		return false
	}
	// A key that cannot be opened was made for an event too.
	opened, err := keys.Check(ctx, 1)
	return opened > 0 || err != nil
}

// furthest is how far the one that came furthest has read the log.
func furthest(all []projections.Build) (ordinal int64) {
	for _, b := range all {
		ordinal = max(ordinal, b.Checkpoint.Ordinal)
	}
	return ordinal
}

// workFile checks the file of the work tables; nil if it cannot be read.
func (d *doctor) workFile(ctx context.Context, folder *datafolder.Folder) *workfile.DB {
	work, workErr := holds(folder.Work())
	log, logErr := holds(folder.Log())
	if workErr == nil && logErr == nil && !work && log {
		d.failure("work.db", lostWork(folder))
		return nil
	}
	if !d.sound(ctx, folder.Work(), fromBackup) {
		return nil
	}
	db, err := workfile.OpenReadOnly(ctx, folder.Work())
	if !d.open(folder.Work(), fromBackup, err) {
		return nil
	}
	d.ok("work.db", "sound")
	return db
}

// work checks the work tables: keys, whose they are, reactions, digests.
func (d *doctor) work(ctx context.Context, e *engines, master []byte) {
	if master != nil {
		d.keys(ctx, e.work, master)
	}
	if _, unfinished, err := work.Unfinished(ctx, e.work); err == nil && unfinished {
		d.failure(d.part.work, e.unfinished())
		return // what is missing follows from it
	}
	if e.log != nil {
		d.bound(ctx, e, master)
	}
	d.reactions(ctx, e.work)
	d.digests(ctx, e.work)
}

// bound holds the work tables against the log.
func (d *doctor) bound(ctx context.Context, e *engines, master []byte) {
	id, known, err := work.NewServed(e.work).Log(ctx)
	if err != nil {
		d.failure(d.part.work, err)
		return
	}
	if known && d.log != uuid.Nil && id != d.log {
		d.fail(d.part.work, "they serve the log %s, and the log is %s: the two are of different installations; %s", id, d.log, d.part.lost)
		d.stranger = !e.flags.logInFile() // what else differs follows from it; a file is looked into
		return
	}
	if known {
		d.replica(ctx, e, id)
	} else if d.log != uuid.Nil && !rowsRemember(ctx, e.work, master) {
		if err := e.withoutRows(ctx); err != nil {
			d.failure(d.part.work, err)
			return
		}
	}
	at, err := work.NewDigests(e.work).Checkpoint(ctx)
	if err == nil {
		err = place(ctx, e.log, at)
	}
	if err != nil {
		d.fail(d.part.work, "the digests' place is not one of this log (%v); is it that of another installation, or has the log lost its end? Put back what belongs together, or %s", err, d.part.lost)
	}
}

func (d *doctor) keys(ctx context.Context, db work.Database, master []byte) {
	keys, err := work.NewKeys(db, master, time.Now)
	if err != nil {
		d.failure("master key", err)
		return
	}
	opened, err := keys.Check(ctx, sampledKeys)
	if err != nil {
		d.fail("master key", "it does not open the data keys; put back the key that this installation had (IMPRINT_MASTER_KEY_FILE): %v", err)
		return
	}
	d.ok("master key", "opens the data keys (%d tried)", opened)
}

func (d *doctor) reactions(ctx context.Context, db work.Database) {
	parked, err := work.NewReactions(db).Parked(ctx)
	switch {
	case err != nil:
		d.failure("reactions", err)
	case len(parked) > 0:
		d.warn("reactions", "%d are parked, the first since %s; see imprint reactions parked, mend the cause, then imprint reactions replay", len(parked), parked[0].At.Format(time.RFC3339))
	default:
		d.ok("reactions", "nothing is parked")
	}
}

func (d *doctor) digests(ctx context.Context, db work.Database) {
	standings := work.NewDigests(db)
	now := time.Now()
	due, err := standings.Due(ctx, now, listed)
	troubled, troubledErr := standings.Troubled(ctx, listed)
	if err := errors.Join(err, troubledErr); err != nil {
		d.failure("digests", err)
		return
	}
	fine := true
	if len(due) > 0 {
		oldest := due[0].NextDue
		if due[0].Open != nil {
			oldest = due[0].Open.Retry
		}
		if now.Sub(oldest) > latest {
			fine = false
			d.warn("digests", "%d are due, the oldest since %s; start imprint serve, or see what it logs", len(due), oldest.Format(time.RFC3339))
		}
	}
	if len(troubled) > 0 {
		doubted := 0
		for _, s := range troubled {
			if s.Open != nil && s.Open.Doubted {
				doubted++
			}
		}
		fine = false
		d.warn("digests", "of %d persons something waits after a failure, of %d it is in doubt; see imprint digest due and the mail server's log", len(troubled), doubted)
	}
	if fine {
		d.ok("digests", "%d due now, none late, none failed", len(due))
	}
}

// contents reads the log from end to end, and looks for the newest contents that
// it names.
func (d *doctor) contents(ctx context.Context, e *engines) {
	codec, err := readingCodec()
	if err != nil {
		d.failure("log.db", err)
		return
	}
	var newest []document.File // a ring
	named := 0
	err = eachFile(ctx, e.log, codec, func(_ event.Recorded, f document.File) {
		if len(newest) < sampledContents {
			newest = append(newest, f)
		} else {
			newest[named%sampledContents] = f
		}
		named++
	})
	if err != nil {
		d.failure(d.part.log, err)
		return
	}
	if e.flags.contentInDir() {
		if _, err := os.Stat(e.folder.Content()); errors.Is(err, fs.ErrNotExist) && named > 0 {
			d.fail("content", "the folder %s is missing, and the log names %d files; put it back, or %s", e.folder.Content(), named, fromBackup)
			return
		}
	}
	if err := e.viewContent(ctx); err != nil {
		d.failure("content", err)
		return
	}
	wrong := 0
	for _, f := range newest {
		if problem := lacks(ctx, e.content, f); problem != "" {
			wrong++
			d.fail("content", "%s %s; put the right bytes again (publish or import them), or restore a backup", f.SHA256, problem)
		}
	}
	if wrong == 0 {
		d.ok("content", "the newest %d of %d files are there with their lengths", len(newest), named)
	}
}

// lacks says what is wrong with a content at first sight; "" if nothing.
func lacks(ctx context.Context, store contentStore, f document.File) string {
	r, size, err := store.Read(ctx, f.SHA256)
	if err != nil {
		return "is missing or cannot be read"
	}
	_ = r.Close() // only looked at
	if size != f.Bytes {
		return fmt.Sprintf("has %d bytes and not %d", size, f.Bytes)
	}
	return ""
}
