package main

// Here: the processes of a whole installation, real ones on loopback: a database, a
// log, and programs that serve it. What is in this process is what surrounds them:
// the bucket, the mail server, and the line to the database that can be cut.

import (
	"bufio"
	"bytes"
	"context"
	"net/url"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"imprint/adapters/postgres/postgrestest"
	"imprint/domain"
	"imprint/domain/access"
	"imprint/handlers"
	"imprint/handlers/control"
)

// system is one installation on engines that are processes of their own.
type system struct {
	t        *testing.T
	flags    engineFlags // straight to every engine
	log      *logProcess
	database *pgx.Conn // of the test, past every program
	line     *relay    // to the database
}

func newSystem(t *testing.T) *system {
	t.Helper()
	database := postgrestest.Start(t, postgrestest.Options{Loopback: true})
	s := &system{t: t, log: newLogProcess(t), line: newRelay(t, database.Address())}
	s.flags = engineFlags{
		Log: "esdb://" + s.log.address + "?tls=false", Database: database.LoopbackURL("postgres"),
		Content: bucketURL(t), Installation: "halden", MasterKeyFile: masterKeyIn(t, t.TempDir()),
	}
	if _, stderr, code := imprint(t, "migrate", "up", "--database", s.flags.Database); code != 0 {
		t.Fatalf("imprint migrate up: exit %d, %s", code, stderr)
	}
	var err error
	s.database, err = pgx.Connect(t.Context(), s.flags.Database)
	must(t, err)
	t.Cleanup(func() { _ = s.database.Close(context.Background()) })
	return s
}

// overTheLine is the database's address by the line that can be cut.
func (s *system) overTheLine() string {
	s.t.Helper()
	u, err := url.Parse(s.flags.Database)
	must(s.t, err)
	u.Host = s.line.address()
	return u.String()
}

// serve starts a program that serves the installation, and waits until it is ready.
// Under its name stands what it has said, if the test fails.
func (s *system) serve(name, database string, mails *door) *server {
	s.t.Helper()
	program := start(s.t, "serve", "--listen", "127.0.0.1:0",
		"--log", s.flags.Log, "--database", database, "--content", s.flags.Content,
		"--installation", s.flags.Installation, "--master-key-file", s.flags.MasterKeyFile,
		"--grace", "0s", "--mail", mails.url(), "--mail-from", "Halden <digest@halden.example>",
		"--portal-name", "Halden", "--portal-url", "http://trust.halden.example")
	s.t.Cleanup(func() {
		if s.t.Failed() {
			s.t.Logf("the end of what %s said:\n%s", name, tail(program.output()))
		}
	})
	return program
}

// tail is the end of what a process has said, as much as one reads; of a program that
// serves without the line of each request.
func tail(said string) string {
	lines := slices.DeleteFunc(strings.SplitAfter(said, "\n"), func(line string) bool { return strings.Contains(line, "level=INFO") })
	text := strings.Join(lines, "")
	return text[max(0, len(text)-8000):]
}

// token issues an access token.
func (s *system) token(in *opened, name string, role access.Role) (secret, person string) {
	s.t.Helper()
	issued, err := in.operations().Issue(s.t.Context(), control.Issue{Person: name, Role: role, Days: 1})
	must(s.t, err)
	return issued.Secret, issued.Person.String()
}

// prepare opens the installation once, before it is served.
func (s *system) prepare(do func(in *opened)) {
	s.t.Helper()
	in, err := open(s.t.Context(), s.flags, options{create: true, name: "Halden"})
	must(s.t, err)
	_, err = in.publishing.DefineCategory(s.t.Context(), operator(), handlers.DefineCategory{Category: "reports", Group: "reports", Name: domain.English("Reports")})
	must(s.t, err)
	do(in)
	must(s.t, in.Close())
}

// until asks until it is so, with patience for each step towards it: left says what
// is missing, and becomes less and less.
func (s *system) until(what string, so func() (left string)) {
	s.t.Helper()
	if left := within(patience, so); left != "" {
		s.t.Fatalf("waited in vain until %s: %s", what, left)
	}
}

// within asks until nothing is left, or for so long nothing has changed; then it
// answers what is left.
func within(patience time.Duration, so func() (left string)) string {
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	before, deadline := "", time.After(patience)
	for {
		left := so()
		if left == "" {
			return ""
		}
		if left != before {
			before, deadline = left, time.After(patience)
		}
		select {
		case <-deadline:
			return left
		case <-again.C:
		}
	}
}

// pid is the id of the process, as its name in leases holds it.
func (s *server) pid() string { return strconv.Itoa(s.cmd.Process.Pid) }

// kill ends the program as kill -9 does.
func (s *server) kill() {
	s.t.Helper()
	must(s.t, s.cmd.Process.Kill())
	<-s.done
	_ = s.cmd.Wait() // it was killed
}

// logProcess is the double of KurrentDB as a process, with its log in a file.
type logProcess struct {
	t       *testing.T
	program string
	file    string
	address string // the same after a restart

	cmd *exec.Cmd

	mu   sync.Mutex // guards said
	said bytes.Buffer
}

// Write notes what the process says.
func (p *logProcess) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.said.Write(b)
}

func (p *logProcess) output() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.said.String()
}

func newLogProcess(t *testing.T) *logProcess {
	t.Helper()
	dir := t.TempDir()
	p := &logProcess{t: t, program: filepath.Join(dir, "kurrenttestd"), file: filepath.Join(dir, "log"), address: "127.0.0.1:0"}
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", p.program, "imprint/adapters/kurrent/kurrenttest/cmd/kurrenttestd").CombinedOutput(); err != nil {
		t.Fatalf("build kurrenttestd: %v\n%s", err, out)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the end of what the log said:\n%s", tail(p.output()))
		}
		p.kill()
	})
	p.start()
	return p
}

// start starts the process and waits until it listens. After a kill the address may
// be taken for a moment by a program that looks for it; then it is tried again.
func (p *logProcess) start() {
	p.t.Helper()
	for deadline := time.Now().Add(patience); ; {
		p.cmd = exec.Command(p.program, "--listen", p.address, "--data", p.file)
		p.cmd.Stderr = p
		out, err := p.cmd.StdoutPipe()
		must(p.t, err)
		must(p.t, p.cmd.Start())
		line, err := bufio.NewReader(out).ReadString('\n')
		if words := strings.Fields(line); err == nil && len(words) == 2 && words[0] == "ready" {
			p.address = words[1]
			return
		}
		p.kill()
		if time.Now().After(deadline) {
			p.t.Fatalf("the log did not start (%q, %v):\n%s", line, err, p.output())
		}
	}
}

// kill ends the process as kill -9 does.
func (p *logProcess) kill() {
	_ = p.cmd.Process.Kill() // it may have ended
	_ = p.cmd.Wait()
}
