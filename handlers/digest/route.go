package digest

// Here: the circuit breaker of the one route by which mails leave.

import (
	"sync"
	"time"
)

const (
	routeFirst = 5 * time.Second
	routeLast  = 5 * time.Minute
)

// route remembers whether mails can leave at all, so that a server that is down is
// asked now and then instead of once per recipient.
type route struct {
	mu       sync.Mutex
	failures int
	until    time.Time // closed until then, by the application's clock
}

// down tells whether the route is closed now.
func (r *route) down(now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return now.Before(r.until)
}

// failed closes the route, for twice as long as before. Failures while it is
// closed belong to the same fault.
func (r *route) failed(now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now.Before(r.until) {
		return
	}
	r.until = now.Add(min(routeFirst<<min(r.failures, 10), routeLast))
	r.failures++
}

// works opens it.
func (r *route) works() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failures, r.until = 0, time.Time{}
}
