package bucket

// How long the store may be silent.

import (
	"context"
	"io"
	"time"

	"gocloud.dev/blob"
)

// patience is how long one answer may take, and one part of an upload (two of them
// travel at a time, so that a line of 1 Mbit/s is fast enough).
const patience = 2 * time.Minute

// call is a call of the store, in one step or several. A store that takes requests
// and never answers ends it; a caller who is slow to give bytes, or to take them,
// does not, for the time between the steps is not counted.
type call struct {
	ctx      context.Context
	end      context.CancelFunc
	patience time.Duration
}

func (s *Store) begin(ctx context.Context) call {
	c := call{patience: s.patience}
	c.ctx, c.end = context.WithCancel(ctx)
	return c
}

// step begins a step; the caller calls answered at its end.
func (c call) step() (answered func() bool) { return time.AfterFunc(c.patience, c.end).Stop }

// sending writes to an upload, and tells its failures in the words of this store.
type sending struct {
	store *Store
	call  call
	ctx   context.Context // the caller's
	w     io.Writer
}

func (s sending) Write(p []byte) (int, error) {
	defer s.call.step()()
	n, err := s.w.Write(p)
	return n, s.store.explain(s.ctx, err)
}

// reading is content that is being read.
type reading struct {
	content *blob.Reader
	call    call
}

func (r reading) Read(p []byte) (int, error) {
	defer r.call.step()()
	return r.content.Read(p)
}

// Seek asks nothing of the store; the next Read does.
func (r reading) Seek(offset int64, whence int) (int64, error) {
	return r.content.Seek(offset, whence)
}

// Close also ends the call.
func (r reading) Close() error {
	defer r.call.end()
	return r.content.Close()
}
