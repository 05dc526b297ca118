package handlers_test

// A log whose disk is really full: a tmpfs of 1 MiB, mounted by a child program in
// a mount namespace of its own, so that it is gone with the child.

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"imprint/adapters/sqlite/eventlog"
	"imprint/domain"
	"imprint/domain/access"
	"imprint/domain/event"
	"imprint/handlers"
)

const (
	fullEnv = "IMPRINT_FULL_LOG_TEST_CHILD"
	// mountRefused is how the child says that it may not mount, which is no failure.
	mountRefused = "mounting a small disk is not allowed here"
)

func TestAFullDiskIsNamedAndRepeatingSettlesIt(t *testing.T) {
	if dir := os.Getenv(fullEnv); dir != "" {
		if err := errors.Join(syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""), syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=1m")); err != nil {
			t.Fatalf("%s: %v", mountRefused, err)
		}
		fillLog(t, dir)
		return
	}
	child := exec.Command(os.Args[0], "-test.run=^TestAFullDiskIsNamedAndRepeatingSettlesIt$", "-test.v")
	child.Env = append(os.Environ(), fullEnv+"="+t.TempDir())
	child.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	if os.Getuid() != 0 {
		child.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		child.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		child.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	out, err := child.CombinedOutput()
	if errors.Is(err, syscall.EPERM) || strings.Contains(string(out), mountRefused) {
		t.Skipf("%s: %v\n%s", mountRefused, err, out)
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("the child:\n%s", out)
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
