package web_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"imprint/domain"
	"imprint/domain/access"
	"imprint/handlers/web"
)

// serve answers one request through an edge, and what the log holds.
func serve(t *testing.T, h http.HandlerFunc, r *http.Request) (*httptest.ResponseRecorder, string) {
	t.Helper()
	var logged strings.Builder
	edge := &web.Edge{Log: slog.New(slog.NewTextHandler(&logged, nil)), Authenticator: web.Development{Persons: map[string]access.Reader{"rita": {Person: "p1", Role: access.Member}}}}
	w := httptest.NewRecorder()
	edge.Handler(h).ServeHTTP(w, r)
	return w, logged.String()
}

func problemOf(t *testing.T, w *httptest.ResponseRecorder) web.Problem {
	t.Helper()
	var p web.Problem
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Header().Get("Content-Type") != web.ProblemType || p.Status != w.Code {
		t.Fatalf("%d is no problem document (%v): %s", w.Code, err, w.Body)
	}
	return p
}

func TestEveryKindHasItsStatus(t *testing.T) {
	for kind, status := range map[domain.Kind]int{
		domain.Invalid: 400, domain.Unauthenticated: 401, domain.Forbidden: 403, domain.NotFound: 404, domain.Conflict: 409,
		domain.Stale: 412, domain.Reused: 422, domain.Gone: 410, domain.TooLarge: 413, domain.TooMany: 429, domain.Unavailable: 503, domain.Internal: 500, "new": 500,
	} {
		w, logged := serve(t, func(w http.ResponseWriter, r *http.Request) {
			web.WriteProblem(w, r, fmt.Errorf("about: %w", domain.Refuse(kind, "some-rule", "a thing is wrong").In("thing").Because(errors.New("the cause"))))
		}, httptest.NewRequest(http.MethodGet, "/", nil))
		p := problemOf(t, w)
		if w.Code != status || p.Code != "some-rule" || p.Field != "thing" || p.Detail != "a thing is wrong" || p.Type != "/problems/some-rule" {
			t.Errorf("%s: %+v", kind, p)
		}
		if told := strings.Contains(logged, "the cause"); told != (status >= 500) {
			t.Errorf("%s: the cause stands in the log: %v", kind, told)
		}
		if (w.Header().Get("Retry-After") != "") != (status == 503) || (w.Header().Get("WWW-Authenticate") != "") != (status == 401) {
			t.Errorf("%s: %v", kind, w.Header())
		}
	}
}

func TestAFaultIsNotShown(t *testing.T) {
	for name, h := range map[string]http.HandlerFunc{
		"error": func(w http.ResponseWriter, r *http.Request) { web.WriteProblem(w, r, errors.New("secret cause")) },
		"panic": func(http.ResponseWriter, *http.Request) { panic("secret cause") },
	} {
		w, logged := serve(t, h, httptest.NewRequest(http.MethodGet, "/", nil))
		p := problemOf(t, w)
		if w.Code != 500 || p.Code != "internal" || strings.Contains(w.Body.String(), "secret") {
			t.Errorf("%s: %s", name, w.Body)
		}
		if !strings.Contains(logged, "secret cause") || !strings.Contains(logged, strings.TrimPrefix(p.Instance, "urn:uuid:")) {
			t.Errorf("%s: the cause is not in the log under the instance: %s", name, logged)
		}
	}
}

// What an operator needs to know of an engine is no reader's business.
func TestAnEngineIsNotShown(t *testing.T) {
	away := domain.Refuse(domain.Unavailable, "database-unreachable", "nothing answers at db.internal:5432, which IMPRINT_DATABASE names").In("IMPRINT_DATABASE")
	w, logged := serve(t, func(w http.ResponseWriter, r *http.Request) { web.WriteProblem(w, r, fmt.Errorf("token: %w", away)) }, httptest.NewRequest(http.MethodGet, "/", nil))
	p := problemOf(t, w)
	if w.Code != http.StatusServiceUnavailable || p.Code != away.Code || strings.Contains(w.Body.String(), "internal") || strings.Contains(w.Body.String(), "IMPRINT_") || w.Header().Get("Retry-After") == "" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if !strings.Contains(logged, "db.internal:5432") || !strings.Contains(logged, strings.TrimPrefix(p.Instance, "urn:uuid:")) {
		t.Errorf("the reason is not in the log under the instance: %s", logged)
	}
}

func TestAPanicAfterHalfAnAnswerBreaksTheConnection(t *testing.T) {
	defer func() {
		if fault := recover(); fault != http.ErrAbortHandler {
			t.Errorf("recovered %v", fault)
		}
	}()
	serve(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "half")
		panic("late")
	}, httptest.NewRequest(http.MethodGet, "/", nil))
}

func TestWhoAsks(t *testing.T) {
	asked := func(change func(*http.Request)) (string, int) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		change(r)
		var who string
		w, _ := serve(t, func(_ http.ResponseWriter, r *http.Request) { who = web.Reader(r.Context()).Person }, r)
		return who, w.Code
	}
	if who, _ := asked(func(r *http.Request) { r.Header.Set(web.PersonHeader, "rita") }); who != "p1" {
		t.Errorf("by header: %q", who)
	}
	if who, _ := asked(func(r *http.Request) { r.AddCookie(&http.Cookie{Name: web.PersonCookie, Value: "rita"}) }); who != "p1" {
		t.Errorf("by cookie: %q", who)
	}
	if who, code := asked(func(r *http.Request) { r.AddCookie(&http.Cookie{Name: web.PersonCookie, Value: "gone"}) }); who != "" || code != 200 {
		t.Errorf("by a stale cookie: %q, %d", who, code)
	}
	if _, code := asked(func(r *http.Request) { r.Header.Set(web.PersonHeader, "nobody") }); code != 401 {
		t.Errorf("a stranger: %d", code)
	}
	// Without Development the header means nothing.
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set(web.PersonHeader, "rita")
	if who, err := (web.Bearer{}).Authenticate(t.Context(), r); err != nil || who.SignedIn() {
		t.Errorf("a bearer edge knows the development header: %v, %v", who, err)
	}
	if web.Reader(context.Background()).SignedIn() {
		t.Error("without an edge somebody is signed in")
	}
}

func TestLimit(t *testing.T) {
	for length, want := range map[int64]string{9: "", 10: "", 11: "declared", -11: "read"} {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(strings.Repeat("x", int(max(length, -length)))))
		if length < 0 {
			r.ContentLength = -1 // chunked: nobody knows
		}
		got := ""
		w := httptest.NewRecorder()
		if err := web.Limit(w, r, 10); err != nil {
			got = "declared"
			if p := web.Explain(t.Context(), err); p.Status != 413 {
				t.Errorf("%+v", p)
			}
		} else if _, err := io.ReadAll(r.Body); err != nil {
			got = "read"
			if p := web.Explain(t.Context(), err); p.Status != 413 {
				t.Errorf("%+v", p)
			}
		}
		if got != want {
			t.Errorf("%d bytes: refused when %q, not %q", length, got, want)
		}
	}
}

// A header over the limit is a problem like any other, whichever part of it is long.
func TestALongHeaderIsRefused(t *testing.T) {
	edge := &web.Edge{Log: slog.New(slog.DiscardHandler), Authenticator: web.Development{}}
	server := httptest.NewUnstartedServer(nil)
	server.Config = web.NewServer(edge.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })), slog.New(slog.DiscardHandler))
	server.Start()
	defer server.Close()
	long := strings.Repeat("x", 70<<10)
	for name, c := range map[string]struct {
		path, value string
		status      int
		problem     bool
	}{
		"short":          {"/", "x", 204, false},
		"just short":     {"/", long[:60<<10], 204, false},
		"a long field":   {"/", long, 431, true},
		"a long address": {"/?q=" + long, "x", 431, true},
		"both":           {"/?q=" + long[:40<<10], long[:40<<10], 431, true},
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+c.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Long", c.value)
		got, err := server.Client().Do(r)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var p web.Problem
		problem := got.Header.Get("Content-Type") == web.ProblemType && json.NewDecoder(got.Body).Decode(&p) == nil
		_ = got.Body.Close()
		if got.StatusCode != c.status || problem != c.problem || problem && (p.Code != "header-too-large" || p.Instance == "") {
			t.Errorf("%s: %d, %+v", name, got.StatusCode, p)
		}
	}
}

func TestAServerIsBounded(t *testing.T) {
	s := web.NewServer(http.NotFoundHandler(), slog.New(slog.DiscardHandler))
	if s.ReadHeaderTimeout <= 0 || s.ReadTimeout <= 0 || s.WriteTimeout <= 0 || s.IdleTimeout <= 0 || s.MaxHeaderBytes <= 0 {
		t.Errorf("%+v", s)
	}
}
