// The daemon as a process: it says when it is ready, ends on SIGTERM, and loses
// nothing that was acknowledged when it is killed.

package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/uuid"
)

const asDaemon = "KURRENTTESTD_AS_DAEMON"

// TestMain makes this test program the daemon when it is started as one.
func TestMain(m *testing.M) {
	if os.Getenv(asDaemon) != "" {
		main()
	}
	os.Exit(m.Run())
}

type daemon struct {
	command *exec.Cmd
	address string
	caFile  string // with TLS
	stderr  *bytes.Buffer
}

// launch starts the daemon and waits until it says that it is ready.
func launch(t *testing.T, args ...string) *daemon {
	t.Helper()
	d := &daemon{command: exec.Command(os.Args[0], args...), stderr: &bytes.Buffer{}}
	d.command.Env = append(os.Environ(), asDaemon+"=1")
	d.command.Stderr = d.stderr
	out, err := d.command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := d.command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.command.Process.Kill() }) // it may have ended
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the daemon ended: %v: %s", err, d.stderr)
	}
	words := strings.Fields(line)
	if len(words) < 2 || words[0] != "ready" {
		t.Fatalf("it said %q", line)
	}
	d.address = words[1]
	if len(words) > 2 {
		d.caFile = words[2]
	}
	return d
}

func (d *daemon) end(t *testing.T, how syscall.Signal) {
	t.Helper()
	if err := d.command.Process.Signal(how); err != nil {
		t.Fatal(err)
	}
	err := d.command.Wait()
	if how == syscall.SIGTERM && err != nil {
		t.Errorf("ended by SIGTERM: %v: %s", err, d.stderr)
	}
}

func dial(t *testing.T, address string) *esdb.Client {
	t.Helper()
	return connect(t, "esdb://"+address+"?tls=false")
}

func connect(t *testing.T, connection string) *esdb.Client {
	t.Helper()
	conf, err := esdb.ParseConnectionString(connection)
	if err != nil {
		t.Fatal(err)
	}
	conf.Logger = func(esdb.LogLevel, string, ...any) {}
	c, err := esdb.NewClient(conf)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestNothingAcknowledgedIsLostByKill(t *testing.T) {
	file := filepath.Join(t.TempDir(), "log")
	acknowledged := map[string]int{}
	for round := range 3 {
		d := launch(t, "--listen", "127.0.0.1:0", "--data", file)
		c := dial(t, d.address)
		for stream, want := range acknowledged {
			if got := length(t, c, stream); got < want {
				t.Errorf("round %d: %s has %d events, %d were acknowledged", round, stream, got, want)
			}
		}
		var mu sync.Mutex
		var writers sync.WaitGroup
		enough := make(chan struct{})
		total := 0
		for w := range 4 {
			stream := fmt.Sprintf("a-%d-%d", round, w)
			writers.Go(func() {
				for { // until the daemon is dead
					_, err := c.AppendToStream(t.Context(), stream, esdb.AppendToStreamOptions{},
						esdb.EventData{EventID: uuid.New(), EventType: "T", Data: []byte(strings.Repeat("x", 500))})
					if err != nil {
						return
					}
					mu.Lock()
					acknowledged[stream]++
					if total++; total == 100 {
						close(enough)
					}
					mu.Unlock()
				}
			})
		}
		<-enough
		d.end(t, syscall.SIGKILL)
		writers.Wait()
	}
	d := launch(t, "--listen", "127.0.0.1:0", "--data", file)
	c := dial(t, d.address)
	for stream, want := range acknowledged {
		if got := length(t, c, stream); got < want {
			t.Errorf("%s has %d events, %d were acknowledged", stream, got, want)
		}
	}
	d.end(t, syscall.SIGTERM)
}

func length(t *testing.T, c *esdb.Client, stream string) int {
	t.Helper()
	read, err := c.ReadStream(t.Context(), stream, esdb.ReadStreamOptions{Direction: esdb.Backwards, From: esdb.End{}}, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	last, err := read.Recv()
	if err != nil {
		t.Fatalf("%s: %v", stream, err)
	}
	return int(last.OriginalEvent().EventNumber) + 1
}

func TestTLSAndCredentials(t *testing.T) {
	d := launch(t, "--listen", "127.0.0.1:0", "--tls", "--user", "admin:changeit")
	c := connect(t, "esdb://admin:changeit@"+d.address+"?tlsCaFile="+d.caFile)
	if _, err := c.AppendToStream(t.Context(), "a-1", esdb.AppendToStreamOptions{}, esdb.EventData{EventType: "T"}); err != nil {
		t.Errorf("with the right password: %v", err)
	}
	read, err := connect(t, "esdb://admin:wrong@"+d.address+"?tlsCaFile="+d.caFile).ReadStream(t.Context(), "a-1", esdb.ReadStreamOptions{}, 1)
	if err == nil {
		_, err = read.Recv()
	}
	var e *esdb.Error
	if !errors.As(err, &e) || e.Code() != esdb.ErrorCodeUnauthenticated {
		t.Errorf("with a wrong password: %v", err)
	}
	d.end(t, syscall.SIGTERM)
	if _, err := os.Stat(d.caFile); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the authority's file is left behind (%v)", err)
	}
}

func TestTheCommandLine(t *testing.T) {
	held := launch(t, "--listen", "127.0.0.1:0", "--data", filepath.Join(t.TempDir(), "log"))
	for name, tc := range map[string]struct {
		args []string
		code int
		says string
	}{
		"an unknown flag":           {[]string{"--nonsense"}, 2, "unknown flag"},
		"a user without a password": {[]string{"--listen", "127.0.0.1:0", "--user", "admin"}, 2, "NAME:PASSWORD"},
		"an address in use":         {[]string{"--listen", held.address}, 1, "address already in use"},
		"a file in use":             {[]string{"--listen", "127.0.0.1:0", "--data", held.command.Args[4]}, 1, "another server has it open"},
	} {
		t.Run(name, func(t *testing.T) {
			var out, err bytes.Buffer
			if code := run(t.Context(), tc.args, &out, &err); code != tc.code || !strings.Contains(err.String(), tc.says) {
				t.Errorf("ended with %d and said %q, want %d and %q", code, err.String(), tc.code, tc.says)
			}
		})
	}
	var out, err bytes.Buffer
	if code := run(t.Context(), []string{"--help"}, &out, &err); code != 0 || !strings.Contains(out.String(), "--data") {
		t.Errorf("--help ended with %d and said %q", code, out.String())
	}
	held.end(t, syscall.SIGTERM)
}
