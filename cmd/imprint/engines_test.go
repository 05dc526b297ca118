package main

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"imprint/adapters/kurrent/kurrenttest"
	"imprint/adapters/postgres/postgrestest"
	"imprint/domain/event"
)

// masterKeyIn writes a master key into a folder.
func masterKeyIn(t *testing.T, dir string) string {
	t.Helper()
	path := filepath.Join(dir, "the-master.key")
	if err := os.WriteFile(path, []byte(strings.Repeat("ab", event.KeySize)), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// storage is an S3 server in this process, with one empty bucket.
type storage struct {
	backend *s3mem.Backend
	url     string      // of the bucket
	denying atomic.Bool // the contents, not their list
	away    atomic.Bool // it hangs up
}

func newStorage(t *testing.T) *storage {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", "id")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	s := &storage{backend: s3mem.New()}
	if err := s.backend.CreateBucket("imprint"); err != nil {
		t.Fatal(err)
	}
	answers := gofakes3.New(s.backend).Server()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.away.Load() {
			panic(http.ErrAbortHandler)
		}
		if s.denying.Load() && strings.Contains(r.URL.Path, "/sha256/") {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		answers.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	s.url = "s3://imprint?region=us-east-1&use_path_style=true&endpoint=" + url.QueryEscape(server.URL)
	return s
}

// bucketURL is a bucket on an S3 server in this process.
func bucketURL(t *testing.T) string { return newStorage(t).url }

// external keeps no part in files; the folder is for mails alone.
func external(t *testing.T) engineFlags {
	return engineFlags{
		Data: t.TempDir(), Log: kurrenttest.Start(t).ConnectionString(), Database: postgrestest.Database(t),
		Content: bucketURL(t), Installation: "halden", MasterKeyFile: masterKeyIn(t, t.TempDir()),
	}
}

// mixtures are the combinations of engines that the program's main flow is shown on.
var mixtures = map[string]func(*testing.T) engineFlags{
	"files":                        func(t *testing.T) engineFlags { return engineFlags{Data: filepath.Join(t.TempDir(), "data")} },
	"KurrentDB, PostgreSQL and S3": external,
	"a log file and PostgreSQL": func(t *testing.T) engineFlags {
		return engineFlags{Data: filepath.Join(t.TempDir(), "data"), Database: postgrestest.Database(t), MasterKeyFile: masterKeyIn(t, t.TempDir())}
	},
	"KurrentDB and files": func(t *testing.T) engineFlags {
		return engineFlags{Data: filepath.Join(t.TempDir(), "data"), Log: kurrenttest.Start(t).ConnectionString()}
	},
}

// A version is published, shown, found news by the reactions, and mailed once, on
// every mixture of engines, also after everything was closed and opened again.
func TestTheMainFlowOnEveryMixture(t *testing.T) {
	for name, flags := range mixtures {
		t.Run(name, func(t *testing.T) {
			h := newHouseOn(t, flags(t))
			h.publish()
			if report := h.settle(); report.Accepted != 1 {
				t.Fatalf("after a version: %+v", report)
			}
			h.must(h.digests.Close())
			h.must(h.in.Close())
			var err error
			h.in, err = open(t.Context(), h.flags, options{})
			h.must(err)
			h.reactions = h.in.reactions(0)
			h.digests, err = h.in.digests(portalFlags{PortalName: "Halden", PortalURL: "http://127.0.0.1"}, mailFlags{Mail: keepMails, MailFrom: "a <a@halden.example>"})
			h.must(err)
			if report := h.settle(); report.Accepted != 0 {
				t.Errorf("after a restart: %+v", report)
			}
			h.publish()
			if report := h.settle(); report.Accepted != 1 {
				t.Errorf("after another version: %+v", report)
			}
			kept, err := h.digests.kept.List(t.Context(), 10)
			if err != nil || len(kept) != 2 {
				t.Errorf("%d mails, %v", len(kept), err)
			}
			h.must((&projectionsVerify{engineFlags: h.flags}).Run(t.Context(), quietly(t)))
		})
	}
}

func quietly(t *testing.T) *console { return &console{Out: t.Output(), Err: t.Output()} }
