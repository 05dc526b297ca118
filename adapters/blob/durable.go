package blob

// The few dealings with the operating system on which durability rests, and what
// its refusals mean.

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"syscall"

	"imprint/domain"
	"imprint/domain/content"
)

// syncDirectory makes the names in a directory durable: a rename or a new file
// survives a power cut only after its directory has been synced (fsync(2)).
func syncDirectory(path string) error {
	if runtime.GOOS == "windows" {
		return nil // a directory cannot be synced there; NTFS journals its names
	}
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// makeDirectory makes path and the directories above it that are missing, each
// for its owner alone, and syncs the name of each one it made. The last is synced
// even if it was there: whoever made it may have died before the sync.
func makeDirectory(path string) error {
	err := os.Mkdir(path, 0o700)
	if errors.Is(err, os.ErrNotExist) {
		if err := makeDirectory(filepath.Dir(path)); err != nil {
			return err
		}
		err = os.Mkdir(path, 0o700)
	}
	if err != nil {
		info, statErr := os.Stat(path)
		if statErr != nil || !info.IsDir() {
			return err
		}
	}
	return syncDirectory(filepath.Dir(path))
}

// storeError tells people of a full disk, which they can mend; any other failure
// of the disk is a fault to be looked into. Paths stay in the cause, for
// operators only.
func storeError(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return domain.Refuse(domain.Unavailable, content.DiskFull,
			"content store: disk is full; nothing was stored. Free some space and send the file again").Because(err)
	}
	return fmt.Errorf("content store: %w", err)
}
