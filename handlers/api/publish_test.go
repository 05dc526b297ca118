package api_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"

	"imprint/handlers/api"
)

func TestPublishReadAndLookBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.do(call{who: "paula", method: "POST", path: "/api/v1/documents", body: w.newDocument("SOC 2 report", "everyone")}).want(t, 201)
	d := into[api.DocumentReceipt](t, first)
	if d.Version != 1 || d.WaitToken == "" || d.WaitToken != first.header.Get("Wait-Token") || d.Events != 1 || d.Repeated {
		t.Errorf("the receipt of a new document: %s", first.body)
	}
	if first.header.Get("Location") != documentURL(d.Document)+"/versions/1" {
		t.Errorf("Location %q", first.header.Get("Location"))
	}
	// The very next read, with the token, has it.
	got := w.do(call{path: documentURL(d.Document), header: map[string]string{"Wait": d.WaitToken}}).want(t, 200)
	doc := into[api.Document](t, got)
	if doc.Title["en"] != "SOC 2 report" || doc.Newest != 1 || len(doc.Versions) != 1 || got.header.Get("ETag") != `"1"` || doc.Reflects == 0 {
		t.Errorf("read back: %s", got.body)
	}
	if got.header.Get("Reflects") == "" || doc.Versions[0].Files[0].Bytes == 0 || doc.Versions[0].Files[0].MediaType != "application/pdf" {
		t.Errorf("read back: %s %v", got.body, got.header)
	}
	before := doc.Reflects
	if doc.Versions[0].Effective != nil {
		t.Errorf("a period that nobody stated: %+v", doc.Versions[0].Effective)
	}

	second := w.do(call{who: "paula", method: "POST", path: documentURL(d.Document) + "/versions", header: map[string]string{"If-Match": got.header.Get("ETag")}, body: object{
		"major": true, "summary": english("Second issue"), "files": []object{{"name": "report.pdf", "sha256": w.upload(pdf + "2")}},
	}}).want(t, 201)
	v := into[api.DocumentReceipt](t, second)
	if v.Version != 2 || second.header.Get("ETag") != `"2"` {
		t.Errorf("second version: %s", second.body)
	}
	w.seen(v.WaitToken)
	versions := into[api.Versions](t, w.do(call{path: documentURL(d.Document) + "/versions"}).want(t, 200))
	if versions.Newest != 2 || len(versions.Versions) != 2 || versions.Versions[0].Number != 2 || !versions.Versions[1].Superseded {
		t.Errorf("versions: %+v", versions)
	}
	one := into[api.Version](t, w.do(call{path: documentURL(d.Document) + "/versions/1"}).want(t, 200))
	if one.Number != 1 || one.Summary["en"] != "First issue" {
		t.Errorf("a superseded link: %+v", one)
	}

	// The days that a version covers come back as they were sent; an end may be open.
	for _, period := range []string{`{"from":"2025-01-01","to":"2025-12-31"}`, `{"from":"2025-12-31"}`, `{"to":"1969-12-31"}`} {
		r := w.do(call{who: "paula", method: "POST", path: documentURL(d.Document) + "/versions/2/corrections", body: object{"publishedAt": "2026-03-01T09:00:00Z", "effective": json.RawMessage(period)}}).want(t, 200)
		w.seen(into[api.DocumentReceipt](t, r).WaitToken)
		for _, path := range []string{documentURL(d.Document), documentURL(d.Document) + "/versions/2", documentURL(d.Document) + "?asOf=2999-01-01"} {
			if r := w.do(call{path: path}).want(t, 200); !strings.Contains(string(r.body), `"effective":`+period) {
				t.Errorf("%s does not cover %s: %s", path, period, r.body)
			}
		}
	}

	// A correction shows, and an earlier as-of still has the old text.
	c := w.do(call{who: "paula", method: "POST", path: documentURL(d.Document) + "/versions/1/corrections", body: object{"summary": english("First issue, corrected"), "reason": "typo"}}).want(t, 200)
	w.seen(into[api.DocumentReceipt](t, c).WaitToken)
	now := into[api.Document](t, w.do(call{path: documentURL(d.Document)}).want(t, 200))
	then := into[api.Document](t, w.do(call{path: documentURL(d.Document) + "?asOf=" + jsonOf(before)}).want(t, 200))
	if now.Versions[1].Summary["en"] != "First issue, corrected" || then.Versions[0].Summary["en"] != "First issue" || len(then.Versions) != 1 {
		t.Errorf("now %+v, then %+v", now.Versions, then.Versions)
	}
	if then.AsOf == nil || then.AsOf.Ordinal != before || then.AsOf.By != "recorded" || then.AsOf.Provisional {
		t.Errorf("as of: %+v", then.AsOf)
	}
	for _, query := range []string{"?asOf=2999-01-01", "?publishedBy=2999-01-01", "?ordinal=" + jsonOf(now.Reflects), ""} {
		l := into[api.Listing](t, w.do(call{path: "/api/v1/catalog" + query}).want(t, 200))
		if len(l.Items) != 1 || l.AsOf == nil {
			t.Errorf("catalog%s: %+v", query, l)
		}
	}
	w.do(call{path: "/api/v1/catalog?asOf=2999-01-01&ordinal=1"}).problem(t, 400, "one-moment")
	w.do(call{path: "/api/v1/catalog?asOf=yesterday"}).problem(t, 400, "bad-time")
	w.do(call{path: documentURL(d.Document) + "?asOf=0"}).problem(t, 400, "bad-ordinal")
}

func jsonOf(v any) string {
	b, _ := json.Marshal(v)
	return string(b)
}

func TestPublishByForm(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	description := jsonOf(object{"title": english("Policy"), "audience": "everyone", "summary": english("New")})
	parts := [][3]string{
		{`name="file"; filename="Größe.pdf"`, "application/pdf", pdf + "en"},
		{`name="document"`, "application/json", description},
		{`name="file.de"; filename="de.pdf"`, "application/octet-stream", pdf + "de"},
	}
	body, header := form("one", parts...)
	first := w.do(call{who: "paula", method: "POST", path: "/api/v1/documents", body: body, header: header, key: "form"}).want(t, 201)
	d := into[api.DocumentReceipt](t, first)
	w.seen(d.WaitToken)
	doc := into[api.Document](t, w.do(call{path: documentURL(d.Document)}).want(t, 200))
	files := doc.Versions[0].Files
	if len(files) != 2 || files[0].Name != "Größe.pdf" || files[1].Locale != "de" || files[1].MediaType != "application/pdf" {
		t.Fatalf("files: %+v", files)
	}
	// The same form with another boundary is the same request.
	body, header = form("another", parts...)
	again := into[api.DocumentReceipt](t, w.do(call{who: "paula", method: "POST", path: "/api/v1/documents", body: body, header: header, key: "form"}).want(t, 201))
	if !again.Repeated || again.Document != d.Document {
		t.Errorf("the form sent again: %+v", again)
	}
	// With other bytes it is another.
	parts[0][2] += "!"
	body, header = form("one", parts...)
	w.do(call{who: "paula", method: "POST", path: "/api/v1/documents", body: body, header: header, key: "form"}).problem(t, 422, "request-id-reused")

	for name, c := range map[string]struct {
		parts  [][3]string
		status int
		code   string
	}{
		"no description":   {parts[:1], 400, "no-document"},
		"twice":            {[][3]string{parts[1], parts[1]}, 400, "unknown-part"},
		"a stranger":       {[][3]string{{`name="other"`, "text/plain", "x"}, parts[1]}, 400, "unknown-part"},
		"folders":          {[][3]string{parts[1], {`name="file"; filename="../../etc/passwd"`, "application/pdf", pdf}}, 400, "bad-file-name"},
		"html as PDF":      {[][3]string{parts[1], {`name="file"; filename="a.pdf"`, "application/pdf", "<html><script>alert(1)</script>"}}, 400, "disguised-content"},
		"too large":        {[][3]string{parts[1], {`name="file"; filename="a.pdf"`, "application/pdf", pdf + strings.Repeat("x", maxUpload)}}, 413, "content-too-large"},
		"JSON of no UTF-8": {[][3]string{{`name="document"`, "application/json", "{\"title\":{\"en\":\"\xff\"}}"}}, 400, "bad-utf8"},
		"no files":         {parts[1:2], 400, "no-files"},
		"one locale twice": {[][3]string{parts[1], {`name="file"; filename="a.pdf"`, "application/pdf", pdf}, {`name="file.en"; filename="b.pdf"`, "application/pdf", pdf + "b"}}, 400, "language-twice"},
	} {
		body, header := form("one", c.parts...)
		r := w.do(call{who: "paula", method: "POST", path: "/api/v1/documents", body: body, header: header})
		t.Run(name, func(t *testing.T) { r.problem(t, c.status, c.code) })
	}
	w.do(call{who: "paula", method: "POST", path: "/api/v1/documents", body: "--one\r\nbroken", header: header}).problem(t, 400, "bad-form")
	w.do(call{who: "paula", method: "POST", path: "/api/v1/documents", body: "x", header: map[string]string{"Content-Type": "multipart/form-data"}}).problem(t, 400, "bad-form")
}

func TestARequestIsOneDeedAlsoAfterARestart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	body := w.newDocument("Certificate", "everyone")
	publish := call{who: "paula", method: "POST", path: "/api/v1/documents", body: body, key: "the-key"}
	first := into[api.DocumentReceipt](t, w.do(publish).want(t, 201))
	w.reopen()
	again := into[api.DocumentReceipt](t, w.do(publish).want(t, 201))
	if !again.Repeated || again.Events != 0 || again.Document != first.Document || again.Version != 1 {
		t.Errorf("the request after a restart: %+v, first %+v", again, first)
	}
	w.seen(again.WaitToken)
	if l := into[api.Listing](t, w.do(call{path: "/api/v1/documents"}).want(t, 200)); l.Total.Number != 1 {
		t.Errorf("%d documents", l.Total.Number)
	}
	body["title"] = english("Another certificate")
	w.do(publish).problem(t, 422, "request-id-reused")
	// The same key of another person is another request.
	other := publish
	other.who = "ada"
	if d := into[api.DocumentReceipt](t, w.do(other).want(t, 201)); d.Repeated || d.Document == first.Document {
		t.Errorf("another person's request: %+v", d)
	}
	// On another path it is refused too.
	w.do(call{who: "paula", method: "POST", path: documentURL(first.Document) + "/withdraw", body: object{"reason": english("Wrong")}, key: "the-key"}).problem(t, 422, "request-id-reused")

	missing := w.do(call{who: "paula", method: "POST", path: "/api/v1/documents", body: body, noKey: true}).problem(t, 400, "no-idempotency-key")
	if missing.Field != "Idempotency-Key" || !strings.Contains(missing.Detail, "Idempotency-Key: ") {
		t.Errorf("the missing key: %+v", missing)
	}
	w.do(call{who: "paula", method: "POST", path: "/api/v1/documents", body: body, key: strings.Repeat("k", 201)}).problem(t, 400, "bad-request")
	w.do(call{who: "paula", method: "POST", path: "/api/v1/documents", body: body, key: "k\u00e9y"}).problem(t, 400, "bad-request-id")
}

func TestIfMatch(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.published("Report", "everyone")
	version := func(ifMatch, text string) call {
		c := call{who: "paula", method: "POST", path: documentURL(d.Document) + "/versions", body: object{
			"major": true, "summary": english("Changed"), "files": []object{{"name": "r.pdf", "sha256": w.upload(pdf + text)}},
		}}
		if ifMatch != "" {
			c.header = map[string]string{"If-Match": ifMatch}
		}
		return c
	}
	if p := w.do(version("", "a")).problem(t, 428, "no-if-match"); p.Field != "If-Match" {
		t.Errorf("field %q", p.Field)
	}
	for _, bad := range []string{"*", `"x"`, `W/"1"`, `"1", "2"`, "0"} {
		w.do(version(bad, "a")).problem(t, 400, "bad-if-match")
	}
	w.do(version(`"1"`, "a")).want(t, 201)
	if p := w.do(version(`"1"`, "b")).problem(t, 412, "stale-version"); !strings.Contains(p.Detail, "is 2") {
		t.Errorf("the current version is not named: %s", p.Detail)
	}
	w.do(version(`"2"`, "a")).problem(t, 409, "same-bytes")

	// Two at once: one wins.
	var wg sync.WaitGroup
	got := make([]reply, 2)
	for i := range got {
		c := version(`"2"`, "at once "+jsonOf(i))
		wg.Go(func() {
			var err error
			if got[i], err = w.send(c); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got[0].status > got[1].status {
		got[0], got[1] = got[1], got[0]
	}
	got[0].want(t, 201)
	got[1].problem(t, 412, "stale-version")
}

func TestBadInput(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	good := w.newDocument("Report", "everyone")
	with := func(name string, value any) object {
		o := object{}
		for k, v := range good {
			o[k] = v
		}
		o[name] = value
		return o
	}
	hash := strings.Repeat("0", 64)
	for name, c := range map[string]struct {
		body   any
		typed  string
		status int
		code   string
	}{
		"not JSON":          {"{", "", 400, "bad-json"},
		"two values":        {"{} {}", "", 400, "bad-json"},
		"a form's type":     {"title=x", "application/x-www-form-urlencoded", 415, "bad-content-type"},
		"no body":           {nil, "", 400, "no-body"},
		"not UTF-8":         {[]byte("{\"title\":{\"en\":\"\xff\xfe\"}}"), "", 400, "bad-utf8"},
		"a wrong type":      {with("title", 7), "", 400, "bad-request"},
		"an unknown field":  {with("titel", "x"), "", 400, "bad-request"},
		"no title":          {object{"audience": "everyone"}, "", 400, "bad-request"},
		"an empty title":    {with("title", english(" ")), "", 400, "missing-title"},
		"a bad audience":    {with("audience", "nobody"), "", 400, "bad-request"},
		"a long summary":    {with("summary", english(strings.Repeat("x", 500_000))), "", 413, "text-too-long"},
		"1 MB of summary":   {with("summary", english(strings.Repeat("x", 1<<20))), "", 413, "body-too-large"},
		"no such category":  {with("categories", []string{"no-such"}), "", 400, ""},
		"bytes not there":   {with("files", []object{{"name": "a.pdf", "sha256": hash, "mediaType": "application/pdf"}}), "", 400, "no-content"},
		"a bad hash":        {with("files", []object{{"name": "a.pdf", "sha256": "../x"}}), "", 400, "bad-hash"},
		"folders in a name": {with("files", []object{{"name": "../a.pdf", "sha256": hash}}), "", 400, "bad-file-name"},
		"a bad id":          {with("id", "x"), "", 400, "bad-request"},
		"no such day":       {with("effective", object{"from": "2025-02-30"}), "", 400, "bad-request"},
		"a moment as a day": {with("effective", object{"to": "2025-12-31T00:00:00Z"}), "", 400, "bad-request"},
		"ends turned round": {with("effective", object{"from": "2025-12-31", "to": "2025-01-01"}), "", 400, "bad-period"},
	} {
		t.Run(name, func(t *testing.T) {
			publish := call{who: "paula", method: "POST", path: "/api/v1/documents", body: c.body}
			if c.typed != "" {
				publish.header = map[string]string{"Content-Type": c.typed}
			}
			r := w.do(publish)
			if c.code == "" {
				if r.status < 400 || r.status >= 500 {
					t.Fatalf("status %d: %s", r.status, r.body)
				}
				return
			}
			r.problem(t, c.status, c.code)
			if len(r.body) > 4096 {
				t.Errorf("the problem repeats %d bytes of input", len(r.body))
			}
		})
	}
	if head, err := w.log.Head(t.Context()); err != nil || head.Ordinal != int64(len(w.persons)) {
		t.Errorf("something was recorded: %+v, %v", head, err) // beyond those who joined
	}
	// The framework's own reading of a body answers in the same form.
	d := w.published("Report", "everyone")
	for body, code := range map[string]string{"{": "bad-request", "[]": "bad-request", `{"reason":{"en":"` + "\xff" + `"}}`: "bad-utf8", `{"reason":{}}`: "missing-reason"} {
		w.do(call{who: "paula", method: "POST", path: documentURL(d.Document) + "/withdraw", body: body}).problem(t, 400, code)
	}
	w.do(call{who: "paula", method: "POST", path: documentURL(d.Document) + "/withdraw", body: "x", header: map[string]string{"Content-Type": "text/plain"}}).problem(t, 415, "bad-content-type")
	w.do(call{who: "paula", method: "POST", path: documentURL(d.Document) + "/withdraw", body: bytes.Repeat([]byte(" "), 2<<20)}).problem(t, 413, "body-too-large")
}

func TestUploads(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	up := func(body any, header map[string]string) reply {
		return w.do(call{who: "paula", method: "POST", path: "/api/v1/contents", body: body, header: header, noKey: true})
	}
	first := into[api.Stored](t, up(pdf, map[string]string{"Content-Type": "application/pdf"}).want(t, 201))
	again := into[api.Stored](t, up(pdf, map[string]string{"Content-Type": "application/octet-stream"}).want(t, 201))
	if first != again || first.Bytes != int64(len(pdf)) || first.MediaType != "application/pdf" {
		t.Errorf("%+v, %+v", first, again)
	}
	up(strings.Repeat("x", maxUpload), map[string]string{"Content-Type": "text/plain"}).want(t, 201)
	up(strings.Repeat("x", maxUpload+1), map[string]string{"Content-Type": "text/plain"}).problem(t, 413, "content-too-large")
	up("<html><body>", map[string]string{"Content-Type": "image/png"}).problem(t, 400, "disguised-content")
	up("<html><body>", map[string]string{"Content-Type": "text/html"}).want(t, 201)
	up("x", map[string]string{"Content-Type": "nonsense/"}).problem(t, 400, "bad-media-type")
	w.do(call{who: "paula", method: "POST", path: "/api/v1/contents?name=..%2Fx", body: "x", noKey: true}).problem(t, 400, "bad-file-name")
	w.do(call{who: "rita", method: "POST", path: "/api/v1/contents", body: "x", noKey: true}).problem(t, 403, "not-a-publisher")

	// 5 GB are refused by what is declared, before any of it is sent.
	r, err := http.NewRequest(http.MethodPost, w.server.URL+"/api/v1/contents", endless{})
	check(t, err)
	r.ContentLength = 5 << 30
	r.Header.Set("Imprint-Person", "paula")
	r.Header.Set("Expect", "100-continue")
	client := *w.server.Client()
	client.Transport = &http.Transport{ExpectContinueTimeout: 1 << 40}
	answer, err := client.Do(r)
	check(t, err)
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != 413 {
		t.Errorf("5 GB: %d", answer.StatusCode)
	}
}

// endless fails when it is read: nobody should have asked for it.
type endless struct{}

func (endless) Read([]byte) (int, error) { panic("the body was asked for") }
