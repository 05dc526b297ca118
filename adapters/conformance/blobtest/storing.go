package blobtest

// Cases in which all goes well.

import (
	"bytes"
	"context"
	"io"
	"slices"
	"sync"
	"testing"
)

func roundTrip(t *testing.T, s Store) {
	// 0 bytes first: real corpora hold empty files. The others lie around the
	// head's length and around likely buffers.
	var names []string
	for i, n := range []int{0, 1, 511, 512, 513, 4096, 32<<10 - 1, 64 << 10, 64<<10 + 1} {
		b := sample(byte(i), n)
		c := mustPut(t, s, b)
		if c.SHA256 != hashOf(b) || c.Bytes != int64(n) {
			t.Fatalf("Put of %d bytes says %s, %d bytes; want %s", n, c.SHA256, c.Bytes, hashOf(b))
		}
		if head := b[:min(n, 512)]; !bytes.Equal(c.Head, head) {
			t.Fatalf("Put of %d bytes gives a head of %d, or of other bytes", n, len(c.Head))
		}
		wantHeld(t, s, b)
		names = append(names, c.SHA256)
	}
	wantNames(t, s, names...)
}

func largeIsStreamed(t *testing.T, s Store) {
	b := sample(1, Limit)
	w := &watched{Reader: bytes.NewReader(b)}
	c, err := s.Put(t.Context(), w)
	if err != nil {
		t.Fatalf("Put of exactly the limit: %v", err)
	}
	if c.SHA256 != hashOf(b) || c.Bytes != Limit {
		t.Fatalf("Put says %s, %d bytes", c.SHA256, c.Bytes)
	}
	if w.largest > 1<<20 {
		t.Fatalf("%d bytes were asked for at once: not a stream", w.largest)
	}
	wantHeld(t, s, b)
}

func sameBytesOnce(t *testing.T, s Store) {
	b := sample(1, 10_000)
	first := mustPut(t, s, b)
	second, err := s.PutExpected(t.Context(), bytes.NewReader(b), first.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	if second.SHA256 != first.SHA256 || second.Bytes != first.Bytes || !bytes.Equal(second.Head, first.Head) {
		t.Fatalf("the second Put says %v, the first %v", second, first)
	}
	wantNames(t, s, first.SHA256)
	wantHeld(t, s, b)
}

func readingAtOffset(t *testing.T, s Store) {
	b := sample(1, 100_000)
	c := mustPut(t, s, b)
	r, size, err := s.Read(t.Context(), c.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	if end, err := r.Seek(0, io.SeekEnd); err != nil || end != size {
		t.Fatalf("the end is at %d (%v), the size %d", end, err, size)
	}
	got := make([]byte, 1000)
	for _, at := range []int64{70_000, 0, 99_000} {
		if _, err := r.Seek(at, io.SeekStart); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(r, got); err != nil || !bytes.Equal(got, b[at:at+1000]) {
			t.Fatalf("the bytes at %d are others (%v)", at, err)
		}
	}
}

// concurrentWriters has eight goroutines put the same content and content of
// their own, while another looks at what is there.
func concurrentWriters(t *testing.T, s Store) {
	const writers, each = 8, 6
	shared := sample(200, 150_000)
	names := []string{hashOf(shared)}
	var writing sync.WaitGroup
	for w := range writers {
		var own [each][]byte
		for i := range each {
			own[i] = sample(byte(w*each+i), 20_000+w)
			names = append(names, hashOf(own[i]))
		}
		writing.Go(func() {
			for _, b := range own {
				for _, b := range [][]byte{shared, b} {
					if c, err := s.Put(t.Context(), bytes.NewReader(b)); err != nil || c.SHA256 != hashOf(b) {
						t.Errorf("Put: %v, %v", c.SHA256, err)
					}
				}
			}
		})
	}
	ctx, stop := context.WithCancel(t.Context())
	looking := make(chan struct{})
	go func() {
		defer close(looking)
		for ctx.Err() == nil {
			for d, err := range s.Scrub(ctx, nil) {
				if ctx.Err() == nil {
					t.Errorf("while content is put, Scrub finds %v %v", d, err)
					return
				}
			}
		}
	}()
	writing.Wait()
	stop()
	<-looking
	wantNames(t, s, names...)
	wantHeld(t, s, shared)
}

func all(t *testing.T, s Store) {
	wantNames(t, s)
	var names []string
	for i := range 40 {
		names = append(names, mustPut(t, s, sample(byte(i), 10)).SHA256)
	}
	wantNames(t, s, names...) // which sorts them: All is in ascending order
	for h, err := range s.All(t.Context()) {
		if err != nil || h != slices.Min(names) {
			t.Fatalf("All begins with %q, %v; want %s", h, err, slices.Min(names))
		}
		break
	}
}

func scrubSound(t *testing.T, s Store) {
	for i := range 5 {
		mustPut(t, s, sample(byte(i), i*1000))
	}
	var seen [][2]int
	for d, err := range s.Scrub(t.Context(), func(done, total int) { seen = append(seen, [2]int{done, total}) }) {
		t.Fatalf("Scrub finds %v %v", d, err)
	}
	if want := [][2]int{{1, 5}, {2, 5}, {3, 5}, {4, 5}, {5, 5}}; !slices.Equal(seen, want) {
		t.Fatalf("progress %v, want %v", seen, want)
	}
}
