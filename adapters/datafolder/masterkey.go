// The master key: where it comes from and what is wrong with one.

package datafolder

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"imprint/domain"
	"imprint/domain/event"
)

// maxKeyFile bounds what is read of a key file: the digits and a line's end.
const maxKeyFile = 2*event.KeySize + 2

// MasterKey answers the key that wraps all data keys: 64 hexadecimal digits in
// the file named (IMPRINT_MASTER_KEY_FILE), or in DIR/master.key where file is
// "". Only DIR/master.key is made on first use, and only while the folder holds
// no data: a new key beside old data could open none of it. A key file that
// others may read, or of another length, is refused.
func (f *Folder) MasterKey(file string) ([]byte, error) {
	path := file
	if path == "" {
		path = filepath.Join(f.Dir, "master.key")
	}
	key, err := readKey(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	if file != "" {
		return nil, domain.Refuse(domain.NotFound, "no-master-key", "the master key file %s (IMPRINT_MASTER_KEY_FILE) does not exist; put it there, 64 hexadecimal digits", path).Because(err)
	}
	has, err := f.hasData()
	if err != nil {
		return nil, err
	}
	if has || f.lock == nil {
		return nil, domain.Refuse(domain.NotFound, "no-master-key", "the master key %s is missing and there is data that it opens; put the key file back from where you keep it, or name it with IMPRINT_MASTER_KEY_FILE", path)
	}
	return createKey(path)
}

// AdoptMasterKey makes a key that stands elsewhere the folder's own, where it has
// none. Another one there is refused: it may open what the folder holds.
func (f *Folder) AdoptMasterKey(key []byte) error {
	path := filepath.Join(f.Dir, "master.key")
	own, err := readKey(path)
	switch {
	case err == nil && bytes.Equal(own, key):
		return nil
	case err == nil:
		return domain.Refuse(domain.Conflict, "another-master-key", "%s is another master key than that of the data to be kept there; name a new folder", path)
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	return installKey(path, key)
}

func readKey(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		return nil, domain.Refuse(domain.Unavailable, "master-key-access", "the master key %s cannot be read; check its owner and permissions", path).Because(err)
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return nil, fmt.Errorf("master key: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, domain.Refuse(domain.Invalid, "bad-master-key", "the master key %s is not a file", path)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, domain.Refuse(domain.Invalid, "open-master-key", "the master key %s can be read by others (%#o); run chmod 600 on it", path, info.Mode().Perm())
	}
	text, err := io.ReadAll(io.LimitReader(file, maxKeyFile+1))
	if err != nil {
		return nil, fmt.Errorf("master key: %w", err)
	}
	key, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(key) != event.KeySize || len(text) > maxKeyFile {
		// The cause would quote a digit of the key.
		return nil, domain.Refuse(domain.Invalid, "bad-master-key", "the master key %s does not hold exactly %d hexadecimal digits; put the right file back", path, 2*event.KeySize)
	}
	return key, nil
}

// createKey makes a key under a temporary name and links it into place, so that
// a crash leaves either no key or a whole one, and never replaces one. Nothing
// has been wrapped with it before it is on the disk.
func createKey(path string) ([]byte, error) {
	key := make([]byte, event.KeySize)
	if _, err := rand.Read(key); err != nil {
		return nil, fmt.Errorf("master key: %w", err)
	}
	return key, installKey(path, key)
}

func installKey(path string, key []byte) error {
	if err := install(path, hex.EncodeToString(key)+"\n"); err != nil {
		return domain.Refuse(domain.Unavailable, "disk", "the master key %s cannot be written: the disk is full or failing; free some space", path).Because(err)
	}
	return nil
}

func install(path, text string) (err error) {
	dir := filepath.Dir(path)
	temp, err := os.CreateTemp(dir, ".master-*") // 0600
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(temp.Name())) }()
	_, err = temp.WriteString(text)
	if err == nil {
		err = temp.Sync()
	}
	if err = errors.Join(err, temp.Close()); err != nil {
		return err
	}
	if err := os.Link(temp.Name(), path); err != nil {
		return err
	}
	return syncDir(dir)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
