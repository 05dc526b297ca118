package blob_test

// A disk that is really full: a tmpfs of 1 MiB, mounted by a child program in a
// mount namespace of its own, so that it is gone with the child.

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"imprint/adapters/blob"
	"imprint/domain"
	"imprint/domain/content"
)

// mountRefused is how the child says that it may not mount, which is no failure.
const mountRefused = "mounting a small disk is not allowed here"

func TestFullDisk(t *testing.T) {
	if dir := os.Getenv(childEnv); dir != "" {
		fillDisks(t, dir)
		return
	}
	child := exec.Command(os.Args[0], "-test.run=^TestFullDisk$", "-test.v")
	child.Env = append(os.Environ(), childEnv+"="+t.TempDir())
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

// fillDisks fills a store on a small disk in each of the ways it can be full.
func fillDisks(t *testing.T, dir string) {
	// Without this a mount could spread to the namespace we came from.
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		t.Fatalf("%s: %v", mountRefused, err)
	}
	for _, c := range []struct{ name, options string }{
		{"no space", "size=1m"},
		{"no more files", "size=64m,nr_inodes=300"}, // 259 are taken by the folders
	} {
		disk := filepath.Join(dir, c.name)
		if err := os.Mkdir(disk, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, c.options); err != nil {
			t.Fatalf("%s: %v", mountRefused, err)
		}
		t.Run(c.name, func(t *testing.T) { fill(t, filepath.Join(disk, "content")) })
	}
}

// fill puts content until the disk is full, then checks the refusal, that nothing
// is left of what was refused, and that a Put succeeds once there is room.
func fill(t *testing.T, dir string) {
	d := open(t, dir, blob.Options{})
	var held []string
	var full error
	for full == nil {
		var c content.Stored
		c, full = d.Put(t.Context(), bytes.NewReader(random(100_000)))
		if full == nil {
			held = append(held, c.SHA256)
		}
	}
	t.Logf("after %d: %v", len(held), full)
	var refusal *domain.Error
	if !errors.As(full, &refusal) || refusal.Kind != domain.Unavailable || refusal.Code != "disk-full" ||
		!strings.HasPrefix(refusal.Message, "content store: disk is full") || strings.Contains(refusal.Message, dir) {
		t.Errorf("a full disk is called %#v", full)
	}
	wantNoArrivals(t, dir)
	wantSound(t, d, dir, held...)
	n := 0
	for range d.All(t.Context()) {
		n++
	}
	if n != len(held) || n == 0 {
		t.Errorf("%d are held, %d were acknowledged", n, len(held))
	}
	if err := os.Remove(pathOf(dir, held[0])); err != nil {
		t.Fatal(err)
	}
	put(t, d, []byte("this fits"))
}
