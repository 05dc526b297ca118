// Package blobtest is what every content store must hold to: the port's contract
// as a suite of tests. An adapter's own tests call Run; what only it can show
// (its files, its crashes, its full disk) they test beside it.
//
// The contract in short: content is named by its SHA-256 and never changes; the
// same bytes are held once; a failure of any kind (too large, wrong hash, a
// reader that breaks off, a cancelled context) leaves nothing behind; refusals
// are errors of package domain that say what is wrong and what to do.
package blobtest

import (
	"context"
	"io"
	"iter"
	"testing"

	"imprint/domain/content"
)

// Store is the port, as the suite uses it.
type Store interface {
	Put(ctx context.Context, r io.Reader) (content.Stored, error)
	PutExpected(ctx context.Context, r io.Reader, sha256hex string) (content.Stored, error)
	Read(ctx context.Context, sha256hex string) (io.ReadSeekCloser, int64, error)
	Has(ctx context.Context, sha256hex string) (bool, error)
	All(ctx context.Context) iter.Seq2[string, error]
	Scrub(ctx context.Context, progress func(done, total int)) iter.Seq2[content.Damage, error]
}

// Limit is the largest content, in bytes, that the stores under test accept. It
// is no multiple of any likely buffer.
const Limit = 12<<20 + 345

// Run runs the suite. open gives an empty store that accepts content of up to
// Limit bytes; it is called once per test.
func Run(t *testing.T, open func(t *testing.T) Store) {
	for _, c := range []struct {
		name string
		test func(t *testing.T, s Store)
	}{
		{"round trip", roundTrip},
		{"large content is streamed", largeIsStreamed},
		{"same bytes are held once", sameBytesOnce},
		{"reading at an offset", readingAtOffset},
		{"limit", limit},
		{"expected hash", expectedHash},
		{"malformed hash", malformedHash},
		{"absent", absent},
		{"reader breaks off", readerBreaksOff},
		{"cancelled before", cancelledBefore},
		{"cancelled midway", cancelledMidway},
		{"concurrent writers", concurrentWriters},
		{"all", all},
		{"scrub of a sound store", scrubSound},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, open(t)) })
	}
}
