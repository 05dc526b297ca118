// Catch-up through the adapter against the client's bare read loop, and appends.

package kurrent

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/uuid"

	"imprint/domain/event"
)

const benchEvents = 48_000

// BenchmarkCatchUp reads the same log in turns: by ReadAll in pages of 1000,
// everything decoded, checked and numbered, and by the client's bare loop, which
// only receives. The ratio is of their speeds; DESIGN asks for 0.9.
func BenchmarkCatchUp(b *testing.B) {
	server := address(b)
	l := open(b, Options{Address: server})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range benchEvents / 8 / 100 {
				if _, err := l.Append(b.Context(), document(), event.NoStream, samples(100)); err != nil {
					b.Error(err)
				}
			}
		})
	}
	wg.Wait()
	config, err := configure(Options{Address: server, Logger: l.link.logger})
	if err != nil {
		b.Fatal(err)
	}
	client, err := esdb.NewClient(config)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	var ours, bare float64
	timed := func(f func()) float64 {
		before := b.Elapsed()
		f()
		return (b.Elapsed() - before).Seconds()
	}
	b.ResetTimer()
	for range b.N {
		bare += timed(func() {
			read, err := client.ReadAll(b.Context(), esdb.ReadAllOptions{From: esdb.Start{}}, 1<<40)
			if err != nil {
				b.Fatal(err)
			}
			for n := 0; ; {
				e, err := read.Recv()
				if errors.Is(err, io.EOF) {
					if n < benchEvents {
						b.Fatalf("%d events", n)
					}
					return
				}
				if err != nil {
					b.Fatal(err)
				}
				if strings.HasPrefix(e.OriginalEvent().StreamID, l.prefix) {
					n++
				}
			}
		})
		ours += timed(func() {
			n := 0
			for at := (event.Checkpoint{}); ; {
				page, err := l.ReadAll(b.Context(), at, 1000)
				if err != nil {
					b.Fatal(err)
				}
				if len(page) == 0 {
					break
				}
				n += len(page)
				at = page[len(page)-1].Checkpoint()
			}
			if n != benchEvents {
				b.Fatalf("%d events", n)
			}
		})
	}
	b.StopTimer()
	total := float64(b.N) * benchEvents
	b.ReportMetric(total/bare, "bare-events/s")
	b.ReportMetric(total/ours, "events/s")
	b.ReportMetric(bare/ours, "ratio")
}

func BenchmarkAppend1(b *testing.B)  { benchmarkAppend(b, 1) }
func BenchmarkAppend16(b *testing.B) { benchmarkAppend(b, 16) }

// benchmarkAppend lets each caller append to a stream of its own, one event at a
// time, each waiting for its acknowledgement.
func benchmarkAppend(b *testing.B, callers int) {
	l := open(b, Options{Address: address(b)})
	var left atomic.Int64
	left.Store(int64(b.N))
	var wg sync.WaitGroup
	b.ResetTimer()
	for range callers {
		wg.Go(func() {
			stream := event.StreamOf(event.DocumentCategory, uuid.NewString())
			for r := event.NoStream; left.Add(-1) >= 0; r++ {
				if _, err := l.Append(context.Background(), stream, r, []event.Event{sample()}); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}
