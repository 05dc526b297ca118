package main

import (
	"bytes"
	"crypto/rand"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"imprint/adapters/conformance/smalldisk"
	"imprint/adapters/work"
	"imprint/domain"
	"imprint/handlers"
)

// A full disk turns /readyz red, and keeps it red, once a write has met it; and it is
// green again by itself once there is room, though nobody writes any more.
func TestReadyIsRedWhileTheDiskIsFull(t *testing.T) {
	smalldisk.Run(t, func(t *testing.T, mount smalldisk.Mount) {
		disk := mount(t, "size=96m")
		h := newHouseOn(t, engineFlags{Data: filepath.Join(disk, "data")})
		h.running()
		answers := httptest.NewServer((&site{opened: h.in}).ready(h.digests.Service, h.reactions))
		defer answers.Close()
		probe := &server{t: t, url: answers.URL}
		want := func(status int, says string) {
			t.Helper()
			probe.eventually("/readyz", func(got int, body string) bool { return got == status && strings.Contains(body, says) })
		}
		want(http.StatusOK, `"ready":true`)
		ballast := filepath.Join(disk, "ballast")
		_ = os.WriteFile(ballast, make([]byte, 96<<20), 0o600) // all that there is
		lease := work.NewLease(h.in.work, "test", "test", time.Minute)
		full := []string{}
		for _, part := range []struct {
			setting string
			write   func() error
		}{
			{"IMPRINT_CONTENT", func() error {
				_, err := h.in.content.Put(t.Context(), bytes.NewReader([]byte(rand.Text())))
				return err
			}},
			{"IMPRINT_DATABASE", func() error {
				_, err := lease.Acquire(t.Context())
				return err
			}},
			{"IMPRINT_LOG", func() error {
				_, err := h.in.publishing.DefineCategory(t.Context(), operator(), handlers.DefineCategory{Category: "c" + uuid.NewString()[:8], Group: "reports", Name: domain.English("More")})
				return err
			}},
		} {
			var err error
			for n := 0; err == nil && n < 50_000; n++ { // there may be room inside the file
				err = part.write()
			}
			if err == nil || !strings.Contains(err.Error(), "disk") {
				t.Fatalf("%s: the full disk is not met: %v", part.setting, err)
			}
			full = append(full, `"`+part.setting+`"`)
			for range 3 {
				want(http.StatusServiceUnavailable, `"full":[`+strings.Join(full, ",")+`]`)
			}
		}
		h.must(os.Remove(ballast))
		want(http.StatusOK, `"ready":true`)
		h.publish()
	})
}
