// Package datafolder is the folder in which an embedded installation lives, and
// the lock that gives it one writer.
//
//	DIR/lock         held (flock) by the program that writes; names its process
//	DIR/control.sock where a serving program is asked by another one (socket.go)
//	DIR/master.key   wraps the data keys; never part of a backup
//	DIR/log.db       the log
//	DIR/work.db      work tables: keys, cursors, outbox
//	DIR/views.db     read models: can be deleted and rebuilt
//	DIR/content/     the documents' bytes by hash
//	DIR/mail/        mails, where no mail server is set
//
// The kernel drops the lock when its holder ends, however it ends, so a stale
// lock does not exist. The lock file itself stays.
package datafolder

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"imprint/domain"
)

// InUse is the code of the refusal where another program holds the lock.
const InUse = "folder-in-use"

// Folder is an open data folder.
type Folder struct {
	Dir  string
	lock *os.File // nil for a view
}

// Open opens the folder for writing: it creates it (0700) where it is missing
// and takes its lock until Close. A second program is refused (Unavailable).
func Open(dir string) (*Folder, error) {
	dir, err := absolute(dir)
	if err != nil {
		return nil, err
	}
	if err := create(dir); err != nil {
		return nil, domain.Refuse(domain.Unavailable, "data-folder", "the data folder %s cannot be created; name a folder that this user may write (--data)", dir).Because(err)
	}
	lock, err := takeLock(dir)
	if err != nil {
		return nil, err
	}
	return &Folder{Dir: dir, lock: lock}, nil
}

// View opens an existing folder for reading beside a program that may be writing
// it. It takes no lock and creates nothing. Where the log alone is missing, the
// folder is not taken for another's: events are lost (domain.Conflict).
func View(dir string) (*Folder, error) {
	dir, err := absolute(dir)
	if err != nil {
		return nil, err
	}
	f := &Folder{Dir: dir}
	if _, err := os.Stat(f.Log()); err != nil {
		if has, _ := f.hasData(); has && errors.Is(err, fs.ErrNotExist) { // a folder that cannot be looked at is refused below
			return nil, domain.Refuse(domain.Conflict, "lost-log", "%s is missing, but %s is there: events are lost; put the file back, or move the whole folder away and run imprint restore", f.Log(), filepath.Base(f.Work()))
		}
		return nil, domain.Refuse(domain.NotFound, "no-data", "%s is not a data folder of Imprint (it has no %s); name the right one with --data", dir, filepath.Base(f.Log())).Because(err)
	}
	return f, nil
}

// absolute refuses an empty name, which is a setting left empty: it would mean
// the folder that the program happens to run in.
func absolute(dir string) (string, error) {
	if dir == "" {
		return "", domain.Refuse(domain.Invalid, "no-data-folder", "the data folder's name is empty; name it with --data or IMPRINT_DATA")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("data folder: %w", err)
	}
	return dir, nil
}

// Close gives the lock up.
func (f *Folder) Close() error {
	if f.lock == nil {
		return nil
	}
	return f.lock.Close()
}

// Log is the path of the log's file.
func (f *Folder) Log() string { return filepath.Join(f.Dir, "log.db") }

// Work is the path of the work tables' file.
func (f *Folder) Work() string { return filepath.Join(f.Dir, "work.db") }

// Views is the path of the read models' file.
func (f *Folder) Views() string { return filepath.Join(f.Dir, "views.db") }

// Content is the folder of the documents' bytes.
func (f *Folder) Content() string { return filepath.Join(f.Dir, "content") }

// Mail is the folder that mails are written to where no mail server is set.
func (f *Folder) Mail() string { return filepath.Join(f.Dir, "mail") }

// create makes the folder and the missing ones above it, each on the disk before
// anything is kept in it: a power cut must not take the folder away again.
func create(dir string) error {
	err := os.Mkdir(dir, 0o700)
	switch {
	case errors.Is(err, fs.ErrExist):
		return nil // if it is no folder, the lock fails to be made in it
	case errors.Is(err, fs.ErrNotExist):
		if err := create(filepath.Dir(dir)); err != nil {
			return err
		}
		err = os.Mkdir(dir, 0o700)
	}
	if err != nil {
		return err
	}
	return syncDir(filepath.Dir(dir))
}

func takeLock(dir string) (*os.File, error) {
	lock, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, domain.Refuse(domain.Unavailable, "data-folder", "the data folder %s cannot be written; check its owner and permissions", dir).Because(err)
	}
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		holder, _ := os.ReadFile(lock.Name()) // only to name it
		_ = lock.Close()
		if !errors.Is(err, unix.EWOULDBLOCK) {
			return nil, fmt.Errorf("lock %s: %w", lock.Name(), err)
		}
		process := strings.TrimSpace(string(holder))
		if _, err := strconv.Atoi(process); err != nil {
			process = "unknown"
		}
		return nil, domain.Refuse(domain.Unavailable, InUse, "the data folder %s is in use by another imprint (process %s); stop it, or name another folder with --data", dir, process)
	}
	if err := writePID(lock); err != nil {
		_ = lock.Close()
		return nil, domain.Refuse(domain.Unavailable, "disk", "%s cannot be written: the disk is full or failing; free some space", lock.Name()).Because(err)
	}
	return lock, nil
}

func writePID(lock *os.File) error {
	if err := lock.Truncate(0); err != nil {
		return err
	}
	_, err := lock.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return err
}

// hasData tells whether the folder holds anything that a master key may have
// been used for.
func (f *Folder) hasData() (bool, error) {
	for _, path := range []string{f.Log(), f.Work()} {
		_, err := os.Stat(path)
		if err == nil {
			return true, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return false, fmt.Errorf("data folder: %w", err)
		}
	}
	return false, nil
}
