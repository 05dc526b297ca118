package views

// The reading connections.

import (
	"context"
	"runtime"
	"sync"
)

// pool lends readers. The one that was given back last is lent first: what one
// caller after the other reads lies in one connection's memory, not in that of all.
type pool struct {
	tokens chan struct{} // one per reader that may be made

	mu   sync.Mutex
	idle []*reader // the newest last
}

func newPool() *pool {
	n := max(4, 2*runtime.NumCPU())
	p := &pool{tokens: make(chan struct{}, n)}
	for range n {
		p.tokens <- struct{}{}
	}
	return p
}

// take waits for a reader; nil for one that is still to be made.
func (p *pool) take(ctx context.Context) (r *reader, err error) {
	select {
	case <-p.tokens:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.idle); n > 0 {
		r, p.idle = p.idle[n-1], p.idle[:n-1]
	}
	return r, nil
}

// give takes a reader back, or nil for one that was given up.
func (p *pool) give(r *reader) {
	if r != nil {
		p.mu.Lock()
		p.idle = append(p.idle, r)
		p.mu.Unlock()
	}
	p.tokens <- struct{}{}
}

// close waits for the readers that are lent and closes all.
func (p *pool) close() (errs []error) {
	for range cap(p.tokens) {
		<-p.tokens
	}
	for _, r := range p.idle {
		errs = append(errs, r.close())
	}
	return errs
}
