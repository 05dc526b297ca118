//go:build corpus

package importer_test

import (
	"bufio"
	"os"
	"path/filepath"
	"testing"
	"time"

	"imprint/handlers/importer"
)

// TestTheRealCorpus imports the corpus that IMPRINT_CORPUS names, and tells how
// fast that went. It proves the counts and that a second run adds nothing. The
// corpus is no part of the repository: go test -tags corpus ./handlers/importer
func TestTheRealCorpus(t *testing.T) {
	dir := os.Getenv("IMPRINT_CORPUS")
	if dir == "" {
		t.Fatal("set IMPRINT_CORPUS to the folder with corpus.jsonl and blobs.tar.gz")
	}
	w := newWorld(t)
	archive, err := os.Open(filepath.Join(dir, "blobs.tar.gz"))
	ok(t, err)
	defer func() { _ = archive.Close() }()
	started := time.Now()
	contents, err := importer.StoreBlobs(t.Context(), bufio.NewReader(archive), w.blobs, func(int) {})
	ok(t, err)
	t.Logf("%d contents in %.1f s", contents, time.Since(started).Seconds())

	lines, err := os.ReadFile(filepath.Join(dir, "corpus.jsonl"))
	ok(t, err)
	started = time.Now()
	first := w.run(string(lines))
	seconds := time.Since(started).Seconds()
	held := w.count(first.Sources...)
	t.Logf("%d lines, %d events in %.1f s: %.0f versions per second", first.Records, first.Events, seconds, float64(held.Versions)/seconds)
	if want := (importer.Held{Documents: 1629, Versions: 8877, Withdrawals: 644}); held != want {
		t.Errorf("the log holds %+v, want %+v", held, want)
	}
	started = time.Now()
	second := w.run(string(lines))
	t.Logf("again in %.1f s", time.Since(started).Seconds())
	if second.Events != 0 || second.Skipped != second.Records {
		t.Errorf("a second run wrote %d events and skipped %d of %d lines", second.Events, second.Skipped, second.Records)
	}
}
