// Looking through the mails kept.

package maildir

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/mail"
	"os"
	"path/filepath"
	"slices"
	"strings"

	kept "imprint/domain/mail"
)

// maxHead bounds what is read of a file for its headers, in bytes.
const maxHead = 64 << 10

// List answers the newest mails, newest first, at most limit. A file that is not
// a mail is passed over.
func (d *Directory) List(ctx context.Context, limit int) ([]kept.Kept, error) {
	entries, err := os.ReadDir(d.path) // sorted by name, which is by date
	if err != nil {
		return nil, fmt.Errorf("list mails: %w", err)
	}
	slices.Reverse(entries)
	var mails []kept.Kept
	for _, e := range entries {
		id, isMail := strings.CutSuffix(e.Name(), suffix)
		if !isMail || !plain(id) {
			continue
		}
		if len(mails) == limit || ctx.Err() != nil {
			break
		}
		k, err := d.head(id)
		if errors.Is(err, os.ErrNotExist) {
			continue // removed by someone meanwhile
		}
		if err != nil {
			return nil, fmt.Errorf("list mails: %s: %w", e.Name(), err)
		}
		mails = append(mails, k)
	}
	return mails, ctx.Err()
}

// head reads the headers of one mail.
func (d *Directory) head(id string) (kept.Kept, error) {
	f, err := os.Open(filepath.Join(d.path, id+suffix))
	if err != nil {
		return kept.Kept{}, err
	}
	defer func() { _ = f.Close() }()
	m, err := mail.ReadMessage(io.LimitReader(f, maxHead))
	if err != nil {
		return kept.Kept{}, err
	}
	k := kept.Kept{ID: id, MessageID: strings.Trim(m.Header.Get("Message-ID"), "<> "), Unsubscribe: strings.Trim(m.Header.Get("List-Unsubscribe"), "<> ")}
	if k.Date, err = m.Header.Date(); err != nil {
		return kept.Kept{}, err
	}
	k.Date = k.Date.UTC()
	if to, err := mail.ParseAddress(m.Header.Get("To")); err == nil {
		k.To = to.Address
	}
	k.Subject, err = new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil {
		k.Subject = m.Header.Get("Subject")
	}
	return k, nil
}
