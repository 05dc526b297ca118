package main

// Here: do the files of a data folder belong together? An engine makes a file
// that is missing; beside files that remember more, an empty one would pass for
// the whole, and what comes next would be written on top of a loss.

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"imprint/adapters/work"
	"imprint/domain"
	"imprint/domain/event"
	"imprint/projections"
)

// startKeys is how many of the newest data keys a start tries the master key on.
const startKeys = 16

// presence remembers which files stood in the folder before the engines opened it.
type presence struct{ log, work bool }

func (e *engines) present() (p presence, err error) {
	if e.flags.logInFile() {
		if p.log, err = holds(e.folder.Log()); err != nil {
			return p, err
		}
	}
	if e.flags.databaseInFile() {
		p.work, err = holds(e.folder.Work())
	}
	return p, err
}

// holds tells whether a database file has anything in it. A young one may have
// all of it in its write-ahead log.
func holds(path string) (bool, error) {
	for _, name := range []string{path, path + "-wal"} {
		info, err := os.Stat(name)
		if err == nil && info.Size() > 0 {
			return true, nil
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return false, fmt.Errorf("data folder: %w", err)
		}
	}
	return false, nil
}

// whole refuses a folder of which a file was lost, and a master key that is not
// the installation's. It is asked before the log is made: an empty one would lie,
// with its write-ahead log, where the lost one is put back. A first start that
// died half way is let through: the log is made after the work tables, so no key
// is there yet.
func (in *opened) whole(ctx context.Context, before presence) error {
	if before.log && !before.work && in.flags.databaseInFile() {
		return domain.Refuse(domain.Conflict, "lost-work", "%s is missing or empty, but %s is not: its data keys, tokens and the digests' places are lost; put the file back, or move the whole folder away and run imprint restore",
			in.folder.Work(), filepath.Base(in.folder.Log()))
	}
	keys, err := in.keys.Check(ctx, startKeys)
	if err != nil {
		return domain.Refuse(domain.Invalid, "wrong-master-key", "the master key does not open the data keys in %s; put back the key that this installation had", in.work.Name()).Because(err)
	}
	if in.remembers = keys > 0; in.remembers && !before.log && in.flags.logInFile() {
		return in.lostLog()
	}
	return nil
}

func (in *opened) lostLog() error {
	return domain.Refuse(domain.Conflict, "lost-log", "%s is missing or empty, but %s is not: events are lost; put the file back, or move the whole folder away and run imprint restore",
		in.logName(), in.work.Name())
}

// belongTogether refuses a folder whose files come from different installations.
func (in *opened) belongTogether(ctx context.Context) error {
	head, err := in.log.Head(ctx)
	if err != nil {
		return err
	}
	if head.Ordinal == 0 && in.remembers {
		return in.lostLog()
	}
	return in.placed(ctx)
}

// placed holds the places that were reached in the log against the log.
func (in *opened) placed(ctx context.Context) error {
	at, err := work.NewDigests(in.work).Checkpoint(ctx)
	if err != nil {
		return err
	}
	if err := place(ctx, in.log, at); err != nil {
		return domain.Refuse(domain.Conflict, "another-log", "%s and %s are not of one installation, or the log lost its end; put back the files that belong together, or move the whole folder away and run imprint restore", in.work.Name(), in.logName()).Because(err)
	}
	builds, err := builds(ctx, in.views)
	if err != nil {
		return err
	}
	for _, b := range builds {
		if err := place(ctx, in.log, b.Checkpoint); err != nil {
			return domain.Refuse(domain.Conflict, "another-log", "%s has read another log than %s, or the log lost its end; put back what belongs together. If the log is the right one, %s", in.viewsName(), in.logName(), in.viewsAnew()).Because(err)
		}
	}
	return nil
}

// builtAnew words an error on opening the read models: a damaged file of theirs
// is no loss, and no reason for a backup.
func builtAnew(path string, err error) error {
	if codeOf(err) != "damaged-file" {
		return err
	}
	return domain.Refuse(domain.Unavailable, "damaged-views", "%s is damaged, and nothing is lost: stop imprint, delete %s with its -wal and -shm, and start imprint serve; it is built anew from the log", path, filepath.Base(path)).Because(causeOf(err))
}

func builds(ctx context.Context, store viewStore) (all []projections.Build, err error) {
	err = store.Read(ctx, func(r projections.Reader) error {
		all, err = r.Builds(ctx)
		return err
	})
	return all, err
}

// place holds a checkpoint against the log: the log must reach as far, and its
// time there must be the same. It finds files that come from different logs.
func place(ctx context.Context, log event.Log, at event.Checkpoint) error {
	if at.Ordinal == 0 {
		return nil
	}
	head, err := log.Head(ctx)
	if err != nil {
		return err
	}
	if head.Ordinal == at.Ordinal && !head.LogTime.Equal(at.LogTime) {
		return fmt.Errorf("event %d has the time %s and not %s", at.Ordinal, head.LogTime.Format(time.RFC3339Nano), at.LogTime.Format(time.RFC3339Nano))
	}
	_, err = log.ReadAll(ctx, at, 1) // checks that the log goes on from there
	return err
}
