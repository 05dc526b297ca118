package bounces_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"imprint/domain"
	"imprint/handlers/bounces"
)

func fixture(t testing.TB, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", name+".eml"))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestReportsAreRead(t *testing.T) {
	const id, link = "0198c0de-0000-7000-8000-000000000001@halden.example", "https://trust.halden.example/unsubscribe?token=TOKEN"
	for name, want := range map[string]bounces.Report{
		"no-such-address":     {Kind: bounces.Bounced, Status: "5.1.1", MessageID: id, Unsubscribe: link},
		"mailbox-full-base64": {Kind: bounces.Bounced, Status: "5.2.2"},
		"several-recipients":  {Kind: bounces.Bounced, Status: "5.0.0"},
		"delayed":             {Kind: bounces.Passing},
		"complaint":           {Kind: bounces.Complained, MessageID: id, Unsubscribe: link},
		"not-spam":            {Kind: bounces.Passing},
	} {
		got, err := bounces.Parse(fixture(t, name))
		if err != nil || got.Kind != want.Kind || got.Status != want.Status || got.MessageID != want.MessageID || got.Unsubscribe != want.Unsubscribe {
			t.Errorf("%s: %+v, %v; want %+v", name, got, err, want)
		}
		if got.Kind == bounces.Bounced && !strings.Contains(strings.Join(got.Addressed, " "), "trust+VERP@halden.example") {
			t.Errorf("%s was sent to %v", name, got.Addressed)
		}
	}
}

func TestWhatIsNoReportIsRefused(t *testing.T) {
	for name, raw := range map[string][]byte{
		"nothing": nil, "no mail": []byte("hello"), "an out-of-office note": fixture(t, "out-of-office"), "cut off": fixture(t, "cut-off"),
		"no boundary": []byte("Content-Type: multipart/report\r\n\r\n--b\r\n"),
		"parts without end": append([]byte("Content-Type: multipart/report; boundary=b\r\n\r\n"),
			bytes.Repeat([]byte("--b\r\nContent-Type: text/plain\r\n\r\nx\r\n"), 100)...),
	} {
		if r, err := bounces.Parse(raw); domain.KindOf(err) != domain.Invalid || !bounces.Final(err) {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
	if _, err := bounces.Parse(make([]byte, bounces.MaxBytes+1)); domain.KindOf(err) != domain.TooLarge || !bounces.Final(err) {
		t.Errorf("too large: %v", err)
	}
}

// TestWhatIsNoReportIsNotQuoted: the reason of a refusal stands in the program's log.
func TestWhatIsNoReportIsNotQuoted(t *testing.T) {
	for _, raw := range []string{
		"From rosa@reader.example Mon Mar  1 08:00:00 2027\r\nTo: x\r\n\r\n",
		"Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\nrosa@reader.example\r\n\r\nx\r\n",
		"Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\nA: b\r\n\r\nx\r\n--bc rosa@reader.example\r\n",
		"Content-Type: rosa@reader.example\r\n\r\nx",
	} {
		if _, err := bounces.Parse([]byte(raw)); err == nil || strings.Contains(err.Error(), "rosa") {
			t.Errorf("%q: %v", raw, err)
		}
	}
}

// FuzzParse: whatever is sent in, it ends, and what it answers is bounded and clean.
func FuzzParse(f *testing.F) {
	files, err := os.ReadDir("testdata")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		if strings.HasSuffix(file.Name(), ".eml") {
			f.Add(fixture(f, strings.TrimSuffix(file.Name(), ".eml")))
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		r, err := bounces.Parse(raw)
		if err != nil {
			return
		}
		if len(r.Addressed) > 20 || len(r.Status) > 9 || strings.ContainsAny(r.Status+r.MessageID, "\r\n") {
			t.Errorf("%+v", r)
		}
	})
}
