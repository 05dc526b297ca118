package bounces

// Here: reading a report. Bounded in size, parts and depth; nothing in it is
// trusted.

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"regexp"
	"strings"

	"imprint/domain"
)

// Kind says what a report tells.
type Kind string

// The kinds. Passing reports (a delay, a delivery, a reader who says that a mail was
// wanted) change nothing.
const (
	Bounced    Kind = "bounced"
	Complained Kind = "complained"
	Passing    Kind = "passing"
)

// Report is what one mail of a mail server says.
type Report struct {
	Kind   Kind
	Status string // of a bounce, RFC 3463; "5.0.0" where it has none that can be read
	// Addressed are the addresses that the report was sent to.
	Addressed []string
	// Of the mail that it is about, as far as it came back:
	MessageID   string // without angle brackets
	Unsubscribe string // its one-click address
}

// The bounds of a report.
const (
	MaxBytes  = 1 << 20
	maxParts  = 20
	maxFields = 200 // of a delivery status, over all recipients
)

// unknownStatus is RFC 3463's "other undefined status", a lasting one.
const unknownStatus = "5.0.0"

// Parse reads a report; domain.Invalid for a mail that is none.
func Parse(raw []byte) (Report, error) {
	if len(raw) > MaxBytes {
		return Report{}, domain.Refuse(domain.TooLarge, "report-too-large", "the report has %d bytes; at most %d are read", len(raw), MaxBytes)
	}
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return Report{}, notAReport("it is not a mail") // the cause quotes it, and may hold an address
	}
	media, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || media != "multipart/report" || params["boundary"] == "" {
		return Report{}, notAReport("it is no multipart/report")
	}
	r := Report{Kind: Passing, Addressed: addressed(m.Header)}
	parts := multipart.NewReader(m.Body, params["boundary"])
	told := false
	for range maxParts {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			if told { // cut off behind what matters
				break
			}
			return Report{}, notAReport("it is cut off, or its parts are not told apart")
		}
		if r.take(part) {
			told = true
		}
	}
	if !told {
		return Report{}, notAReport("it holds neither a delivery status nor a feedback report")
	}
	return r, nil
}

func notAReport(why string) *domain.Error {
	return domain.Refuse(domain.Invalid, "not-a-report", "this is no report of a mail server (RFC 3464 or 5965): %s", why)
}

// addressed are the recipients of the report: those who it says it was for, and
// those whom the delivering server has added.
func addressed(h mail.Header) []string {
	var all []string
	for _, name := range []string{"Delivered-To", "X-Original-To", "Envelope-To", "To"} {
		for _, value := range h[textproto.CanonicalMIMEHeaderKey(name)] {
			list, err := mail.ParseAddressList(value)
			if err != nil {
				continue
			}
			for _, a := range list {
				all = append(all, a.Address)
			}
		}
	}
	return all[:min(len(all), maxParts)]
}

// take reads a part; true if it is what makes the mail a report.
func (r *Report) take(part *multipart.Part) bool {
	media, _, err := mime.ParseMediaType(part.Header.Get("Content-Type"))
	if err != nil {
		return false
	}
	body := decoded(part)
	switch media {
	case "message/delivery-status", "message/global-delivery-status":
		r.deliveries(body)
		return true
	case "message/feedback-report":
		r.feedback(body)
		return true
	case "message/rfc822", "message/global", "text/rfc822-headers", "message/global-headers":
		r.original(body)
	}
	return false
}

func decoded(part *multipart.Part) io.Reader {
	switch strings.ToLower(part.Header.Get("Content-Transfer-Encoding")) {
	case "base64":
		return base64.NewDecoder(base64.StdEncoding, part)
	case "quoted-printable":
		return quotedprintable.NewReader(part)
	}
	return part
}

// statuses are those of RFC 3463.
var statuses = regexp.MustCompile(`\b([245]\.\d{1,3}\.\d{1,3})\b`)

// deliveries reads the fields of all recipients: our mails have one, but a server may
// tell first of the list that it stands for. What failed counts, and of several
// failures the first.
func (r *Report) deliveries(body io.Reader) {
	groups := textproto.NewReader(bufio.NewReader(body))
	for range maxFields {
		fields, err := groups.ReadMIMEHeader()
		if strings.EqualFold(strings.TrimSpace(fields.Get("Action")), "failed") && r.Kind != Bounced {
			r.Kind, r.Status = Bounced, unknownStatus
			if s := statuses.FindString(fields.Get("Status")); s != "" {
				r.Status = s
			}
		}
		if err != nil {
			return
		}
	}
}

// feedback reads what a reader has said of a mail.
func (r *Report) feedback(body io.Reader) {
	fields, _ := textproto.NewReader(bufio.NewReader(body)).ReadMIMEHeader() // as far as it can be read
	switch strings.ToLower(strings.TrimSpace(fields.Get("Feedback-Type"))) {
	case "abuse", "fraud", "virus", "opt-out", "other":
		r.Kind = Complained
	}
}

// original reads which of our mails came back.
func (r *Report) original(body io.Reader) {
	fields, _ := textproto.NewReader(bufio.NewReader(body)).ReadMIMEHeader() // as far as it can be read
	r.MessageID = strings.Trim(fields.Get("Message-Id"), "<> \t")
	first, _, _ := strings.Cut(fields.Get("List-Unsubscribe"), ",")
	r.Unsubscribe = strings.Trim(first, "<> \t")
}
