package main

import (
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// figureLine is the form that make bench promises; "#" begins the raw lines.
var figureLine = regexp.MustCompile(`^[^\t#]+\t[^\t]+\t[^\t]+\t(-|\d+\.\d\d)\t((>=|<=) [\d.]+|reported)\t(ok|short)$`)

// promised are the figures of the issue and of docs/performance.md.
var promised = []string{
	"durable append, 1 caller", "durable append, 64 callers", "import of the corpus, versions",
	"rebuild of all read models", "publish to visible, median", "publish to visible, p99",
	"search, p50", "search, p99", "home, p50", "list, p50", "document, p50", "library, p50",
	"catch-up read, KurrentDB's double", "growth: rebuild on SQLite, 200 version records",
	"composing, digests against INSERT … SELECT", "rendering, letters",
	"digest mails per second, a mail server that answers at once", "digest mails per second, a mail server that answers after 1ms",
	"peak memory of the worker, 400 people", "urgent publication to the last of 100 immediate mails",
}

// promisedOfPostgres are those that need its binaries.
var promisedOfPostgres = []string{"rebuild of all read models, PostgreSQL",
	"rebuild of all read models, PostgreSQL, 200 version records", "growth: rebuild on PostgreSQL, 200 version records"}

// TestEveryFigureIsALine runs everything, small. How fast it was is nobody's
// business here: a test must not depend on the machine.
func TestEveryFigureIsALine(t *testing.T) {
	var out strings.Builder
	if err := run(t.Context(), brief, "", &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	seen, promised := map[string]bool{}, promised
	for line := range strings.Lines(out.String()) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "# ") {
			continue
		}
		if !figureLine.MatchString(line) {
			t.Errorf("not a figure: %q", line)
		}
		name, _, _ := strings.Cut(line, "\t")
		seen[name] = true
	}
	if !strings.Contains(out.String(), "# the rows about PostgreSQL are left out") {
		promised = append(slices.Clone(promised), promisedOfPostgres...)
	}
	for _, name := range promised {
		if !seen[name] {
			t.Errorf("there is no figure %q", name)
		}
	}
}

// TestPartsAreMeasuredByThemselves, and a part that there is not is named.
func TestPartsAreMeasuredByThemselves(t *testing.T) {
	e := brief
	e.only = []string{"kurrent", "nothing"}
	var out strings.Builder
	if err := run(t.Context(), e, "", &out, io.Discard); err == nil || !strings.Contains(err.Error(), `"nothing"; there are appends, rebuild,`) {
		t.Errorf("a part that there is not: %v", err)
	}
	e.only = e.only[:1]
	if err := run(t.Context(), e, "", &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	figure, rest, _ := strings.Cut(out.String(), "\n")
	if !strings.HasPrefix(figure, "catch-up read") || !strings.HasPrefix(rest, "# ") {
		t.Errorf("one part measured:\n%s", out.String())
	}
}

// TestTheGeneratedCorpusIsTheSameEverywhere holds the seed to its bytes: figures
// of two machines are about the same documents.
func TestTheGeneratedCorpusIsTheSameEverywhere(t *testing.T) {
	a, b := t.TempDir(), t.TempDir()
	for _, dir := range []string{a, b} {
		if err := afternoon.write(dir); err != nil {
			t.Fatal(err)
		}
	}
	for _, file := range []string{"corpus.jsonl", "blobs.tar.gz"} {
		if first, second := read(t, a, file), read(t, b, file); first != second || first == "" {
			t.Errorf("%s differs from one writing to the next", file)
		}
	}
}

func read(t *testing.T, dir, file string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, file))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
