package bucket

// Whether the store answers.

import (
	"context"
	"sync"
	"time"

	"gocloud.dev/blob"
)

// healthy is how long an answer about the store's health holds: anybody may ask,
// and each question to the store costs money.
const healthy = 5 * time.Second

// health is the last answer.
type health struct {
	mu    sync.Mutex // held while the store is asked: others wait for that answer
	asked time.Time
	err   error
}

// Health is nil while the store answers, and otherwise what an operator should know.
func (s *Store) Health(ctx context.Context) error {
	h := &s.health
	h.mu.Lock()
	defer h.mu.Unlock()
	if time.Since(h.asked) < healthy {
		return h.err
	}
	_, _, err := s.bucket.ListPage(ctx, blob.FirstPageToken, 1, &blob.ListOptions{Prefix: contents})
	h.asked, h.err = time.Now(), s.explain(context.WithoutCancel(ctx), err)
	return h.err
}
