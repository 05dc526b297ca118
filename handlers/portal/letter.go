package portal

// Reading a kept mail: RFC 5322 headers, and the text and HTML parts of its MIME
// body (RFC 2045, 2046).

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"strings"
	"time"
)

type letter struct {
	subject, to, messageID string
	unsubscribe            string // the one-click address
	date                   time.Time
	text, html             string
}

const (
	maxPart  = 4 << 20 // bytes of one part
	maxParts = 20
	maxDepth = 4 // of parts in parts
)

// open reads a mail.
func open(raw []byte) (letter, error) {
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return letter{}, fmt.Errorf("read a kept mail: %w", err)
	}
	l := letter{messageID: strings.Trim(m.Header.Get("Message-ID"), "<> "), unsubscribe: strings.Trim(m.Header.Get("List-Unsubscribe"), "<> ")}
	if l.subject, err = new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject")); err != nil {
		l.subject = m.Header.Get("Subject")
	}
	if to, err := mail.ParseAddress(m.Header.Get("To")); err == nil {
		l.to = to.Address
	}
	if l.date, err = m.Header.Date(); err != nil {
		return letter{}, fmt.Errorf("read a kept mail: %w", err)
	}
	return l, l.take(textproto.MIMEHeader(m.Header), m.Body, 0)
}

// take keeps the first text and the first HTML part.
func (l *letter) take(h textproto.MIMEHeader, body io.Reader, depth int) error {
	media, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		media = "text/plain" // RFC 2045 section 5.2
	}
	if strings.HasPrefix(media, "multipart/") {
		parts := multipart.NewReader(body, params["boundary"])
		for range maxParts {
			part, err := parts.NextRawPart()
			if err == io.EOF || depth == maxDepth {
				return nil
			}
			if err == nil {
				err = l.take(part.Header, part, depth+1)
			}
			if err != nil {
				return fmt.Errorf("read a part of a kept mail: %w", err)
			}
		}
		return nil
	}
	into := &l.text
	if media == "text/html" {
		into = &l.html
	} else if media != "text/plain" {
		return nil
	}
	if *into != "" {
		return nil
	}
	switch strings.ToLower(h.Get("Content-Transfer-Encoding")) {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	}
	content, err := io.ReadAll(io.LimitReader(body, maxPart))
	if err != nil {
		return fmt.Errorf("decode a part of a kept mail: %w", err)
	}
	*into = strings.ToValidUTF8(strings.ReplaceAll(string(content), "\r\n", "\n"), "\uFFFD")
	return nil
}
