package bucket_test

import (
	"bytes"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"imprint/adapters/blob/bucket"
	"imprint/adapters/conformance/blobtest"
	"imprint/domain"
)

// server is an S3 server in this process, with one empty bucket.
type server struct {
	*httptest.Server
	backend *s3mem.Backend
}

const name = "imprint"

func serve(t *testing.T) server {
	t.Setenv("AWS_ACCESS_KEY_ID", "id")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	backend := s3mem.New()
	if err := backend.CreateBucket(name); err != nil {
		t.Fatal(err)
	}
	s := server{httptest.NewServer(gofakes3.New(backend).Server()), backend}
	t.Cleanup(s.Close)
	return s
}

func (s server) url(bucket string) string {
	return "s3://" + bucket + "?region=us-east-1&use_path_style=true&prefix=acme/&endpoint=" + url.QueryEscape(s.URL)
}

func (s server) open(t *testing.T, now time.Time) *bucket.Store {
	t.Helper()
	store, err := bucket.Open(t.Context(), s.url(name), bucket.Options{MaxBytes: blobtest.Limit, Clock: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return store
}

// keys lists every object that the server holds.
func (s server) keys(t *testing.T) (all []string) {
	t.Helper()
	list, err := s.backend.ListBucket(name, &gofakes3.Prefix{}, gofakes3.ListBucketPage{})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range list.Contents {
		all = append(all, o.Key)
	}
	return all
}

func TestContract(t *testing.T) {
	blobtest.Run(t, func(t *testing.T) blobtest.Store { return serve(t).open(t, time.Now()) })
}

// TestNothingRemains looks behind the store: neither success nor failure may leave
// an arrival.
func TestNothingRemains(t *testing.T) {
	s := serve(t)
	store := s.open(t, time.Now())
	kept, err := store.Put(t.Context(), strings.NewReader("kept"))
	if err != nil {
		t.Fatal(err)
	}
	gone := errors.New("the line is dead")
	broken := io.MultiReader(bytes.NewReader(make([]byte, 9<<20)), iotest.ErrReader(gone)) // more than one part
	if _, err := store.Put(t.Context(), broken); !errors.Is(err, gone) {
		t.Fatalf("Put: %v", err)
	}
	if got := s.keys(t); len(got) != 1 || got[0] != "acme/sha256/"+kept.SHA256 {
		t.Fatalf("the server holds %v", got)
	}
}

// TestDamage: content whose bytes have changed in the store, and objects that do
// not belong there, are found, and putting the right bytes again repairs them.
func TestDamage(t *testing.T) {
	s := serve(t)
	store := s.open(t, time.Now())
	c, err := store.Put(t.Context(), strings.NewReader("right"))
	if err != nil {
		t.Fatal(err)
	}
	put(t, s, "acme/sha256/"+c.SHA256, "wrong")
	put(t, s, "acme/stray.txt", "x")
	put(t, s, "other/stray.txt", "not ours")
	var found []string
	for d, err := range store.Scrub(t.Context(), nil) {
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, d.SHA256+" "+d.Problem)
	}
	if len(found) != 2 || !strings.Contains(found[0], `"stray.txt" does not belong`) || !strings.HasPrefix(found[1], c.SHA256+" ") {
		t.Fatalf("found %q", found)
	}
	if _, err := store.Put(t.Context(), strings.NewReader("right")); err != nil {
		t.Fatal(err)
	}
	for d, err := range store.Scrub(t.Context(), nil) {
		if d.SHA256 != "" || err != nil {
			t.Fatalf("after the repair: %v %v", d, err)
		}
	}
}

// TestAbandoned: an arrival of a killed program goes after a day and not before,
// for it may be another program's that is still at work.
func TestAbandoned(t *testing.T) {
	s := serve(t)
	put(t, s, "acme/incoming/dead", "half")
	s.open(t, time.Now().Add(23*time.Hour))
	if len(s.keys(t)) != 1 {
		t.Fatal("a fresh arrival was removed")
	}
	s.open(t, time.Now().Add(25*time.Hour))
	if got := s.keys(t); len(got) != 0 {
		t.Fatalf("left: %v", got)
	}
}

func put(t *testing.T, s server, key, text string) {
	t.Helper()
	if _, err := s.backend.PutObject(name, key, map[string]string{}, strings.NewReader(text), int64(len(text)), nil); err != nil {
		t.Fatal(err)
	}
}

// TestRefused: settings that cannot work are told at the opening, by their name.
func TestRefused(t *testing.T) {
	s := serve(t)
	refusing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden) // the way S3 answers a wrong signature
		_, _ = io.WriteString(w, `<Error><Code>SignatureDoesNotMatch</Code></Error>`)
	}))
	t.Cleanup(refusing.Close)
	closed := httptest.NewServer(nil)
	closed.Close()
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(secure.Close)
	secure.Config.ErrorLog = log.New(io.Discard, "", 0) // of handshakes that fail, as they should
	full := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusInsufficientStorage)
		_, _ = io.WriteString(w, `<Error><Code>XMinioStorageFull</Code></Error>`)
	}))
	t.Cleanup(full.Close)
	at := func(server string) string {
		return strings.Replace(s.url(name), url.QueryEscape(s.URL), url.QueryEscape(server), 1)
	}
	for _, c := range []struct{ name, url, code string }{
		{"no bucket", s.url("absent"), "no-bucket"},
		{"wrong credentials", at(refusing.URL), "content-credentials"},
		{"nobody listens", at(closed.URL), "content-unavailable"},
		{"a certificate of another", at(secure.URL), "content-tls"},
		{"no TLS", at(strings.Replace(s.URL, "http:", "https:", 1)), "content-tls"},
		{"unknown host", at("http://no-such-host.invalid:9000"), "content-host"},
		{"full", at(full.URL), "content-full"},
		{"unknown scheme", "ftp://bucket", "content-url"},
		{"no bucket named", "s3://", "content-url"},
		{"credentials in the URL", "s3://id:hunter2@bucket", "content-url"},
		{"unknown parameter", "s3://bucket?colour=red", "content-url"},
	} {
		_, err := bucket.Open(t.Context(), c.url, bucket.Options{MaxBytes: 1, Clock: time.Now})
		var refused *domain.Error
		if !errors.As(err, &refused) || refused.Code != c.code {
			t.Errorf("%s: %v; want the code %s", c.name, err, c.code)
			continue
		}
		if strings.Contains(err.Error(), "hunter2") || c.code != "content-credentials" && c.code != "content-full" && !strings.Contains(refused.Message, "IMPRINT_CONTENT") && c.name != "unknown scheme" {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// TestAListThatBreaksOff: a server that hangs up in the midst of a list has not
// told all that it holds, and one that does so at once is no content store.
func TestAListThatBreaksOff(t *testing.T) {
	s := serve(t)
	held := "acme/sha256/" + strings.Repeat("ab", 32)
	lists := 0
	breaking := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch prefix := r.URL.Query().Get("prefix"); {
		case prefix == "acme/incoming/" && lists == 0:
			_, _ = io.WriteString(w, `<ListBucketResult><KeyCount>0</KeyCount></ListBucketResult>`)
		case r.URL.Query().Get("continuation-token") == "" && lists == 0:
			_, _ = io.WriteString(w, `<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>more</NextContinuationToken><KeyCount>1</KeyCount><Contents><Key>`+held+`</Key><LastModified>2026-01-02T03:04:05Z</LastModified><ETag>"x"</ETag><Size>1</Size></Contents></ListBucketResult>`)
		default:
			lists++
			panic(http.ErrAbortHandler) // the connection is closed without an answer
		}
	}))
	t.Cleanup(breaking.Close)
	at := strings.Replace(s.url(name), url.QueryEscape(s.URL), url.QueryEscape(breaking.URL), 1)
	store, err := bucket.Open(t.Context(), at, bucket.Options{MaxBytes: 1, Clock: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	var all []string
	for hash, err2 := range store.All(t.Context()) {
		if err = err2; err == nil {
			all = append(all, hash)
		}
	}
	if domain.KindOf(err) != domain.Unavailable || len(all) != 1 {
		t.Errorf("of a list that breaks off came %v, and then %v", all, err)
	}
	if _, err := bucket.Open(t.Context(), at, bucket.Options{MaxBytes: 1, Clock: time.Now}); domain.KindOf(err) != domain.Unavailable {
		t.Errorf("opened where nobody answers: %v", err)
	}
}

// silent passes requests on to a server until it is made to fall silent: then it
// takes them and does not answer, or stops in the midst of an answer.
type silent struct {
	http.Handler
	quiet   atomic.Bool
	midway  atomic.Bool
	release chan struct{}
}

func (s *silent) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case s.quiet.Load():
		<-s.release
	case s.midway.Load():
		w.Header().Set("Content-Length", "10")
		w.Header().Set("Last-Modified", time.Now().UTC().Format(http.TimeFormat))
		_, _ = io.WriteString(w, "half.")
		w.(http.Flusher).Flush()
		<-s.release
	default:
		s.Handler.ServeHTTP(w, r)
	}
}

// TestASilentStoreHangsNobody: whatever is asked of a store that takes requests and
// does not answer comes back, and says what is wrong.
func TestASilentStoreHangsNobody(t *testing.T) {
	s := serve(t)
	front := &silent{Handler: s.Config.Handler, release: make(chan struct{})}
	listening := httptest.NewServer(front)
	t.Cleanup(listening.Close)
	t.Cleanup(func() { close(front.release) })
	options := bucket.Options{MaxBytes: 64 << 20, Clock: time.Now, Patience: 300 * time.Millisecond}
	at := strings.Replace(s.url(name), url.QueryEscape(s.URL), url.QueryEscape(listening.URL), 1)
	store, err := bucket.Open(t.Context(), at, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	kept, err := store.Put(t.Context(), strings.NewReader("kept"))
	if err != nil {
		t.Fatal(err)
	}
	front.quiet.Store(true)
	for what, call := range map[string]func() error{
		"Open": func() error { _, err := bucket.Open(t.Context(), at, options); return err },
		"Put":  func() error { _, err := store.Put(t.Context(), strings.NewReader("new")); return err },
		"PutExpected": func() error {
			_, err := store.PutExpected(t.Context(), strings.NewReader("kept"), kept.SHA256)
			return err
		},
		"a long Put": func() error { _, err := store.Put(t.Context(), bytes.NewReader(make([]byte, 30<<20))); return err },
		"Has":        func() error { _, err := store.Has(t.Context(), kept.SHA256); return err },
		"Read":       func() error { _, _, err := store.Read(t.Context(), kept.SHA256); return err },
		"All": func() (err error) {
			for _, err = range store.All(t.Context()) {
			}
			return err
		},
	} {
		var told *domain.Error
		if err := call(); !errors.As(err, &told) || told.Code != "content-slow" || !strings.Contains(told.Message, "IMPRINT_CONTENT") {
			t.Errorf("%s: %v", what, err)
		}
	}
	front.quiet.Store(false)
	front.midway.Store(true)
	r, _, err := store.Read(t.Context(), kept.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(r); err == nil || string(got) != "half." {
		t.Errorf("of an answer that stops in its midst came %q, %v", got, err)
	}
	_ = r.Close()
	front.midway.Store(false)
	if held, err := store.Has(t.Context(), kept.SHA256); err != nil || !held {
		t.Errorf("once it answers again: %v, %v", held, err)
	}
}
