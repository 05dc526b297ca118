package handlers_test

// A log whose disk is really full.

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"imprint/adapters/conformance/smalldisk"
	"imprint/adapters/sqlite/eventlog"
	"imprint/domain"
	"imprint/domain/access"
	"imprint/domain/event"
	"imprint/handlers"
)

func TestAFullDiskIsNamedAndRepeatingSettlesIt(t *testing.T) {
	smalldisk.Run(t, func(t *testing.T, mount smalldisk.Mount) { fillLog(t, mount(t, "size=1m")) })
}

// fillLog publishes until the disk of the log is full, and again once it has room.
func fillLog(t *testing.T, dir string) {
	filler := filepath.Join(dir, "filler")
	ok(t, os.WriteFile(filler, make([]byte, 400<<10), 0o600))
	log, err := eventlog.Open(t.Context(), filepath.Join(dir, "log.db"), eventlog.Options{Clock: clock})
	ok(t, err)
	defer func() { ok(t, log.Close()) }()
	w := newWorldOn(t, t.TempDir(), log)
	p := w.publishing()
	var req handlers.Request
	var doc handlers.PublishDocument
	acknowledged := int64(0)
	for err == nil {
		req, doc = w.ask(publisher), w.first(access.Audience{Kind: access.Everyone})
		if _, err = p.Publish(t.Context(), req, doc); err == nil {
			acknowledged++
		}
	}
	var told *domain.Error
	if !errors.As(err, &told) || told.Kind != domain.Unavailable || !strings.Contains(told.Message, "disk") || !strings.Contains(told.Message, "acknowledged is lost") {
		t.Errorf("after %d documents: %v", acknowledged, err)
	}
	t.Logf("after %d documents: %s", acknowledged, told.Message)
	ok(t, os.Remove(filler))
	for range 2 {
		_, err = p.Publish(t.Context(), req, doc)
		ok(t, err)
	}
	var at event.Checkpoint
	written := int64(0)
	for {
		page, err := log.ReadAll(t.Context(), at, 100)
		ok(t, err)
		if len(page) == 0 {
			break
		}
		for _, e := range page {
			if strings.HasPrefix(string(e.Stream), string(event.DocumentCategory)) {
				written++
			}
		}
		at = page[len(page)-1].Checkpoint()
	}
	if written != acknowledged+1 {
		t.Errorf("%d documents stand in the log, want %d", written, acknowledged+1)
	}
}
