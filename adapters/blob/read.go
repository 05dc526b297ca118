package blob

// How bytes are found again.

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"

	"imprint/domain"
	"imprint/domain/content"
)

// Read opens content and tells its length in bytes; the caller closes it. Errors:
// Invalid for what is not a hash, NotFound for content that is not held.
func (d *Directory) Read(ctx context.Context, sha256hex string) (io.ReadSeekCloser, int64, error) {
	held, err := d.Has(ctx, sha256hex)
	if err != nil {
		return nil, 0, err
	}
	if !held {
		return nil, 0, domain.Refuse(domain.NotFound, "no-content", "no content with the SHA-256 %s is stored", sha256hex)
	}
	f, err := os.Open(d.path(sha256hex))
	if err != nil {
		return nil, 0, storeError(err)
	}
	info, err := f.Stat()
	if err != nil {
		return nil, 0, storeError(errors.Join(err, f.Close()))
	}
	return f, info.Size(), nil
}

// Has tells whether content is held. What is not a hash is Invalid.
func (d *Directory) Has(ctx context.Context, sha256hex string) (bool, error) {
	if err := content.CheckHash(sha256hex); err != nil {
		return false, err
	}
	if err := ctx.Err(); err != nil {
		return false, err
	}
	info, err := os.Lstat(d.path(sha256hex))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, storeError(err)
	}
	return info.Mode().IsRegular(), nil
}

// All gives the hash of everything held, in ascending order, and ends with the
// first error. Content that is put meanwhile may be among it or not; what was
// there before is. Memory: one folder's names, a 256th of all.
func (d *Directory) All(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for fan := range fans {
			hashes, _, err := d.list(ctx, fan)
			if err != nil {
				yield("", err)
				return
			}
			for _, h := range hashes {
				if err := ctx.Err(); err != nil {
					yield("", err)
					return
				}
				if !yield(h, nil) {
					return
				}
			}
		}
	}
}

// list reads one folder: the content in it, in order, and the names (from the
// store's own directory on) that are no content and do not belong there.
func (d *Directory) list(ctx context.Context, fan int) (hashes, strangers []string, err error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	folder := fanName(fan)
	entries, err := os.ReadDir(filepath.Join(d.dir, folder)) // sorted by name
	if err != nil {
		return nil, nil, storeError(err)
	}
	for _, e := range entries {
		if e.Type().IsRegular() && wellFormed(e.Name()) && e.Name()[:2] == folder {
			hashes = append(hashes, e.Name())
		} else {
			strangers = append(strangers, filepath.Join(folder, e.Name()))
		}
	}
	return hashes, strangers, nil
}
