package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"imprint/cmd/imprint/sample"
)

// curlLine is the curl line that the demo prints, as a regular expression.
var curlLine = regexp.MustCompile(`curl -X POST '(http[^']+)/api/v1/documents/([^/]+)/versions'[^$]+Imprint-Person: (\w+)' -H 'If-Match: ("\d+")'`)

func TestTheDemoShowsTheWholeWay(t *testing.T) {
	data := filepath.Join(t.TempDir(), "demo")
	s := start(t, "demo", "--listen", "127.0.0.1:0", "--data", data)
	s.eventually("/healthz", func(status int, body string) bool { return status == http.StatusOK && strings.Contains(body, "alive") })

	line := curlLine.FindStringSubmatch(strings.ReplaceAll(s.output(), "\\\n", ""))
	if line == nil {
		t.Fatalf("the demo prints no line that publishes:\n%s", s.output())
	}
	document, publisher, version := line[2], line[3], line[4]
	_, before := s.get("/mails", "Imprint-Person", publisher)

	status, body := s.publish(document, publisher, version, "key-1", "The test publishes.", "bytes of the test\n")
	if status != http.StatusCreated {
		t.Fatalf("publishing: %d\n%s", status, body)
	}
	var receipt struct{ WaitToken string }
	if err := json.Unmarshal([]byte(body), &receipt); err != nil || receipt.WaitToken == "" {
		t.Fatalf("the answer holds no wait token: %s", body)
	}
	// The same request again is the same version; another body under its key is refused.
	if again, body := s.publish(document, publisher, version, "key-1", "The test publishes.", "bytes of the test\n"); again != http.StatusCreated || !strings.Contains(body, `"repeated":true`) {
		t.Errorf("the same request again: %d\n%s", again, body)
	}
	if other, body := s.publish(document, publisher, version, "key-1", "Another summary.", "bytes of the test\n"); other != http.StatusUnprocessableEntity {
		t.Errorf("another body under the key: %d\n%s", other, body)
	}
	if stale, body := s.publish(document, publisher, version, "key-2", "Too late.", "other bytes\n"); stale != http.StatusPreconditionFailed {
		t.Errorf("based on an old version: %d\n%s", stale, body)
	}
	if _, body := s.get("/api/v1/documents/"+document, "Imprint-Person", publisher, "Wait", receipt.WaitToken); !strings.Contains(body, "The test publishes.") {
		t.Errorf("a read that waits does not show the write:\n%s", body)
	}
	s.eventually("/mails", func(status int, body string) bool { return status == http.StatusOK && body != before }, "Imprint-Person", publisher)

	if code, took := s.terminate(); code != 0 || took > 10*time.Second {
		t.Errorf("SIGTERM: exit %d after %s\n%s", code, took, s.output())
	}
	nothingPersonal(t, data)
	if stdout, stderr, code := imprint(t, "projections", "verify", "--data", data); code != 0 {
		t.Errorf("verify: exit %d\n%s%s", code, stdout, stderr)
	}
}

// printed are the commands that the demo prints, in their order.
var printed = regexp.MustCompile(`(?m)^  (curl (?:.*\\\n)*.*)$`)

// shell runs a printed command as a newcomer would, in a folder of no meaning.
func shell(t *testing.T, command string) string {
	t.Helper()
	if _, err := exec.LookPath("curl"); err != nil {
		t.Fatal("the demo prints commands for curl, and there is none; install it, or run make tools")
	}
	ctx, stop := context.WithTimeout(t.Context(), patience)
	defer stop()
	cmd := exec.CommandContext(ctx, "sh", "-c", strings.Replace(command, "curl ", "curl -sS --fail-with-body ", 1))
	cmd.Dir = t.TempDir()
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s\n%v: %s", command, err, out)
	}
	return string(out)
}

func TestWhatTheDemoPrintsWorks(t *testing.T) {
	s := start(t, "demo", "--listen", "127.0.0.1:0")
	s.eventually("/healthz", func(int, string) bool { return strings.Contains(s.output(), "Ctrl-C") })
	said := s.output()
	lines := printed.FindAllStringSubmatch(said, -1)
	if len(lines) != 3 || strings.Count(said, "curl ") != 3 {
		t.Fatalf("the demo prints %d commands:\n%s", len(lines), said)
	}
	search, publish, audit := lines[0][1], lines[1][1], lines[2][1]

	// Who is named sees what is promised.
	story, err := sample.Load()
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile(`/mails +\("([^"]+)" sees .*, "([^"]+)" everybody's\)`).FindStringSubmatch(said)
	if named == nil {
		t.Fatalf("it is not said whose mails are seen by whom:\n%s", said)
	}
	person := map[string]sample.Person{}
	for _, p := range story.People {
		person[p.Name] = p
	}
	reader, all := person[named[1]], person[named[2]]
	for _, page := range []string{"/", "/docs", "/library", "/mails"} {
		if status, body := s.get(page, "Imprint-Person", reader.Key); status != http.StatusOK {
			t.Errorf("%s as %s: %d\n%s", page, reader.Key, status, body)
		}
	}
	before := map[string]int{} // how many mails to the reader each of them sees
	for _, who := range []string{reader.Key, all.Key} {
		_, body := s.get("/mails", "Imprint-Person", who)
		if before[who] = strings.Count(body, reader.Address); before[who] == 0 {
			t.Errorf("%s sees no mail to %s", who, reader.Address)
		}
	}

	if found := shell(t, search); !strings.Contains(found, "27001") {
		t.Errorf("the search finds\n%s", found)
	}
	if done := shell(t, publish); !strings.Contains(done, "waitToken") {
		t.Errorf("publishing answers\n%s", done)
	}
	for who, seen := range before {
		s.eventually("/mails", func(_ int, body string) bool { return strings.Count(body, reader.Address) > seen }, "Imprint-Person", who)
	}
	asked := regexp.MustCompile(`(/api[^']+)' -H 'Imprint-Person: (\w+)'`).FindStringSubmatch(audit)
	if asked == nil {
		t.Fatalf("the auditor's command names nobody: %s", audit)
	}
	s.eventually(asked[1], func(_ int, body string) bool { return strings.Contains(body, demoSummary) }, "Imprint-Person", asked[2])
	if history := shell(t, audit); !strings.Contains(history, demoSummary) {
		t.Errorf("the auditor sees\n%s", history)
	}
}

// publish publishes a version as the printed curl line does.
func (s *server) publish(document, person, based, key, summary, content string) (int, string) {
	s.t.Helper()
	body, contentType, err := form(map[string]any{"major": true, "summary": map[string]string{"en": summary}}, content)
	if err != nil {
		s.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, fmt.Sprintf("%s/api/v1/documents/%s/versions", s.url, document), bytes.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Content-Type", contentType)
	req.Header.Set("Imprint-Person", person)
	req.Header.Set("If-Match", based)
	req.Header.Set("Idempotency-Key", key)
	return s.do(req)
}

// form is the body of a request that publishes: a description and one file.
func form(description map[string]any, content string) (body []byte, contentType string, err error) {
	var written bytes.Buffer
	form := multipart.NewWriter(&written)
	part, err := form.CreatePart(textproto.MIMEHeader{"Content-Disposition": {`form-data; name="document"`}, "Content-Type": {"application/json"}})
	if err != nil {
		return nil, "", err
	}
	if err := json.NewEncoder(part).Encode(description); err != nil {
		return nil, "", err
	}
	file, err := form.CreatePart(textproto.MIMEHeader{"Content-Disposition": {`form-data; name="file"; filename="report.md"`}, "Content-Type": {"text/markdown"}})
	if err != nil {
		return nil, "", err
	}
	if _, err := io.WriteString(file, content); err != nil {
		return nil, "", err
	}
	if err := form.Close(); err != nil {
		return nil, "", err
	}
	return written.Bytes(), form.FormDataContentType(), nil
}

// nothingPersonal looks for the names and addresses of the sample's persons in
// every file of a data folder but the mails, which are the letters themselves.
func nothingPersonal(t *testing.T, data string) {
	t.Helper()
	story, err := sample.Load()
	if err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir(data, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.Contains(path, "/mail/") || strings.Contains(path, "/content/") {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, p := range story.People {
			for _, personal := range []string{p.Name, p.Address} {
				if bytes.Contains(b, []byte(personal)) {
					t.Errorf("%s holds something personal of %s in the clear", filepath.Base(path), p.Key)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestServeHoldsItsFolderAndStopsCleanly(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	secret, stderr, code := imprint(t, "token", "issue", "--data", data, "--person", "Ada", "--role", "publisher")
	if code != 0 {
		t.Fatalf("token issue: %s", stderr)
	}
	s := start(t, "serve", "--data", data, "--listen", "127.0.0.1:0")
	if _, stderr, code := imprint(t, "projections", "rebuild", "--data", data); code != 1 || !strings.Contains(stderr, "in use by another imprint") {
		t.Errorf("a second program: exit %d, %s", code, stderr)
	}
	for _, beside := range [][]string{{"projections", "list"}, {"projections", "parked"}, {"reactions", "parked"}} {
		if stdout, stderr, code := imprint(t, append(beside, "--data", data)...); code != 0 || stdout == "" {
			t.Errorf("%v while serving: exit %d, %s%s", beside, code, stdout, stderr)
		}
	}
	if status, _ := s.get("/api/v1/library"); status != http.StatusUnauthorized {
		t.Errorf("nobody's library: %d", status)
	}
	if status, body := s.get("/api/v1/library", "Authorization", "Bearer "+strings.TrimSpace(secret)); status != http.StatusOK {
		t.Errorf("the token's library: %d %s", status, body)
	}
	if status, _ := s.get("/api/v1/library", "Imprint-Person", "ada"); status == http.StatusOK {
		t.Error("the development header works outside the demo")
	}
	if code, took := s.terminate(); code != 0 || took > 10*time.Second {
		t.Errorf("SIGTERM: exit %d after %s\n%s", code, took, s.output())
	}
	if strings.Contains(s.output(), strings.TrimSpace(secret)) {
		t.Error("the token stands in the output")
	}
}

func TestAMisspeltSettingIsRefused(t *testing.T) {
	t.Setenv("IMPRINT_LISTNE", "127.0.0.1:0")
	_, stderr, code := imprint(t, "version")
	if code != 2 || !strings.Contains(stderr, "IMPRINT_LISTNE") || !strings.Contains(stderr, "IMPRINT_LISTEN") {
		t.Errorf("exit %d, %s", code, stderr)
	}
}

func TestWhatCannotBeDoneIsRefusedByName(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	if _, stderr, code := imprint(t, "token", "issue", "--data", data, "--person", "Ada", "--role", "reader"); code != 0 {
		t.Fatalf("token issue: %s", stderr)
	}
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"serve", "--data", data, "--grace=-5m"}, 2, "--grace"},
		{[]string{"reactions", "replay", "--data", data, "no-such-event"}, 1, "no-such-event"},
		{[]string{"projections", "rebuild", "--data", data, "weather"}, 1, "weather"},
		{[]string{"token", "issue", "--data", data, "--person", "Ada", "--role", "king"}, 1, "king"},
		{[]string{"token", "list", "--data", data + "-mistyped"}, 1, "mistyped"},
	} {
		if _, stderr, code := imprint(t, c.args...); code != c.code || !strings.Contains(stderr, c.says) {
			t.Errorf("imprint %v: exit %d, said %s", c.args, code, stderr)
		}
	}
}
