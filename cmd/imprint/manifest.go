package main

// Here: what a backup's folder holds, and how it is proved that it still does.

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/google/uuid"

	"imprint/domain"
)

// What a backup's folder holds beside the files named as in a data folder.
const (
	manifestName   = "manifest.json"
	contentsName   = "contents.txt" // the SHA-256 of each content held, one a line
	manifestFormat = 1
	maxManifest    = 64 << 20 // bytes; it lists what is missing
)

// backedFiles are the files of a backup, named as in a data folder; the last may
// be missing, for it can be built anew.
var backedFiles = [...]string{"log.db", "work.db", contentsName, "views.db"}

// manifest says what a backup holds. It is written last.
type manifest struct {
	Format   int          `json:"format"`
	Program  string       `json:"program"`
	TakenAt  time.Time    `json:"takenAt"`
	Log      uuid.UUID    `json:"log"` // the log's identity
	Name     string       `json:"name"`
	Ordinal  int64        `json:"ordinal"` // the last event held
	Files    []backedFile `json:"files"`
	Contents int          `json:"contents"`
	Missing  []string     `json:"missing,omitempty"` // contents that the log names and that could not be copied
}

type backedFile struct {
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// seal writes the manifest, when all that it names is on the disk.
func (m *manifest) seal(dir string) error {
	for i, name := range backedFiles {
		f, err := hashFile(filepath.Join(dir, name))
		if errors.Is(err, fs.ErrNotExist) && i == len(backedFiles)-1 {
			continue
		}
		if err != nil {
			return err
		}
		m.Files = append(m.Files, f)
	}
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return fmt.Errorf("manifest: %w", err)
	}
	return writeDurably(filepath.Join(dir, manifestName), append(text, '\n'))
}

// readManifest reads what a backup says of itself. A backup that was killed has
// no manifest.
func readManifest(dir string) (manifest, error) {
	path := filepath.Join(dir, manifestName)
	f, err := os.Open(path)
	if err != nil {
		return manifest{}, domain.Refuse(domain.NotFound, "no-backup", "%s is not a whole backup (it has no %s); name the folder that imprint backup made", dir, manifestName).Because(err)
	}
	defer func() { _ = f.Close() }() // only read
	var m manifest
	if err := json.NewDecoder(io.LimitReader(f, maxManifest)).Decode(&m); err != nil {
		return manifest{}, damagedBackup(path, "it cannot be read").Because(err)
	}
	if m.Format != manifestFormat {
		return manifest{}, domain.Refuse(domain.Unavailable, "newer-backup", "the backup %s has format %d and this program reads %d; restore it with the program that made it (%s)", dir, m.Format, manifestFormat, m.Program)
	}
	for _, name := range backedFiles[:3] {
		if !slices.ContainsFunc(m.Files, func(f backedFile) bool { return f.Name == name }) {
			return manifest{}, damagedBackup(path, "it does not name "+name)
		}
	}
	for _, f := range m.Files {
		if !slices.Contains(backedFiles[:], f.Name) {
			return manifest{}, damagedBackup(path, fmt.Sprintf("it names %.60q, which is no file of a backup", f.Name))
		}
	}
	return m, nil
}

func damagedBackup(path, how string) *domain.Error {
	return domain.Refuse(domain.Invalid, "damaged-backup", "the backup is damaged: %s: %s; nothing was restored, take another backup", path, how)
}

func hashFile(path string) (backedFile, error) {
	f, err := os.Open(path)
	if err != nil {
		return backedFile{}, err
	}
	defer func() { _ = f.Close() }() // only read
	hash := sha256.New()
	n, err := io.Copy(hash, f)
	if err != nil {
		return backedFile{}, fmt.Errorf("read %s: %w", path, err)
	}
	return backedFile{Name: filepath.Base(path), Bytes: n, SHA256: hex.EncodeToString(hash.Sum(nil))}, nil
}

// writeDurably writes a small new file, for its owner alone, with its name.
func writeDurably(path string, text []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return domain.Refuse(domain.Unavailable, "disk", "%s cannot be written: the disk is full or failing; free some space", path).Because(err)
	}
	return syncFolder(filepath.Dir(path))
}

// syncFolder makes the names in a folder durable.
func syncFolder(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("sync %s: %w", path, err)
	}
	if err := errors.Join(dir.Sync(), dir.Close()); err != nil {
		return fmt.Errorf("sync %s: %w", path, err)
	}
	return nil
}
