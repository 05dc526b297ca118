package main

// Here: backups of an installation that is being written, and what is restored of
// them, from engines to engines.

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"imprint/adapters/work"
	"imprint/domain/digest"
	"imprint/domain/notice"
)

// journeys are from which engines to which a backup leads; each part goes from
// every kind of engine to every kind.
var journeys = map[string]struct{ from, to func(*testing.T) engineFlags }{
	"files to files":                      {mixtures["files"], mixtures["files"]},
	"servers to files":                    {external, mixtures["files"]},
	"files to servers":                    {mixtures["files"], external},
	"servers to servers":                  {external, external},
	"a log file and PostgreSQL to others": {mixtures["a log file and PostgreSQL"], mixtures["KurrentDB and files"]},
	"KurrentDB and files to others":       {mixtures["KurrentDB and files"], mixtures["a log file and PostgreSQL"]},
}

// awaitNews waits until the log has grown by some events, a digest that was sent
// among them.
func (h *publishingHouse) awaitNews() {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	at, err := h.in.log.Head(ctx)
	h.must(err)
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for events, sent := 0, false; events < 3 || !sent; {
		page, err := h.in.log.ReadAll(ctx, at, 1000)
		h.must(err)
		for _, e := range page {
			at, events, sent = e.Checkpoint(), events+1, sent || e.Type == (digest.Sent{}).EventType()
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			h.t.Fatal("nothing happens while the backup is taken")
		}
	}
}

// updates counts the news that were released for readers, and those that they were
// told, and refuses a log that tells one of them twice.
func (h *publishingHouse) updates() (released, told int) {
	h.t.Helper()
	for _, e := range h.events() {
		if e.Type == (notice.Released{}).EventType() {
			released++
		}
	}
	until := int64(0)
	for _, s := range h.digestsSent() {
		if s.Window.From < until {
			h.t.Errorf("the window %+v was told of up to %d before", s.Window, until)
		}
		until = s.Window.Until
		for _, item := range s.Items {
			told += item.Updates
		}
	}
	return released - 1, told // the first version came before anybody kept the document
}

// Backups are taken while a program serves: people join, versions come out, digests
// go out between any two parts. What is restored is the installation as of one
// event; nothing is missing that was acknowledged before, and nobody is told twice.
func TestABackupTakenWhileServingIsOneInstallation(t *testing.T) {
	for name, j := range journeys {
		t.Run(name, func(t *testing.T) {
			h := newHouseOn(t, j.from(t))
			stop := h.running()
			before, err := h.in.log.Head(t.Context())
			h.must(err)
			var ended atomic.Bool
			var writer sync.WaitGroup
			writer.Go(func() {
				for n := 0; !ended.Load(); n++ {
					h.join(fmt.Sprintf("Reader %d", n)) // under a new key
					h.publish()
					head, err := h.in.log.Head(context.Background())
					h.must(err)
					h.must(h.in.readModels.Wait(context.Background(), head.Position))
				}
			})
			backup := h.backup(func(string) { h.awaitNews() })
			ended.Store(true)
			writer.Wait()
			stop()

			m, err := readManifest(backup)
			h.must(err)
			live := h.events()
			if m.Ordinal < before.Ordinal || m.Ordinal >= int64(len(live)) || len(m.Missing) > 0 || m.Log != h.in.identity.Log {
				t.Fatalf("nothing was written meanwhile, or the manifest is wrong: %+v", m)
			}
			onlyBackedFiles(t, backup)
			r := h.restored(backup, j.to(t))
			again := r.events()
			if int64(len(again)) != m.Ordinal {
				t.Fatalf("%d events are back, the manifest says %d", len(again), m.Ordinal)
			}
			sealed := 0
			for i, e := range again {
				mine, err := inFull(e)
				h.must(err)
				if theirs, err := inFull(live[i]); err != nil || !bytes.Equal(mine, theirs) {
					t.Fatalf("event %d is another (%v)", e.Ordinal, err)
				}
				sealed += r.unseal(e)
				files, err := r.in.files(e)
				h.must(err)
				for _, f := range files {
					if has, err := r.in.content.Has(t.Context(), f.SHA256); err != nil || !has {
						t.Errorf("the bytes of event %d are not back: %v", e.Ordinal, err)
					}
				}
			}
			if sealed < 5 {
				t.Fatalf("only %d sealed fields were tried", sealed)
			}
			// Life goes on, and the same name is the same person.
			if who := r.join("Reader 0"); who != h.join("Reader 0") {
				t.Error("the first who joined while the backup ran is somebody else now")
			}
			r.settle()
			if report := r.settle(); report.Accepted != 0 {
				t.Errorf("mails go out again and again: %+v", report)
			}
			if released, told := r.updates(); released != told || told == 0 {
				t.Errorf("%d updates were released and %d were told", released, told)
			}
			h.must((&projectionsVerify{engineFlags: r.flags}).Run(t.Context(), quietly(t)))
		})
	}
}

// onlyBackedFiles finds what does not belong into a backup: the master key, and what
// is left of copying.
func onlyBackedFiles(t *testing.T, backup string) {
	t.Helper()
	entries, err := os.ReadDir(backup)
	must(t, err)
	known := strings.Join(append(backedFiles[:], manifestName, "content"), " ")
	for _, e := range entries {
		if !strings.Contains(known, e.Name()) {
			t.Errorf("the backup holds %s", e.Name())
		}
	}
}

// What happens right after the work rows were copied is in the log, and the rows
// follow: a digest is not sent again, and whoever joined has a key and a name.
func TestWhatHappensBetweenWorkAndLogIsNotForgotten(t *testing.T) {
	for _, name := range []string{"files to files", "servers to servers", "KurrentDB and files to others"} {
		t.Run(name, func(t *testing.T) {
			j := journeys[name]
			h := newHouseOn(t, j.from(t))
			h.publish()
			backup := h.backup(func(part string) {
				if part != "work tables" {
					return
				}
				if h.settle().Accepted != 1 {
					t.Error("no digest was sent between the two copies")
				}
				h.join("Late")
			})
			if len(h.sent()) != 1 {
				t.Fatalf("sent: %v", h.sent())
			}
			r := h.restored(backup, j.to(t))
			standing, _, err := work.NewDigests(r.in.work).Find(t.Context(), r.reader)
			if h.must(err); standing.Cursor != h.sent()[0].Until || standing.Open != nil {
				t.Errorf("restored below what was sent: cursor %d, sent %v", standing.Cursor, h.sent())
			}
			for _, e := range r.events() {
				r.unseal(e)
			}
			if r.join("Late") != h.join("Late") {
				t.Error("who joined between the two copies is somebody else now")
			}
			if report := r.settle(); report.Accepted != 0 || len(r.sent()) != 1 {
				t.Errorf("after the restore the digest went out again: %+v, %v", report, r.sent())
			}
			// The next update is told, in a window that begins where the last ended.
			r.publish()
			if report := r.settle(); report.Accepted != 1 {
				t.Errorf("the next digest: %+v", report)
			}
			if windows := r.sent(); len(windows) != 2 || windows[1].From < windows[0].Until {
				t.Errorf("windows: %v", windows)
			}
		})
	}
}

// Without the key a restore into files leaves the rows as they are; the start raises
// them.
func TestARestoreWithoutTheKeyIsRaisedByTheStart(t *testing.T) {
	h := newHouse(t)
	h.publish()
	backup := h.backup(func(part string) {
		if part == "work tables" {
			h.settle()
		}
	})
	keyless := filepath.Join(t.TempDir(), "keyless")
	c := restoreCommand{From: backup, engineFlags: engineFlags{Data: keyless}}
	h.must(c.Run(t.Context(), &console{Out: io.Discard, Err: io.Discard}))
	h.must(os.Link(filepath.Join(h.data, "master.key"), filepath.Join(keyless, "master.key")))
	if out, errOut, code := imprint(t, "digest", "run", "--data", keyless); code != 0 || !strings.HasPrefix(out, "0 accepted") {
		t.Errorf("the first run: exit %d, %s%s", code, out, errOut)
	}
}
