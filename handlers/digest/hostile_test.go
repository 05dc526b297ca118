package digest_test

// What people type, on its whole way: from the event to the bytes that a real mail
// server has taken.

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/uuid"

	"imprint/adapters/smtp/smtptest"
	"imprint/domain"
	"imprint/domain/access"
	"imprint/domain/calendar"
	"imprint/domain/document"
	"imprint/domain/notice"
)

// TestWhateverIsTypedIsHarmlessAndReadableInTheMail: one mail, to one reader, with the
// headers that are ours, and the text that was typed in both parts.
func TestWhateverIsTypedIsHarmlessAndReadableInTheMail(t *testing.T) {
	for name, c := range map[string]struct {
		title, summary string
		shown          []string // in the text
		to, recipient  string
	}{
		"HTML": {title: "<b>Report</b> & \"more\"", summary: "</p><script>alert(1)</script>", shown: []string{"<b>Report</b> & \"more\"", "</p><script>alert(1)</script>"}},
		"a header injected": {title: "Report\r\nBcc: eve@evil.example\r\n\r\nA body", summary: "\r\n.\r\nMAIL FROM:<eve@evil.example>\r\n",
			shown: []string{"Report Bcc: eve@evil.example A body", ". MAIL FROM:<eve@evil.example>"}},
		"an encoded word":       {title: "=?utf-8?q?Re=0ABcc:_eve=40evil.example?=", summary: "=?x?", shown: []string{"=?utf-8?q?Re=0ABcc:_eve=40evil.example?="}},
		"right to left":         {title: "\u202eevil\u202c תקרית", summary: "\u200fتقرير\u2066", shown: []string{"evil", "תקרית", "تقرير"}},
		"emoji":                 {title: "👩🏽\u200d💻 Report 🇩🇪", summary: "🎉 Done", shown: []string{"👩🏽\u200d💻 Report 🇩🇪", "🎉 Done"}},
		"10,000 characters":     {title: strings.Repeat("A", 10_000), summary: strings.Repeat("long words ", 1000), shown: []string{strings.Repeat("A", 60), "long words long words"}},
		"an international host": {title: "Report", summary: "Done", shown: []string{"Report"}, to: "rosa@bücher.example", recipient: "rosa@xn--bcher-kva.example"},
	} {
		t.Run(name, func(t *testing.T) {
			w, s := sending(t, smtptest.Config{KeepBytes: true}, "")
			if c.to == "" {
				c.to, c.recipient = address, address
			}
			w.address = c.to
			reader, doc := uuid.New(), uuid.New()
			details := document.Details{Title: domain.English(c.title), Categories: []string{"reports"}}
			w.tell(document.Stream(doc), document.Published{Document: doc, Audience: access.Audience{Kind: access.Everyone}, Details: details, Version: version(1, "First")})
			w.save(reader, doc)
			w.choose(reader, calendar.Immediate)
			cause, id := w.tell(document.Stream(doc), document.Versioned{Document: doc, Version: version(2, c.summary)})
			w.tell(notice.Stream(id), notice.Released{Cause: id, CauseOrdinal: cause, Kind: notice.NewVersion, Document: doc, Version: 2})
			if r := w.round(); r.Accepted != 1 {
				t.Fatalf("%+v\n%s", r, w.logged)
			}
			mails := s.Mails()
			if len(mails) != 1 || mails[0].To != c.recipient {
				t.Fatalf("%d mails: %+v", len(mails), mails)
			}
			readable(t, mails[0].Bytes, c.recipient, c.shown)
		})
	}
}

func readable(t *testing.T, raw []byte, to string, shown []string) {
	t.Helper()
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"Bcc", "Cc", "Reply-To"} {
		if m.Header.Get(name) != "" {
			t.Errorf("there is a header %s", name)
		}
	}
	if got, err := m.Header.AddressList("To"); err != nil || len(m.Header["To"]) != 1 || len(got) != 1 || got[0].Address != to {
		t.Errorf("to %v (%v)", m.Header["To"], err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil || len(m.Header["Subject"]) != 1 || utf8.RuneCountInString(subject) > 160 || strings.ContainsAny(subject, "\r\n\u202e") {
		t.Errorf("subject %q (%v)", subject, err)
	}
	_, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	parts := multipart.NewReader(m.Body, params["boundary"])
	for i := range 3 {
		p, err := parts.NextPart()
		if i == 2 {
			if err != io.EOF {
				t.Errorf("there is a third part (%v)", err)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(p)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(p.Header.Get("Content-Type"), "text/html") && bytes.Contains(body, []byte("<script")) {
			t.Errorf("a script in the HTML: %s", body)
		}
		said := strings.Join(strings.Fields(unescape(string(body))), " ") // lines are broken where they are long
		for _, want := range shown {
			if !strings.Contains(said, want) && !strings.Contains(strings.ReplaceAll(said, " ", ""), strings.ReplaceAll(want, " ", "")) {
				t.Errorf("part %d does not show %q: %s", i, want, said)
			}
		}
	}
}

// unescape turns the entities that templates write into what a reader sees.
func unescape(s string) string {
	return strings.NewReplacer("&lt;", "<", "&gt;", ">", "&#34;", `"`, "&#39;", "'", "&#43;", "+", "&amp;", "&").Replace(s)
}
