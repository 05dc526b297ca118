package event

import "sync"

// Signal tells everyone who waits that something has changed: what stands behind
// Log.Changed. The zero value is ready. Who needs to know what has changed takes the
// channel first and looks then, so that no change falls between the two.
type Signal struct {
	mu   sync.Mutex
	next chan struct{} // closed and forgotten by Raise; nil while nobody has asked
}

// Changed gives a channel that is closed by the next Raise.
func (s *Signal) Changed() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.next == nil {
		s.next = make(chan struct{})
	}
	return s.next
}

// Raise wakes everyone who has asked since the last one.
func (s *Signal) Raise() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.next != nil {
		close(s.next)
		s.next = nil
	}
}
