// Package mailbox reads the mailbox in which reports of failed mails arrive: a
// Maildir, as mail servers on the same machine deliver into. A mail lies in new/
// until it has been dealt with, and then, marked as seen, in cur/; it is never
// deleted. If we die between the two, it is dealt with again.
package mailbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"imprint/domain"
)

// Setting names the mailbox in what is said to operators.
const Setting = "IMPRINT_BOUNCES"

// maxMails is how many are read in one go; the others wait for the next.
const maxMails = 1000

// Maildir is a mailbox that is open. It is used by one goroutine at a time.
type Maildir struct {
	dir      string
	maxBytes int64
}

// Open looks for a Maildir; of a mail no more than maxBytes and one byte are read.
func Open(dir string, maxBytes int64) (*Maildir, error) {
	m := &Maildir{dir: dir, maxBytes: maxBytes}
	for _, part := range []string{"new", "cur"} {
		info, err := os.Stat(filepath.Join(dir, part))
		if err == nil && info.IsDir() {
			continue
		}
		return nil, domain.Refuse(domain.Invalid, "no-mailbox", "%s names %s, which is no mailbox that can be read (a Maildir, with the folders new and cur); name the one into which reports of failed mails are delivered", Setting, dir).Because(err).In(Setting)
	}
	return m, nil
}

// Each gives every new mail to take, oldest name first, and puts it away. It ends at
// the first error of take, which leaves the mail where it is.
func (m *Maildir) Each(ctx context.Context, take func(raw []byte) error) error {
	entries, err := os.ReadDir(filepath.Join(m.dir, "new"))
	if err != nil {
		return fmt.Errorf("read the mailbox of %s: %w", Setting, err)
	}
	for _, e := range entries[:min(len(entries), maxMails)] {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if !e.Type().IsRegular() {
			continue
		}
		raw, err := m.read(e.Name())
		if errors.Is(err, fs.ErrNotExist) {
			continue // another program has dealt with it
		}
		if err != nil {
			return err
		}
		if err := take(raw); err != nil {
			return err
		}
		// ":2," begins the flags; S is seen (Maildir).
		if err := os.Rename(filepath.Join(m.dir, "new", e.Name()), filepath.Join(m.dir, "cur", e.Name()+":2,S")); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("put a mail away in the mailbox of %s: %w", Setting, err)
		}
	}
	return nil
}

func (m *Maildir) read(name string) ([]byte, error) {
	f, err := os.Open(filepath.Join(m.dir, "new", name))
	if err != nil {
		return nil, fmt.Errorf("read the mailbox of %s: %w", Setting, err)
	}
	defer func() { _ = f.Close() }() // only read
	raw, err := io.ReadAll(io.LimitReader(f, m.maxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read the mailbox of %s: %w", Setting, err)
	}
	return raw, nil
}
