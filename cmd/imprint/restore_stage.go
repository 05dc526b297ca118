package main

// Here: a backup becomes a folder that can be opened, and proves to be whole.

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"os"
	"path/filepath"
	"strings"

	"imprint/adapters/blob"
	"imprint/adapters/datafolder"
	"imprint/domain"
	"imprint/domain/content"
)

// restore is one under way, in a folder that has no name yet. After an error the
// folder is thrown away.
type restore struct {
	from     string
	to       *datafolder.Folder
	manifest manifest
	io       *console
}

// files copies every file and holds the copy against the manifest.
func (r *restore) files(ctx context.Context) error {
	for _, f := range r.manifest.Files {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := r.file(f); err != nil {
			return err
		}
	}
	return nil
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
		return domain.Refuse(domain.Unavailable, "disk", "%s cannot be copied to %s: the disk is full or failing; free some space", path, r.to.Dir).Because(err)
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
func (r *restore) contents(ctx context.Context, what string, target contentWriter) error {
	source := r.backed()
	_, err := eachContent(ctx, newProgress(r.io.Err, what), source.All(ctx), r.manifest.Contents, func(ctx context.Context, hash string) error {
		problem, err := copyContent(ctx, source, target, hash)
		if err == nil && problem != nil {
			return damagedBackup("content "+hash, "it is missing or has other bytes").Because(problem)
		}
		return err
	})
	return err
}

// onlyHashed keeps nothing of what is put, and finds out whether it is what was stated.
type onlyHashed struct{}

func (onlyHashed) PutExpected(ctx context.Context, r io.Reader, sha256hex string) (content.Stored, error) {
	c, err := blob.Receive(ctx, io.Discard, r, math.MaxInt64)
	if err == nil {
		err = blob.CheckStated(c, sha256hex)
	}
	return c, err
}

// backedContent is what a backup holds by its list.
type backedContent struct {
	*blob.Directory
	list string // a file
}

func (r *restore) backed() backedContent {
	return backedContent{blob.View(filepath.Join(r.from, filepath.Base(r.to.Content()))), filepath.Join(r.to.Dir, contentsName)}
}

func (b backedContent) All(context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		names, err := os.Open(b.list)
		if err != nil {
			yield("", fmt.Errorf("restore: %w", err))
			return
		}
		defer func() { _ = names.Close() }() // only read
		lines := bufio.NewScanner(names)
		for lines.Scan() {
			if !yield(strings.TrimSpace(lines.Text()), nil) {
				return
			}
		}
		if err := lines.Err(); err != nil {
			yield("", fmt.Errorf("restore: %w", err))
		}
	}
}

// forget removes the list, which describes the backup and not the installation.
func (r *restore) forget() error {
	if err := os.Remove(filepath.Join(r.to.Dir, contentsName)); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	return syncFolder(r.to.Dir)
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
