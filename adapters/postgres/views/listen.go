package views

// Hints of commits by other processes: LISTEN and NOTIFY.

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"imprint/adapters/postgres"
)

// How long to wait before the listening connection is made again.
const (
	listenFirst = 100 * time.Millisecond
	listenLast  = 5 * time.Second
)

// Changed implements projections.Hinter. Nothing is ever closed unless Listen
// runs.
func (s *Store) Changed() <-chan struct{} { return s.changes.Changed() }

// Listen hears of commits until the context ends, on a connection of its own. A
// connection that is lost is made again with back-off, and its return is a hint
// too, for some may have been missed. Errors are not told: whoever waits for hints
// polls as well, and learns there that the database is away.
func (s *Store) Listen(ctx context.Context) error {
	retry := listenFirst
	for ctx.Err() == nil {
		heard, _ := s.hear(ctx)
		if heard {
			retry = listenFirst
		}
		select {
		case <-ctx.Done():
		case <-time.After(retry):
		}
		retry = min(2*retry, listenLast)
	}
	return nil
}

// hear listens on one connection until it fails.
func (s *Store) hear(ctx context.Context) (heard bool, err error) {
	conn, err := pgx.ConnectConfig(ctx, s.db.Write.Config().ConnConfig)
	if err != nil {
		return false, postgres.Explain(err)
	}
	defer func() {
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTime)
		defer cancel()
		_ = conn.Close(end)
	}()
	if _, err := conn.Exec(ctx, "LISTEN imprint_checkpoints"); err != nil {
		return false, postgres.Explain(err)
	}
	for {
		s.changes.Raise()
		if _, err := conn.WaitForNotification(ctx); err != nil {
			return true, postgres.Explain(err)
		}
	}
}
