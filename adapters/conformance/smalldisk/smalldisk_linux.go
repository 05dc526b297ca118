// Package smalldisk gives tests disks that are really full: small file systems in
// memory (tmpfs), mounted by a child program in a mount namespace of its own, so
// that they are gone with the child, however it ends. Linux only.
package smalldisk

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// childEnv names a folder to the test program when it is the child.
const childEnv = "IMPRINT_SMALL_DISK_TEST_CHILD"

// mayMount is CAP_SYS_ADMIN.
const mayMount = 21

// refused is how the child says that it may not mount, which is no failure.
const refused = "NOT RUN: a full disk needs a small file system, and this user may not mount one"

// Mount mounts a file system with options such as "size=1m" and answers its folder,
// which every user may enter and write.
type Mount func(t *testing.T, options string) (dir string)

// Run runs a top-level test again in a child program, and there what is given. The
// test is skipped, loudly, where mounting is not allowed.
func Run(t *testing.T, test func(*testing.T, Mount)) {
	if home := os.Getenv(childEnv); home != "" {
		// Without this a mount could spread to the namespace we came from.
		if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
			t.Fatalf("%s: %v", refused, err)
		}
		test(t, func(t *testing.T, options string) string { return mount(t, home, options) })
		return
	}
	// Not in the test's own folder, which only this user may enter.
	home, err := os.MkdirTemp("", "imprint-disks")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(home) }() // the disks are gone with the child
	if err := os.Chmod(home, 0o711); err != nil {
		t.Fatal(err)
	}
	child := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	child.Env = append(os.Environ(), childEnv+"="+home)
	child.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	if os.Getuid() != 0 { // it stays who it is, as PostgreSQL wants it, and the right comes along
		child.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		child.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getuid(), HostID: os.Getuid(), Size: 1}}
		child.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getgid(), HostID: os.Getgid(), Size: 1}}
		child.SysProcAttr.AmbientCaps = []uintptr{mayMount}
	}
	out, err := child.CombinedOutput()
	if errors.Is(err, syscall.EPERM) || strings.Contains(string(out), refused) {
		t.Skipf("%s: %v\n%s", refused, err, out)
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if strings.Contains(string(out), "--- SKIP") { // such as for want of PostgreSQL
		t.Skipf("%s", out)
	}
	t.Logf("the child:\n%s", out)
}

func mount(t *testing.T, home, options string) string {
	t.Helper()
	dir, err := os.MkdirTemp(home, "disk")
	if err == nil {
		err = syscall.Mount("tmpfs", dir, "tmpfs", 0, options)
	}
	if err != nil {
		t.Fatalf("%s: %v", refused, err)
	}
	return dir
}

// Grow mounts a file system anew with other options, such as a greater size; what is
// on it stays.
func Grow(t *testing.T, dir, options string) {
	t.Helper()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_REMOUNT, options); err != nil {
		t.Fatal(err)
	}
}
