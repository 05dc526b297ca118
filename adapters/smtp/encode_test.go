package smtp

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"strings"
	"testing"
	"time"

	words "imprint/domain/mail"
)

func draft() words.Draft {
	return words.Draft{
		From: "Halden Trust Center <trust@halden.example>", To: "rosa@reader.example",
		Subject: "Updated: SOC-2-Bericht für Prüfer — and 3 more", Text: "Grüße\n.\n", HTML: "<p>Grüße</p>\n",
		Date:      time.Date(2027, 3, 29, 8, 0, 0, 0, time.FixedZone("", 7200)),
		MessageID: "0198@halden.example", ListID: "digest.halden.example",
		Unsubscribe: "https://trust.halden.example/unsubscribe?token=" + strings.Repeat("q", 90),
	}
}

func TestEqualDraftsGiveEqualBytes(t *testing.T) {
	first, err := Encoder{}.Encode(draft())
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		if again, _ := (Encoder{}).Encode(draft()); !bytes.Equal(first, again) {
			t.Fatalf("two encodings differ:\n%s\n%s", first, again)
		}
	}
	other := draft()
	other.MessageID = "0199@halden.example"
	if b, _ := (Encoder{}).Encode(other); bytes.Equal(first, b) {
		t.Error("the Message-ID does not stand in the mail")
	}
}

func TestAMailSaysWhatItIs(t *testing.T) {
	b, err := Encoder{}.Encode(draft())
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.SplitSeq(b, []byte("\r\n")) {
		if len(line) > 998 || bytes.ContainsAny(line, "\r\n") || bytes.IndexFunc(line, func(r rune) bool { return r > '~' }) >= 0 {
			t.Errorf("a line that servers may change: %q", line)
		}
	}
	m, err := mail.ReadMessage(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	d := draft()
	for name, want := range map[string]string{
		"Message-ID": "<" + d.MessageID + ">", "Date": "Mon, 29 Mar 2027 06:00:00 +0000", "List-Id": "<" + d.ListID + ">",
		"List-Unsubscribe": "<" + d.Unsubscribe + ">", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click", "Auto-Submitted": "auto-generated",
	} {
		if got := strings.TrimSpace(m.Header.Get(name)); got != want {
			t.Errorf("%s: %q, not %q", name, got, want)
		}
	}
	if subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject")); err != nil || subject != d.Subject {
		t.Errorf("subject %q (%v)", subject, err)
	}
	_, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	parts := multipart.NewReader(m.Body, params["boundary"])
	for _, want := range []string{d.Text, d.HTML} {
		p, err := parts.NextPart()
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(p)
		if err != nil || strings.ReplaceAll(string(got), "\r\n", "\n") != want {
			t.Errorf("part %q (%v), not %q", got, err, want)
		}
	}
}

func TestNoHeaderIsSmuggledIn(t *testing.T) {
	for name, change := range map[string]func(*words.Draft){
		"recipient":  func(d *words.Draft) { d.To = "rosa@reader.example\r\nBcc: eve@evil.example" },
		"two":        func(d *words.Draft) { d.To = "rosa@reader.example, eve@evil.example" },
		"nobody":     func(d *words.Draft) { d.To = "" },
		"sender":     func(d *words.Draft) { d.From = "Halden\r\nBcc: eve@evil.example" },
		"subject":    func(d *words.Draft) { d.Subject = "a\r\nBcc: eve@evil.example" },
		"message id": func(d *words.Draft) { d.MessageID = "a\n@x" },
	} {
		d := draft()
		change(&d)
		if b, err := (Encoder{}).Encode(d); err == nil {
			t.Errorf("%s: encoded to %q", name, b)
		} else if strings.Contains(err.Error(), "example") {
			t.Errorf("%s: the error quotes an address: %v", name, err)
		}
	}
}
