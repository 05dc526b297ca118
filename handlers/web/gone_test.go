package web_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

	"imprint/handlers/web"
)

// dropped is a body whose client goes away after some bytes.
func dropped(err error) io.Reader {
	return io.MultiReader(strings.NewReader(strings.Repeat("x", 600)), iotest.ErrReader(err))
}

func TestAClientThatGoesAwayIsNoError(t *testing.T) {
	uploads := web.Uploads{Store: storeIn(t), MaxBytes: 1 << 10}
	reset := errors.New("read tcp 192.0.2.1: connection reset by peer")
	for name, c := range map[string]struct {
		serve http.HandlerFunc
		body  io.Reader
		code  string
	}{
		"an upload that was reset": {func(w http.ResponseWriter, r *http.Request) {
			_, err := uploads.Receive(r.Context(), r.Body, "a.txt", "text/plain")
			web.WriteProblem(w, r, err)
		}, dropped(reset), "broken-upload"},
		"an upload that was cut off": {func(w http.ResponseWriter, r *http.Request) {
			_, err := uploads.Receive(r.Context(), r.Body, "a.txt", "text/plain")
			web.WriteProblem(w, r, err)
		}, dropped(io.ErrUnexpectedEOF), "broken-upload"},
		"a description that was cut off": {func(w http.ResponseWriter, r *http.Request) {
			_, err := io.ReadAll(r.Body)
			web.WriteProblem(w, r, err)
		}, dropped(io.ErrUnexpectedEOF), "broken-request"},
	} {
		w, logged := serve(t, c.serve, httptest.NewRequest(http.MethodPost, "/", c.body))
		if p := problemOf(t, w); p.Status != 400 || p.Code != c.code {
			t.Errorf("%s: %+v", name, p)
		}
		if strings.Contains(logged, "level=ERROR") || !strings.Contains(logged, "level=INFO msg=\"the client went away\"") {
			t.Errorf("%s: %s", name, logged)
		}
	}
	// What fails on our side stays an error.
	_, logged := serve(t, func(w http.ResponseWriter, r *http.Request) { web.WriteProblem(w, r, reset) }, httptest.NewRequest(http.MethodPost, "/", nil))
	if !strings.Contains(logged, "level=ERROR") {
		t.Errorf("a fault of ours: %s", logged)
	}
}
