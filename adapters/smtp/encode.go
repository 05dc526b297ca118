// Writing a mail down as MIME, once: the bytes are frozen by the caller.

package smtp

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/mail"
	"strings"

	gomail "github.com/wneessen/go-mail"

	words "imprint/domain/mail"
)

// Encoder writes mails down. Equal drafts give equal bytes: the boundary follows
// from the Message-ID, and nothing is drawn, dated or named by the machine.
type Encoder struct{}

// Encode gives the bytes of a draft. It refuses addresses that are not one
// mailbox each, and line breaks where a header would be broken by them; the error
// never quotes an address.
func (Encoder) Encode(d words.Draft) ([]byte, error) {
	from, err := mail.ParseAddress(d.From)
	if err != nil {
		return nil, errors.New("encode a mail: the sender is not one mail address")
	}
	to, err := mail.ParseAddress(d.To)
	if err != nil {
		return nil, errors.New("encode a mail: the recipient is not one mail address")
	}
	for _, line := range []string{d.Subject, d.MessageID, d.ListID, d.Unsubscribe} {
		if strings.ContainsAny(line, "\r\n\x00") {
			return nil, errors.New("encode a mail: a header holds a line break")
		}
	}
	seed := sha256.Sum256([]byte(d.MessageID))
	m := gomail.NewMsg(gomail.WithNoDefaultUserAgent(), gomail.WithEncoding(gomail.EncodingQP), gomail.WithBoundary(hex.EncodeToString(seed[:15])))
	m.FromMailAddress(from)
	m.ToMailAddress(to)
	m.Subject(d.Subject)
	m.SetDateWithValue(d.Date.UTC())
	m.SetMessageIDWithValue(d.MessageID)
	m.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: nobody's holiday note answers
	if d.Unsubscribe != "" {                           // RFC 8058. Not by SetListUnsubscribe: its headers come in a random order.
		m.SetGenHeader("List-Id", "<"+d.ListID+">")
		m.SetGenHeader(gomail.HeaderListUnsubscribe, "<"+d.Unsubscribe+">")
		m.SetGenHeader(gomail.HeaderListUnsubscribePost, "List-Unsubscribe=One-Click")
	}
	m.SetBodyString(gomail.TypeTextPlain, d.Text)
	m.AddAlternativeString(gomail.TypeTextHTML, d.HTML)
	var b bytes.Buffer
	if _, err := m.WriteTo(&b); err != nil {
		return nil, fmt.Errorf("encode a mail: %w", err)
	}
	return b.Bytes(), nil
}
