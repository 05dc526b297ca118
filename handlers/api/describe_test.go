package api_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"imprint/handlers/api"
	"imprint/handlers/web"
)

func TestTheOpenAPIDocument(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.do(call{path: "/openapi.json"}).want(t, 200)
	spec := into[map[string]any](t, r)
	if v, _ := spec["openapi"].(string); !strings.HasPrefix(v, "3.1.") {
		t.Errorf("openapi %q", v)
	}
	if info := spec["info"].(object); info["title"] == "" || info["version"] == "" {
		t.Errorf("info %v", info)
	}
	paths := spec["paths"].(object)
	described, ids := 0, map[string]bool{}
	for _, route := range api.Routes() {
		if !strings.HasPrefix(route.Pattern, "/api/v1/") {
			continue
		}
		item, _ := paths[route.Pattern].(object)
		op, ok := item[strings.ToLower(route.Method)].(object)
		if !ok {
			t.Errorf("%s %s is not described", route.Method, route.Pattern)
			continue
		}
		described++
		id := op["operationId"].(string)
		if ids[id] || op["summary"] == "" {
			t.Errorf("%s: described twice or without a summary", id)
		}
		ids[id] = true
		// Each place in the address is a described, required parameter.
		places := map[string]bool{}
		parameters, _ := op["parameters"].([]any)
		for _, p := range parameters {
			p := p.(object)
			if must := route.Method == "POST" && id != "upload"; p["name"] == "Idempotency-Key" && (p["required"] == true) != must {
				t.Errorf("%s: the key is required: %v", id, p["required"])
			}
			if p["in"] == "path" && p["required"] == true && p["schema"] != nil {
				places["{"+p["name"].(string)+"}"] = true
			}
		}
		for _, part := range strings.Split(route.Pattern, "/") {
			if strings.HasPrefix(part, "{") && !places[part] {
				t.Errorf("%s: %s is not described", id, part)
			}
		}
		responses := op["responses"].(object)
		if _, ok := responses["default"].(object)["content"].(object)[web.ProblemType]; !ok || len(responses) < 2 {
			t.Errorf("%s: responses %v", id, responses)
		}
	}
	operations := 0
	for _, item := range paths {
		operations += len(item.(object))
	}
	if operations != described {
		t.Errorf("%d operations are described, %d are routes", operations, described)
	}
	// Every reference leads somewhere.
	schemas := spec["components"].(object)["schemas"].(object)
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case object:
			if ref, ok := v["$ref"].(string); ok && schemas[strings.TrimPrefix(ref, "#/components/schemas/")] == nil {
				t.Errorf("%s leads nowhere", ref)
			}
			for _, x := range v {
				walk(x)
			}
		case []any:
			for _, x := range v {
				walk(x)
			}
		}
	}
	walk(spec)
	// What covers days is described as days.
	for _, end := range []string{"from", "to"} {
		if p := schemas["Period"].(object)["properties"].(object)[end].(object); p["type"] != "string" || p["format"] != "date" {
			t.Errorf("the %q of a period is described as %v", end, p)
		}
	}
	if strings.Contains(string(r.body), "ErrorModel") {
		t.Error("the framework's form of errors is described")
	}
	if y := w.do(call{path: "/openapi.yaml"}).want(t, 200); !strings.Contains(string(y.body), "openapi: 3.1") {
		t.Errorf("yaml: %.100s", y.body)
	}
}

func TestDocsAreReadableWithoutScripts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.do(call{path: "/docs"}).want(t, 200)
	page := string(r.body)
	for _, bad := range []string{"<script", "http://", "https://", "style=", " onclick"} {
		if strings.Contains(page, bad) {
			t.Errorf("the page holds %q", bad)
		}
	}
	for _, route := range api.Routes() {
		if strings.HasPrefix(route.Pattern, "/api/v1/") && !strings.Contains(page, route.Method+" "+route.Pattern+"<") {
			t.Errorf("%s %s is not on the page", route.Method, route.Pattern)
		}
	}
	if csp := r.header.Get("Content-Security-Policy"); !strings.Contains(csp, "script-src 'self'") || strings.Contains(csp, "unsafe") || !strings.Contains(csp, "frame-ancestors 'none'") {
		t.Errorf("CSP %q", csp)
	}
	w.do(call{path: "/api/style.css"}).want(t, 200)
}

func TestProblemsAreExplained(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for code, text := range map[string]string{"stale-version": "If-Match", "some-other-rule": "detail"} {
		r := w.do(call{path: web.ProblemPath + code}).want(t, 200)
		if !strings.Contains(string(r.body), text) {
			t.Errorf("%s: %s", code, r.body)
		}
	}
	w.do(call{path: web.ProblemPath + "%3Cscript%3E"}).problem(t, 404, "no-route")
}

// What is explained is raised somewhere, under this very code.
func TestExplanationsAreOfRulesThatExist(t *testing.T) {
	t.Parallel()
	var source strings.Builder
	check(t, filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.HasSuffix(path, "api/problems.go") {
			return err
		}
		text, err := os.ReadFile(path)
		source.Write(text)
		return err
	}))
	for _, code := range api.Explained() {
		if !strings.Contains(source.String(), fmt.Sprintf("%q", code)) && !strings.HasPrefix(code, "no-") && !strings.HasPrefix(code, "missing-") {
			t.Errorf("no rule has the code %q", code)
		}
	}
}

func TestErrorsOfTheRouterAreProblems(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.do(call{path: "/api/v1/nothing"}).problem(t, 404, "no-route")
	w.do(call{path: "/"}).problem(t, 404, "no-route")
	r := w.do(call{method: "PATCH", path: "/api/v1/documents"})
	r.problem(t, 405, "bad-method")
	if allow := r.header.Get("Allow"); !strings.Contains(allow, "POST") {
		t.Errorf("Allow %q", allow)
	}
	if r := w.do(call{method: "HEAD", path: "/api/v1/nothing"}).want(t, 404); len(r.body) != 0 {
		t.Errorf("HEAD has a body: %s", r.body)
	}
	w.do(call{path: "/api/v1/documents/not-an-id"}).problem(t, 400, "bad-request")
	w.do(call{path: documentURL([16]byte{1}) + "/versions/0"}).problem(t, 400, "bad-request")
	w.do(call{who: "nobody", path: "/api/v1/documents"}).problem(t, 401, "unknown-person")
	w.do(call{path: "/api/v1/documents", header: map[string]string{"Authorization": "Bearer imprint_wrong"}}).problem(t, 401, "bad-token")
	w.do(call{path: "/api/v1/documents", header: map[string]string{"Authorization": "Basic x"}}).problem(t, 401, "bad-scheme")
	w.do(call{who: "paula", method: "POST", path: "/api/v1/documents", header: map[string]string{"Origin": "https://elsewhere.example"}}).problem(t, 403, "cross-origin")
}

func TestTheLogTellsNothingPersonal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := "0198c0de-0000-7000-8000-000000000002"
	r := w.do(call{who: "rita", path: "/api/v1/documents?q=secretword", header: map[string]string{"X-Correlation-ID": id}}).want(t, 200)
	if r.header.Get("X-Correlation-ID") != id {
		t.Errorf("correlation id %q", r.header.Get("X-Correlation-ID"))
	}
	if other := w.do(call{path: "/api/v1/documents", header: map[string]string{"X-Correlation-ID": "not a uuid"}}).header.Get("X-Correlation-ID"); len(other) != 36 || other == id {
		t.Errorf("correlation id %q", other)
	}
	var line struct{ Route, Method, Correlation, Role string }
	for _, l := range strings.Split(w.logged.String(), "\n") {
		if strings.Contains(l, id) {
			check(t, json.Unmarshal([]byte(l), &line))
		}
	}
	if line.Route != "GET /api/v1/documents" || line.Role != "reader" || line.Correlation != id {
		t.Errorf("the log's line: %+v", line)
	}
	for _, secret := range []string{"secretword", w.persons["rita"].Person} {
		if strings.Contains(w.logged.String(), secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
}
