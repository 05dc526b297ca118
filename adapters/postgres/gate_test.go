package postgres_test

// A server that takes no connections, under load.

import (
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"imprint/adapters/postgres"
	"imprint/adapters/postgres/postgrestest"
	"imprint/domain"
)

// Many callers are no storm: each is told at once what is wrong, and the server is
// asked now and then.
func TestAnOutageIsNoStorm(t *testing.T) {
	const callers, calls = 20, 200
	s := postgrestest.Start(t, postgrestest.Options{Loopback: true})
	db, err := postgres.Open(t.Context(), postgres.Options{URL: s.LoopbackURL("postgres")})
	ok(t, err)
	defer db.Close()
	s.Kill(t)
	// Instead of it somebody listens who hangs up, and counts.
	listener, err := net.Listen("tcp", s.Address())
	ok(t, err)
	var asked atomic.Int64
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			asked.Add(1)
			_ = conn.Close()
		}
	}()
	began := time.Now()
	var all sync.WaitGroup
	for range callers {
		all.Go(func() {
			for range calls {
				if _, err := db.Write.Exec(t.Context(), `SELECT 1`); domain.KindOf(postgres.Explain(err)) != domain.Unavailable {
					t.Errorf("during the outage: %v", err)
					return
				}
			}
		})
	}
	all.Wait()
	// Those that began before the first one failed, the short pauses at the beginning,
	// and then two in a second at most. An attempt may take two connections.
	most := 2 * (int64(db.Write.Config().MaxConns) + 6 + int64(2*time.Since(began).Seconds()))
	if n := asked.Load(); n < 1 || n > most {
		t.Errorf("%d calls asked %d times, want at most %d", callers*calls, n, most)
	}
	ok(t, listener.Close())
	<-ended
	s.Restart(t)
	for {
		_, err := db.Write.Exec(t.Context(), `SELECT 1`)
		if err == nil {
			break
		}
		if domain.KindOf(postgres.Explain(err)) != domain.Unavailable {
			t.Fatalf("after the restart: %v", err)
		}
		<-time.After(10 * time.Millisecond) // not a busy loop; nothing depends on it
	}
}
