// Package cron gives the digest worker its heartbeat. The scheduler only wakes:
// who is due stands in work rows, so a missed beat, a late one or one too many
// loses nothing and repeats nothing. (Its own cron patterns would drop a local
// time that daylight saving skips, and fire twice at one that comes twice.)
package cron

import (
	"fmt"
	"time"

	"github.com/robfig/cron/v3"
)

// Heartbeat beats at a steady rate. A beat that nobody has taken yet is not
// followed by another: a busy worker finds one waiting, not a queue.
type Heartbeat struct {
	scheduler *cron.Cron
	beats     chan struct{}
}

// Start begins to beat. The scheduler counts in whole seconds, so that is the
// least; a shorter or broken interval is refused.
func Start(every time.Duration) (*Heartbeat, error) {
	if every < time.Second || every%time.Second != 0 {
		return nil, fmt.Errorf("a heartbeat every %s: it must be whole seconds, at least one", every)
	}
	h := &Heartbeat{scheduler: cron.New(cron.WithLocation(time.UTC)), beats: make(chan struct{}, 1)}
	if _, err := h.scheduler.AddFunc("@every "+every.String(), h.beat); err != nil {
		return nil, fmt.Errorf("a heartbeat every %s: %w", every, err)
	}
	h.scheduler.Start()
	return h, nil
}

func (h *Heartbeat) beat() {
	select {
	case h.beats <- struct{}{}:
	default:
	}
}

// Beats is where the beats arrive.
func (h *Heartbeat) Beats() <-chan struct{} { return h.beats }

// Stop ends the beating and waits until the last beat is over.
func (h *Heartbeat) Stop() { <-h.scheduler.Stop().Done() }
