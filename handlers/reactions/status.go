package reactions

// Here: how each reaction stands, and the one thing that stops it.

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"strings"

	"imprint/domain/event"
)

// Status is what /readyz and operators see of a reaction.
type Status struct {
	Reaction string
	Stopped  string           // why it stands still until a newer program runs; "" while it works
	Unknown  map[string]int64 // events passed over by type that this program does not know, since the start
}

// errStopped ends the delivery to a reaction that has stopped.
var errStopped = errors.New("the reaction has stopped")

// Status tells how all of them stand, by name.
func (r *Reactions) Status() []Status {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []Status
	for name := range r.handlers {
		all = append(all, Status{Reaction: name, Stopped: r.stopped[name], Unknown: maps.Clone(r.unknown[name])})
	}
	slices.SortFunc(all, func(a, b Status) int { return strings.Compare(a.Reaction, b.Reaction) })
	return all
}

// needsNewer tells whether an error says that a newer program wrote the event.
func needsNewer(err error) bool {
	var newer *event.NewerSchemaError
	return errors.As(err, &newer)
}

// stop lets a reaction stand still at an event in a schema that this program does
// not know. Parked, the consequence would come late and after those of later
// events; here all wait in order, and the newer program goes on from the checkpoint.
func (r *Reactions) stop(ctx context.Context, name string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stopped[name] == "" {
		r.stopped[name] = err.Error()
		slog.ErrorContext(ctx, "a reaction has stopped; run the newer program", "reaction", name, "error", err)
	}
}

// resume notes that a reaction goes on after all: another program has dealt with
// what stopped it.
func (r *Reactions) resume(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.stopped, name)
}

func (r *Reactions) anyStopped() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.stopped) > 0
}

func (r *Reactions) hasStopped(name string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stopped[name] != ""
}

// concerns tells whether a reaction is about an event; types that nobody here knows
// are counted.
func (r *Reactions) concerns(name string, e event.Recorded) bool {
	if slices.Contains(r.handlers[name].types, e.Type) {
		return true
	}
	if _, known := r.codec.Registry().Lookup(e.Type); !known {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.unknown[name] == nil {
			r.unknown[name] = map[string]int64{}
		}
		r.unknown[name][e.Type]++
	}
	return false
}
