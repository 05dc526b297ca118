// A disk that is really full.

package eventlog

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	"imprint/adapters/conformance/smalldisk"
	"imprint/domain"
	"imprint/domain/event"
)

func TestFullDisk(t *testing.T) {
	smalldisk.Run(t, func(t *testing.T, mount smalldisk.Mount) { fillLog(t, mount(t, "size=2m")) })
}

// fillLog appends until the disk is full, again once there is room, and closes on a
// full disk.
func fillLog(t *testing.T, dir string) {
	ballast := filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	l := open(t, filepath.Join(dir, "log.db"))
	var want []uuid.UUID
	r := event.NoStream
	for {
		events := []event.Event{sample(time.Now()), sample(time.Now())}
		events[0].Data = append([]byte(nil), make([]byte, 20_000)...)
		a, err := l.Append(t.Context(), "document-1", r, events)
		if err != nil {
			t.Logf("full after %d events: %v", len(want), err)
			if domain.KindOf(err) != domain.Unavailable {
				t.Errorf("a full disk is not told as such: %v", err)
			}
			break
		}
		r = a.Revision
		want = append(want, events[0].ID, events[1].ID)
	}
	for range 3 { // it stays full, and stays clear about it
		if _, err := l.Append(t.Context(), "document-2", event.NoStream, large()); domain.KindOf(err) != domain.Unavailable {
			t.Errorf("on the full disk: %v", err)
		}
	}
	check := func(l *Log) {
		t.Helper()
		got := all(t, l)
		if len(got) != len(want) {
			t.Fatalf("the log holds %d events; %d were acknowledged", len(got), len(want))
		}
		for i := range want {
			if got[i].ID != want[i] {
				t.Fatalf("event %d is another", i)
			}
		}
	}
	check(l)
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	events := large()
	if _, err := l.Append(t.Context(), "document-2", event.NoStream, events); err != nil {
		t.Fatalf("there is room again: %v", err)
	}
	want = append(want, events[0].ID)
	check(l)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}

	// Full again, with an event that is not in the file yet: it stays beside it.
	l = open(t, l.db.Path)
	check(l)
	events = large()
	if _, err := l.Append(t.Context(), "document-3", event.NoStream, events); err != nil {
		t.Fatal(err)
	}
	want = append(want, events[0].ID)
	if err := os.WriteFile(ballast, make([]byte, 4<<20), 0o600); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("the disk is not full: %v", err)
	}
	var told *domain.Error
	if err := l.Close(); !errors.As(err, &told) || told.Code != "wal-kept" {
		t.Errorf("closed on the full disk: %v", err)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	check(open(t, l.db.Path))
}
