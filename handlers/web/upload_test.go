package web_test

import (
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"imprint/adapters/blob"
	"imprint/domain"
	"imprint/domain/document"
	"imprint/handlers/web"
)

const (
	html = "<!DOCTYPE html><html><script>alert(1)</script>"
	svg  = `<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>`
)

func TestTypesAreHeldAgainstTheBytes(t *testing.T) {
	store := storeIn(t)
	uploads := web.Uploads{Store: store, MaxBytes: 1 << 10}
	for name, c := range map[string]struct {
		body, declared string
		want, code     string
	}{
		"found":               {"%PDF-1.7", "", "application/pdf", ""},
		"octets":              {"%PDF-1.7", "application/octet-stream", "application/pdf", ""},
		"declared":            {"PK\x03\x04", "application/vnd.ms-excel", "application/vnd.ms-excel", ""},
		"HTML as it is":       {html, "text/html; charset=utf-8", "text/html; charset=utf-8", ""},
		"HTML as a PDF":       {html, "application/pdf", "", "disguised-content"},
		"HTML as plain text":  {html, "text/plain", "", "disguised-content"},
		"HTML in Markdown":    {"<!-- a note -->\n# Title", "text/markdown", "text/markdown", ""},
		"a picture with code": {svg, "image/svg+xml", "image/svg+xml", ""},
		"an SVG as a PNG":     {svg, "image/png", "", "disguised-content"},
		"no type at all":      {"x", "pdf;;", "", "bad-media-type"},
		"nothing":             {"", "application/pdf", "application/pdf", ""},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := uploads.Receive(t.Context(), strings.NewReader(c.body), "a.bin", c.declared)
			wantCode(t, err, c.code)
			if f.MediaType != c.want {
				t.Errorf("%q, not %q", f.MediaType, c.want)
			}
			if err == nil {
				// Bytes referred to later are held against the same rule.
				f.MediaType = c.declared
				if f, err = uploads.Refer(t.Context(), f); err != nil || f.MediaType != c.want {
					t.Errorf("referred to: %q, %v", f.MediaType, err)
				}
			}
		})
	}
	stored, err := uploads.Receive(t.Context(), strings.NewReader(html), "a.html", "text/html")
	wantCode(t, err, "")
	stored.MediaType = "application/pdf"
	_, err = uploads.Refer(t.Context(), stored)
	wantCode(t, err, "disguised-content")
}

func TestWhatIsRefusedIsNotStored(t *testing.T) {
	store := storeIn(t)
	uploads := web.Uploads{Store: store, MaxBytes: 1 << 10}
	for name, c := range map[string]struct {
		body       io.Reader
		file, code string
	}{
		"too large": {strings.NewReader(strings.Repeat("x", 1<<10+1)), "a.txt", "content-too-large"},
		"folders":   {strings.NewReader("x"), "../a.txt", "bad-file-name"},
		"not UTF-8": {strings.NewReader("x"), "a\xff.txt", "bad-utf8"},
		"turned":    {strings.NewReader("x"), "annual\u202efdp.exe", "bidi-character"},
		"unseen":    {strings.NewReader("x"), "report\u200b.txt", "invisible-character"},
		"HTML":      {strings.NewReader(html), "a.txt", "disguised-content"},
		"cut off":   {io.MultiReader(strings.NewReader(strings.Repeat("x", 600)), iotest.ErrReader(io.ErrUnexpectedEOF)), "a.txt", "broken-upload"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := uploads.Receive(t.Context(), c.body, c.file, "text/plain")
			wantCode(t, err, c.code)
		})
	}
	for hash, err := range store.All(t.Context()) {
		t.Errorf("stored: %s, %v", hash, err)
	}
	if _, err := uploads.Receive(t.Context(), strings.NewReader(strings.Repeat("x", 1<<10)), "a.txt", "text/plain"); err != nil {
		t.Errorf("exactly the limit: %v", err)
	}
	missing := document.File{Name: "a.txt", SHA256: strings.Repeat("0", 64), MediaType: "text/plain"}
	if f, err := uploads.Refer(t.Context(), missing); err != nil || f != missing {
		t.Errorf("bytes that are not held: %+v, %v", f, err)
	}
}

func storeIn(t *testing.T) *blob.Directory {
	t.Helper()
	store, err := blob.Open(filepath.Join(t.TempDir(), "blobs"), blob.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return store
}

func wantCode(t *testing.T, err error, code string) {
	t.Helper()
	var refused *domain.Error
	errors.As(err, &refused)
	if code == "" && err != nil || code != "" && (refused == nil || refused.Code != code) {
		t.Fatalf("%v, not %q", err, code)
	}
}
