package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// writeCorpus writes a small corpus of documents with versions, renames and
// withdrawals, and answers its two files and what must be held afterwards.
func writeCorpus(t *testing.T, documents, versions int) (corpus, blobs string, want importSummary) {
	t.Helper()
	dir := t.TempDir()
	corpus, blobs = filepath.Join(dir, "corpus.jsonl"), filepath.Join(dir, "blobs.tar.gz")
	var lines, archive bytes.Buffer
	zipped := gzip.NewWriter(&archive)
	tarred := tar.NewWriter(zipped)
	at := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	line := func(record map[string]any) {
		b, err := json.Marshal(record)
		if err != nil {
			t.Fatal(err)
		}
		lines.Write(append(b, '\n'))
	}
	for d := range documents {
		key, from := fmt.Sprintf("acme/policies/folder %d/policy-%d.md", d%7, d), ""
		for v := 1; v <= versions; v++ {
			at = at.Add(time.Hour)
			content := fmt.Appendf(nil, "Policy %d, version %d\n", d, v)
			sum := sha256.Sum256(content)
			hash := hex.EncodeToString(sum[:])
			if err := tarred.WriteHeader(&tar.Header{Name: "blobs/" + hash, Mode: 0o644, Size: int64(len(content))}); err != nil {
				t.Fatal(err)
			}
			if _, err := tarred.Write(content); err != nil {
				t.Fatal(err)
			}
			record := map[string]any{
				"doc": key, "source": "acme/policies", "series": fmt.Sprintf("acme/policies/folder %d", d%7),
				"title": fmt.Sprintf("Policy %d", d), "version": v, "commit": fmt.Sprintf("c%d", v),
				"published_at": at, "summary": "Reworded.", "sha256": hash, "bytes": len(content), "media_type": "text/markdown",
			}
			if from != "" {
				record["renamed_from"] = from
				from = ""
			}
			line(record)
			want.Versions++
			if v == 2 && v < versions && d%5 == 0 { // the next version is under another name
				from = key
				key += ".new.md"
			}
		}
		if d%4 == 0 {
			line(map[string]any{"doc": key, "source": "acme/policies", "series": fmt.Sprintf("acme/policies/folder %d", d%7),
				"title": "", "version": versions + 1, "commit": "w", "published_at": at, "withdrawn": true})
			want.Withdrawals++
		}
		want.Documents++
	}
	if err := tarred.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zipped.Close(); err != nil {
		t.Fatal(err)
	}
	for path, b := range map[string][]byte{corpus: lines.Bytes(), blobs: archive.Bytes()} {
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return corpus, blobs, want
}

// summary reads the last line of an import's standard output.
func summary(t *testing.T, stdout string) importSummary {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(stdout), "\n")
	var s importSummary
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &s); err != nil {
		t.Fatalf("the last line of %q is no summary: %v", stdout, err)
	}
	return s
}

func TestAnImportThatIsKilledGoesOnAndVerifies(t *testing.T) {
	corpus, blobs, want := writeCorpus(t, 60, 6)
	data := filepath.Join(t.TempDir(), "data")
	args := []string{"import", "--data", data, "--corpus", corpus, "--blobs", blobs}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	killed := 0
	for range 8 {
		cmd := program(context.Background(), args...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		select {
		case err := <-ended:
			if err != nil {
				t.Fatalf("the import failed: %v", err)
			}
		case <-time.After(time.Duration(random.IntN(900)) * time.Millisecond):
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			<-ended
			killed++
		}
	}
	t.Logf("killed %d times", killed)

	stdout, stderr, code := imprint(t, args...)
	if code != 0 {
		t.Fatalf("the import after the kills: exit %d\n%s", code, stderr)
	}
	got := summary(t, stdout)
	if got.Documents != want.Documents || got.Versions != want.Versions || got.Withdrawals != want.Withdrawals {
		t.Errorf("held %+v, want %+v", got, want)
	}
	stdout, stderr, code = imprint(t, args...)
	if again := summary(t, stdout); code != 0 || again.Events != 0 || again.Skipped != want.Versions+want.Withdrawals {
		t.Errorf("a second run wrote: %+v, exit %d\n%s", again, code, stderr)
	}
	if stdout, stderr, code := imprint(t, "projections", "verify", "--data", data); code != 0 {
		t.Errorf("verify: exit %d\n%s%s", code, stdout, stderr)
	}
	if stdout, stderr, code := imprint(t, "content", "scrub", "--data", data); code != 0 {
		t.Errorf("scrub: exit %d\n%s%s", code, stdout, stderr)
	}
}

func TestABadCorpusIsNamedByItsLine(t *testing.T) {
	corpus, blobs, want := writeCorpus(t, 3, 2)
	good, err := os.ReadFile(corpus)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ line, says string }{
		"no JSON":      {"this is no JSON", "not a JSON object"},
		"a path":       {`{"doc":"acme/policies/../../etc/passwd","source":"acme/policies","series":"acme/policies","title":"x","version":1,"published_at":"2020-01-01T00:00:00Z","sha256":"` + strings.Repeat("a", 64) + `"}`, ".."},
		"missing blob": {`{"doc":"acme/policies/x.md","source":"acme/policies","series":"acme/policies","title":"x","version":1,"published_at":"2020-01-01T00:00:00Z","summary":"s","sha256":"` + strings.Repeat("a", 64) + `","media_type":"text/plain"}`, strings.Repeat("a", 64)},
		"huge summary": {`{"doc":"acme/policies/x.md","source":"acme/policies","series":"acme/policies","title":"x","version":1,"published_at":"2020-01-01T00:00:00Z","summary":"` + strings.Repeat("s", 1<<19) + `","sha256":"` + strings.Repeat("a", 64) + `","media_type":"text/plain"}`, "summary has 524288 characters"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "corpus.jsonl")
			if err := os.WriteFile(path, append(bytes.Clone(good), c.line+"\n"...), 0o600); err != nil {
				t.Fatal(err)
			}
			data := filepath.Join(t.TempDir(), "data")
			_, stderr, code := imprint(t, "import", "--data", data, "--corpus", path, "--blobs", blobs)
			if code != 1 || !strings.Contains(stderr, c.says) || !strings.Contains(stderr, "line 8") {
				t.Errorf("exit %d, said %.600s", code, stderr)
			}
			caughtUp(t, data)
			// The line mended, the import goes on from what is there.
			stdout, stderr, code := imprint(t, "import", "--data", data, "--corpus", corpus, "--blobs", blobs)
			if code != 0 {
				t.Fatalf("the mended import: exit %d\n%s", code, stderr)
			}
			if got := summary(t, stdout); got.Events != 0 || got.Versions != want.Versions {
				t.Errorf("the mended import: %+v", got)
			}
			if stdout, _, code := imprint(t, "projections", "verify", "--data", data); code != 0 {
				t.Errorf("verify: exit %d\n%s", code, stdout)
			}
		})
	}
}

// caughtUp wants every read model at the end of the log.
func caughtUp(t *testing.T, data string) {
	t.Helper()
	err := engineFlags{Data: data}.reading(t.Context(), func(v *viewed) error {
		head, err := v.log.Head(t.Context())
		if err != nil {
			return err
		}
		all, err := builds(t.Context(), v.views)
		if len(all) != len(readModels()) || head.Ordinal < 2 {
			t.Errorf("%d read models of a log of %d events", len(all), head.Ordinal)
		}
		for _, b := range all {
			if b.Checkpoint.Ordinal != head.Ordinal {
				t.Errorf("%s is at event %d of %d", b.Projection, b.Checkpoint.Ordinal, head.Ordinal)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// interrupting stops a command when it says a word.
type interrupting struct {
	at   string
	stop func()
}

func (w interrupting) Write(b []byte) (int, error) {
	if strings.Contains(string(b), w.at) {
		w.stop()
	}
	return len(b), nil
}

func TestAnImportThatIsStoppedShowsWhatItRecorded(t *testing.T) {
	corpus, blobs, _ := writeCorpus(t, 3, 2)
	for _, at := range []string{"contents: ", "versions: "} {
		t.Run(at, func(t *testing.T) {
			data := engineFlags{Data: filepath.Join(t.TempDir(), "data")}
			// As a kill leaves it: recorded, and not shown.
			in, err := open(t.Context(), data, options{create: true})
			if err != nil {
				t.Fatal(err)
			}
			archive, err := os.Open(blobs)
			if err != nil {
				t.Fatal(err)
			}
			c := &importCommand{engineFlags: data, Corpus: corpus, Blobs: blobs}
			_, err = c.record(t.Context(), in, &console{Out: io.Discard, Err: io.Discard}, archive, 0)
			if err := errors.Join(err, archive.Close(), in.Close()); err != nil {
				t.Fatal(err)
			}
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			if err := c.Run(ctx, &console{Out: io.Discard, Err: interrupting{at, stop}}); !errors.Is(err, context.Canceled) {
				t.Errorf("the stopped import: %v", err)
			}
			caughtUp(t, data.Data)
		})
	}
}

func TestAChangedLineIsNamedOnStandardError(t *testing.T) {
	corpus, blobs, want := writeCorpus(t, 3, 2)
	data := filepath.Join(t.TempDir(), "data")
	args := []string{"import", "--data", data, "--corpus", corpus, "--blobs", blobs}
	if _, stderr, code := imprint(t, args...); code != 0 || strings.Contains(stderr, "changed") {
		t.Fatalf("the import: exit %d\n%s", code, stderr)
	}
	lines, err := os.ReadFile(corpus)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(corpus, bytes.Replace(lines, []byte("Reworded."), []byte("Rewritten."), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	stdout, stderr, code := imprint(t, args...)
	if code != 0 || !strings.Contains(stderr, "changed: 1 of the lines") || !strings.Contains(stderr, `changed: "acme/policies/folder 0/policy-0.md", version 1 (line 1)`) {
		t.Errorf("the changed corpus: exit %d\n%s", code, stderr)
	}
	if got := summary(t, stdout); got.Events != 0 || got.Skipped != want.Versions+want.Withdrawals || got.Versions != want.Versions {
		t.Errorf("it did %+v", got)
	}
}
