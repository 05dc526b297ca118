// Faults that tests ask for: which call, when in it, and what happens.

package kurrenttest

import (
	"net"
	"sync"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Method names the calls that can be made to fail. Reading and subscribing are
// one call of the protocol and two here.
type Method string

const (
	Append      Method = "Append"
	BatchAppend Method = "BatchAppend"
	Read        Method = "Read"
	Subscribe   Method = "Subscribe"
	Delete      Method = "Delete"
	Tombstone   Method = "Tombstone"
	Gossip      Method = "Gossip"
	Features    Method = "GetSupportedMethods"
)

// Fault is what happens to a call. It strikes when the request is there and
// before anything is done, unless [Fault.AfterMessages] or [Fault.BeforeAnswer]
// says otherwise.
type Fault struct {
	err      error           // the call fails with it
	drop     bool            // the connection is cut
	wait     bool            // the call waits for release, or for its own end
	release  <-chan struct{} // nil: it waits for its own end alone
	answered int             // how many messages are sent before it strikes; beforeCall: none, and nothing is done
}

const beforeCall = -1

// NotLeader refuses the call and names the leader (host:port).
func NotLeader(leader string) Fault {
	host, port, err := net.SplitHostPort(leader)
	if err != nil {
		panic("kurrenttest: NotLeader wants host:port: " + err.Error())
	}
	return Fault{err: notLeader(host, port), answered: beforeCall}
}

// Refuse fails the call with a status.
func Refuse(code codes.Code, message string) Fault {
	return Fault{err: status.Error(code, message), answered: beforeCall}
}

// Drop cuts the connection, and with it every other call on it. Messages sent
// just before may be lost with it, as on a real network.
func Drop() Fault { return Fault{drop: true, answered: beforeCall} }

// Hold makes the call wait until release is closed, and then go on. It fails if
// it is cancelled, its deadline passes or the server stops before that; with a
// nil release there is nothing else to wait for.
func Hold(release <-chan struct{}) Fault {
	return Fault{wait: true, release: release, answered: beforeCall}
}

// BeforeAnswer lets the call do its work and strikes before the first message
// of the answer is sent: done, but the client does not learn it.
func (f Fault) BeforeAnswer() Fault { return f.AfterMessages(0) }

// AfterMessages strikes after n messages of the answer. The first message of a
// subscription is its confirmation.
func (f Fault) AfterMessages(n int) Fault {
	f.answered = n
	return f
}

// armed is a fault that waits for its call.
type armed struct {
	fault  Fault
	calls  int // how many more calls of the method until it strikes
	struck chan struct{}
}

type faults struct {
	mu            sync.Mutex
	waiting       map[Method][]*armed
	badCheckpoint chan struct{} // nil if none is asked for
}

func newFaults() *faults { return &faults{waiting: map[Method][]*armed{}} }

// Inject makes the n-th call of the method from now on (1 is the next one) fail.
// The channel is closed when the fault strikes. Faults injected earlier keep
// their places; two that fall on one call strike in two calls, one after the other.
func (s *Server) Inject(method Method, n int, fault Fault) (struck <-chan struct{}) {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	a := &armed{fault: fault, calls: max(1, n), struck: make(chan struct{})}
	s.faults.waiting[method] = append(s.faults.waiting[method], a)
	return a.struck
}

// take counts a call and returns the fault that falls on it, or nil.
func (f *faults) take(method Method) *armed {
	f.mu.Lock()
	defer f.mu.Unlock()
	var hit *armed
	var rest []*armed
	for _, a := range f.waiting[method] {
		a.calls--
		if a.calls <= 0 && hit == nil {
			hit = a
			continue
		}
		rest = append(rest, a)
	}
	f.waiting[method] = rest
	return hit
}

// InjectBadCheckpoint makes the next filtered subscription that is about to send
// an event send a checkpoint with that event's commit position and prepare
// position 0 first, as some servers of 24.10 and 25.0.0 do: who resumes from it
// never sees the event. The channel is closed when that happens.
func (s *Server) InjectBadCheckpoint() (sent <-chan struct{}) {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.badCheckpoint = make(chan struct{})
	return s.faults.badCheckpoint
}

func (f *faults) takeBadCheckpoint() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.badCheckpoint == nil {
		return false
	}
	close(f.badCheckpoint)
	f.badCheckpoint = nil
	return true
}
