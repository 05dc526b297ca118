// Package maildir keeps mails as files instead of sending them: the default of an
// embedded installation, and what the pages of the demo show.
//
// A file is named <date>-<id>.eml: the mail's own date in UTC, so that a listing
// is in order of time, and a hash of its Message-ID, so that the same mail has the
// same name however often it is sent. It is written to a temporary file, synced,
// renamed, and the directory synced: after a crash the mail is whole or absent,
// and sending it again gives the same one file.
package maildir

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/mail"
	"os"
	"path/filepath"
	"strings"

	"imprint/domain"
	kept "imprint/domain/mail"
)

const (
	suffix     = ".eml"
	temporary  = ".part-*"
	dateLayout = "20060102T150405Z"
)

// Directory is a folder of mails.
type Directory struct{ path string }

// Open opens the folder, making it where it is missing.
func Open(path string) (*Directory, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, domain.Refuse(domain.Unavailable, "mail-folder", "the folder for mails, %s, cannot be made; check its owner and permissions", path).Because(err)
	}
	return &Directory{path: path}, nil
}

// Send writes the mail down. It is accepted once it is durable, and doubtful where
// the last sync failed after the name was given: the file may then be there. The
// same mail again is accepted; another one under the same Message-ID is refused.
func (d *Directory) Send(_ context.Context, m kept.Message) kept.Outcome {
	head, err := mail.ReadMessage(bytes.NewReader(m.Bytes))
	if err != nil {
		return kept.Outcome{Verdict: kept.Refused, Reason: "not a mail"}
	}
	date, err := head.Header.Date()
	if err != nil {
		return kept.Outcome{Verdict: kept.Refused, Reason: "a mail without a date"}
	}
	id := sha256.Sum256([]byte(m.ID))
	path := filepath.Join(d.path, date.UTC().Format(dateLayout)+"-"+hex.EncodeToString(id[:8])+suffix)
	switch there, err := os.ReadFile(path); {
	case err == nil && bytes.Equal(there, m.Bytes):
		return d.settle() // an earlier attempt came as far as the rename
	case err == nil:
		return kept.Outcome{Verdict: kept.Refused, Reason: "another mail has this Message-ID"}
	case !errors.Is(err, os.ErrNotExist):
		return kept.Outcome{Verdict: kept.RouteDown, Reason: "the folder for mails cannot be read"}
	}
	if err := d.write(path, m.Bytes); err != nil {
		return kept.Outcome{Verdict: kept.RouteDown, Reason: "the folder for mails cannot be written"}
	}
	return d.settle()
}

// write leaves the file under its name, or nothing but a temporary file.
func (d *Directory) write(path string, b []byte) error {
	f, err := os.CreateTemp(d.path, temporary)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// settle makes the names in the folder durable.
func (d *Directory) settle() kept.Outcome {
	dir, err := os.Open(d.path)
	if err == nil {
		err = errors.Join(dir.Sync(), dir.Close())
	}
	if err != nil {
		return kept.Outcome{Verdict: kept.Doubtful, Reason: "the folder for mails could not be synced"}
	}
	return kept.Outcome{Verdict: kept.Accepted}
}

// Read answers the bytes of a mail; domain.NotFound for any other name.
func (d *Directory) Read(_ context.Context, id string) ([]byte, error) {
	if !plain(id) {
		return nil, notFound(id)
	}
	b, err := os.ReadFile(filepath.Join(d.path, id+suffix))
	if errors.Is(err, os.ErrNotExist) {
		return nil, notFound(id)
	}
	if err != nil {
		return nil, fmt.Errorf("read mail: %w", err)
	}
	return b, nil
}

// plain tells whether an id has the form of our file names, so that it can never
// lead out of the folder.
func plain(id string) bool {
	return len(id) > 0 && len(id) <= 64 && strings.IndexFunc(id, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'f') && r != 'T' && r != 'Z' && r != '-'
	}) < 0
}

func notFound(id string) error {
	return domain.Refuse(domain.NotFound, "no-mail", "there is no mail %.40q in the folder of mails", id)
}
