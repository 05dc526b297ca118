package main

// Here: the program as a child process, for tests that kill it. The test binary
// runs itself again as imprint when the environment says so.

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// asProgram in the environment makes the test binary be the program.
const asProgram = "IMPRINT_TEST_AS_PROGRAM"

// patience bounds every wait of these tests; it is no measurement.
const patience = 60 * time.Second

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	code := m.Run()
	tellProven()
	os.Exit(code)
}

// program makes a command that runs imprint with these arguments.
func program(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	cmd.Env = append(os.Environ(), asProgram+"=1")
	return cmd
}

// imprint runs the program to its end and answers what it printed and its exit
// code.
func imprint(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), 2*patience)
	defer stop()
	cmd := program(ctx, args...)
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	err := cmd.Run()
	if _, exited := err.(*exec.ExitError); err != nil && !exited {
		t.Fatalf("run imprint %v: %v", args, err)
	}
	return out.String(), errOut.String(), cmd.ProcessState.ExitCode()
}

// server is the program while it serves.
type server struct {
	t    *testing.T
	cmd  *exec.Cmd
	url  string
	mu   sync.Mutex
	said strings.Builder
	at   chan string   // the address, once it is told
	done chan struct{} // closed when both outputs have ended
}

var address = regexp.MustCompile(`http://127\.0\.0\.1:\d+`)

// start starts a serving command and waits until it is ready.
func start(t *testing.T, args ...string) *server {
	t.Helper()
	s := launch(t, program(context.Background(), args...))
	s.tellsAddress()
	s.eventually("/readyz", func(status int, _ string) bool { return status == http.StatusOK })
	return s
}

// launch starts a serving command, which ends with the test.
func launch(t *testing.T, cmd *exec.Cmd) *server {
	t.Helper()
	s := &server{t: t, cmd: cmd, at: make(chan string, 1), done: make(chan struct{})}
	var readers sync.WaitGroup
	for _, pipe := range []func() (io.ReadCloser, error){s.cmd.StdoutPipe, s.cmd.StderrPipe} {
		r, err := pipe()
		if err != nil {
			t.Fatal(err)
		}
		readers.Add(1)
		go func() {
			defer readers.Done()
			for lines := bufio.NewScanner(r); lines.Scan(); {
				s.mu.Lock()
				s.said.WriteString(lines.Text() + "\n")
				s.mu.Unlock()
				if url := address.FindString(lines.Text()); url != "" {
					select {
					case s.at <- url:
					default:
					}
				}
			}
		}()
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { readers.Wait(); close(s.done) }()
	t.Cleanup(func() {
		_ = s.cmd.Process.Kill() // it may have ended already
		<-s.done
		_ = s.cmd.Wait()
	})
	return s
}

// tellsAddress waits until the program answers at an address.
func (s *server) tellsAddress() {
	s.t.Helper()
	if s.url != "" {
		return
	}
	select {
	case s.url = <-s.at:
	case <-s.done:
		s.t.Fatalf("%v ended before it served:\n%s", s.cmd.Args, s.output())
	case <-time.After(patience):
		s.t.Fatalf("%v did not come up:\n%s", s.cmd.Args, s.output())
	}
}

func (s *server) output() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.said.String()
}

// terminate asks the program to stop, waits, and answers its exit code and how
// long it took.
func (s *server) terminate() (code int, took time.Duration) {
	s.t.Helper()
	began := time.Now()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		s.t.Fatal(err)
	}
	select {
	case <-s.done:
	case <-time.After(patience):
		s.t.Fatalf("it did not stop:\n%s", s.output())
	}
	_ = s.cmd.Wait() // the code tells
	return s.cmd.ProcessState.ExitCode(), time.Since(began)
}

// get answers a page.
func (s *server) get(path string, header ...string) (int, string) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.url+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return s.do(req)
}

func (s *server) do(req *http.Request) (int, string) {
	s.t.Helper()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatalf("%s %s: %v\n%s", req.Method, req.URL, err, s.output())
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// eventually asks for a page until it is as wanted, with patience.
func (s *server) eventually(path string, wanted func(status int, body string) bool, header ...string) string {
	s.t.Helper()
	deadline := time.After(patience)
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for {
		status, body := s.get(path, header...)
		if wanted(status, body) {
			return body
		}
		select {
		case <-deadline:
			s.t.Fatalf("%s did not become what was waited for; last: %d\n%.2000s\n%s", path, status, body, s.output())
		case <-again.C:
		}
	}
}
