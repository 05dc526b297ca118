package main

// Here: an installation is made from a backup.

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

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
	return "Makes the data folder from a backup. --data must be empty or absent, on the disk where it shall stay. Every file is held against its hash in the manifest first; a damaged backup is refused, and nothing is restored. The folder appears under its name when it is whole.\n\nThe master key is not part of a backup. With --master-key-file it is checked that the key opens the data keys, and the digests' cursors are raised to what the log says was sent; without, put the key at DIR/master.key (chmod 600): the next start raises them before it sends anything. What was sent or published after the backup is not known to it."
}

const maxManifest = 64 << 20 // bytes; it lists what is missing

func (c *restoreCommand) Run(ctx context.Context, io *console) error {
	if err := errors.Join(c.check(), c.onlyFiles("restore")); err != nil {
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
	if err := checkVacant(data); err != nil {
		return err
	}
	parent := filepath.Dir(data)
	if err := os.MkdirAll(parent, 0o700); err != nil {
		return domain.Refuse(domain.Unavailable, "data-folder", "%s cannot be made; name a folder that this user may write (--data)", parent).Because(err)
	}
	temp, err := os.MkdirTemp(parent, "."+filepath.Base(data)+".incomplete-")
	if err != nil {
		return domain.Refuse(domain.Unavailable, "data-folder", "no folder can be made in %s; check its owner and permissions", parent).Because(err)
	}
	defer func() { _ = os.RemoveAll(temp) }() // after the rename there is nothing of that name
	r := restore{from: c.From, to: &datafolder.Folder{Dir: temp}, manifest: m, io: io}
	if err := r.copy(ctx); err != nil {
		return err
	}
	if c.MasterKeyFile != "" {
		if err := r.settle(ctx, c.MasterKeyFile); err != nil {
			return err
		}
	}
	if err := installFolder(temp, data); err != nil {
		return err
	}
	c.report(io, data, m)
	return nil
}

func (c *restoreCommand) report(io *console, data string, m manifest) {
	fmt.Fprintf(io.Out, "%s holds %s up to event %d, as of the backup of %s\n", data, m.Name, m.Ordinal, m.TakenAt.Format(time.RFC3339))
	if len(m.Missing) > 0 {
		fmt.Fprintf(io.Out, "%d contents that the log names were missing when the backup was taken: imprint content scrub lists them\n", len(m.Missing))
	}
	if c.MasterKeyFile == "" {
		fmt.Fprintf(io.Out, "Put the master key at %s (chmod 600), or name it with --master-key-file: it is not part of a backup.\n", filepath.Join(data, "master.key"))
		return
	}
	fmt.Fprintf(io.Out, "The master key fits. Start it with: imprint serve --data %s --master-key-file %s\n", data, c.MasterKeyFile)
}

// readManifest reads what a backup says of itself. A backup that was killed has
// no manifest.
func readManifest(dir string) (manifest, error) {
	path := filepath.Join(dir, manifestName)
	f, err := os.Open(path)
	if err != nil {
		return manifest{}, domain.Refuse(domain.NotFound, "no-backup", "%s is not a whole backup (it has no %s); name the folder that imprint backup made", dir, manifestName).Because(err)
	}
	defer func() { _ = f.Close() }() // only read
	var m manifest
	if err := json.NewDecoder(io.LimitReader(f, maxManifest)).Decode(&m); err != nil {
		return manifest{}, damagedBackup(path, "it cannot be read").Because(err)
	}
	if m.Format != manifestFormat {
		return manifest{}, domain.Refuse(domain.Unavailable, "newer-backup", "the backup %s has format %d and this program reads %d; restore it with the program that made it (%s)", dir, m.Format, manifestFormat, m.Program)
	}
	for _, name := range backedFiles[:3] {
		if !slices.ContainsFunc(m.Files, func(f backedFile) bool { return f.Name == name }) {
			return manifest{}, damagedBackup(path, "it does not name "+name)
		}
	}
	for _, f := range m.Files {
		if !slices.Contains(backedFiles[:], f.Name) {
			return manifest{}, damagedBackup(path, fmt.Sprintf("it names %.60q, which is no file of a backup", f.Name))
		}
	}
	return m, nil
}

func damagedBackup(path, how string) *domain.Error {
	return domain.Refuse(domain.Invalid, "damaged-backup", "the backup is damaged: %s: %s; nothing was restored, take another backup", path, how)
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

// restore is one under way, in a folder that has no name yet.
type restore struct {
	from     string
	to       *datafolder.Folder
	manifest manifest
	io       *console
}

// copy copies every file and holds the copy against the manifest. If anything
// differs, the folder is thrown away.
func (r *restore) copy(ctx context.Context) error {
	for _, f := range r.manifest.Files {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := r.file(f); err != nil {
			return err
		}
	}
	list := filepath.Join(r.to.Dir, contentsName)
	if err := r.contents(ctx, list); err != nil {
		return err
	}
	if err := os.Remove(list); err != nil { // it describes the backup, not the installation
		return fmt.Errorf("restore: %w", err)
	}
	return syncFolder(r.to.Dir)
}

func (r *restore) file(want backedFile) (err error) {
	path := filepath.Join(r.from, want.Name)
	source, err := os.Open(path)
	if err != nil {
		return damagedBackup(path, "it cannot be opened").Because(err)
	}
	defer func() { _ = source.Close() }() // only read
	copied := filepath.Join(r.to.Dir, want.Name)
	target, err := os.OpenFile(copied, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	_, err = io.Copy(target, source)
	if err == nil {
		err = target.Sync()
	}
	if err := errors.Join(err, target.Close()); err != nil {
		return domain.Refuse(domain.Unavailable, "disk", "%s cannot be copied: the disk is full or failing; free some space", path).Because(err)
	}
	// What has been written is read again: it is the copy that is going to be used.
	has, err := hashFile(copied)
	if err != nil {
		return err
	}
	if has != want {
		return damagedBackup(path, fmt.Sprintf("its %d bytes have the SHA-256 %s, and the manifest says %d bytes and %s", has.Bytes, has.SHA256, want.Bytes, want.SHA256))
	}
	fmt.Fprintf(r.io.Err, "%s: copied\n", want.Name)
	return nil
}

// contents copies what the list names; each is hashed on its way.
func (r *restore) contents(ctx context.Context, list string) error {
	source := blob.View(filepath.Join(r.from, filepath.Base(r.to.Content())))
	target, err := blob.Open(r.to.Content(), blob.Options{MaxBytes: math.MaxInt64})
	if err != nil {
		return err
	}
	names, err := os.Open(list)
	if err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	defer func() { _ = names.Close() }() // only read
	bar := newProgress(r.io.Err, "contents")
	copies, copying := errgroup.WithContext(ctx)
	copies.SetLimit(contentCopies)
	begun := 0
	lines := bufio.NewScanner(names)
	for lines.Scan() && copying.Err() == nil {
		hash := strings.TrimSpace(lines.Text())
		copies.Go(func() error {
			problem, err := copyContent(copying, source, target, hash)
			if err == nil && problem != nil {
				return damagedBackup("content "+hash, "it is missing or has other bytes").Because(problem)
			}
			return err
		})
		begun++
		bar.set(begun, r.manifest.Contents)
	}
	if err := errors.Join(copies.Wait(), lines.Err()); err != nil {
		return err
	}
	bar.finish(begun)
	return nil
}

// settle opens the restored installation under its master key: the key must open
// the data keys, and the facts of the log raise the digests' cursors. Work rows are
// older than the log in a backup, and without this step a digest sent in between
// would be due again; the worker takes the same step first of all when it starts.
func (r *restore) settle(ctx context.Context, keyFile string) (err error) {
	key, err := filepath.Abs(keyFile)
	if err != nil {
		return fmt.Errorf("--master-key-file: %w", err)
	}
	wrongKey := func(err error) error {
		return domain.Refuse(domain.Invalid, "wrong-master-key", "the master key in %s does not open the data keys of this backup; nothing was restored, name the key that the installation had", keyFile).Because(err)
	}
	in, err := open(ctx, engineFlags{Data: r.to.Dir, MasterKeyFile: key}, options{})
	if codeOf(err) == "wrong-master-key" {
		return wrongKey(err) // and not under the temporary name of the folder
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	opened, err := in.keys.Check(ctx, math.MaxInt32) // a start tries some
	if err != nil {
		return wrongKey(err)
	}
	fmt.Fprintf(r.io.Err, "master key: opens all %d data keys\n", opened)
	return raiseCursors(ctx, in)
}

// raiseCursors folds the log into the digests' work rows; nothing is sent.
func raiseCursors(ctx context.Context, in *opened) error {
	digests, err := in.digests(portalFlags{PortalName: "Imprint", PortalURL: "http://" + defaultListen}, mailFlags{Mail: keepMails, MailFrom: "Imprint <digest@imprint.example>"})
	if err != nil {
		return err
	}
	_, err = digests.CatchUp(ctx)
	return errors.Join(err, digests.Close())
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
