package importer

// Here: the bytes, from the archive into the content store.

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/sync/errgroup"

	"imprint/domain"
	"imprint/domain/content"
)

// Store keeps the bytes.
type Store interface {
	Has(ctx context.Context, sha256hex string) (bool, error)
	PutExpected(ctx context.Context, r io.Reader, sha256hex string) (content.Stored, error)
}

// Contents reads what is kept; domain.NotFound for what is not.
type Contents interface {
	Read(ctx context.Context, sha256hex string) (r io.ReadSeekCloser, size int64, err error)
}

// measure refuses a line whose length is not that of its bytes. Bytes that are not
// there are refused by the publication.
func (im *Importer) measure(ctx context.Context, r Record) error {
	held, size, err := im.contents.Read(ctx, r.SHA256)
	if domain.KindOf(err) == domain.NotFound {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%s, version %d: %w", r.Doc, r.Version, err)
	}
	_ = held.Close() // nothing was read
	if size != r.Bytes {
		return bad("bytes", "%s, version %d: it claims %d bytes, and its content has %d; correct the line", r.Doc, r.Version, r.Bytes, size)
	}
	return nil
}

const (
	blobFolder = "blobs/"
	// writers put contents at the same time, so that the file system syncs many
	// at once; each holds one content in memory.
	writers = 16
	// maxBlob bounds one content in the archive, in bytes.
	maxBlob = 64 << 20
)

// StoreBlobs puts every content of a blobs.tar.gz into the store and tells how
// many are done. Contents that are there already are passed over. A name that is
// no hash, or bytes that do not match their name, stop it with an error; what was
// stored by then stays and harms nobody.
func StoreBlobs(ctx context.Context, archive io.Reader, store Store, progress func(done int)) (int, error) {
	unzipped, err := gzip.NewReader(archive)
	if err != nil {
		return 0, domain.Refuse(domain.Invalid, "bad-archive", "the archive of contents is not gzip: give the corpus' blobs.tar.gz").Because(err)
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(writers)
	done := 0
	err = eachBlob(ctx, tar.NewReader(unzipped), func(hash string, r io.Reader) error {
		done++
		progress(done)
		has, err := store.Has(ctx, hash)
		if err != nil || has {
			return err
		}
		b, err := io.ReadAll(r)
		if err != nil {
			return broken(err)
		}
		group.Go(func() error {
			if _, err := store.PutExpected(ctx, bytes.NewReader(b), hash); err != nil {
				return fmt.Errorf("%s%s: %w", blobFolder, hash, err)
			}
			return nil
		})
		return nil
	})
	// An error of a writer cancels the reading; it is the one to tell.
	if stored := group.Wait(); stored != nil {
		return done, stored
	}
	return done, err
}

// eachBlob walks the archive's files.
func eachBlob(ctx context.Context, archive *tar.Reader, each func(hash string, r io.Reader) error) error {
	for ctx.Err() == nil {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return broken(err)
		}
		name := strings.TrimPrefix(header.Name, "./")
		switch {
		case header.Typeflag == tar.TypeDir:
			continue
		case header.Typeflag != tar.TypeReg || !strings.HasPrefix(name, blobFolder):
			return domain.Refuse(domain.Invalid, "bad-archive", "the archive holds %.100q; only files %s<sha256> may stand in it", header.Name, blobFolder)
		case header.Size > maxBlob:
			return domain.Refuse(domain.TooLarge, "bad-archive", "%.100q has %d bytes; at most %d are allowed", header.Name, header.Size, maxBlob)
		}
		hash := strings.TrimPrefix(name, blobFolder)
		if err := content.CheckHash(hash); err != nil {
			return fmt.Errorf("the archive holds %.100q: %w", header.Name, err)
		}
		if err := each(hash, archive); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func broken(err error) error {
	return domain.Refuse(domain.Invalid, "bad-archive", "the archive of contents breaks off or is damaged; fetch it again and repeat the import, it goes on where it stopped").Because(err)
}
