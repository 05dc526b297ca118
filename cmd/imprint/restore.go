package main

// Here: an installation is made from a backup, on any engines.

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"imprint/adapters/blob"
	"imprint/adapters/datafolder"
	"imprint/domain"
)

type restoreCommand struct {
	engineFlags
	From string `required:"" env:"IMPRINT_RESTORE_FROM" placeholder:"DIR" help:"The backup's folder."`
}

// Help is shown by imprint restore --help.
func (restoreCommand) Help() string {
	return "Makes an installation from a backup, where the settings say that its parts shall be kept. Everything is held against its hash in the manifest first; a damaged backup is refused, and nothing is restored. A restore never mails again what the log says was sent. What was sent or published after the backup is not known to it.\n\nInto files: --data must be empty or absent, on the disk where it shall stay; the folder appears under its name when it is whole. With --master-key-file it is checked that the key opens the data keys, and the digests' cursors are raised to what the log says was sent; without, put the key at DIR/master.key (chmod 600): the next start raises them before it sends anything.\n\nOnto servers (IMPRINT_LOG, IMPRINT_DATABASE, IMPRINT_CONTENT): they must be empty; a database is made ready with imprint migrate up. The master key must be named. Log and work tables are first put together in a temporary folder, beside --data or in the system's folder for such (TMPDIR), then copied as imprint copy does: until its end the target is marked, and every command that opens it for writing refuses it; killed at any point, the same command goes on; at the end log, rows and read models are held against the backup's. What a killed restore leaves behind of the temporary folder (imprint-restore-…, or .NAME.incomplete-…) can be removed."
}

func (c *restoreCommand) Run(ctx context.Context, io *console) error {
	if err := c.check(); err != nil {
		return err
	}
	m, err := readManifest(c.From)
	if err != nil {
		return err
	}
	data, err := filepath.Abs(c.Data)
	if err != nil {
		return fmt.Errorf("--data: %w", err)
	}
	if c.inFiles() {
		err = checkVacant(data)
	} else if c.MasterKeyFile == "" {
		err = domain.Refuse(domain.Invalid, "no-master-key", "a restore onto servers needs the master key that the installation had; name its file with --master-key-file (IMPRINT_MASTER_KEY_FILE)").In("IMPRINT_MASTER_KEY_FILE")
	}
	if err != nil {
		return err
	}
	temp, err := c.stage(data)
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(temp) }() // after a rename there is nothing of that name
	r := restore{from: c.From, to: &datafolder.Folder{Dir: temp}, manifest: m, io: io}
	if err := r.files(ctx); err != nil {
		return err
	}
	where := data
	if c.inFiles() {
		err = c.install(ctx, r, data)
	} else {
		where, err = c.fill(ctx, r)
	}
	if err != nil {
		return err
	}
	c.report(io, where, m)
	return nil
}

// stage makes the folder in which a backup becomes an installation again: on the
// disk of --data where anything shall be kept there.
func (c *restoreCommand) stage(data string) (string, error) {
	if !c.embedded() {
		temp, err := os.MkdirTemp("", "imprint-restore-")
		if err != nil {
			return "", domain.Refuse(domain.Unavailable, "temporary-folder", "no folder can be made in %s; name another place with TMPDIR", os.TempDir()).Because(err)
		}
		return temp, nil
	}
	parent := filepath.Dir(data)
	if err := os.MkdirAll(parent, 0o700); err != nil {
		return "", domain.Refuse(domain.Unavailable, "data-folder", "%s cannot be made; name a folder that this user may write (--data)", parent).Because(err)
	}
	temp, err := os.MkdirTemp(parent, "."+filepath.Base(data)+".incomplete-")
	if err != nil {
		return "", domain.Refuse(domain.Unavailable, "data-folder", "no folder can be made in %s; check its owner and permissions", parent).Because(err)
	}
	return temp, nil
}

// install makes the staged folder the installation.
func (c *restoreCommand) install(ctx context.Context, r restore, data string) error {
	target, err := blob.Open(r.to.Content(), blob.Options{MaxBytes: anySize})
	if err != nil {
		return err
	}
	if err := r.contents(ctx, "contents", target); err != nil {
		return err
	}
	if err := r.forget(); err != nil {
		return err
	}
	if c.MasterKeyFile != "" {
		if err := r.settle(ctx, c.MasterKeyFile); err != nil {
			return err
		}
	}
	return installFolder(r.to.Dir, data)
}

// fill copies the staged installation to the engines of the flags, and answers how
// they are called. The bytes go there from the backup itself, once all of them have
// been found whole.
func (c *restoreCommand) fill(ctx context.Context, r restore) (where string, err error) {
	if err := r.contents(ctx, "verify contents", onlyHashed{}); err != nil {
		return "", err
	}
	if err := r.settle(ctx, c.MasterKeyFile); err != nil {
		return "", err
	}
	staged, target := engineFlags{Data: r.to.Dir, MasterKeyFile: c.MasterKeyFile}, c.engineFlags
	target.DatabaseRead = "" // a replica may not have yet what is held against the backup
	run, err := openCopying(ctx, r.io, staged, target, false, "the target")
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, run.Close()) }()
	run.from.content = r.backed()
	_, err = run.copyWhole(ctx)
	return run.to.place(), err
}

func (c *restoreCommand) report(io *console, where string, m manifest) {
	fmt.Fprintf(io.Out, "%s holds %s up to event %d, as of the backup of %s\n", where, m.Name, m.Ordinal, m.TakenAt.Format(time.RFC3339))
	if len(m.Missing) > 0 {
		fmt.Fprintf(io.Out, "%d contents that the log names were missing when the backup was taken: imprint content scrub lists them\n", len(m.Missing))
	}
	switch {
	case !c.inFiles():
		fmt.Fprintln(io.Out, "The master key fits. Start imprint serve with the same settings.")
	case c.MasterKeyFile == "":
		fmt.Fprintf(io.Out, "Put the master key at %s (chmod 600), or name it with --master-key-file: it is not part of a backup.\n", filepath.Join(where, "master.key"))
	default:
		fmt.Fprintf(io.Out, "The master key fits. Start it with: imprint serve --data %s --master-key-file %s\n", where, c.MasterKeyFile)
	}
}

// checkVacant refuses to restore over anything.
func checkVacant(dir string) error {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return domain.Refuse(domain.Invalid, "data-folder", "%s cannot be read as a folder; name another with --data", dir).Because(err)
	case len(entries) > 0:
		return domain.Refuse(domain.Conflict, "folder-not-empty", "%s is not empty (it holds %s); restore into an empty or new folder, and move the old one away first", dir, entries[0].Name())
	}
	return nil
}

// installFolder gives a whole folder its name. If we die between the two steps,
// the name is free and the folder is not taken for an installation.
func installFolder(temp, data string) error {
	if err := os.Remove(data); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return domain.Refuse(domain.Conflict, "data-folder", "%s cannot be replaced; if it is a mount point, name a folder inside it with --data, else check that it is empty and who owns it", data).Because(err)
	}
	if err := os.Rename(temp, data); err != nil {
		return fmt.Errorf("name the restored folder: %w", err)
	}
	return syncFolder(filepath.Dir(data))
}
