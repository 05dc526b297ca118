package blobtest

// Cases in which the store has to refuse, or the caller gives up. None may leave
// anything behind.

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"

	"imprint/domain"
)

func limit(t *testing.T, s Store) {
	for _, c := range []struct {
		name string
		size int64
	}{{"one byte over", Limit + 1}, {"5 GB", 5 << 30}} {
		w := &watched{Reader: io.LimitReader(zeros{}, c.size)}
		_, err := s.Put(t.Context(), w)
		wantKind(t, err, domain.TooLarge)
		if !strings.Contains(err.Error(), strconv.Itoa(Limit)) {
			t.Fatalf("%s: %q does not name the limit, %d", c.name, err, Limit)
		}
		if w.read > Limit+1 {
			t.Fatalf("%s: %d bytes were read, of which %d suffice", c.name, w.read, Limit+1)
		}
		wantNames(t, s)
	}
}

func expectedHash(t *testing.T, s Store) {
	right, wrong := sample(1, 5000), sample(2, 5000)
	_, err := s.PutExpected(t.Context(), bytes.NewReader(wrong), hashOf(right))
	wantKind(t, err, domain.Invalid)
	var refusal *domain.Error
	if !errors.As(err, &refusal) || refusal.Code != "hash-mismatch" {
		t.Fatalf("%v has not the code hash-mismatch", err)
	}
	for _, h := range []string{hashOf(right), hashOf(wrong)} {
		if !strings.Contains(refusal.Message, h) {
			t.Fatalf("%q does not name %s", refusal.Message, h)
		}
	}
	wantNames(t, s)
	if c, err := s.PutExpected(t.Context(), bytes.NewReader(right), hashOf(right)); err != nil || c.SHA256 != hashOf(right) {
		t.Fatalf("PutExpected of the right bytes: %v, %v", c, err)
	}
	wantHeld(t, s, right)
}

func malformedHash(t *testing.T, s Store) {
	good := mustPut(t, s, []byte("x")).SHA256
	for _, h := range []string{
		"", "x", good[:63], good + "0", strings.ToUpper(good), good[:63] + "g", good[:62] + "é", good[:32] + "\x00" + good[33:],
		"../../../../etc/passwd", "../" + good[3:], good[:2] + "/" + good[3:], strings.Repeat("../", 21) + "x", strings.Repeat("a", 1<<20), "\xff\xfe",
	} {
		_, err := s.Has(t.Context(), h)
		wantKind(t, err, domain.Invalid)
		_, _, err = s.Read(t.Context(), h)
		wantKind(t, err, domain.Invalid)
		unread := &watched{Reader: zeros{}}
		_, err = s.PutExpected(t.Context(), unread, h)
		wantKind(t, err, domain.Invalid)
		if unread.read != 0 {
			t.Fatalf("%d bytes were read although %.80q cannot be their hash", unread.read, h)
		}
		if len(err.Error()) > 1000 {
			t.Fatalf("a message of %d bytes", len(err.Error()))
		}
	}
	wantNames(t, s, good)
}

func absent(t *testing.T, s Store) {
	mustPut(t, s, []byte("something"))
	h := hashOf([]byte("something else"))
	if held, err := s.Has(t.Context(), h); held || err != nil {
		t.Fatalf("Has: %t, %v", held, err)
	}
	_, _, err := s.Read(t.Context(), h)
	wantKind(t, err, domain.NotFound)
}

func readerBreaksOff(t *testing.T, s Store) {
	gone := errors.New("the line is dead")
	for _, n := range []int{0, 1, 100, 300_000} {
		b := sample(1, n)
		_, err := s.Put(t.Context(), midway(b, func() io.Reader { return iotest.ErrReader(gone) }))
		if !errors.Is(err, gone) {
			t.Fatalf("Put: %v; want the reader's error", err)
		}
		_, err = s.PutExpected(t.Context(), midway(b, func() io.Reader { return iotest.ErrReader(gone) }), hashOf(b[:n/2]))
		if !errors.Is(err, gone) {
			t.Fatalf("PutExpected, with the hash of what came: %v; want the reader's error", err)
		}
	}
	wantNames(t, s)
}

func cancelledBefore(t *testing.T, s Store) {
	b := []byte("held")
	c := mustPut(t, s, b)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.Put(ctx, strings.NewReader("new"))
	wantCancelled(t, "Put", err)
	_, err = s.Put(ctx, bytes.NewReader(b))
	wantCancelled(t, "Put of what is held", err)
	_, err = s.PutExpected(ctx, strings.NewReader("new"), hashOf([]byte("new")))
	wantCancelled(t, "PutExpected", err)
	_, err = s.Has(ctx, c.SHA256)
	wantCancelled(t, "Has", err)
	_, _, err = s.Read(ctx, c.SHA256)
	wantCancelled(t, "Read", err)
	err = nil
	for _, e := range s.All(ctx) {
		err = e
	}
	wantCancelled(t, "All", err)
	err = nil
	for _, e := range s.Scrub(ctx, nil) {
		err = e
	}
	wantCancelled(t, "Scrub", err)
	wantNames(t, s, c.SHA256)
	wantHeld(t, s, b)
}

// cancelledMidway cancels while the bytes are coming in, and at their very end.
func cancelledMidway(t *testing.T, s Store) {
	b := sample(1, 300_000)
	for _, rest := range []io.Reader{zeros{}, bytes.NewReader(b[len(b)/2:]), strings.NewReader("")} {
		ctx, cancel := context.WithCancel(t.Context())
		_, err := s.Put(ctx, midway(b, func() io.Reader { cancel(); return rest }))
		wantCancelled(t, "Put", err)
	}
	wantNames(t, s)
}

func wantCancelled(t *testing.T, what string, err error) {
	t.Helper()
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("%s with a cancelled context: %v", what, err)
	}
}
