// The suite that every engine passes, on the double or on a real server.

package kurrent

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"imprint/adapters/conformance/logtest"
	"imprint/adapters/kurrent/kurrenttest"
	"imprint/domain/event"
)

// serverEnv names a real server to test against instead of the double. Each test
// has an installation of its own on it; tests that need the double's faults, or
// harm their server, are left out then.
const serverEnv = "IMPRINT_TEST_KURRENTDB"

// address is the connection string of the server to test against.
func address(t testing.TB) string {
	if real := os.Getenv(serverEnv); real != "" {
		return real
	}
	return kurrenttest.Start(t).ConnectionString()
}

// AddressToTest is address for tests outside of this package.
var AddressToTest = address

// double starts a double of the server, which can be made to fail.
func double(t testing.TB, options ...kurrenttest.Option) *kurrenttest.Server {
	if os.Getenv(serverEnv) != "" {
		t.Skipf("%s names a real server, and this test makes its own fail", serverEnv)
	}
	return kurrenttest.Start(t, options...)
}

func TestConformance(t *testing.T) {
	logtest.Run(t, logtest.Suite{Open: func(t *testing.T) event.Log { return open(t, Options{Address: address(t)}) }})
}

// open opens a log of a new installation, which is closed at the test's end.
func open(t testing.TB, o Options) *Log {
	t.Helper()
	if o.Installation == "" {
		o.Installation = "test-" + uuid.NewString()
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.NewTextHandler(t.Output(), nil))
	}
	l, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() }) // it answers nil always
	return l
}

// sample is one event of a usual size (about 400 bytes of data).
func sample() event.Event {
	data := []byte(`{"document":"0198c0de-0000-7000-8000-000000000001","version":{"number":7,"major":true,"files":[{"locale":"en","name":"report.pdf","sha256":"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08","bytes":123456,"mediaType":"application/pdf"}],"summary":{"en":"Covers the period from January to June, with the new data centres in the north."},"publishedAt":"2026-02-03T04:05:06.000007Z"}}`)
	return event.Event{ID: uuid.New(), Type: "DocumentVersioned", Data: data, Meta: event.Metadata{
		Schema: 1, Time: time.Now(), Actor: "0198c0de-0000-7000-8000-0000000000aa", Correlation: uuid.New(),
		Commitment: strings.Repeat("0f", 32), Salt: make([]byte, 32),
	}}
}

func samples(n int) []event.Event {
	events := make([]event.Event, n)
	for i := range events {
		events[i] = sample()
	}
	return events
}

func document() event.Stream { return event.StreamOf(event.DocumentCategory, uuid.NewString()) }

// fill appends n events to fresh streams of ten.
func fill(t testing.TB, l *Log, n int) {
	t.Helper()
	for ; n > 0; n -= 10 {
		if _, err := l.Append(t.Context(), document(), event.NoStream, samples(min(n, 10))); err != nil {
			t.Fatal(err)
		}
	}
}

// all reads the log to its end.
func all(ctx context.Context, l event.Log, after event.Checkpoint, limit int) ([]event.Recorded, error) {
	var events []event.Recorded
	for {
		page, err := l.ReadAll(ctx, after, limit)
		if err != nil || len(page) == 0 {
			return events, err
		}
		for _, r := range page {
			if r.Ordinal != after.Ordinal+1 {
				return nil, fmt.Errorf("after ordinal %d comes %d", after.Ordinal, r.Ordinal)
			}
			after = r.Checkpoint()
		}
		events = append(events, page...)
	}
}
