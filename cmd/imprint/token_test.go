package main

import (
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestTokensAreIssuedAndRevokedWhileServing(t *testing.T) {
	// A path longer than a socket's may be.
	data := filepath.Join(t.TempDir(), strings.Repeat("long", 30), "data")
	s := start(t, "serve", "--data", data, "--listen", "127.0.0.1:0")
	secret := s.issued(data)
	asPublisher := func() int {
		status, _ := s.get("/api/v1/library", "Authorization", "Bearer "+secret)
		return status
	}
	if got := asPublisher(); got != http.StatusOK {
		t.Fatalf("the new token: %d", got)
	}
	stdout, stderr, code := imprint(t, "token", "list", "--data", data)
	rows := strings.Split(strings.TrimSpace(stdout), "\n")
	if code != 0 || len(rows) != 2 || !strings.Contains(rows[1], "publisher") {
		t.Fatalf("list: exit %d\n%s%s", code, stdout, stderr)
	}
	id, _, _ := strings.Cut(rows[1], " ")
	if _, stderr, code := imprint(t, "token", "revoke", "--data", data, id); code != 0 {
		t.Fatalf("revoke: exit %d, %s", code, stderr)
	}
	if got := asPublisher(); got != http.StatusUnauthorized {
		t.Errorf("the revoked token: %d", got)
	}
	if _, stderr, code := imprint(t, "token", "revoke", "--data", data, id); code != 0 {
		t.Errorf("revoked twice: exit %d, %s", code, stderr)
	}
	if _, stderr, code := imprint(t, "token", "issue", "--data", data, "--person", "Ada", "--role", "publisher", "--days", "4000"); code != 1 || !strings.Contains(stderr, "expires") {
		t.Errorf("a token for ever: exit %d, %s", code, stderr)
	}
	if code, _ := s.terminate(); code != 0 {
		t.Errorf("SIGTERM: exit %d\n%s", code, s.output())
	}
	if strings.Contains(s.output(), secret) || strings.Contains(s.output(), "Ada") {
		t.Errorf("the server tells the secret or the name:\n%s", s.output())
	}
	if _, err := os.Lstat(filepath.Join(data, "control.sock")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the socket stays: %v", err)
	}
}

func TestTheSocketOfAKilledServerIsInNobodysWay(t *testing.T) {
	data := filepath.Join(t.TempDir(), "demo")
	s := start(t, "demo", "--data", data, "--listen", "127.0.0.1:0")
	s.issued(data) // a demo in a folder is asked like a server
	if err := s.cmd.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-s.done
	_ = s.cmd.Wait() // it was killed
	if info, err := os.Lstat(filepath.Join(data, "control.sock")); err != nil || info.Mode() != fs.ModeSocket|0o600 {
		t.Fatalf("the kill should leave a private socket: %v, %v", info, err)
	}
	if stdout, stderr, code := imprint(t, "token", "list", "--data", data); code != 0 || !strings.Contains(stdout, "publisher") {
		t.Errorf("list beside a dead socket: exit %d\n%s%s", code, stdout, stderr)
	}
	if said, stderr, _ := imprint(t, "doctor", "--data", data); strings.Contains(said, "control.sock") {
		t.Errorf("the doctor dislikes the socket: %s%s", said, stderr)
	}
	s = start(t, "serve", "--data", data, "--listen", "127.0.0.1:0")
	s.issued(data)
}

// A program that holds the folder and does not serve is named, as before.
func TestAFolderHeldWithoutASocketIsRefused(t *testing.T) {
	h := newHouse(t) // holds its folder in this process
	_, stderr, code := imprint(t, "token", "list", "--data", h.data)
	if code != 1 || !strings.Contains(stderr, "in use by another imprint") || !strings.Contains(stderr, "control.sock") {
		t.Errorf("exit %d, %s", code, stderr)
	}
}

// issued issues a token for a publisher while the program serves.
func (s *server) issued(data string) string {
	s.t.Helper()
	secret, stderr, code := imprint(s.t, "token", "issue", "--data", data, "--person", "Ada", "--role", "publisher")
	if code != 0 || !strings.HasPrefix(secret, "imprint_") {
		s.t.Fatalf("token issue: exit %d, %s\n%s", code, stderr, s.output())
	}
	return strings.TrimSpace(secret)
}
