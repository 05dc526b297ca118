package main

// Here: how bytes are copied, in a copy, a backup and a restore.

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"imprint/adapters/blob"
	"imprint/domain"
	"imprint/domain/content"
)

// contentCopies run at once: each waits for a disk or a network most of the time.
const contentCopies = 8

// eachContent does something with every content of a list, some at a time, and
// answers how many it were; total, where it is known, is for the bar. The first
// error ends it.
func eachContent(ctx context.Context, bar *progress, hashes iter.Seq2[string, error], total int, do func(ctx context.Context, hash string) error) (n int, err error) {
	copies, running := errgroup.WithContext(ctx)
	copies.SetLimit(contentCopies)
	for hash, listing := range hashes {
		if err = listing; err != nil || running.Err() != nil {
			break
		}
		copies.Go(func() error { return do(running, hash) })
		n++
		bar.set(n, total)
	}
	if err := cmp.Or(copies.Wait(), err, ctx.Err()); err != nil {
		return n, err
	}
	bar.finish(n)
	return n, nil
}

// What copyContent asks of the two sides.
type (
	contentReader interface {
		Read(ctx context.Context, sha256hex string) (io.ReadSeekCloser, int64, error)
		Has(ctx context.Context, sha256hex string) (bool, error)
	}
	contentWriter interface {
		PutExpected(ctx context.Context, r io.Reader, sha256hex string) (content.Stored, error)
	}
)

// copyContent copies one content, hashed on its way. problem is what is wrong with
// this content at the source; err is what keeps the copy from being written, or a
// source that is away, which says nothing about the content.
func copyContent(ctx context.Context, source contentReader, target contentWriter, hash string) (problem, err error) {
	for range 2 { // a connection may have broken once
		problem, err = copyOnce(ctx, source, target, hash)
		if problem == nil || err != nil {
			return nil, err
		}
		if _, err := source.Has(ctx, hash); domain.KindOf(err) == domain.Unavailable {
			return nil, err
		}
	}
	return problem, nil
}

func copyOnce(ctx context.Context, source contentReader, target contentWriter, hash string) (problem, err error) {
	r, _, err := source.Read(ctx, hash)
	if err != nil {
		return err, ctx.Err()
	}
	defer func() { _ = r.Close() }() // only read
	watched := &watchedReader{r: r}
	_, err = target.PutExpected(ctx, watched, hash)
	switch {
	case watched.err != nil:
		return watched.err, ctx.Err()
	case codeOf(err) == blob.HashMismatch:
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

// contents copies what the target lacks, and answers how many contents and bytes
// the source has. What is written is held against its SHA-256 on the way; what is
// there already has been so once, and is compared by its size. Where nothing may
// be written, what is missing is refused.
func (c *copying) contents(ctx context.Context, write bool) (n int, total int64, err error) {
	var bytes atomic.Int64
	n, err = eachContent(ctx, newProgress(c.io.Err, "contents"), c.from.content.All(ctx), 0, func(ctx context.Context, sum string) error {
		size, err := c.content(ctx, sum, write)
		if err != nil {
			return fmt.Errorf("content %s: %w", sum, err)
		}
		bytes.Add(size)
		return nil
	})
	return n, bytes.Load(), err
}

// content copies one content unless it is there.
func (c *copying) content(ctx context.Context, sum string, write bool) (size int64, err error) {
	mine, size, err := c.from.content.Read(ctx, sum)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, mine.Close()) }()
	has, err := c.to.content.Has(ctx, sum)
	if err != nil {
		return 0, err
	}
	if !has && !write {
		return 0, domain.Refuse(domain.Conflict, "copy-differs", "the content %s is missing at the target, which is a finished copy; name an empty target, or bring the content there", sum)
	}
	if !has {
		_, err := c.to.content.PutExpected(ctx, mine, sum)
		return size, err
	}
	there, other, err := c.to.content.Read(ctx, sum)
	if err != nil {
		return 0, err
	}
	if other != size {
		err = domain.Refuse(domain.Conflict, "copy-differs", "the content %s has %d bytes at the source and %d at the target; remove it there, or run imprint content scrub on both to see which is damaged", sum, size, other)
	}
	return size, errors.Join(err, there.Close())
}
