package main

// Here: the backup of an installation, whichever engines keep its parts.

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"imprint/adapters/datafolder"
	"imprint/adapters/sqlite"
	"imprint/adapters/sqlite/workfile"
	"imprint/domain"
)

type backupCommand struct {
	engineFlags
	To string `required:"" env:"IMPRINT_BACKUP_TO" placeholder:"DIR" help:"The folder to make; it must not exist yet."`
}

// Help is shown by imprint backup --help.
func (backupCommand) Help() string {
	return "Copies an installation as of one event, also while imprint serve is at work on it: log, work tables with data keys and tokens, and all contents, with a manifest of their hashes; read models too where log and database are files, for else they are built anew. Wherever the parts are kept, the backup is a folder of files of one kind, and imprint restore makes an installation on any engines from it. The folder appears under its name when it is whole; what a killed backup leaves behind is called .NAME.incomplete-… and can be removed.\n\nThe master key is never part of a backup: keep it elsewhere, for without it no personal datum in the backup can be read. Mails kept as files are not part of it either. A key destroyed by an erasure ends with the last backup that holds it, so remove old backups. Exit 1: done, but contents are missing or damaged, and are listed."
}

func (c *backupCommand) Run(ctx context.Context, io *console) (err error) {
	if err := c.check(); err != nil {
		return err
	}
	to, err := c.target()
	if err != nil {
		return err
	}
	from, err := openForBackup(ctx, c.engineFlags)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	temp, err := os.MkdirTemp(filepath.Dir(to), "."+filepath.Base(to)+".incomplete-")
	if err != nil {
		return domain.Refuse(domain.Unavailable, "backup-folder", "no folder can be made in %s; create it, or name another with --to", filepath.Dir(to)).Because(err)
	}
	defer func() { _ = os.RemoveAll(temp) }() // after the rename there is nothing of that name
	b := backup{from: from, to: &datafolder.Folder{Dir: temp}, io: io}
	if err := b.take(ctx); err != nil {
		return err
	}
	// The commit point: a whole backup gets its name. If we die before, it has none.
	if err := os.Rename(temp, to); err != nil {
		return fmt.Errorf("name the backup: %w", err)
	}
	if err := syncFolder(filepath.Dir(to)); err != nil {
		return err
	}
	fmt.Fprintf(io.Out, "%s holds %s up to event %d, and %d contents\n", to, b.manifest.Name, b.manifest.Ordinal, b.manifest.Contents)
	fmt.Fprintln(io.Out, "The master key is not in it: keep that elsewhere, for without it no personal datum in the backup can be read.")
	if len(b.manifest.Missing) > 0 {
		fmt.Fprintf(io.Out, "%d contents that the log names are missing or damaged here, and not in the backup: see imprint content scrub\n", len(b.manifest.Missing))
		return errFound
	}
	return nil
}

// target is where the backup shall stand.
func (c *backupCommand) target() (string, error) {
	to, err := filepath.Abs(c.To)
	if err != nil {
		return "", fmt.Errorf("--to: %w", err)
	}
	if _, err := os.Lstat(to); !errors.Is(err, fs.ErrNotExist) {
		return "", domain.Refuse(domain.Conflict, "backup-exists", "%s exists already; name a new folder with --to, a backup never overwrites another", to)
	}
	if !c.embedded() {
		return to, nil
	}
	data, err := filepath.Abs(c.Data)
	if err != nil {
		return "", fmt.Errorf("--data: %w", err)
	}
	if strings.HasPrefix(to, data+string(filepath.Separator)) {
		return "", domain.Refuse(domain.Invalid, "backup-inside", "%s lies in the data folder itself, and would be lost with it; name a folder elsewhere with --to", to)
	}
	return to, nil
}

// backup is one being taken.
type backup struct {
	from     *engines // open for reading, beside whoever writes them
	to       *datafolder.Folder
	io       *console
	manifest manifest
	work     *workfile.DB // the copied rows, while they are not whole
}

// take copies the parts in an order that makes them fit each other without
// stopping the programs that write them; no transaction spans two engines. What
// counts is the moment at which a part is copied as it is: a file in one read
// transaction, the rows of a database in one snapshot, the log of a cluster up to
// the end that it had when it was asked, for what stands before that never changes.
//
//  1. read models, 2. work rows: their checkpoints and cursors are then no newer
//     than the log. What is older than the log is moved on by the log's own facts:
//     a digest that the log says was sent is not due after a restore, reactions
//     find what they have written by its derived id. What is newer would have read
//     events that the log lacks: a cursor beyond its end would pass over the next
//     events for ever.
//  3. the log.
//  4. keys, names and requests once more: they are committed before the events that
//     rely on them, so now they are at least as new as the log, and no event lacks
//     its key.
//  5. contents: they too are durable before the event that names them, and never
//     change under their name.
//
// If we die before the end, the folder has no manifest and not its name.
func (b *backup) take(ctx context.Context) (err error) {
	defer func() { err = errors.Join(err, b.closeWork()) }()
	b.manifest = manifest{Format: manifestFormat, Program: programVersion(), TakenAt: time.Now().UTC().Truncate(time.Second)}
	if err := b.readModels(ctx); err != nil {
		return err
	}
	if err := b.workRows(ctx); err != nil {
		return err
	}
	b.done("work tables")
	if err := b.belongs(ctx); err != nil {
		return err
	}
	if err := b.log(ctx); err != nil {
		return err
	}
	b.done("log")
	if err := b.renew(ctx); err != nil {
		return err
	}
	// While it is open: a reader that comes last would leave its files behind.
	if err := sqlite.Check(ctx, b.to.Work()); err != nil {
		return err
	}
	if err := b.closeWork(); err != nil {
		return err
	}
	b.done("keys")
	held, err := b.contents(ctx)
	if err != nil {
		return err
	}
	if err := b.describe(ctx, held); err != nil {
		return err
	}
	return b.manifest.seal(b.to.Dir)
}

func (b *backup) done(what string) { fmt.Fprintf(b.io.Err, "%s: copied\n", what) }

// closeWork closes the copied rows, if they are open.
func (b *backup) closeWork() error {
	if b.work == nil {
		return nil
	}
	defer func() { b.work = nil }()
	return b.work.Close()
}
