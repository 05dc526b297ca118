package blob

// How bytes come in: into a file of their own, then by one rename under their
// hash.

import (
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"

	"imprint/domain/content"
)

// Put stores what r holds, up to its end, and says what it was. It returns once
// the content is durable. Errors: TooLarge over the limit, Unavailable when the
// disk is full, the reader's own error, the context's. After an error nothing is
// left behind, but for one case: see the end of put.
func (d *Directory) Put(ctx context.Context, r io.Reader) (content.Stored, error) {
	return d.put(ctx, r, "")
}

// PutExpected is Put for bytes whose hash was stated beforehand. Bytes with
// another hash are Invalid, and not stored.
func (d *Directory) PutExpected(ctx context.Context, r io.Reader, sha256hex string) (content.Stored, error) {
	if err := content.CheckHash(sha256hex); err != nil {
		return content.Stored{}, err
	}
	return d.put(ctx, r, sha256hex)
}

// put receives r; want is the hash stated beforehand, or "".
func (d *Directory) put(ctx context.Context, r io.Reader, want string) (content.Stored, error) {
	arrival, err := os.CreateTemp(filepath.Join(d.dir, incoming), arrivalPrefix+"*")
	if err != nil {
		return content.Stored{}, storeError(err)
	}
	// If we die from here to the rename, a file stays in incoming, which no
	// reader looks at; the next Open removes it.
	c, err := Receive(ctx, disk{arrival}, r, d.maxBytes)
	if err == nil {
		err = CheckStated(c, want)
	}
	if err != nil {
		discard(arrival)
		return content.Stored{}, err
	}
	name := d.path(c.SHA256)
	if sound(ctx, name, c) {
		discard(arrival)
	} else if err := publish(ctx, arrival, name); err != nil {
		return content.Stored{}, err
	}
	// Also where the content was there already: another Put may have renamed it a
	// moment ago and not yet synced, and we are about to promise that it lasts.
	//
	// If we die before this sync, the content is whole and its name may or may not
	// be there after a power cut; nobody was told that it is. If the sync fails,
	// the name stays: to remove it could take it from another Put that was told.
	if err := syncDirectory(filepath.Dir(name)); err != nil {
		return content.Stored{}, storeError(err)
	}
	return c, nil
}

// disk is a file whose failures are told in the words of this store.
type disk struct{ file *os.File }

func (d disk) Write(p []byte) (int, error) {
	n, err := d.file.Write(p)
	if err != nil {
		err = storeError(err)
	}
	return n, err
}

// publish gives an arrival its name, or discards it.
func publish(ctx context.Context, arrival *os.File, name string) error {
	// The bytes before the name: a power cut may keep a rename and lose unsynced
	// bytes, and a name with half of its bytes would be the one thing we never
	// show. After a failed sync the kernel may hold the lost pages for clean, so
	// it is not tried again: the file goes, and a retry writes a new one.
	err := arrival.Sync()
	if err == nil {
		err = arrival.Close() // before the rename, for systems that cannot rename open files
	}
	if err == nil && ctx.Err() != nil {
		discard(arrival)
		return fmt.Errorf("content store: storing was given up: %w", ctx.Err())
	}
	// The commit point. A rename replaces in one step: of two Puts of the same
	// bytes the later wins, and readers of the earlier keep what they opened.
	if err == nil {
		err = os.Rename(arrival.Name(), name)
	}
	if err != nil {
		discard(arrival)
		return storeError(err)
	}
	return nil
}

// sound tells whether content c is held under name with the right bytes. Any
// doubt is a no: replacing a good copy by an equal one does no harm.
func sound(ctx context.Context, name string, c content.Stored) bool {
	info, err := os.Lstat(name)
	if err != nil || !info.Mode().IsRegular() || info.Size() != c.Bytes {
		return false
	}
	held, err := rehash(ctx, name)
	return err == nil && held.SHA256 == c.SHA256
}

// rehash reads a stored file from end to end.
func rehash(ctx context.Context, name string) (content.Stored, error) {
	f, err := os.Open(name)
	if err != nil {
		return content.Stored{}, err
	}
	defer func() { _ = f.Close() }() // only read
	return Receive(ctx, io.Discard, f, math.MaxInt64)
}

// discard removes an arrival that will not be kept. What cannot be removed now
// is removed by the next Open.
func discard(arrival *os.File) {
	_ = arrival.Close()
	_ = os.Remove(arrival.Name())
}
