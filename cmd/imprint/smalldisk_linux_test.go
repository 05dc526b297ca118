package main

// Disks that are really full: a tmpfs, mounted by a child program in a mount
// namespace of its own, so that it is gone with the child.

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

const (
	smallDiskEnv = "IMPRINT_TEST_SMALL_DISK_CHILD"
	// mountRefused is how the child says that it may not mount, which is no failure.
	mountRefused = "mounting a small disk is not allowed here"
)

// withSmallDisk runs a test once more as a child that may mount, and there calls it
// with a folder for the disk, which other users may enter.
func withSmallDisk(t *testing.T, test func(t *testing.T, folder string)) {
	t.Helper()
	if folder := os.Getenv(smallDiskEnv); folder != "" {
		// A mount could spread to the namespace we came from.
		if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
			t.Fatalf("%s: %v", mountRefused, err)
		}
		test(t, filepath.Join(folder, "disk"))
		return
	}
	folder, err := os.MkdirTemp("", "imprint-disk")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	if err := errors.Join(os.Chmod(folder, 0o755), os.Mkdir(filepath.Join(folder, "disk"), 0o755)); err != nil {
		t.Fatal(err)
	}
	child := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	child.Env = append(os.Environ(), smallDiskEnv+"="+folder)
	child.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	if os.Getuid() != 0 { // PostgreSQL must not see itself as root, so the rights come along instead
		const mayMount = 21 // CAP_SYS_ADMIN
		child.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		child.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getuid(), HostID: os.Getuid(), Size: 1}}
		child.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getgid(), HostID: os.Getgid(), Size: 1}}
		child.SysProcAttr.AmbientCaps = []uintptr{mayMount}
	}
	out, err := child.CombinedOutput()
	switch said := string(out); {
	case errors.Is(err, syscall.EPERM), strings.Contains(said, mountRefused):
		t.Skipf("%s: %v\n%s", mountRefused, err, out)
	case err != nil:
		t.Fatalf("%v\n%s", err, out)
	case strings.Contains(said, "--- SKIP"):
		t.Skip(said)
	}
	t.Logf("the child:\n%s", out)
}

// mountSmall makes a small disk; more are further options of tmpfs.
func mountSmall(t *testing.T, folder string, kib int, more string) {
	t.Helper()
	if err := syscall.Mount("tmpfs", folder, "tmpfs", 0, fmt.Sprintf("size=%dk,mode=0700%s", kib, more)); err != nil {
		t.Fatalf("%s: %v", mountRefused, err)
	}
}

// growDisk gives a disk more room, with everything on it.
func growDisk(t *testing.T, folder string, kib int) {
	t.Helper()
	must(t, syscall.Mount("tmpfs", folder, "tmpfs", syscall.MS_REMOUNT, fmt.Sprintf("size=%dk", kib)))
}
