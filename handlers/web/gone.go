package web

// Clients that go away in the middle: nobody's fault here, and nothing for an
// operator to look into.

import (
	"context"
	"errors"
	"io"
)

// gone marks what failed because the other end of the connection left.
type gone struct{ error }

func (g *gone) Unwrap() error { return g.error }

// Gone marks the failure of writing to a client, or of reading from one; nil
// stays nil.
func Gone(err error) error {
	if err == nil {
		return nil
	}
	return &gone{err}
}

// left tells whether an error means that the client went away. Its context ends
// then, but not while its body is still being read.
func left(ctx context.Context, err error) bool {
	var g *gone
	return errors.As(err, &g) || errors.Is(err, context.Canceled) && errors.Is(ctx.Err(), context.Canceled)
}

// incoming is a body whose failures are the sender's, who left or was too slow.
type incoming struct{ io.ReadCloser }

func (b incoming) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err == nil || errors.Is(err, io.EOF) {
		return n, err
	}
	return n, Gone(err)
}
