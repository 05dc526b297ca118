package digest

// Here: the circuit breaker of the one route by which mails leave.

import (
	"sync"
	"time"

	"imprint/domain/mail"
)

// A route that has failed twice in a row is closed for routeFirst, and for twice as
// long after each further failure, at most for routeLast.
const (
	routeFirst = 5 * time.Second
	routeLast  = 5 * time.Minute
)

// passage says how many mails the route takes now.
type passage int

const (
	shut    passage = iota // none
	oneOnly                // one, whose outcome decides
	free                   // as many as there are connections
)

// route remembers whether mails can leave at all. A server that is down is asked
// by one mail now and then, instead of once per recipient and connection; one
// dropped connection among good ones costs no time, only that the next mail goes
// alone. A doubt counts as a failure: a server that takes mails and does not
// answer would else be given the same ones over and over.
type route struct {
	mu       sync.Mutex
	failures int       // since a mail was last answered
	away     bool      // the newest of them never came to its final dot
	until    time.Time // shut until then, by the application's clock
}

// passes tells how many mails may leave now.
func (r *route) passes(now time.Time) passage {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.failures == 0:
		return free
	case now.Before(r.until):
		return shut
	}
	return oneOnly
}

// down tells that mails cannot leave, as far as is known.
func (r *route) down(now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.away || now.Before(r.until)
}

// failed notes an attempt to which nobody answered. Those that fail while the route
// is shut had begun before, and belong to the same fault. It tells whether this one
// shut a route that was free.
func (r *route) failed(v mail.Verdict, now time.Time) (shuts bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.away = v == mail.RouteDown
	if now.Before(r.until) {
		return false
	}
	if r.failures++; r.failures > 1 {
		r.until = now.Add(min(routeFirst<<min(r.failures-2, 10), routeLast))
	}
	return r.failures == 2
}

// works notes an answer, whatever it was, and tells whether the route was shut before.
func (r *route) works() (opens bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	opens = r.failures > 1
	r.failures, r.away, r.until = 0, false, time.Time{}
	return opens
}
