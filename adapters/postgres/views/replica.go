package views

// Reading from a replica, without going back behind what this process has shown.

import (
	"context"
	"sync"

	"imprint/projections"
)

// model is a read model, whichever generation is live.
type model struct {
	projection string
	version    int
}

// known is how far this process knows each live read model to have come: by its
// own commits, and by having looked. Whoever waited for a write was told by one or
// the other.
type known struct {
	mu       sync.Mutex
	ordinals map[model]int64
}

func (k *known) learn(g projections.Generation, ordinal int64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	m := model{g.Projection, g.Version}
	k.ordinals[m] = max(k.ordinals[m], ordinal)
}

// covers tells whether a snapshot's checkpoints reach all that is known.
func (k *known) covers(shown map[model]int64) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	for m, ordinal := range k.ordinals {
		if at, ok := shown[m]; !ok || at < ordinal {
			return false
		}
	}
	return true
}

// current tells whether the snapshot of a replica reaches all that is known.
func (s *Store) current(ctx context.Context, r *reader) (bool, error) {
	found, err := r.query(ctx, `SELECT projection, version, ordinal FROM projection_checkpoints`)
	if err != nil {
		return false, err
	}
	shown := map[model]int64{}
	for found.Next() {
		var m model
		var ordinal int64
		if err := found.Scan(&m.projection, &m.version, &ordinal); err != nil {
			return false, err
		}
		shown[m] = ordinal
	}
	return s.known.covers(shown), found.Err()
}
