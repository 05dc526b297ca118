package smtp

// What the headers of a list are held to, and what texts of others may do to a mail.

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	words "imprint/domain/mail"
)

// raw is a header's lines in the bytes, and whether there is exactly one such.
func raw(b []byte, name string) (value string, once bool) {
	head, _, _ := bytes.Cut(b, []byte("\r\n\r\n"))
	found := regexp.MustCompile(`(?im)^`+name+`:(.*(?:\r\n[ \t].*)*)\r?$`).FindAllSubmatch(head, -1)
	if len(found) == 0 {
		return "", false
	}
	return strings.TrimSuffix(string(found[0][1]), "\r"), len(found) == 1
}

// TestTheHeadersOfAListAreAsTheStandardsSay: RFC 2919, 2369 and 8058.
func TestTheHeadersOfAListAreAsTheStandardsSay(t *testing.T) {
	b, err := Encoder{}.Encode(draft())
	if err != nil {
		t.Fatal(err)
	}
	id, once := raw(b, "List-Id")
	dots := `[A-Za-z0-9!#$%&'*+/=?^_{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_{|}~-]+)+`
	if !once || len(id) > 255 || !regexp.MustCompile(`^ <`+dots+`>$`).MatchString(id) { // RFC 2919, sections 2 and 3
		t.Errorf("List-Id:%s (once: %v)", id, once)
	}
	unsubscribe, once := raw(b, "List-Unsubscribe")
	inside := strings.TrimSuffix(strings.TrimPrefix(unsubscribe, " <"), ">")
	u, err := url.Parse(inside)
	if !once || len(inside) != len(unsubscribe)-3 || strings.ContainsAny(inside, " \t\r\n<>,") || err != nil || u.Scheme != "https" || u.Host == "" {
		t.Errorf("List-Unsubscribe:%s (once: %v, %v): one https address in angle brackets, RFC 2369 section 2 and RFC 8058 section 3.1", unsubscribe, once, err)
	}
	if post, once := raw(b, "List-Unsubscribe-Post"); !once || post != " List-Unsubscribe=One-Click" {
		t.Errorf("List-Unsubscribe-Post:%s (once: %v)", post, once)
	}
	plain := draft()
	plain.Unsubscribe = "http://127.0.0.1:8080/unsubscribe?token=x"
	if b, err = (Encoder{}).Encode(plain); err != nil {
		t.Fatal(err)
	}
	if _, there := raw(b, "List-Unsubscribe-Post"); there {
		t.Error("one click is promised at an address without TLS, which RFC 8058 forbids")
	}
	if _, once := raw(b, "List-Unsubscribe"); !once {
		t.Error("and the address is missing")
	}
}

// TestHostileTextsAreHarmlessAndReadable: what publishers write comes to the reader
// as it is, and never as a header or another part.
func TestHostileTextsAreHarmlessAndReadable(t *testing.T) {
	for name, text := range map[string]string{
		"header injection":      "Report\r\nBcc: eve@evil.example\r\n\r\nand a body",
		"a boundary":            "--b7fb601ff5fb8b504bd580bc9fc2c3--\n--b7fb601ff5fb8b504bd580bc9fc2c3",
		"a lone dot":            "a\n.\nb\n..\n.c",
		"HTML":                  `<script>alert("x")</script><!-- & -->`,
		"right to left":         "\u202eevil\u202c שלום \u200f",
		"emoji":                 "👩🏽‍💻 🏳️‍🌈 🇩🇪",
		"long":                  strings.Repeat("ä", 10_000),
		"long without spaces":   strings.Repeat("x", 10_000),
		"half an encoded word":  "=?utf-8?q?Bcc:_eve",
		"encoded words":         "=?utf-8?q?Re=0ABcc:_eve=40evil.example?= and =?utf-8?b?w6Q=?= " + strings.Repeat("x", 90),
		"encoded, beyond ASCII": "=?utf-8?q?Bcc=3A?= Prüfung",
		"trailing spaces":       "a  \nb\t\n",
	} {
		d := draft()
		d.Text, d.HTML = text+"\n", "<p>"+text+"</p>\n"
		d.Subject = strings.Join(strings.Fields(text), " ") // one line of at most 160 characters, as the letter makes it
		if runes := []rune(d.Subject); len(runes) > 160 {
			d.Subject = string(runes[:160])
		}
		b, err := Encoder{}.Encode(d)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		checkMail(t, name, d, b)
	}
}

// checkMail reads a mail as a receiver does, and compares.
func checkMail(t interface{ Errorf(string, ...any) }, name string, d words.Draft, b []byte) {
	for line := range bytes.SplitSeq(b, []byte("\r\n")) {
		if len(line) > 998 || bytes.ContainsAny(line, "\r\n") {
			t.Errorf("%s: a line that servers may change: %.80q (%d bytes)", name, line, len(line))
		}
	}
	m, err := mail.ReadMessage(bytes.NewReader(b))
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	if len(m.Header) != 11-missing(m) || m.Header.Get("Bcc") != "" {
		t.Errorf("%s: headers %v", name, m.Header)
	}
	if subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject")); err != nil || subject != d.Subject {
		t.Errorf("%s: subject %.100q (%v), not %.100q", name, subject, err, d.Subject)
	}
	if to, err := m.Header.AddressList("To"); err != nil || len(to) != 1 || to[0].Address != d.To {
		t.Errorf("%s: to %v (%v)", name, to, err)
	}
	_, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	parts := multipart.NewReader(m.Body, params["boundary"])
	for _, want := range []string{d.Text, d.HTML} {
		p, err := parts.NextPart()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			return
		}
		got, err := io.ReadAll(p)
		if lines := strings.NewReplacer("\r\n", "\n").Replace; err != nil || lines(string(got)) != lines(want) {
			t.Errorf("%s: part %.200q (%v), not %.200q", name, got, err, want)
		}
	}
	if _, err := parts.NextPart(); err != io.EOF {
		t.Errorf("%s: there is another part (%v)", name, err)
	}
}

func missing(m *mail.Message) int {
	if m.Header.Get("List-Unsubscribe-Post") == "" {
		return 1
	}
	return 0
}

// TestEveryAddressThatIsTakenCanBeWrittenTo: what CheckAddress lets pass makes a
// mail with that recipient and no other.
func TestEveryAddressThatIsTakenCanBeWrittenTo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := draft()
		local := rapid.StringOfN(rapid.RuneFrom([]rune("aZ0.!#$%&'*+-/=?^_`{|}~\"(),:;<>@[\\] \t\r\n\x00ü漢\u200f")), 1, 20, -1).Draw(t, "local")
		host := rapid.StringOfN(rapid.RuneFrom([]rune("aZ0-.ü漢_@> \r\n")), 1, 20, -1).Draw(t, "host")
		if d.To = local + "@" + host; words.CheckAddress(d.To) != nil {
			d.To = rapid.StringMatching(`[a-z!#$%&'*+/=?^_{|}~ü漢-]{1,10}(\.[a-z0-9ü]{1,5})?@[a-zü0-9]{1,10}\.[a-z]{2,5}`).Draw(t, "address")
			if words.CheckAddress(d.To) != nil {
				return
			}
		}
		b, err := Encoder{}.Encode(d)
		if err != nil {
			t.Fatalf("%q: %v", d.To, err)
		}
		checkMail(t, d.To, d, b)
	})
}
