package main

// Here: the program as it is built for a proof: with points at which it dies, or with
// a piece of its source replaced by something that is wrong.

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// replacement puts other text in the place of a piece of a source file, which stands
// in it just once: a piece that is not there any more fails the test.
type replacement struct{ file, old, new string } // file from the top of the repository

// building lets one build at a time go on, which takes all processors by itself.
var building sync.Mutex

// built is the program with replacements, and with the points at which it dies.
func built(t *testing.T, replacements ...replacement) (exe string) {
	t.Helper()
	dir := t.TempDir()
	exe = filepath.Join(dir, "imprint")
	building.Lock()
	defer building.Unlock()
	overlay, err := json.Marshal(map[string]any{"Replace": replaced(t, dir, replacements)})
	must(t, err)
	file := filepath.Join(dir, "overlay.json")
	must(t, os.WriteFile(file, overlay, 0o600))
	out, err := exec.CommandContext(t.Context(), "go", "build", "-tags", "crashpoints", "-overlay", file, "-ldflags", "-s -w", "-o", exe, "imprint/cmd/imprint").CombinedOutput()
	if err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return exe
}

// replaced writes the files with their replacements, and answers where, by the paths
// of the originals.
func replaced(t *testing.T, dir string, replacements []replacement) map[string]string {
	t.Helper()
	written := map[string]string{}
	for i, r := range replacements {
		path, err := filepath.Abs(filepath.Join("..", "..", r.file))
		must(t, err)
		from := path
		if written[path] != "" { // replaced in part already
			from = written[path]
		}
		source, err := os.ReadFile(from)
		must(t, err)
		if n := strings.Count(string(source), r.old); n != 1 {
			t.Fatalf("%s holds %d times, not once, what replacement %d is for:\n%s", r.file, n, i, r.old)
		}
		if written[path] == "" {
			written[path] = filepath.Join(dir, strings.ReplaceAll(r.file, "/", "_"))
		}
		must(t, os.WriteFile(written[path], []byte(strings.Replace(string(source), r.old, r.new, 1)), 0o600))
	}
	return written
}
