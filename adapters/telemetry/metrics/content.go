package metrics

// Here: the content store, with its failures counted.

import (
	"context"
	"errors"
	"io"

	"imprint/domain"
	"imprint/domain/content"
)

// ContentStore takes and gives back bytes by their hash.
type ContentStore interface {
	Put(ctx context.Context, r io.Reader) (content.Stored, error)
	Read(ctx context.Context, sha256hex string) (io.ReadSeekCloser, int64, error)
}

// Operations of a content store.
const (
	put = "put"
	get = "read"
)

// Content is a content store with its failures counted.
func (m *Metrics) Content(inner ContentStore) ContentStore { return countedContent{inner, m} }

type countedContent struct {
	ContentStore
	metrics *Metrics
}

// Put implements ContentStore. An upload that breaks off, or is larger than may be,
// fails in the reader: that is the sender's doing.
func (c countedContent) Put(ctx context.Context, r io.Reader) (content.Stored, error) {
	from := &source{Reader: r}
	stored, err := c.ContentStore.Put(ctx, from)
	if !from.broken {
		c.count(ctx, put, err)
	}
	return stored, err
}

// Read implements ContentStore.
func (c countedContent) Read(ctx context.Context, sha256hex string) (io.ReadSeekCloser, int64, error) {
	bytes, size, err := c.ContentStore.Read(ctx, sha256hex)
	c.count(ctx, get, err)
	return bytes, size, err
}

func (c countedContent) count(ctx context.Context, operation string, err error) {
	if err != nil && ctx.Err() == nil {
		c.metrics.contentFails.WithLabelValues(operation, string(domain.KindOf(err))).Inc()
	}
}

// source remembers whether reading from it failed.
type source struct {
	io.Reader
	broken bool
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		s.broken = true
	}
	return n, err
}
