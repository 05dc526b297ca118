package event

import "testing"

func TestASignalWakesAllWhoAskedBeforeIt(t *testing.T) {
	raised := func(c <-chan struct{}) bool {
		select {
		case <-c:
			return true
		default:
			return false
		}
	}
	var s Signal
	s.Raise() // nobody waits
	first, second := s.Changed(), s.Changed()
	if raised(first) {
		t.Error("woken by a signal from before the question")
	}
	s.Raise()
	s.Raise()
	if !raised(first) || !raised(second) {
		t.Error("not everyone was woken")
	}
	if third := s.Changed(); raised(third) {
		t.Error("woken again by the same signal")
	}
}
