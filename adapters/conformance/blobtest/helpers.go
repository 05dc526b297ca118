package blobtest

// What the cases share: bytes to store, readers that behave in a certain way,
// and looks at a whole store.

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"math/rand/v2"
	"slices"
	"testing"

	"imprint/domain"
	"imprint/domain/content"
)

// sample makes n bytes that do not repeat; the same seed gives the same bytes.
func sample(seed byte, n int) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{seed}).Read(b) // never fails
	return b
}

func hashOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// watched is a reader that counts what is read from it and remembers the largest
// piece asked for.
type watched struct {
	io.Reader
	read    int64
	largest int
}

func (w *watched) Read(p []byte) (int, error) {
	w.largest = max(w.largest, len(p))
	n, err := w.Reader.Read(p)
	w.read += int64(n)
	return n, err
}

// zeros never ends.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// midway gives the first half of b, then calls then, which gives the rest of the
// stream's behaviour.
func midway(b []byte, then func() io.Reader) io.Reader {
	return io.MultiReader(bytes.NewReader(b[:len(b)/2]), lazy(then))
}

// lazy asks for its reader each time it is read.
type lazy func() io.Reader

func (l lazy) Read(p []byte) (int, error) { return l().Read(p) }

// mustPut stores b.
func mustPut(t *testing.T, s Store, b []byte) content.Stored {
	t.Helper()
	c, err := s.Put(t.Context(), bytes.NewReader(b))
	if err != nil {
		t.Fatalf("Put of %d bytes: %v", len(b), err)
	}
	return c
}

// wantHeld checks that the store gives b back under its hash.
func wantHeld(t *testing.T, s Store, b []byte) {
	t.Helper()
	r, size, err := s.Read(t.Context(), hashOf(b))
	if err != nil {
		t.Fatalf("Read of %d bytes: %v", len(b), err)
	}
	got, err := io.ReadAll(r)
	if err != nil || r.Close() != nil {
		t.Fatalf("reading %d bytes: %v", len(b), err)
	}
	if size != int64(len(b)) || !bytes.Equal(got, b) {
		t.Fatalf("stored %d bytes; Read says %d and gives %d, equal: %t", len(b), size, len(got), bytes.Equal(got, b))
	}
}

// wantNames checks that exactly these hashes are held, and that scrubbing finds
// nothing amiss, such as a remnant.
func wantNames(t *testing.T, s Store, want ...string) {
	t.Helper()
	var got []string
	for h, err := range s.All(t.Context()) {
		if err != nil {
			t.Fatalf("All: %v", err)
		}
		got = append(got, h)
	}
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Fatalf("held: %v\nwant: %v", got, want)
	}
	for d, err := range s.Scrub(t.Context(), nil) {
		t.Fatalf("Scrub: %v %v", d, err)
	}
}

func wantKind(t *testing.T, err error, want domain.Kind) {
	t.Helper()
	if got := domain.KindOf(err); got != want {
		t.Fatalf("error %v is of kind %q, want %q", err, got, want)
	}
}
