// The socket in the folder, by which another program of the same user asks the
// one that holds the lock.

package datafolder

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"

	"imprint/domain"
)

const (
	socketName = "control.sock"
	// maxSocketPath is the longest path in bytes that every kernel takes for a
	// socket: 108 on Linux, 104 on BSD and macOS, with the zero byte.
	maxSocketPath = 103
)

// Socket is the path of the socket that the holder of the lock listens on.
func (f *Folder) Socket() string { return filepath.Join(f.Dir, socketName) }

// Listen makes the socket (0600) and listens on it. It wants the lock: whoever
// has it knows that a socket found here is of a program that has ended, and
// removes it. Close the listener before the folder; that removes the socket.
func (f *Folder) Listen(ctx context.Context) (net.Listener, error) {
	if f.lock == nil {
		return nil, errors.New("a folder opened for reading has no socket to listen on")
	}
	if err := os.Remove(f.Socket()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, f.noSocket(err)
	}
	// On Linux a socket's file takes the mode that the socket has when it is bound,
	// so at no moment can others connect. Elsewhere this fails, and the folder's own
	// mode protects the moment until chmod.
	private := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		return c.Control(func(fd uintptr) { _ = unix.Fchmod(int(fd), 0o600) })
	}}
	var listener *net.UnixListener
	err := f.short(func(path string) error {
		l, err := private.Listen(ctx, "unix", path)
		if err != nil {
			return err
		}
		listener = l.(*net.UnixListener)
		listener.SetUnlinkOnClose(false) // path may be the short name, gone by then
		return nil
	})
	if err != nil {
		return nil, f.noSocket(err)
	}
	if err := os.Chmod(f.Socket(), 0o600); err != nil {
		return nil, f.noSocket(errors.Join(err, listener.Close()))
	}
	return &socket{UnixListener: listener, path: f.Socket()}, nil
}

func (f *Folder) noSocket(err error) error {
	return domain.Refuse(domain.Unavailable, "no-socket", "the socket %s cannot be made; does the file system know sockets, and is the folder's path short enough?", f.Socket()).Because(err)
}

// Dial connects to the program that holds the lock of a folder.
func Dial(ctx context.Context, dir string) (conn net.Conn, err error) {
	if dir, err = absolute(dir); err != nil {
		return nil, err
	}
	f := &Folder{Dir: dir}
	var dialer net.Dialer
	err = f.short(func(path string) error {
		conn, err = dialer.DialContext(ctx, "unix", path)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", f.Socket(), err)
	}
	return conn, nil
}

// short calls do with a name of the socket that the kernel takes: one that is too
// long is said by way of the folder's descriptor, where /proc knows it (Linux).
func (f *Folder) short(do func(path string) error) error {
	if path := f.Socket(); len(path) <= maxSocketPath {
		return do(path)
	}
	dir, err := os.Open(f.Dir)
	if err != nil {
		return err
	}
	defer func() { _ = dir.Close() }() // only named
	return do(fmt.Sprintf("/proc/self/fd/%d/%s", dir.Fd(), socketName))
}

// socket removes its file when it is closed. If we crash before, the next holder
// of the lock does.
type socket struct {
	*net.UnixListener
	path string
}

func (s *socket) Close() error {
	err := s.UnixListener.Close()
	if errors.Is(err, net.ErrClosed) { // closed before: the file may be another's
		return err
	}
	if gone := os.Remove(s.path); !errors.Is(gone, fs.ErrNotExist) {
		err = errors.Join(err, gone)
	}
	return err
}
