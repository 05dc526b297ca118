package main

// Here: do the parts of an installation belong together? An engine makes a file
// that is missing; beside files that remember more, an empty one would pass for
// the whole, and what comes next would be written on top of a loss. And a setting
// may name the server of another installation.

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
	"imprint/adapters/work"
	"imprint/domain"
	"imprint/domain/event"
	"imprint/domain/installation"
	"imprint/handlers"
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
	if _, unfinished, err := work.Unfinished(ctx, in.work); err != nil {
		return err
	} else if unfinished {
		return in.unfinished()
	}
	if before.log && !before.work && in.flags.databaseInFile() {
		return lostWork(in.folder)
	}
	keys, err := in.keys.Check(ctx, startKeys)
	if err != nil {
		return domain.Refuse(domain.Invalid, "wrong-master-key", "the master key does not open the data keys in %s; put back the key that this installation had (IMPRINT_MASTER_KEY_FILE)", in.workName()).Because(err)
	}
	if in.remembers = keys > 0; in.remembers && !before.log && in.flags.logInFile() {
		return in.lostLog()
	}
	return nil
}

func (e *engines) unfinished() error {
	return domain.Refuse(domain.Conflict, "unfinished-copy", "%s holds an unfinished copy of an installation; run the same imprint copy or imprint restore again, it goes on from there", e.workName())
}

func lostWork(f *datafolder.Folder) error {
	return domain.Refuse(domain.Conflict, "lost-work", "%s is missing or empty, but %s is not: its data keys, tokens and the digests' places are lost; put the file back, or move the whole folder away and run imprint restore",
		f.Work(), filepath.Base(f.Log()))
}

func (in *opened) lostLog() error {
	if !in.flags.logInFile() {
		return domain.Refuse(domain.Conflict, "lost-log", "%s holds no event of the installation %q, but %s remembers some: correct IMPRINT_INSTALLATION, IMPRINT_LOG or IMPRINT_DATABASE, which name parts of two installations; or events are lost: put back the backups that belong together", in.logName(), in.flags.Installation, in.workName())
	}
	return domain.Refuse(domain.Conflict, "lost-log", "%s is missing or empty, but %s is not: events are lost; put the file back, or move the whole folder away and run imprint restore",
		in.logName(), in.workName())
}

// belongTogether refuses parts of different installations, and answers the id of
// the log. It compares the log's identity with that which the work tables are bound
// to before anything rests on a checkpoint: a place of another cluster looks like
// one of ours. Tables that are bound to none are bound here. The binding comes
// before event 1: if we die between the two, or another program starts at the same
// moment, the same id opens the log.
func (in *opened) belongTogether(ctx context.Context) (uuid.UUID, error) {
	served := work.NewServed(in.work)
	bound, known, err := served.Log(ctx)
	if err != nil {
		return uuid.Nil, err
	}
	identity, found, err := handlers.Identity(ctx, in.log, in.codec)
	if err != nil {
		return uuid.Nil, err
	}
	if err := in.sameLog(bound, known, identity, found); err != nil {
		return uuid.Nil, err
	}
	if err := in.nothingLost(ctx, known, found); err != nil {
		return uuid.Nil, err
	}
	id := identity.Log
	if !found && !known {
		if id, err = uuid.NewV7(); err != nil {
			return uuid.Nil, fmt.Errorf("identity of the log: %w", err)
		}
	}
	if !known {
		if bound, err = served.Claim(ctx, id); err != nil {
			return uuid.Nil, err
		}
		if err := in.sameLog(bound, true, identity, found); err != nil {
			return uuid.Nil, err
		}
	}
	if err := in.expect(ctx, bound); err != nil {
		return uuid.Nil, err
	}
	return bound, in.placed(ctx)
}

// expect lets the database's connections lead to the tables of this log and to no
// others, also those to a replica, and those that are made later.
func (e *engines) expect(ctx context.Context, log uuid.UUID) error {
	if e.database == nil {
		return nil
	}
	return e.database.Expect(ctx, log)
}

// sameLog holds the log that the work tables are bound to against the one there is.
func (e *engines) sameLog(bound uuid.UUID, known bool, identity installation.LogOpened, found bool) error {
	if !known || !found || bound == identity.Log {
		return nil
	}
	return domain.Refuse(domain.Conflict, "another-log", "%s serves the log %s, and %s is the log %s of %q: IMPRINT_LOG and IMPRINT_DATABASE (or IMPRINT_INSTALLATION, or the files in IMPRINT_DATA) name parts of two installations; correct one of them",
		e.workName(), bound, e.logName(), identity.Log, identity.Name)
}

// nothingLost refuses a log without work tables, and work tables without a log. A
// log that holds its first event alone has lost nothing yet.
func (in *opened) nothingLost(ctx context.Context, known, found bool) error {
	at, err := work.NewDigests(in.work).Checkpoint(ctx)
	if err != nil {
		return err
	}
	remembers := in.remembers || at.Ordinal > 0
	switch {
	case !found && remembers:
		return in.lostLog()
	case found && !known && !remembers:
		return in.withoutRows(ctx)
	}
	return nil
}

// withoutRows refuses a log that has lost its work tables: one with more than its
// first event, beside tables that remember none.
func (e *engines) withoutRows(ctx context.Context) error {
	first, err := e.log.ReadAll(ctx, event.Checkpoint{}, 2)
	if err != nil || len(first) < 2 {
		return err
	}
	return domain.Refuse(domain.Conflict, "lost-work", "%s is empty, but %s is not: its data keys, tokens and the digests' places are lost or elsewhere; IMPRINT_DATABASE and IMPRINT_LOG must name parts of one installation (imprint copy moves one to other engines)", e.workName(), e.logName())
}

// placed holds the places that were reached in the log against the log.
func (in *opened) placed(ctx context.Context) error {
	at, err := work.NewDigests(in.work).Checkpoint(ctx)
	if err != nil {
		return err
	}
	if err := place(ctx, in.log, at); away(err) {
		return err
	} else if err != nil {
		return domain.Refuse(domain.Conflict, "another-log", "%s and %s are not of one installation, or the log lost its end; put back the files that belong together, or move the whole folder away and run imprint restore", in.workName(), in.logName()).Because(err)
	}
	builds, err := builds(ctx, in.views)
	if err != nil {
		return err
	}
	for _, b := range builds {
		if err := place(ctx, in.log, b.Checkpoint); away(err) {
			return err
		} else if err != nil {
			return domain.Refuse(domain.Conflict, "another-log", "%s has read another log than %s, or the log lost its end; put back what belongs together. If the log is the right one, %s", in.viewsName(), in.logName(), in.viewsAnew()).Because(err)
		}
	}
	return nil
}

// away tells an engine that does not answer from one that answers wrongly.
func away(err error) bool {
	return domain.KindOf(err) == domain.Unavailable && !errors.Is(err, event.ErrCorrupt)
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
