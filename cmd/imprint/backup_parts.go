package main

// Here: how each part comes into a backup, by the engine that keeps it.

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"imprint/adapters/blob"
	"imprint/adapters/postgres/worktables"
	"imprint/adapters/sqlite"
	"imprint/adapters/sqlite/eventlog"
	"imprint/adapters/sqlite/workfile"
	"imprint/adapters/work"
	"imprint/domain"
	"imprint/domain/document"
	"imprint/domain/event"
	"imprint/domain/schema"
	"imprint/handlers"
)

// openForBackup opens log and contents, and the database where it is no file,
// beside the programs that use them. The files of a database are copied as files.
func openForBackup(ctx context.Context, flags engineFlags) (_ *engines, err error) {
	e := &engines{flags: flags, holder: flags.newHolder()}
	defer func() {
		if err != nil {
			_ = e.Close() // the first error tells more
		}
	}()
	if err := e.viewFolder(); err != nil {
		return nil, err
	}
	if !flags.databaseInFile() {
		if err := e.connectAll(ctx); err != nil {
			return nil, err
		}
	}
	if err := e.viewLog(ctx); err != nil {
		return nil, err
	}
	return e, e.viewContent(ctx)
}

// readModels copies those whose places are of the very log that is copied; others
// are built anew after a restore.
func (b *backup) readModels(ctx context.Context) error {
	if !b.from.flags.logInFile() || !b.from.flags.databaseInFile() {
		return nil
	}
	if has, err := holds(b.from.folder.Views()); err != nil || !has {
		return err
	}
	if err := sqlite.Snapshot(ctx, b.from.folder.Views(), b.to.Views()); err != nil {
		return builtAnew(b.from.folder.Views(), err)
	}
	b.done("read models")
	return nil
}

// workRows copies the work tables as they are at one moment, and leaves the copy
// open.
func (b *backup) workRows(ctx context.Context) (err error) {
	if b.from.flags.databaseInFile() {
		if err := sqlite.Snapshot(ctx, b.from.folder.Work(), b.to.Work()); err != nil {
			return err
		}
		b.work, err = workfile.Open(ctx, b.to.Work(), time.Now)
		return err
	}
	if b.work, err = workfile.Open(ctx, b.to.Work(), time.Now); err != nil {
		return err
	}
	tables, err := worktables.Open(ctx, b.from.database)
	if err != nil {
		return err
	}
	bar := newProgress(b.io.Err, "work rows")
	return tables.Frozen(ctx, func(rows work.Source) error {
		n, err := work.Copy{From: rows, To: b.work, Progress: func(n int) { bar.set(n, 0) }}.Mirror(ctx)
		if err == nil {
			bar.finish(n)
		}
		return err
	})
}

// belongs refuses what could not be restored: parts of two installations, and a
// copy that never came to its end.
func (b *backup) belongs(ctx context.Context) error {
	if _, unfinished, err := work.Unfinished(ctx, b.work); err != nil {
		return err
	} else if unfinished {
		return b.from.unfinished()
	}
	codec, err := readingCodec()
	if err != nil {
		return err
	}
	identity, found, err := handlers.Identity(ctx, b.from.log, codec)
	if err != nil {
		return err
	}
	if !found {
		return domain.Refuse(domain.Conflict, "empty-log", "%s is empty; there is nothing to back up before imprint serve has run once", b.from.logName())
	}
	b.manifest.Log, b.manifest.Name = identity.Log, identity.Name
	bound, known, err := work.NewServed(b.work).Log(ctx)
	if err != nil {
		return err
	}
	return b.from.sameLog(bound, known, identity, found)
}

// log copies the log, to which the places in the work rows then belong.
func (b *backup) log(ctx context.Context) (err error) {
	wanted, err := work.Copy{From: b.work}.Places(ctx)
	if err != nil {
		return err
	}
	head, err := b.from.log.Head(ctx)
	if err != nil {
		return err
	}
	if read := slices.Max(slices.Collect(maps.Keys(wanted))); read > head.Ordinal {
		return domain.Refuse(domain.Conflict, "another-log", "%s has read up to event %d, and %s ends at %d: they are not of one installation, or the log lost its end, and a backup of them could not be restored; put back what belongs together", b.from.workName(), read, b.from.logName(), head.Ordinal)
	}
	if b.from.flags.logInFile() {
		return sqlite.Snapshot(ctx, b.from.folder.Log(), b.to.Log())
	}
	log, err := eventlog.Open(ctx, b.to.Log(), eventlog.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, log.Close()) }()
	events := logCopy{from: b.from.log, to: log, target: b.to.Log(), head: head, out: b.io.Err}
	if err := events.appendEvents(ctx); err != nil {
		return err
	}
	places, err := events.compareLogs(ctx, wanted)
	if err != nil {
		return err
	}
	return work.Rebase(ctx, b.work, places.of)
}

// renew brings the rows that events rely on up to the log's age. Those of a file
// are read from a second copy of it, which has the tables of this program even if
// the file is older.
func (b *backup) renew(ctx context.Context) (err error) {
	if !b.from.flags.databaseInFile() {
		return b.renewFrom(ctx, b.from.work)
	}
	dir, err := os.MkdirTemp(b.to.Dir, "now-")
	if err != nil {
		return fmt.Errorf("a temporary folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	path := filepath.Join(dir, filepath.Base(b.to.Work()))
	if err := sqlite.Snapshot(ctx, b.from.folder.Work(), path); err != nil {
		return err
	}
	now, err := workfile.Open(ctx, path, time.Now)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, now.Close()) }()
	return b.renewFrom(ctx, now)
}

func (b *backup) renewFrom(ctx context.Context, now work.Source) error {
	_, err := work.Copy{From: now, To: b.work}.Renew(ctx)
	return err
}

// contents copies all contents and answers which. Each is hashed on its way; one
// that is damaged is told and left out, for a backup is needed most when a disk
// begins to fail.
func (b *backup) contents(ctx context.Context) (map[string]bool, error) {
	target, err := blob.Open(b.to.Content(), blob.Options{MaxBytes: anySize})
	if err != nil {
		return nil, err
	}
	held := map[string]bool{}
	var mu sync.Mutex // guards held and what is said
	_, err = eachContent(ctx, newProgress(b.io.Err, "contents"), b.from.content.All(ctx), 0, func(ctx context.Context, hash string) error {
		problem, err := copyContent(ctx, b.from.content, target, hash)
		if err != nil {
			return fmt.Errorf("content %s: %w", hash, err)
		}
		mu.Lock()
		defer mu.Unlock()
		if problem != nil {
			fmt.Fprintf(b.io.Out, "damaged  %s  %v\n", hash, problem)
			return nil
		}
		held[hash] = true
		return nil
	})
	if err != nil {
		return nil, err
	}
	b.manifest.Contents = len(held)
	list := &strings.Builder{}
	for _, hash := range slices.Sorted(maps.Keys(held)) {
		fmt.Fprintln(list, hash)
	}
	return held, writeDurably(filepath.Join(b.to.Dir, contentsName), []byte(list.String()))
}

// describe reads the copied log: where it ends, and whether every content that it
// names has been copied.
func (b *backup) describe(ctx context.Context, held map[string]bool) error {
	log, err := eventlog.OpenReadOnly(ctx, b.to.Log())
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }() // only read
	codec, err := readingCodec()
	if err != nil {
		return err
	}
	head, err := log.Head(ctx)
	if err != nil {
		return err
	}
	b.manifest.Ordinal = head.Ordinal
	return eachFile(ctx, log, codec, func(e event.Recorded, f document.File) {
		if !held[f.SHA256] {
			held[f.SHA256] = true // named once
			b.manifest.Missing = append(b.manifest.Missing, f.SHA256)
			fmt.Fprintf(b.io.Out, "missing  %s  named by event %d (%s)\n", f.SHA256, e.Ordinal, e.Type)
		}
	})
}

// readingCodec decodes events; what is sealed stays so.
func readingCodec() (*event.Codec, error) {
	registry, err := schema.Registry()
	if err != nil {
		return nil, err
	}
	return event.NewCodec(registry, nil), nil
}

// eachFile walks the log from its beginning, which also finds gaps in it, and
// visits every file that an event names.
func eachFile(ctx context.Context, log event.Log, codec *event.Codec, visit func(event.Recorded, document.File)) error {
	in := opened{codec: codec}
	var at event.Checkpoint
	for {
		page, err := log.ReadAll(ctx, at, 1000)
		if err != nil || len(page) == 0 {
			return err
		}
		at = page[len(page)-1].Checkpoint()
		for _, e := range page {
			files, err := in.files(e)
			if err != nil {
				return err
			}
			for _, f := range files {
				visit(e, f)
			}
		}
	}
}
