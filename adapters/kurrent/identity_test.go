// A server that comes back with another log.

package kurrent

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"imprint/adapters/kurrent/kurrenttest"
	"imprint/domain"
	"imprint/domain/event"
)

// Nothing is acknowledged by a log that is another one than before, however the
// first identity was learned, and readers need no help once the right one is back.
func TestAnotherLogBehindTheAddressIsRefused(t *testing.T) {
	begin := func(t *testing.T, l *Log) {
		if _, err := l.Append(t.Context(), event.LogStream, event.NoStream, samples(1)); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct{ young, strange bool }{
		"an empty log":                      {false, false},
		"another installation's":            {false, true},
		"after a log that was empty before": {true, false},
	} {
		t.Run(name, func(t *testing.T) {
			server, installation := double(t), "test-"+uuid.NewString()
			if !c.young {
				begin(t, open(t, Options{Address: server.ConnectionString(), Installation: installation}))
			}
			l := open(t, Options{Address: server.ConnectionString(), Installation: installation, Patience: 200 * time.Millisecond})
			if c.young {
				begin(t, l)
			}
			fill(t, l, 30)
			page, err := l.ReadAll(t.Context(), event.Checkpoint{}, 10)
			if err != nil {
				t.Fatal(err)
			}

			server.Stop()
			stranger := kurrenttest.Start(t, kurrenttest.At(server.Address()))
			theirs := open(t, Options{Address: stranger.ConnectionString(), Installation: installation})
			if c.strange {
				begin(t, theirs)
				fill(t, theirs, 20)
			}
			before, err := theirs.Head(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for code := ""; code != "another-log"; {
				_, err := l.Append(t.Context(), document(), event.NoStream, samples(1))
				var told *domain.Error
				if !errors.As(err, &told) || told.Kind != domain.Unavailable {
					t.Fatalf("appended to another log: %v", err)
				}
				code = told.Code
			}
			if _, err := l.ReadAll(t.Context(), page[9].Checkpoint(), 10); domain.KindOf(err) != domain.Unavailable || errors.Is(err, event.ErrCorrupt) {
				t.Errorf("reading on: %v", err)
			}
			if err := l.Health(); domain.KindOf(err) != domain.Unavailable {
				t.Errorf("health: %v", err)
			}
			if after, err := theirs.Head(t.Context()); err != nil || after != before {
				t.Errorf("the other log had %d events and has %d, %v", before.Ordinal, after.Ordinal, err)
			}

			stranger.Stop()
			if err := server.Restart(); err != nil {
				t.Fatal(err)
			}
			appendThrough(t, l, document(), event.NoStream, samples(1))
			if got, err := all(t.Context(), l, event.Checkpoint{}, 100); err != nil || len(got) != 32 {
				t.Errorf("%d events, %v", len(got), err)
			}
		})
	}
}
