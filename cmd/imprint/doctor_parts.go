package main

// Here: the doctor looks into the files of a data folder.

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"imprint/adapters/blob"
	"imprint/adapters/datafolder"
	"imprint/adapters/sqlite"
	"imprint/adapters/sqlite/eventlog"
	"imprint/adapters/sqlite/views"
	"imprint/adapters/sqlite/workfile"
	"imprint/adapters/work"
	"imprint/domain/document"
	"imprint/domain/event"
	"imprint/handlers"
	"imprint/handlers/digest"
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

// parts looks into every file. What cannot be opened is told, and the rest is
// looked at all the same; an error is one of the caller's (a context that ended).
func (d *doctor) parts(ctx context.Context, folder *datafolder.Folder, master []byte) error {
	log := d.log(ctx, folder, master)
	if log != nil {
		defer func() { _ = log.Close() }() // only read
	}
	if db := d.work(ctx, folder, master, log); db != nil {
		defer func() { _ = db.Close() }() // only read
	}
	if log != nil {
		d.contents(ctx, folder, log)
		d.views(ctx, folder, log)
	}
	return ctx.Err()
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

// log checks the log's file and whose it is; nil if it cannot be read, or has
// lost its events.
func (d *doctor) log(ctx context.Context, folder *datafolder.Folder, master []byte) *eventlog.Log {
	if has, err := holds(folder.Log()); err == nil && !has {
		if by := remembered(ctx, folder, master); by != "" {
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
		if by := remembered(ctx, folder, master); by != "" {
			d.fail("log.db", "the log holds no event, but %s remembers some: events are lost; %s", by, fromBackup)
			_ = log.Close() // only read
			return nil
		}
		d.warn("log.db", "the log is empty; imprint serve opens it")
		return log
	}
	codec, codecErr := readingCodec()
	if err := errors.Join(err, codecErr); err != nil {
		d.failure("log.db", err)
		return log
	}
	identity, _, err := handlers.Identity(ctx, log, codec)
	if err != nil {
		d.failure("log.db", err)
		return log
	}
	d.ok("log.db", "sound; %d events of %s, identity %s", head.Ordinal, identity.Name, identity.Log)
	return log
}

// remembered answers the file that knows of events, whatever the log says: "" if
// none does. A file that cannot be read is told of elsewhere.
func remembered(ctx context.Context, folder *datafolder.Folder, master []byte) string {
	if db, err := workfile.OpenReadOnly(ctx, folder.Work()); err == nil {
		defer func() { _ = db.Close() }() // only read
		if at, err := work.NewDigests(db).Checkpoint(ctx); err == nil && at.Ordinal > 0 {
			return filepath.Base(folder.Work())
		}
		if keys, err := work.NewKeys(db, master, time.Now); err == nil {
			// A key that cannot be opened was made for an event too.
			if opened, err := keys.Check(ctx, 1); opened > 0 || err != nil {
				return filepath.Base(folder.Work())
			}
		}
	}
	if store, err := views.OpenReadOnly(ctx, folder.Views()); err == nil {
		defer func() { _ = store.Close() }() // only read
		if all, err := builds(ctx, store); err == nil && furthest(all) > 0 {
			return filepath.Base(folder.Views())
		}
	}
	return ""
}

// furthest is how far the one that came furthest has read the log.
func furthest(all []projections.Build) (ordinal int64) {
	for _, b := range all {
		ordinal = max(ordinal, b.Checkpoint.Ordinal)
	}
	return ordinal
}

// work checks the work tables: keys, reactions, digests.
func (d *doctor) work(ctx context.Context, folder *datafolder.Folder, master []byte, log *eventlog.Log) *workfile.DB {
	if !d.sound(ctx, folder.Work(), fromBackup) {
		return nil
	}
	db, err := workfile.OpenReadOnly(ctx, folder.Work())
	if !d.open(folder.Work(), fromBackup, err) {
		return nil
	}
	d.ok("work.db", "sound")
	if master != nil {
		d.keys(ctx, db, master)
	}
	if log != nil {
		at, err := work.NewDigests(db).Checkpoint(ctx)
		if err == nil {
			err = place(ctx, log, at)
		}
		if err != nil {
			d.fail("work.db", "the digests' place is not one of this log (%v); is it the work.db of another installation, or has the log lost its end? Put back the files that belong together, or %s", err, fromBackup)
		}
	}
	d.reactions(ctx, db)
	d.digests(ctx, db)
	return db
}

func (d *doctor) keys(ctx context.Context, db *workfile.DB, master []byte) {
	keys, err := work.NewKeys(db, master, time.Now)
	if err != nil {
		d.failure("master key", err)
		return
	}
	opened, err := keys.Check(ctx, sampledKeys)
	if err != nil {
		d.fail("master key", "it does not open the data keys; put back the key that this installation had (%v)", err)
		return
	}
	d.ok("master key", "opens the data keys (%d tried)", opened)
}

func (d *doctor) reactions(ctx context.Context, db *workfile.DB) {
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

func (d *doctor) digests(ctx context.Context, db *workfile.DB) {
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
func (d *doctor) contents(ctx context.Context, folder *datafolder.Folder, log *eventlog.Log) {
	codec, err := readingCodec()
	if err != nil {
		d.failure("log.db", err)
		return
	}
	var newest []document.File // a ring
	named := 0
	err = eachFile(ctx, log, codec, func(_ event.Recorded, f document.File) {
		if len(newest) < sampledContents {
			newest = append(newest, f)
		} else {
			newest[named%sampledContents] = f
		}
		named++
	})
	if err != nil {
		d.failure("log.db", err)
		return
	}
	store := blob.View(folder.Content())
	wrong := 0
	for _, f := range newest {
		if problem := lacks(ctx, store, f); problem != "" {
			wrong++
			d.fail("content", "%s %s; put the right bytes again (publish or import them), or restore a backup", f.SHA256, problem)
		}
	}
	if wrong == 0 {
		d.ok("content", "the newest %d of %d files are there with their lengths", len(newest), named)
	}
}

// lacks says what is wrong with a content at first sight; "" if nothing.
func lacks(ctx context.Context, store *blob.Directory, f document.File) string {
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

// views checks the read models, which can be made again.
func (d *doctor) views(ctx context.Context, folder *datafolder.Folder, log *eventlog.Log) {
	if has, err := holds(folder.Views()); err == nil && !has {
		d.warn("views.db", "there are no read models yet; imprint serve builds them")
		return
	}
	if !d.sound(ctx, folder.Views(), fromLog) {
		return
	}
	store, err := views.OpenReadOnly(ctx, folder.Views())
	if !d.open(folder.Views(), fromLog, err) {
		return
	}
	defer func() { _ = store.Close() }() // only read
	d.ok("views.db", "sound")
	var builds []projections.Build
	parked := map[int64]int{}
	err = store.Read(ctx, func(r projections.Reader) error {
		if builds, err = r.Builds(ctx); err != nil {
			return err
		}
		for _, b := range builds {
			waiting, err := r.Parked(ctx, b.Generation)
			if err != nil {
				return err
			}
			parked[b.Number] = len(waiting)
		}
		return nil
	})
	head, headErr := log.Head(ctx)
	if err := errors.Join(err, headErr); err != nil {
		d.failure("views.db", err)
		return
	}
	if read := furthest(builds); read > head.Ordinal {
		d.fail("log.db", "it ends at event %d, and %s has read %d: the log lost its end, or the two are of different installations; put back the files that belong together, or %s", head.Ordinal, filepath.Base(folder.Views()), read, fromBackup)
		return
	}
	for _, p := range readModels() {
		d.readModel(ctx, log, head, p, builds, parked)
	}
}

func (d *doctor) readModel(ctx context.Context, log *eventlog.Log, head event.Checkpoint, p projections.Projection, builds []projections.Build, parked map[int64]int) {
	what := "read model " + p.Name
	for _, b := range builds {
		if !b.Live || b.Projection != p.Name || b.Version != p.Version {
			continue
		}
		behind := head.Ordinal - b.Checkpoint.Ordinal
		err := place(ctx, log, b.Checkpoint)
		switch {
		case err != nil:
			d.fail(what, "its place is not one of this log (%v). If log.db is the right one, views.db is not: %s", err, fromLog)
		case parked[b.Number] > 0:
			waits := ""
			if slices.Contains(digest.RestsOn(), p.Name) {
				waits = ", and digests wait"
			}
			d.warn(what, "%d events are parked, and what they are about is hidden%s; see imprint projections parked, then replay", parked[b.Number], waits)
		case behind > 0 && !d.served:
			d.warn(what, "generation %d is %d events behind; imprint serve brings it up to date", b.Number, behind)
		default:
			d.ok(what, "version %d, generation %d, %d events behind", b.Version, b.Number, behind)
		}
		return
	}
	d.warn(what, "version %d is not built yet; imprint serve builds it", p.Version)
}
