package web_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"

	"imprint/adapters/sqlite/eventlog"
	"imprint/domain/event"
	"imprint/handlers/web"
)

func TestStaleIsWhatIsNotAppliedForLong(t *testing.T) {
	now := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	log, err := eventlog.Open(t.Context(), filepath.Join(t.TempDir(), "log.db"), eventlog.Options{Clock: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	var ends []event.Checkpoint // after each event
	for i, at := range []time.Time{now.Add(-time.Hour), now.Add(-2 * time.Minute), now.Add(-30 * time.Second)} {
		_, err := log.Append(t.Context(), "series-1", int64(i-1), []event.Event{{ID: uuid.New(), Type: "Any", Data: []byte("{}"), Meta: event.Metadata{Schema: 1, Time: at}}})
		if err != nil {
			t.Fatal(err)
		}
		end, err := log.Head(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		ends = append(ends, end)
	}
	at, stopped := event.Checkpoint{}, false
	f := web.Freshness{Log: log, Lag: time.Minute, Clock: func() time.Time { return now }, Applied: func() (event.Checkpoint, bool) { return at, stopped }}
	for name, c := range map[string]struct {
		at      event.Checkpoint
		stopped bool
		want    bool
	}{
		"nothing applied":           {event.Checkpoint{}, false, true},
		"an event of two minutes":   {ends[0], false, true},
		"one of half a minute":      {ends[1], false, false},
		"all applied":               {ends[2], false, false},
		"stopped, with all applied": {ends[2], true, true},
	} {
		at, stopped = c.at, c.stopped
		if got := f.Stale(t.Context()); got != c.want {
			t.Errorf("%s: stale is %v", name, got)
		}
	}
	at, stopped = ends[2], false
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	if !f.Stale(t.Context()) {
		t.Error("a log that cannot be read leaves nothing open")
	}
}
