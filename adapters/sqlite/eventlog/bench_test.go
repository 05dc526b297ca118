// The figures of DESIGN's table: one caller against a bare prepared insert per
// commit of the same rows, and many callers against one.

package eventlog

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"imprint/adapters/sqlite"
	"imprint/domain/event"
)

// sample is one event of a usual size (about 400 bytes of data).
func sample(at time.Time) event.Event {
	data := []byte(`{"document":"0198c0de-0000-7000-8000-000000000001","version":{"number":7,"major":true,"files":[{"locale":"en","name":"report.pdf","sha256":"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08","bytes":123456,"mediaType":"application/pdf"}],"summary":{"en":"Covers the period from January to June, with the new data centres in the north."},"publishedAt":"2026-02-03T04:05:06.000007Z"}}`)
	return event.Event{ID: uuid.New(), Type: "DocumentVersioned", Data: data, Meta: event.Metadata{Schema: 1, Time: at, Actor: "0198c0de-0000-7000-8000-0000000000aa", Correlation: uuid.New()}}
}

func BenchmarkAppend1(b *testing.B)  { benchmarkAppend(b, 1) }
func BenchmarkAppend64(b *testing.B) { benchmarkAppend(b, 64) }

// benchmarkAppend lets each caller append to a stream of its own, one event at a
// time, each waiting for its acknowledgement.
func benchmarkAppend(b *testing.B, callers int) {
	l, err := Open(b.Context(), filepath.Join(b.TempDir(), "log.db"), Options{})
	if err != nil {
		b.Fatal(err)
	}
	now := time.Now()
	var left atomic.Int64
	left.Store(int64(b.N))
	var wg sync.WaitGroup
	b.ResetTimer()
	for c := range callers {
		wg.Go(func() {
			stream := event.Stream(fmt.Sprintf("document-%d", c))
			for r := event.NoStream; left.Add(-1) >= 0; r++ {
				if _, err := l.Append(context.Background(), stream, r, []event.Event{sample(now)}); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
	if err := l.Close(); err != nil {
		b.Error(err)
	}
}

// BenchmarkBareInsert is the baseline: the same rows into the same table with
// the same indexes and durability, one prepared insert per commit.
func BenchmarkBareInsert(b *testing.B) {
	path := filepath.Join(b.TempDir(), "log.db")
	l, err := Open(b.Context(), path, Options{})
	if err != nil {
		b.Fatal(err)
	}
	if err := l.Close(); err != nil {
		b.Fatal(err)
	}
	db, err := sqlite.Open(b.Context(), path, sqlite.Durable)
	if err != nil {
		b.Fatal(err)
	}
	insert, err := db.Write.Prepare(insertSQL)
	if err != nil {
		b.Fatal(err)
	}
	now := time.Now()
	b.ResetTimer()
	for i := range b.N {
		r, err := newRequest("document-0", int64(i-1), []event.Event{sample(now)})
		if err != nil {
			b.Fatal(err)
		}
		e := r.rows[0]
		if _, err := insert.Exec(i+1, "document-0", i, e.id[:], e.eventType, e.schema, e.time, e.time, e.data, e.meta); err != nil {
			b.Fatal(err)
		}
	}
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
	if err := db.Close(); err != nil {
		b.Error(err)
	}
}
