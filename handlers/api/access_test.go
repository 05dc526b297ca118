package api_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"imprint/domain/access"
	"imprint/handlers/api"
	"imprint/handlers/web"
)

// filled is a route's address with something in its places.
func filled(pattern string, document uuid.UUID) string {
	return strings.NewReplacer("{document}", document.String(), "{series}", document.String(), "{number}", "1",
		"{file}", "en", "{category}", "reports", "{person}", document.String(), "{domain}", "halden.example", "{code}", "no-route").Replace(pattern)
}

func TestEveryRouteServesWhomTheTableSays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.published("Report", "signed-in")
	may := map[api.Serves][]string{
		api.Everyone:       {"", "rita", "paula", "anton", "ada"},
		api.SignedIn:       {"rita", "paula", "anton", "ada"},
		api.Publishers:     {"paula", "ada"},
		api.Auditors:       {"anton", "ada"},
		api.Administrators: {"ada"},
	}
	for _, route := range api.Routes() {
		for _, who := range may[api.Everyone] {
			// A key that no handler takes and no body: what is admitted changes nothing.
			c := call{who: who, method: route.Method, path: filled(route.Pattern, d.Document), key: "\u00e4"}
			if route.Method == http.MethodDelete {
				c.path = filled(route.Pattern, uuid.New())
			}
			r := w.do(c)
			served := slices.Contains(may[route.Serves], who) && (route.Method == http.MethodGet || who != "anton")
			switch {
			case who == "" && (!served || strings.Contains(route.Pattern, "{document}") || strings.Contains(route.Pattern, "{series}") || strings.Contains(route.Pattern, "{category}")):
				r.problem(t, 401, "sign-in")
				if r.header.Get("WWW-Authenticate") == "" {
					t.Errorf("%s %s: 401 without WWW-Authenticate", route.Method, route.Pattern)
				}
			case !served && r.status != 403, served && (r.status == 401 || r.status == 403):
				t.Errorf("%s %s for %q: %d %s", route.Method, route.Pattern, who, r.status, r.body)
			}
		}
	}
}

func TestAnAuditorChangesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.published("Report", "everyone")
	before, err := w.log.Head(t.Context())
	check(t, err)
	bodies := map[string]any{ // what a reader may send of their own
		"/api/v1/library":  object{"documents": []uuid.UUID{d.Document}},
		"/api/v1/settings": object{"frequency": "daily", "hour": 8, "zone": "UTC", "language": "en"},
	}
	for _, route := range api.Routes() {
		if route.Method == http.MethodGet {
			continue
		}
		r := w.do(call{who: "anton", method: route.Method, path: filled(route.Pattern, d.Document), body: bodies[route.Pattern], header: map[string]string{"If-Match": `"1"`}})
		code := "auditor-changes-nothing"
		switch route.Serves {
		case api.Publishers:
			code = "not-a-publisher"
		case api.Administrators:
			code = "not-an-administrator"
		case api.Postmasters:
			code = "not-a-postmaster"
		}
		r.problem(t, 403, code)
	}
	after, err := w.log.Head(t.Context())
	check(t, err)
	if after != before {
		t.Errorf("the log went from %d to %d", before.Ordinal, after.Ordinal)
	}
}

func TestWhatIsNotInTheTableIsNotServed(t *testing.T) {
	t.Parallel()
	if err := api.Unlisted("/secret"); err == nil {
		t.Error("a route that is not in the table was taken")
	}
	for _, r := range api.Routes() {
		want := api.Publishers
		switch {
		case r.Method == http.MethodGet:
			continue
		case strings.HasPrefix(r.Pattern, "/api/v1/library"), strings.HasPrefix(r.Pattern, "/api/v1/settings"):
			want = api.SignedIn
		case r.Pattern == "/api/v1/mail-reports":
			want = api.Postmasters
		case strings.HasPrefix(r.Pattern, "/api/v1/persons"), strings.HasPrefix(r.Pattern, "/api/v1/mail-domains"):
			want = api.Administrators
		}
		if r.Serves != want {
			t.Errorf("%s %s changes things and serves %s", r.Method, r.Pattern, r.Serves)
		}
	}
	for _, s := range []api.Serves{"", "nobody"} {
		if s.Admit(access.Reader{Person: "p", Role: access.Administrator}) == nil {
			t.Errorf("a route that serves %q serves an administrator", s)
		}
	}
}

// stripped is a problem without what differs by request: id asked for, instance.
func stripped(r reply, id uuid.UUID) string {
	return strings.NewReplacer(id.String(), "ID", r.header.Get(web.CorrelationHeader), "INSTANCE").Replace(string(r.body))
}

func TestHiddenIsAbsent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hidden, absent := w.published("Internal report", "signed-in").Document, uuid.New()
	public := w.published("Public report", "everyone").Document
	for _, path := range []string{"", "/versions", "/versions/1", "/versions/1/files/en", "/events", "?asOf=2999-01-01"} {
		a, b := w.do(call{path: documentURL(hidden) + path}), w.do(call{path: documentURL(absent) + path})
		a.problem(t, 401, "sign-in")
		if stripped(a, hidden) != stripped(b, absent) {
			t.Errorf("%s: an anonymous visitor can tell hidden from absent:\n%s%s", path, a.body, b.body)
		}
		for name := range a.header {
			if name != http.CanonicalHeaderKey(web.CorrelationHeader) && name != "Date" && name != "Content-Length" && a.header.Get(name) != b.header.Get(name) {
				t.Errorf("%s: header %s tells hidden from absent", path, name)
			}
		}
		// Signed in: one is there, the other is not.
		w.do(call{who: "rita", path: documentURL(hidden) + path}).want(t, 200)
		w.do(call{who: "rita", path: documentURL(absent) + path}).problem(t, 404, "no-document")
	}
	// A version or file that a public document lacks is not public either.
	w.do(call{path: documentURL(public) + "/versions/7"}).problem(t, 401, "sign-in")
	w.do(call{path: documentURL(public) + "/versions/7/files/en"}).problem(t, 401, "sign-in")
	w.do(call{who: "rita", path: documentURL(public) + "/versions/7"}).problem(t, 404, "no-version")
	w.do(call{who: "rita", path: documentURL(public) + "/versions/1/files/fr"}).problem(t, 404, "no-file")

	l := into[api.Listing](t, w.do(call{path: "/api/v1/documents"}).want(t, 200))
	if len(l.Items) != 1 || l.Items[0].ID != public || l.Total.Number != 1 {
		t.Errorf("an anonymous list: %+v", l)
	}
}

func TestNarrowingIsAnsweredWhenEveryReadHasIt(t *testing.T) {
	t.Parallel()
	w := newStillWorld(t)
	d := into[api.DocumentReceipt](t, w.do(call{who: "paula", method: "POST", path: "/api/v1/documents", body: w.newDocument("Report", "everyone")}).want(t, 201)).Document
	file := documentURL(d) + "/versions/1/files/en"
	// The read models stand still: neither the narrowing nor a download is answered.
	answered := make(chan reply, 2)
	for _, c := range []call{
		{who: "paula", method: "PUT", path: documentURL(d) + "/audience", body: object{"audience": "signed-in"}},
		{path: file},
	} {
		go func() {
			r, err := w.send(c)
			if err != nil {
				t.Error(err)
			}
			answered <- r
		}()
		select {
		case <-w.waiting:
		case r := <-answered:
			t.Fatalf("%s %s was answered by read models that stand still: %d", c.method, c.path, r.status)
		}
	}
	w.run()
	for range 2 {
		if r := <-answered; r.status != 200 {
			r.problem(t, 401, "sign-in") // the download
		}
	}
	w.do(call{path: documentURL(d)}).problem(t, 401, "sign-in") // without a token
	w.do(call{path: file}).problem(t, 401, "sign-in")
}

// Law 9: read models that lag hide, they never show.
func TestReadModelsThatLagHide(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	restricted, public := w.published("Internal report", "signed-in").Document, w.published("Public report", "everyone").Document
	shown := func(stale bool, want ...uuid.UUID) {
		t.Helper()
		var got []uuid.UUID
		for _, path := range []string{"/api/v1/documents", "/api/v1/documents?q=report", "/api/v1/catalog"} {
			r := w.do(call{who: "rita", path: path}).want(t, 200)
			got = nil
			for _, it := range into[api.Listing](t, r).Items {
				got = append(got, it.ID)
			}
			if slices.SortFunc(got, func(a, b uuid.UUID) int { return strings.Compare(a.String(), b.String()) }); !slices.Equal(got, want) {
				t.Errorf("%s shows %v, want %v", path, got, want)
			}
			if said := r.header.Get(web.StaleHeader) == "true"; said != stale {
				t.Errorf("%s says that it is stale: %v", path, said)
			}
		}
	}
	both := []uuid.UUID{restricted, public}
	slices.SortFunc(both, func(a, b uuid.UUID) int { return strings.Compare(a.String(), b.String()) })
	w.halt()
	w.ahead.Store(int64(time.Hour))
	shown(false, both...) // nothing is missing, however long it has been
	w.ahead.Store(0)
	late := w.do(call{who: "paula", method: "POST", path: "/api/v1/documents", body: w.newDocument("Late report", "signed-in")}).want(t, 201)
	shown(false, both...) // for less than the lag
	w.ahead.Store(int64(time.Minute + time.Second))
	shown(true, public)
	hidden := w.do(call{who: "rita", path: documentURL(restricted)})
	hidden.problem(t, 404, "no-document")
	if hidden.header.Get(web.StaleHeader) != "true" {
		t.Error("the answer that hides does not say why")
	}
	w.do(call{who: "rita", method: "PUT", path: "/api/v1/library/" + restricted.String()}).problem(t, 404, "no-document")
	// Publishing goes on: commands decide on streams.
	w.do(call{who: "paula", method: "POST", path: "/api/v1/documents", body: w.newDocument("Later report", "everyone")}).want(t, 201)
	w.run()
	all := append(both, into[api.DocumentReceipt](t, late).Document)
	if r := w.do(call{who: "rita", path: "/api/v1/documents"}).want(t, 200); len(into[api.Listing](t, r).Items) != len(all)+1 || r.header.Get(web.StaleHeader) != "" {
		t.Errorf("caught up: %s", r.body)
	}
	if spec := w.do(call{path: "/openapi.json"}); strings.Count(string(spec.body), `"`+web.StaleHeader+`"`) < 20 {
		t.Error("the header is not described")
	}
}

func TestDownload(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	description := jsonOf(object{"title": english("Policy"), "audience": "everyone", "summary": english("New")})
	content := pdf + "0123456789"
	body, header := form("b", [3]string{`name="document"`, "application/json", description},
		[3]string{`name="file"; filename="Größe; \"a\".pdf"`, "application/pdf", content},
		[3]string{`name="file.de"; filename="seite.html"`, "text/html", "<html>x"})
	d := into[api.DocumentReceipt](t, w.do(call{who: "paula", method: "POST", path: "/api/v1/documents", body: body, header: header}).want(t, 201)).Document
	file := documentURL(d) + "/versions/1/files/en"

	whole := w.do(call{path: file}).want(t, 200)
	tag := whole.header.Get("ETag")
	if string(whole.body) != content || len(tag) != 66 {
		t.Errorf("%q, ETag %s", whole.body, tag)
	}
	for name, want := range map[string]string{
		"Content-Type":           "application/pdf",
		"X-Content-Type-Options": "nosniff",
		"Cache-Control":          "public, no-cache", // its audience may change at any time
		"Content-Disposition":    `attachment; filename="Gr__e; _a_.pdf"; filename*=UTF-8''Gr%C3%B6%C3%9Fe%3B%20%22a%22.pdf`,
		"Accept-Ranges":          "bytes",
	} {
		if got := whole.header.Get(name); got != want {
			t.Errorf("%s: %q, not %q", name, got, want)
		}
	}
	if csp := whole.header.Get("Content-Security-Policy"); !strings.Contains(csp, "sandbox") {
		t.Errorf("CSP %q", csp)
	}
	if r := w.do(call{method: "HEAD", path: file}).want(t, 200); len(r.body) != 0 || r.header.Get("ETag") != tag || r.header.Get("Content-Length") != "19" {
		t.Errorf("HEAD: %v", r.header)
	}
	if r := w.do(call{path: file, header: map[string]string{"Range": "bytes=9-11"}}).want(t, 206); string(r.body) != "012" || r.header.Get("Content-Range") != "bytes 9-11/19" {
		t.Errorf("range: %q %v", r.body, r.header)
	}
	w.do(call{path: file, header: map[string]string{"Range": "bytes=9-11", "If-Range": `"other"`}}).want(t, 200)
	bad := w.do(call{path: file, header: map[string]string{"Range": "bytes=100-"}})
	bad.problem(t, 416, "bad-range")
	if bad.header.Get("Content-Range") != "bytes */19" || bad.header.Get("ETag") != "" || bad.header.Get("Content-Disposition") != "" {
		t.Errorf("416: %v", bad.header)
	}
	w.do(call{path: file, header: map[string]string{"If-None-Match": tag}}).want(t, 304)

	// By name, and an active type is never served as what it is.
	page := w.do(call{path: documentURL(d) + "/versions/1/files/seite.html"}).want(t, 200)
	if page.header.Get("Content-Type") != "application/octet-stream" || !strings.HasPrefix(page.header.Get("Content-Disposition"), "attachment") {
		t.Errorf("an HTML file: %v", page.header)
	}
	private := w.published("Internal", "signed-in").Document
	if r := w.do(call{who: "rita", path: documentURL(private) + "/versions/1/files/en"}).want(t, 200); r.header.Get("Cache-Control") != "private, no-cache" {
		t.Errorf("a restricted file: %v", r.header)
	}
}

func TestWaitTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.published("Report", "everyone").WaitToken
	w.do(call{path: "/api/v1/documents?wait=" + token}).want(t, 200)
	w.do(call{path: "/api/v1/documents", header: map[string]string{"Wait": token}}).want(t, 200)
	changed := []byte(token)
	changed[len(changed)-2] ^= 1
	for _, bad := range []string{string(changed), "x", token + "A", "AAAAAAAAAAAAAAAAAAAAAAAA", strings.Repeat("A", 2000)} {
		if p := w.do(call{path: "/api/v1/documents?wait=" + bad}).problem(t, 400, "bad-wait-token"); p.Field != "Wait" {
			t.Errorf("field %q", p.Field)
		}
	}
	w.reopen()
	w.do(call{path: "/api/v1/documents?wait=" + token}).want(t, 200)
}
