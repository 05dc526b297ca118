package blob

// The store itself: how it is opened and where things lie in it.

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"imprint/domain"
)

// DefaultMaxBytes is the largest content accepted unless Options say otherwise:
// 100 MiB.
const DefaultMaxBytes = 100 << 20

const (
	incoming      = "incoming" // where bytes arrive, on the same file system as their final names
	arrivalPrefix = "put-"     // what every arriving file is called
	fans          = 256        // folders of content, one for each first byte of a hash
)

// Options adjust a store.
type Options struct {
	MaxBytes int64 // largest content accepted, in bytes; 0 means DefaultMaxBytes
}

// Directory is a content store in a directory. It is safe for use by many
// goroutines at once.
type Directory struct {
	dir      string
	maxBytes int64
}

// Open opens the store in dir, readable by its owner alone if it has to be made,
// and removes what a killed program had not finished receiving.
func Open(dir string, opt Options) (*Directory, error) {
	if opt.MaxBytes < 0 {
		return nil, domain.Refuse(domain.Invalid, "bad-limit",
			"the content limit is %d bytes; set it to more than 0, or to 0 for %d", opt.MaxBytes, DefaultMaxBytes)
	}
	if opt.MaxBytes == 0 {
		opt.MaxBytes = DefaultMaxBytes
	}
	d := &Directory{dir: dir, maxBytes: opt.MaxBytes}
	if err := d.makeFolders(); err != nil {
		return nil, storeError(err)
	}
	if err := d.sweep(); err != nil {
		return nil, storeError(err)
	}
	return d, nil
}

// makeFolders makes whatever of the layout is missing and syncs it. If we die in
// between, the next Open makes the rest; it syncs in any case, since a folder
// that is there may have been made by a program that died before its sync.
func (d *Directory) makeFolders() error {
	if err := makeDirectory(d.dir); err != nil {
		return err
	}
	names := []string{incoming}
	for fan := range fans {
		names = append(names, fanName(fan))
	}
	for _, name := range names {
		if err := os.Mkdir(filepath.Join(d.dir, name), 0o700); err != nil && !os.IsExist(err) {
			return err
		}
	}
	return syncDirectory(d.dir)
}

// sweep removes the arrivals of a program that was killed. They were never
// acknowledged, so nobody misses them. A removal lost in a crash is made again.
func (d *Directory) sweep() error {
	entries, err := os.ReadDir(filepath.Join(d.dir, incoming))
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !isArrival(e) {
			continue // not ours to remove; Scrub names it
		}
		if err := os.Remove(filepath.Join(d.dir, incoming, e.Name())); err != nil && !os.IsNotExist(err) {
			return err
		}
	}
	return nil
}

func isArrival(e os.DirEntry) bool {
	return e.Type().IsRegular() && strings.HasPrefix(e.Name(), arrivalPrefix)
}

func fanName(fan int) string { return fmt.Sprintf("%02x", fan) }

// path is where content of a well-formed hash lies.
func (d *Directory) path(sha256hex string) string {
	return filepath.Join(d.dir, sha256hex[:2], sha256hex)
}

func wellFormed(sha256hex string) bool {
	return len(sha256hex) == 64 && strings.Trim(sha256hex, "0123456789abcdef") == ""
}
