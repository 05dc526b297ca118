package datafolder

// Whether the disk takes more.

import (
	"errors"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"imprint/domain"
	"imprint/domain/event"
)

const (
	// roomNeeded is what the largest transaction of a file here may take, and as
	// much again, in bytes.
	roomNeeded = 16 << 20
	// trialBytes are written by a trial.
	trialBytes = 64 << 10
	// trialName is left behind if we die in one; the next overwrites it.
	trialName = "room"
)

// Free is how many bytes of the folder's disk this user may still take.
func (f *Folder) Free() (uint64, error) {
	var fs unix.Statfs_t
	if err := unix.Statfs(f.Dir, &fs); err != nil {
		return 0, err
	}
	return fs.Bavail * uint64(fs.Bsize), nil
}

// Room is nil if the folder's disk takes more, and Unavailable (event.DiskFault)
// if not. It asks for the free space, and where that seems enough writes and syncs
// a small file, for there are also quotas, disks without free files and disks that
// fail; so it never takes the last of a disk away from others, not even for a
// moment.
func (f *Folder) Room() error {
	full := domain.Refuse(domain.Unavailable, event.DiskFault, "the disk of %s is full or failing; free some space (at least %d MiB), nothing that was acknowledged is lost", f.Dir, roomNeeded>>20)
	free, err := f.Free()
	if err != nil {
		return full.Because(err)
	}
	if free < roomNeeded {
		return full
	}
	name := filepath.Join(f.Dir, trialName)
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return full.Because(err)
	}
	_, err = file.Write(make([]byte, trialBytes))
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close(), os.Remove(name)); err != nil {
		return full.Because(err)
	}
	return nil
}
