package main

// Here: the bytes of a copy.

import (
	"context"
	"errors"
	"fmt"

	"imprint/domain"
)

// contents copies what the target lacks, and answers how many contents and bytes
// the source has. What is written is held against its SHA-256 on the way; what is
// there already has been so once, and is compared by its size. Where nothing may
// be written, what is missing is refused.
func (c *copying) contents(ctx context.Context, write bool) (n int, total int64, err error) {
	bar := newProgress(c.io.Err, "contents")
	for sum, err := range c.from.content.All(ctx) {
		if err != nil {
			return n, total, err
		}
		size, err := c.content(ctx, sum, write)
		if err != nil {
			return n, total, fmt.Errorf("content %s: %w", sum, err)
		}
		n++
		total += size
		bar.set(n, 0)
	}
	bar.finish(n)
	return n, total, nil
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
