package bucket

// How bytes are found again, and held against their hashes.

import (
	"context"
	"fmt"
	"io"
	"iter"
	"math"
	"strings"

	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"

	store "imprint/adapters/blob"
	"imprint/domain"
	"imprint/domain/content"
)

// Read opens content and tells its length in bytes; the caller closes it, before
// the context ends. Seeking asks the store for the bytes from there on. Errors:
// Invalid for what is not a hash, NotFound for content that is not held.
func (s *Store) Read(ctx context.Context, sha256hex string) (io.ReadSeekCloser, int64, error) {
	if err := content.CheckHash(sha256hex); err != nil {
		return nil, 0, err
	}
	call := s.begin(ctx)
	answered := call.step()
	r, err := s.bucket.NewReader(call.ctx, contents+sha256hex, nil)
	answered()
	if err != nil {
		call.end()
		if ctx.Err() == nil && gcerrors.Code(err) == gcerrors.NotFound {
			return nil, 0, domain.Refuse(domain.NotFound, "no-content", "no content with the SHA-256 %s is stored", sha256hex)
		}
		return nil, 0, s.explain(ctx, err)
	}
	return reading{content: r, call: call}, r.Size(), nil
}

// Has tells whether content is held. What is not a hash is Invalid.
func (s *Store) Has(ctx context.Context, sha256hex string) (bool, error) {
	if err := content.CheckHash(sha256hex); err != nil {
		return false, err
	}
	call := s.begin(ctx)
	defer call.end()
	defer call.step()()
	held, err := s.bucket.Exists(call.ctx, contents+sha256hex)
	return held, s.explain(ctx, err)
}

// All gives the hash of everything held, in ascending order (the order in which S3
// lists), and ends with the first error. Content that is put meanwhile may be
// among it or not; what was there before is. Memory: one page of names.
func (s *Store) All(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for key, err := range s.keys(ctx, contents) {
			hash := strings.TrimPrefix(key, contents)
			if err == nil && content.CheckHash(hash) != nil {
				continue // Scrub names it
			}
			if !yield(hash, err) {
				return
			}
		}
	}
}

// Scrub reads everything held, re-hashes it and gives what is damaged, and the
// objects that do not belong in the store. It changes nothing: damaged content is
// repaired by putting the right bytes again. It ends with the first error that
// keeps it from going on. progress, if not nil, is called after each content with
// the number read so far and the number there were at the start (or the former,
// once it is higher).
func (s *Store) Scrub(ctx context.Context, progress func(done, total int)) iter.Seq2[content.Damage, error] {
	return func(yield func(content.Damage, error) bool) {
		total := 0
		for key, err := range s.keys(ctx, "") {
			if err != nil {
				yield(content.Damage{}, err)
				return
			}
			hash, isContent := strings.CutPrefix(key, contents)
			switch {
			case isContent && content.CheckHash(hash) == nil:
				total++
			case !strings.HasPrefix(key, arrivals): // those may be arriving now
				if !yield(content.Damage{Problem: fmt.Sprintf("%q does not belong in the content store; move it elsewhere", key)}, nil) {
					return
				}
			}
		}
		done := 0
		for hash, err := range s.All(ctx) {
			if err != nil {
				yield(content.Damage{}, err)
				return
			}
			problem, err := s.check(ctx, hash)
			if err != nil {
				yield(content.Damage{}, err)
				return
			}
			done++
			if progress != nil {
				progress(done, max(done, total))
			}
			if problem != "" && !yield(content.Damage{SHA256: hash, Problem: problem}, nil) {
				return
			}
		}
	}
}

// check re-hashes one content; problem is what is wrong with it. A store that
// fails altogether is an error instead: it says nothing about the content.
func (s *Store) check(ctx context.Context, hash string) (problem string, err error) {
	r, _, err := s.Read(ctx, hash)
	if domain.KindOf(err) == domain.NotFound {
		return "it went away while it was checked", nil
	}
	if err != nil {
		return "", err
	}
	defer func() { _ = r.Close() }() // only read
	held, err := store.Receive(ctx, io.Discard, r, math.MaxInt64)
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case err != nil:
		return fmt.Sprintf("cannot be read: %v", err), nil
	case held.SHA256 != hash:
		return fmt.Sprintf("its %d bytes have the SHA-256 %s", held.Bytes, held.SHA256), nil
	}
	return "", nil
}

// keys lists the names below a prefix, in ascending order.
func (s *Store) keys(ctx context.Context, prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		list := s.bucket.List(&blob.ListOptions{Prefix: prefix})
		call := s.begin(ctx)
		defer call.end()
		for {
			if err := ctx.Err(); err != nil { // also between two names of a page
				yield("", s.explain(ctx, err))
				return
			}
			answered := call.step()
			o, err := list.Next(call.ctx)
			answered()
			if ended(err) {
				return
			}
			if err != nil {
				yield("", s.explain(ctx, err))
				return
			}
			if !yield(o.Key, nil) {
				return
			}
		}
	}
}

// ended tells the end of a list. A connection that breaks off is an EOF too, with
// words around it: taken for the end, it would hide what the store holds.
func ended(err error) bool { return err == io.EOF }
