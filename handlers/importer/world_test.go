package importer_test

// Here: the world in which imports are tested, on the embedded engines.

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"imprint/adapters/blob"
	"imprint/adapters/sqlite/eventlog"
	"imprint/adapters/sqlite/workfile"
	"imprint/adapters/work"
	"imprint/domain"
	"imprint/domain/event"
	"imprint/domain/schema"
	"imprint/handlers"
	"imprint/handlers/importer"
)

var now = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

func clock() time.Time { return now }

type world struct {
	t     testing.TB
	log   event.Log
	codec *event.Codec
	blobs *blob.Directory
}

func newWorld(t testing.TB) *world {
	t.Helper()
	ctx, dir := t.Context(), t.TempDir()
	log, err := eventlog.Open(ctx, filepath.Join(dir, "log.db"), eventlog.Options{Clock: clock})
	ok(t, err)
	t.Cleanup(func() { ok(t, log.Close()) })
	db, err := workfile.Open(ctx, filepath.Join(dir, "work.db"), time.Now)
	ok(t, err)
	t.Cleanup(func() { ok(t, db.Close()) })
	keys, err := work.NewKeys(db, bytes.Repeat([]byte{1}, event.KeySize), clock)
	ok(t, err)
	registry, err := schema.Registry()
	ok(t, err)
	blobs, err := blob.Open(filepath.Join(dir, "blobs"), blob.Options{MaxBytes: 64 << 20})
	ok(t, err)
	return &world{t: t, log: log, codec: event.NewCodec(registry, keys), blobs: blobs}
}

// importer is one run's importer over a log, as a program of its own would have it.
func (w *world) importer(log event.Log) *importer.Importer {
	return importer.New(handlers.NewPublishing(handlers.NewJournal(log, w.codec, clock, nil), w.blobs, nil), w.blobs)
}

// run imports a corpus, which must succeed.
func (w *world) run(corpus string) importer.Report {
	w.t.Helper()
	report, err := w.importer(w.log).Run(w.t.Context(), strings.NewReader(corpus), func(int) {})
	ok(w.t, err)
	return report
}

func (w *world) count(sources ...string) importer.Held {
	w.t.Helper()
	held, err := importer.Count(w.t.Context(), w.log, w.codec.Registry(), sources)
	ok(w.t, err)
	return held
}

// events is the whole log.
func (w *world) events() []event.Recorded {
	w.t.Helper()
	var all []event.Recorded
	var at event.Checkpoint
	for {
		page, err := w.log.ReadAll(w.t.Context(), at, 1000)
		ok(w.t, err)
		if len(page) == 0 {
			return all
		}
		all = append(all, page...)
		at = all[len(all)-1].Checkpoint()
	}
}

// decoded is the payloads of the log's events.
func (w *world) decoded() []event.Payload {
	w.t.Helper()
	var all []event.Payload
	for _, e := range w.events() {
		p, err := w.codec.Registry().Decode(e)
		ok(w.t, err)
		all = append(all, p)
	}
	return all
}

// corpus builds the lines of a corpus and the contents that they name.
type corpus struct {
	lines    []string
	contents map[string]string // by hash
}

type fields map[string]any

// published is the time of the lines that name none.
const published = "2020-01-02T03:04:05Z"

// version adds a version of source s/r; more adds fields or replaces them.
func (c *corpus) version(doc string, number int, text string, more fields) {
	hash := hashOf(text)
	if c.contents == nil {
		c.contents = map[string]string{}
	}
	c.contents[hash] = text
	c.line(fields{
		"doc": "s/r/" + doc, "version": number, "title": doc, "summary": "Change " + doc,
		"sha256": hash, "bytes": len(text), "media_type": "text/plain",
	}, more)
}

// withdrawal adds a withdrawal.
func (c *corpus) withdrawal(doc string, number int) {
	c.line(fields{"doc": "s/r/" + doc, "version": number, "title": doc, "withdrawn": true}, nil)
}

func (c *corpus) line(base, more fields) {
	all := fields{"source": "s/r", "series": "s/r", "commit": "c1", "published_at": published}
	for _, f := range []fields{base, more} {
		for k, v := range f {
			all[k] = v
		}
	}
	b, err := json.Marshal(all)
	if err != nil {
		panic(err) // a mistake in the test
	}
	c.lines = append(c.lines, string(b))
}

func (c *corpus) String() string { return strings.Join(c.lines, "\n") + "\n" }

// archive is the contents as a blobs.tar.gz.
func (c *corpus) archive() []byte {
	var files []file
	for hash, text := range c.contents {
		files = append(files, file{name: "blobs/" + hash, text: text})
	}
	return archive(files...)
}

// store puts the contents into the world's store.
func (c *corpus) store(w *world) {
	w.t.Helper()
	n, err := importer.StoreBlobs(w.t.Context(), bytes.NewReader(c.archive()), w.blobs, func(int) {})
	ok(w.t, err)
	if n != len(c.contents) {
		w.t.Fatalf("%d contents were read, not %d", n, len(c.contents))
	}
}

type file struct {
	name, text string
	kind       byte
}

func archive(files ...file) []byte {
	var b bytes.Buffer
	zipped := gzip.NewWriter(&b)
	tarred := tar.NewWriter(zipped)
	for _, f := range files {
		kind := f.kind
		if kind == 0 {
			kind = tar.TypeReg
		}
		_ = tarred.WriteHeader(&tar.Header{Name: f.name, Mode: 0o600, Size: int64(len(f.text)), Typeflag: kind})
		_, _ = io.WriteString(tarred, f.text)
	}
	_, _ = tarred.Close(), zipped.Close() // into memory
	return b.Bytes()
}

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// refused checks that an error is a refusal of a kind whose words hold a text.
func refused(t testing.TB, err error, kind domain.Kind, says string) {
	t.Helper()
	var e *domain.Error
	if !errors.As(err, &e) || e.Kind != kind || !strings.Contains(err.Error(), says) {
		t.Errorf("got %v; want a refusal (%s) that says %q", err, kind, says)
	}
}
