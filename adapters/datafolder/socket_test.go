package datafolder

import (
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// answers accepts one connection and says a word on it.
func answers(t *testing.T, l net.Listener) {
	go func() {
		conn, err := l.Accept()
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = io.WriteString(conn, "hello")
		_ = conn.Close()
	}()
}

func heard(t *testing.T, dir string) {
	t.Helper()
	conn, err := Dial(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if word, err := io.ReadAll(conn); string(word) != "hello" || err != nil {
		t.Errorf("heard %q, %v", word, err)
	}
}

func TestTheSocketIsPrivateAndGoesWithItsListener(t *testing.T) {
	// The second folder's path is longer than a socket's path may be.
	for _, dir := range []string{t.TempDir(), filepath.Join(t.TempDir(), strings.Repeat("long", 40))} {
		f, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		l, err := f.Listen(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if info, err := os.Lstat(f.Socket()); err != nil || info.Mode() != fs.ModeSocket|0o600 {
			t.Errorf("the socket's mode is %v (%v)", info, err)
		}
		answers(t, l)
		heard(t, dir)
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		if _, err := os.Lstat(f.Socket()); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the socket stays: %v", err)
		}
		if _, err := Dial(t.Context(), dir); err == nil {
			t.Error("somebody answers")
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestTheSocketOfADeadProgramIsReplaced(t *testing.T) {
	f := openTemp(t)
	dead, err := net.ListenUnix("unix", &net.UnixAddr{Name: f.Socket(), Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	dead.SetUnlinkOnClose(false) // as a kill leaves it
	if err := dead.Close(); err != nil {
		t.Fatal(err)
	}
	l, err := f.Listen(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	answers(t, l)
	heard(t, f.Dir)
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

func TestAViewDoesNotTakeTheSocket(t *testing.T) {
	f := openTemp(t)
	l, err := f.Listen(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	if err := os.WriteFile(f.Log(), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	v, err := View(f.Dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.Listen(t.Context()); err == nil {
		t.Error("a program without the lock listens")
	}
	answers(t, l)
	heard(t, f.Dir)
}
