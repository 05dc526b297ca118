package main

// Here: the backup of an installation, and what a backup is made of.

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"imprint/adapters/blob"
	"imprint/adapters/datafolder"
	"imprint/adapters/sqlite"
	"imprint/adapters/sqlite/eventlog"
	"imprint/adapters/sqlite/workfile"
	"imprint/domain"
	"imprint/domain/document"
	"imprint/domain/event"
	"imprint/domain/schema"
	"imprint/handlers"
)

type backupCommand struct {
	engineFlags
	To string `required:"" env:"IMPRINT_BACKUP_TO" placeholder:"DIR" help:"The folder to make; it must not exist yet."`
}

// Help is shown by imprint backup --help.
func (backupCommand) Help() string {
	return "Copies an installation as of one event, also while imprint serve has it open: log, read models, work tables, data keys and all contents, with a manifest of their hashes. The folder appears under its name when it is whole; what a killed backup leaves behind is called .NAME.incomplete-… and can be removed.\n\nThe master key is never part of a backup: keep it elsewhere, for without it no personal datum in the backup can be read. Mails kept as files are not part of it either. A key destroyed by an erasure ends with the last backup that holds it, so remove old backups. Exit 1: done, but contents are missing or damaged, and are listed. Restore with imprint restore."
}

// What a backup's folder holds beside the files named as in a data folder.
const (
	manifestName   = "manifest.json"
	contentsName   = "contents.txt" // the SHA-256 of each content held, one a line
	manifestFormat = 1
	// contentCopies run at once: each waits for the disk most of the time.
	contentCopies = 8
)

// backedFiles are the files of a backup, named as in a data folder; the last may
// be missing, for it can be built anew.
var backedFiles = [...]string{"log.db", "work.db", contentsName, "views.db"}

// manifest says what a backup holds. It is written last.
type manifest struct {
	Format   int          `json:"format"`
	Program  string       `json:"program"`
	TakenAt  time.Time    `json:"takenAt"`
	Log      uuid.UUID    `json:"log"` // the log's identity
	Name     string       `json:"name"`
	Ordinal  int64        `json:"ordinal"` // the last event held
	Files    []backedFile `json:"files"`
	Contents int          `json:"contents"`
	Missing  []string     `json:"missing,omitempty"` // contents that the log names and that could not be copied
}

type backedFile struct {
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

func (c *backupCommand) Run(ctx context.Context, io *console) error {
	if err := errors.Join(c.check(), c.onlyFiles("backup")); err != nil {
		return err
	}
	from, err := datafolder.View(c.Data)
	if err != nil {
		return err
	}
	to, err := filepath.Abs(c.To)
	if err != nil {
		return fmt.Errorf("--to: %w", err)
	}
	if _, err := os.Lstat(to); !errors.Is(err, fs.ErrNotExist) {
		return domain.Refuse(domain.Conflict, "backup-exists", "%s exists already; name a new folder with --to, a backup never overwrites another", to)
	}
	if strings.HasPrefix(to, from.Dir+string(filepath.Separator)) {
		return domain.Refuse(domain.Invalid, "backup-inside", "%s lies in the data folder itself, and would be lost with it; name a folder elsewhere with --to", to)
	}
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

// backup is one being taken.
type backup struct {
	from, to *datafolder.Folder
	io       *console
	manifest manifest
}

// take copies the parts in an order that makes them fit each other without
// stopping the program that writes them; no transaction spans two files.
//
//  1. read models, 2. work tables: their checkpoints and cursors are then no newer
//     than the log. What is older than the log is moved on by the log's own facts;
//     what is newer would have read events that the log lacks.
//  3. the log.
//  4. keys and names once more: they are committed before the events that rely on
//     them, so now they are at least as new as the log.
//  5. contents: they too are durable before the event that names them, and never
//     change under their name.
func (b *backup) take(ctx context.Context) error {
	b.manifest = manifest{Format: manifestFormat, Program: programVersion(), TakenAt: time.Now().UTC().Truncate(time.Second)}
	if _, err := os.Stat(b.from.Views()); err == nil { // else they are built anew after a restore
		if err := sqlite.Snapshot(ctx, b.from.Views(), b.to.Views()); err != nil {
			return err
		}
		b.done("read models")
	}
	if err := sqlite.Snapshot(ctx, b.from.Work(), b.to.Work()); err != nil {
		return err
	}
	b.done("work tables")
	if err := sqlite.Snapshot(ctx, b.from.Log(), b.to.Log()); err != nil {
		return err
	}
	b.done("log")
	if err := workfile.Renew(ctx, b.to.Work(), b.from.Work()); err != nil {
		return err
	}
	if err := sqlite.Check(ctx, b.to.Work()); err != nil {
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
	return b.seal()
}

func (b *backup) done(what string) { fmt.Fprintf(b.io.Err, "%s: copied\n", what) }

// contents copies all contents and answers which. Each is hashed on its way; one
// that is damaged is told and left out, for a backup is needed most when a disk
// begins to fail.
func (b *backup) contents(ctx context.Context) (map[string]bool, error) {
	source := blob.View(b.from.Content())
	target, err := blob.Open(b.to.Content(), blob.Options{MaxBytes: math.MaxInt64})
	if err != nil {
		return nil, err
	}
	var hashes []string
	for hash, err := range source.All(ctx) {
		if err != nil {
			return nil, err
		}
		hashes = append(hashes, hash)
	}
	held := map[string]bool{}
	bar := newProgress(b.io.Err, "contents")
	var mu sync.Mutex // guards held and bar
	copies, ctx := errgroup.WithContext(ctx)
	copies.SetLimit(contentCopies)
	for _, hash := range hashes {
		copies.Go(func() error {
			problem, err := copyContent(ctx, source, target, hash)
			if err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			if problem != nil {
				fmt.Fprintf(b.io.Out, "damaged  %s  %v\n", hash, problem)
				return nil
			}
			held[hash] = true
			bar.set(len(held), len(hashes))
			return nil
		})
	}
	if err := copies.Wait(); err != nil {
		return nil, err
	}
	bar.finish(len(held))
	list := &strings.Builder{}
	for _, hash := range hashes { // in ascending order
		if held[hash] {
			fmt.Fprintln(list, hash)
		}
	}
	return held, writeDurably(filepath.Join(b.to.Dir, contentsName), []byte(list.String()))
}

// copyContent copies one content. problem is what is wrong with the source; err
// is what keeps the copy from being written.
func copyContent(ctx context.Context, source, target *blob.Directory, hash string) (problem, err error) {
	r, _, err := source.Read(ctx, hash)
	if err != nil {
		return err, ctx.Err()
	}
	defer func() { _ = r.Close() }() // only read
	watched := &watchedReader{r: r}
	_, err = target.PutExpected(ctx, watched, hash)
	var refused *domain.Error
	switch {
	case watched.err != nil:
		return watched.err, nil
	case errors.As(err, &refused) && refused.Code == "hash-mismatch":
		return errors.New("its bytes have another hash"), nil
	}
	return nil, err
}

// watchedReader remembers why reading failed, to tell it from writing.
type watchedReader struct {
	r   io.Reader
	err error
}

func (w *watchedReader) Read(p []byte) (int, error) {
	n, err := w.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		w.err = err
	}
	return n, err
}

// describe reads the copied log: whose it is, where it ends, and whether every
// content that it names has been copied.
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
	if head.Ordinal == 0 {
		return domain.Refuse(domain.Conflict, "empty-log", "the log in %s is empty; there is nothing to back up before imprint serve has run once", b.from.Dir)
	}
	identity, _, err := handlers.Identity(ctx, log, codec)
	if err != nil {
		return err
	}
	b.manifest.Log, b.manifest.Name, b.manifest.Ordinal, b.manifest.Contents = identity.Log, identity.Name, head.Ordinal, len(held)
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

// seal writes the manifest, when all that it names is on the disk.
func (b *backup) seal() error {
	for i, name := range backedFiles {
		f, err := hashFile(filepath.Join(b.to.Dir, name))
		if errors.Is(err, fs.ErrNotExist) && i == len(backedFiles)-1 {
			continue
		}
		if err != nil {
			return err
		}
		b.manifest.Files = append(b.manifest.Files, f)
	}
	text, err := json.MarshalIndent(b.manifest, "", "  ")
	if err != nil {
		return fmt.Errorf("manifest: %w", err)
	}
	return writeDurably(filepath.Join(b.to.Dir, manifestName), append(text, '\n'))
}

func hashFile(path string) (backedFile, error) {
	f, err := os.Open(path)
	if err != nil {
		return backedFile{}, err
	}
	defer func() { _ = f.Close() }() // only read
	hash := sha256.New()
	n, err := io.Copy(hash, f)
	if err != nil {
		return backedFile{}, fmt.Errorf("read %s: %w", path, err)
	}
	return backedFile{Name: filepath.Base(path), Bytes: n, SHA256: hex.EncodeToString(hash.Sum(nil))}, nil
}

// writeDurably writes a small new file, for its owner alone, with its name.
func writeDurably(path string, text []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return domain.Refuse(domain.Unavailable, "disk", "%s cannot be written: the disk is full or failing; free some space", path).Because(err)
	}
	return syncFolder(filepath.Dir(path))
}

// syncFolder makes the names in a folder durable.
func syncFolder(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("sync %s: %w", path, err)
	}
	if err := errors.Join(dir.Sync(), dir.Close()); err != nil {
		return fmt.Errorf("sync %s: %w", path, err)
	}
	return nil
}
