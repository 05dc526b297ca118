// Writing a mail down as MIME, once: the bytes are frozen by the caller.

package smtp

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"time"
	"unicode"

	gomail "github.com/wneessen/go-mail"

	words "imprint/domain/mail"
)

// maxURL leaves room for the header's name in a line of 998 bytes (RFC 5322,
// section 2.1.1).
const maxURL = 900

// Encoder writes mails down. Equal drafts give equal bytes: the boundary follows
// from the Message-ID, and nothing is drawn, dated or named by the machine.
type Encoder struct {
	Signatures []Signature // each mail gets one of each
}

// Encode gives the bytes of a draft. It refuses addresses that are not one
// mailbox each, and what would break a header; the error never quotes an address.
func (e Encoder) Encode(d words.Draft) ([]byte, error) {
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
	if strings.ContainsAny(d.Unsubscribe, " \t<>") || len(d.Unsubscribe) > maxURL {
		return nil, errors.New("encode a mail: the address for unsubscribing cannot stand in a header")
	}
	m := gomail.NewMsg(gomail.WithNoDefaultUserAgent(), gomail.WithEncoding(gomail.EncodingQP), gomail.WithBoundary(boundary(d)))
	m.FromMailAddress(from)
	m.ToMailAddress(to)
	m.Subject(spelled(d.Subject))
	m.SetDateWithValue(d.Date.UTC())
	m.SetMessageIDWithValue(d.MessageID)
	m.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: nobody's holiday note answers
	if d.Unsubscribe != "" {
		m.SetGenHeader("List-Id", "<"+d.ListID+">")
		// Not by SetListUnsubscribe: its headers come in a random order. The address
		// stands on one line, for servers are known that join a folded one, and break its
		// signature by that.
		m.SetGenHeaderPreformatted(gomail.HeaderListUnsubscribe, "<"+d.Unsubscribe+">")
	}
	if strings.HasPrefix(d.Unsubscribe, "https://") { // else it is no one-click address (RFC 8058, section 3.1)
		m.SetGenHeader(gomail.HeaderListUnsubscribePost, "List-Unsubscribe=One-Click")
	}
	m.SetBodyString(gomail.TypeTextPlain, d.Text)
	m.AddAlternativeString(gomail.TypeTextHTML, d.HTML)
	var b bytes.Buffer
	if _, err := m.WriteTo(&b); err != nil {
		return nil, fmt.Errorf("encode a mail: %w", err)
	}
	return e.sign(b.Bytes(), d.Date)
}

// encodedBytes of a text make an encoded word of at most 75 characters (RFC 2047,
// section 2).
const encodedBytes = 45

// spelled encodes a text in ASCII that looks like encoded words, and which a mail
// program would decode into something else than was written. All else is encoded
// where it needs to be.
func spelled(s string) string {
	if !strings.Contains(s, "=?") || strings.IndexFunc(s, func(r rune) bool { return r > unicode.MaxASCII }) >= 0 {
		return s
	}
	var parts []string
	for part := range slices.Chunk([]byte(s), encodedBytes) {
		parts = append(parts, "=?UTF-8?b?"+base64.StdEncoding.EncodeToString(part)+"?=")
	}
	return strings.Join(parts, " ")
}

// boundary separates the parts, and stands in neither of them, whatever their
// authors know or guess.
func boundary(d words.Draft) string {
	for b := d.MessageID; ; {
		seed := sha256.Sum256([]byte(b))
		b = hex.EncodeToString(seed[:15])
		if !strings.Contains(d.Text, b) && !strings.Contains(d.HTML, b) {
			return b
		}
	}
}

// sign puts the signatures before the mail. None covers another: a receiver may
// know only one of the algorithms.
func (e Encoder) sign(b []byte, date time.Time) ([]byte, error) {
	var lines []byte
	for _, s := range e.Signatures {
		line, err := s.header(b, date)
		if err != nil {
			return nil, fmt.Errorf("sign a mail: %w", err)
		}
		lines = append(lines, line...)
	}
	return append(lines, b...), nil
}
