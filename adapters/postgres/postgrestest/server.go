package postgrestest

// A server: its folder, its processes, and what may be done to it.

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// startTime bounds the start of a server; it takes about a second.
const startTime = time.Minute

// Options of a server.
type Options struct {
	Durable  bool     // fsync, full_page_writes and max_wal_size as in production
	Loopback bool     // also on 127.0.0.1, for other processes and faults of the network
	Settings []string // further ones, "name=value"
	// HBA are lines of pg_hba.conf for connections by loopback; none trusts them.
	HBA   []string
	Files map[string]string // put into the data folder, such as certificates
}

// Server is one server with its data folder.
type Server struct {
	options Options
	bin     string
	dir     string // owned by the user that the server runs as
	port    int
	as      *syscall.Credential // nil: this process's own user
	process *exec.Cmd           // nil while it is down
	ended   chan struct{}       // closed when process has ended and is reaped
	guard   *os.File            // held open: its end tells the watchdog
}

// Start starts a server that ends with the test.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	s, err := newServer(binaries(t), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.end)
	return s
}

// ErrNone: there is no PostgreSQL on this machine.
var ErrNone = errors.New("there is no PostgreSQL on this machine; install postgresql")

// Launch starts a server for a program that is no test, such as a benchmark; its
// caller closes it. Where nothing is installed it answers ErrNone.
func Launch(o Options) (*Server, error) {
	bin := installed()
	if bin == "" {
		return nil, ErrNone
	}
	return newServer(bin, o)
}

// Close ends a server that Launch started, and removes its data.
func (s *Server) Close() { s.end() }

// installed is the folder of initdb and postgres of the newest version that is
// installed, "" where there is none.
func installed() string {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	slices.SortFunc(found, func(a, b string) int { return version(b) - version(a) })
	if path, err := exec.LookPath("initdb"); err == nil {
		found = append(found, path)
	}
	if len(found) == 0 {
		return ""
	}
	return filepath.Dir(found[0])
}

// binaries answers the folder of initdb and postgres, or ends the test.
func binaries(t testing.TB) string {
	t.Helper()
	if bin := installed(); bin != "" {
		return bin
	}
	if slices.Contains(strings.Split(os.Getenv("IMPRINT_TEST_REQUIRE"), ","), "postgres") {
		t.Fatal("IMPRINT_TEST_REQUIRE asks for postgres and there is none; install postgresql")
	}
	t.Skip("there is no PostgreSQL on this machine; install postgresql to run this test")
	return ""
}

// version is the number in /usr/lib/postgresql/15/bin/initdb.
func version(path string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path))))
	return n
}

func newServer(bin string, o Options) (s *Server, err error) {
	s = &Server{options: o, bin: bin, port: 5432}
	if s.as, err = unprivileged(); err != nil {
		return nil, err
	}
	// Not in the test's own folder, which the server's user may not enter.
	if s.dir, err = os.MkdirTemp("", "imprint-postgres"); err != nil {
		return nil, err
	}
	started := s // s is nil after an error
	defer func() {
		if err != nil {
			started.end()
		}
	}()
	if s.as != nil {
		if err := os.Chown(s.dir, int(s.as.Uid), int(s.as.Gid)); err != nil {
			return nil, err
		}
	}
	if err := s.watch(); err != nil {
		return nil, err
	}
	data := filepath.Join(s.dir, "data")
	if out, err := s.command("initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w: %s", err, out)
	}
	if len(o.HBA) > 0 {
		o.Files = maps.Clone(o.Files)
		if o.Files == nil {
			o.Files = map[string]string{}
		}
		o.Files["pg_hba.conf"] = "local all all trust\n" + strings.Join(o.HBA, "\n") + "\n"
	}
	for name, content := range o.Files {
		path := filepath.Join(data, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			return nil, err
		}
		if s.as != nil {
			if err := os.Chown(path, int(s.as.Uid), int(s.as.Gid)); err != nil {
				return nil, err
			}
		}
	}
	if o.Loopback {
		if s.port, err = freePort(); err != nil {
			return nil, err
		}
	}
	return s, s.start()
}

// unprivileged is who the server runs as where this process is root, which
// PostgreSQL refuses.
func unprivileged() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		if u, err := user.Lookup(name); err == nil {
			uid, _ := strconv.ParseUint(u.Uid, 10, 32)
			gid, _ := strconv.ParseUint(u.Gid, 10, 32)
			return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
		}
	}
	return nil, errors.New("PostgreSQL does not run as root, and there is neither a user postgres nor nobody")
}

func (s *Server) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(s.bin, name), args...)
	cmd.Dir, cmd.Env = s.dir, []string{"LC_ALL=C", "HOME=" + s.dir, "PATH=" + os.Getenv("PATH")}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.as, Setpgid: true}
	return cmd
}

// watch starts the process that outlives us: it waits for the end of its input,
// stops the server whose process id stands in the file pid, and removes the folder.
func (s *Server) watch() error {
	const script = `cat >/dev/null
if pid=$(cat "$1/pid" 2>/dev/null); then
  kill -QUIT "$pid"
  for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do kill -0 "$pid" || break; sleep 0.1; done
fi
rm -rf "$1"`
	ours, theirs, err := os.Pipe()
	if err != nil {
		return err
	}
	defer func() { _ = ours.Close() }()
	cmd := exec.Command("/bin/sh", "-c", script, "sh", s.dir)
	cmd.Stdin, cmd.SysProcAttr = ours, &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return errors.Join(err, theirs.Close())
	}
	s.guard = theirs
	return cmd.Process.Release()
}

// start runs the server and waits until it answers. After a kill it may be
// refused while processes of its predecessor end; then it is tried again.
func (s *Server) start() error {
	settings := []string{"unix_socket_directories=" + s.dir, "port=" + strconv.Itoa(s.port), "max_connections=300", "log_min_messages=fatal"}
	if s.options.Loopback {
		settings = append(settings, "listen_addresses=127.0.0.1")
	} else {
		settings = append(settings, "listen_addresses=")
	}
	if s.options.Durable {
		settings = append(settings, "max_wal_size=8GB") // as operators are told to
	} else {
		settings = append(settings, "fsync=off", "full_page_writes=off", "synchronous_commit=off", "autovacuum_naptime=10min")
	}
	args := []string{"-D", filepath.Join(s.dir, "data")}
	for _, setting := range append(settings, s.options.Settings...) {
		args = append(args, "-c", setting)
	}
	ctx, cancel := context.WithTimeout(context.Background(), startTime)
	defer cancel()
	for {
		cmd := s.command("postgres", args...)
		if err := cmd.Start(); err != nil {
			return err
		}
		s.process, s.ended = cmd, make(chan struct{})
		if err := os.WriteFile(filepath.Join(s.dir, "pid"), []byte(strconv.Itoa(cmd.Process.Pid)), 0o600); err != nil {
			return err
		}
		go func(ended chan<- struct{}) {
			_ = cmd.Wait()
			close(ended)
		}(s.ended)
		err := s.answers(ctx)
		if err == nil || ctx.Err() != nil {
			return err
		}
	}
}

// answers returns nil when the server takes a connection, and an error when it
// has ended instead.
func (s *Server) answers(ctx context.Context) error {
	for {
		conn, err := pgx.Connect(ctx, s.URL("postgres"))
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-s.ended:
			return fmt.Errorf("the server ended at its start: %w", err)
		case <-ctx.Done():
			return fmt.Errorf("the server did not answer: %w", err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// URL is the address of a database of the server by its socket.
func (s *Server) URL(database string) string {
	q := url.Values{"host": {s.dir}, "port": {strconv.Itoa(s.port)}, "user": {"postgres"}}
	return "postgres:///" + database + "?" + q.Encode()
}

// Own gives a folder to the user that the server runs as.
func (s *Server) Own(t testing.TB, dir string) {
	t.Helper()
	if s.as == nil {
		return
	}
	if err := os.Chown(dir, int(s.as.Uid), int(s.as.Gid)); err != nil {
		t.Fatal(err)
	}
}

// LoopbackURL is the address by 127.0.0.1, for a server that listens there.
func (s *Server) LoopbackURL(database string) string {
	return "postgres://postgres@" + s.Address() + "/" + database + "?sslmode=disable"
}

// Address is where a server with Loopback listens.
func (s *Server) Address() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)) }

// Stop ends the server as an operator would, ending every connection.
func (s *Server) Stop(t testing.TB) { s.signal(t, syscall.SIGINT) }

// Kill ends the server as a power cut would, but that the disk keeps what it was
// given: nothing is written any more and nobody is told. The backends are killed
// with it: left alone, each might answer one more query before it notices.
func (s *Server) Kill(t testing.TB) {
	t.Helper()
	if s.process != nil {
		for _, backend := range children(s.process.Process.Pid) {
			_ = syscall.Kill(backend, syscall.SIGKILL) // it may be gone
		}
	}
	s.signal(t, syscall.SIGKILL)
}

// children are the processes that a process has begun, where /proc tells; the
// postmaster begins backends anew when one is killed, but it is killed itself in
// the next moment.
func children(parent int) (pids []int) {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, name := range stats {
		text, err := os.ReadFile(name)
		if err != nil {
			continue // it has ended
		}
		// "pid (name) state ppid …": the name may hold anything but ends at the last ")".
		fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(name)))
		if err == nil && len(fields) > 1 && fields[1] == strconv.Itoa(parent) {
			pids = append(pids, pid)
		}
	}
	return pids
}

func (s *Server) signal(t testing.TB, sig os.Signal) {
	t.Helper()
	if s.process == nil {
		t.Fatal("the server is down already")
	}
	_ = os.Remove(filepath.Join(s.dir, "pid"))
	if err := s.process.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
	<-s.ended
	s.process = nil
}

// Restart starts a server that is down, on the same port and data.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	if err := s.start(); err != nil {
		t.Fatal(err)
	}
}

// end lets the watchdog do its work: there is one way to the end.
func (s *Server) end() {
	if s.guard != nil {
		_ = s.guard.Close()
		return
	}
	_ = os.RemoveAll(s.dir)
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port, nil
}
