package bucket

// How bytes come in.

import (
	"context"
	"io"

	"github.com/google/uuid"
	"gocloud.dev/blob"

	store "imprint/adapters/blob"
	"imprint/domain/content"
)

// Put stores what r holds, up to its end, and says what it was. It returns once
// the content is durable. Errors: TooLarge over the limit, Unavailable when the
// store fails, the reader's own error, the context's.
func (s *Store) Put(ctx context.Context, r io.Reader) (content.Stored, error) {
	// If we die before the removal at the end, an arrival stays that no reader
	// looks at, and is swept later.
	arrival := arrivals + uuid.NewString()
	c, err := s.upload(ctx, arrival, r, min(s.maxBytes, maxCopy), "")
	if err != nil {
		return content.Stored{}, err
	}
	// The commit point: the store makes the whole copy visible at once.
	err = s.copy(ctx, contents+c.SHA256, arrival)
	// The removal is not the caller's affair: neither its failure nor the end of
	// the caller's patience changes what has been stored.
	_ = s.remove(context.WithoutCancel(ctx), arrival)
	if err != nil {
		return content.Stored{}, s.explain(ctx, err)
	}
	return c, nil
}

func (s *Store) copy(ctx context.Context, to, from string) error {
	c := s.begin(ctx)
	defer c.end()
	defer c.step()()
	return s.bucket.Copy(c.ctx, to, from, nil)
}

// PutExpected is Put for bytes whose hash was stated beforehand. Bytes with
// another hash are Invalid, and not stored.
func (s *Store) PutExpected(ctx context.Context, r io.Reader, sha256hex string) (content.Stored, error) {
	if err := content.CheckHash(sha256hex); err != nil {
		return content.Stored{}, err
	}
	return s.upload(ctx, contents+sha256hex, r, s.maxBytes, sha256hex)
}

// upload sends r to a key; the object appears with the end of Close, or never.
func (s *Store) upload(ctx context.Context, key string, r io.Reader, limit int64, want string) (content.Stored, error) {
	call := s.begin(ctx)
	defer call.end()
	w, err := s.bucket.NewWriter(call.ctx, key, &blob.WriterOptions{
		BufferSize: partBytes, MaxConcurrency: partsAtOnce, ContentType: "application/octet-stream",
	})
	if err != nil {
		return content.Stored{}, s.explain(ctx, err)
	}
	c, err := store.Receive(ctx, sending{store: s, call: call, ctx: ctx, w: w}, r, limit)
	if err == nil {
		err = store.CheckStated(c, want)
	}
	if err != nil {
		call.end()    // before Close, which would complete the upload
		_ = w.Close() // it fails, as it is meant to
		return content.Stored{}, err
	}
	defer call.step()()
	if err := w.Close(); err != nil {
		return content.Stored{}, s.explain(ctx, err)
	}
	return c, nil
}
