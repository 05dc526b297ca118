package main

// Here: a line between two programs that a test can cut.

import (
	"net"
	"sync"
	"testing"
)

// relay passes TCP connections on to an address. It can fall silent, as when a cable
// is cut: connections stand and nothing passes. And it can be broken off, as when a
// firewall restarts: the connections that stood are reset, and new ones are closed as
// soon as they are made.
type relay struct {
	listener net.Listener
	to       string
	lines    sync.WaitGroup

	mu     sync.Mutex // guards what follows
	silent bool
	broken bool
	change sync.Cond         // silent or broken has changed
	ends   map[net.Conn]bool // both ends of every line
}

func newRelay(t *testing.T, to string) *relay {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	r := &relay{listener: l, to: to, ends: map[net.Conn]bool{}}
	r.change.L = &r.mu
	r.lines.Go(r.accept)
	t.Cleanup(func() {
		_ = l.Close()
		r.breakOff()
		r.lines.Wait()
	})
	return r
}

func (r *relay) address() string { return r.listener.Addr().String() }

func (r *relay) accept() {
	for {
		near, err := r.listener.Accept()
		if err != nil {
			return // the test is over
		}
		if !r.keep(near) {
			continue
		}
		far, err := net.Dial("tcp", r.to)
		if err != nil || !r.keep(far) {
			_ = near.Close()
			continue
		}
		r.lines.Go(func() { r.pass(near, far) })
		r.lines.Go(func() { r.pass(far, near) })
	}
}

// keep notes an end, or closes it while the relay is broken.
func (r *relay) keep(end net.Conn) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.broken {
		_ = end.Close()
		return false
	}
	r.ends[end] = true
	return true
}

// pass copies in one direction until one of the ends is closed, and closes the other.
func (r *relay) pass(from, to net.Conn) {
	defer func() { _, _ = from.Close(), to.Close() }()
	piece := make([]byte, 32<<10)
	for {
		n, err := from.Read(piece)
		if err != nil {
			return
		}
		r.await()
		if _, err := to.Write(piece[:n]); err != nil {
			return
		}
	}
}

// await waits while the relay is silent.
func (r *relay) await() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.silent {
		r.change.Wait()
	}
}

// fallSilent lets nothing through any more, and breaks nothing off.
func (r *relay) fallSilent() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.silent = true
}

// breakOff ends every line. What was held back while the relay was silent is lost.
func (r *relay) breakOff() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.silent, r.broken = false, true
	r.change.Broadcast()
	for end := range r.ends {
		_ = end.Close()
	}
	clear(r.ends)
}

// restore lets new connections through.
func (r *relay) restore() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.broken = false
}
