package blob_test

// What is left when a program dies in the middle. A kill shows that nothing is
// visible before it is whole; that the fsyncs survive a power cut it cannot
// show, since the kernel lives on.

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"imprint/adapters/blob"
)

// childEnv names a directory to the test binary when one of its tests starts it
// again as a program of its own.
const childEnv = "IMPRINT_BLOB_TEST_CHILD"

func TestOpenRemovesLeftovers(t *testing.T) {
	dir := t.TempDir()
	c := put(t, open(t, dir, blob.Options{}), []byte("acknowledged"))
	write(t, filepath.Join(dir, "incoming", "put-1234567"), "half of someth")
	write(t, filepath.Join(dir, "incoming", "notes.txt"), "somebody's")
	d := open(t, dir, blob.Options{})
	if left := arrivals(t, dir); len(left) != 1 || filepath.Base(left[0]) != "notes.txt" {
		t.Errorf("left: %v; want only what is not the store's own", left)
	}
	wantSound(t, d, dir, c.SHA256)
}

// A Put that is half done shows nothing; and if another program opens the store
// then, as after a crash, the Put fails rather than store something half.
func TestHalfDonePutIsInvisible(t *testing.T) {
	dir := t.TempDir()
	d := open(t, dir, blob.Options{})
	r, w := io.Pipe()
	result := make(chan error, 1)
	go func() {
		_, err := d.Put(t.Context(), r)
		result <- err
	}()
	half := bytes.Repeat([]byte("half"), 100_000)
	if _, err := w.Write(half); err != nil {
		t.Fatal(err)
	}
	if len(arrivals(t, dir)) != 1 {
		t.Fatalf("arriving: %v; want one", arrivals(t, dir))
	}
	wantNothing(t, d)

	wantNothing(t, open(t, dir, blob.Options{}))
	wantNoArrivals(t, dir)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-result; err == nil {
		t.Error("a Put whose file was swept away says that it was stored")
	}
	wantNothing(t, d)
}

// TestKill lets a child put content without end and kills it, several times over
// in one directory. What the child acknowledged must be there, and whatever is
// there must be whole.
func TestKill(t *testing.T) {
	if dir := os.Getenv(childEnv); dir != "" {
		t.Fatal(putWithoutEnd(dir))
	}
	dir := t.TempDir()
	open(t, dir, blob.Options{})
	var acknowledged []string
	swept := 0
	for round := range 8 {
		child := exec.Command(os.Args[0], "-test.run=^TestKill$")
		child.Env = append(os.Environ(), childEnv+"="+dir)
		child.Stderr = os.Stderr
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for n := 0; lines.Scan(); n++ {
			if len(lines.Text()) == 64 { // the last line may be cut off
				acknowledged = append(acknowledged, lines.Text())
			}
			if n == 5+round*7 {
				if err := child.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := child.Wait(); err == nil || child.ProcessState.ExitCode() != -1 {
			t.Fatalf("the child was not killed but ended: %v", err)
		}
		swept += len(arrivals(t, dir))
		d := open(t, dir, blob.Options{})
		wantNoArrivals(t, dir)
		wantSound(t, d, dir, acknowledged...)
	}
	t.Logf("%d acknowledged, %d cut short and swept away", len(acknowledged), swept)
	if swept == 0 {
		t.Error("no kill came in the middle of a Put: this has shown nothing")
	}
}

// putWithoutEnd puts random content from four goroutines and prints each hash
// after the store has acknowledged it.
func putWithoutEnd(dir string) error {
	d, err := blob.Open(dir, blob.Options{})
	if err != nil {
		return err
	}
	failed := make(chan error)
	for range 4 {
		go func() {
			for {
				c, err := d.Put(context.Background(), bytes.NewReader(random(rand.IntN(256<<10))))
				if err == nil {
					_, err = fmt.Println(c.SHA256)
				}
				if err != nil {
					failed <- err
				}
			}
		}()
	}
	return <-failed
}

// random makes n bytes that were never there before.
func random(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rand.Uint32())
	}
	return b
}

func wantNothing(t *testing.T, d *blob.Directory) {
	t.Helper()
	for hash, err := range d.All(t.Context()) {
		t.Errorf("visible: %s, %v", hash, err)
	}
}

// wantSound checks that every name that can be seen re-hashes right, by reading
// the files and by Scrub, and that the given hashes are among them.
func wantSound(t *testing.T, d *blob.Directory, dir string, among ...string) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "[0-9a-f][0-9a-f]", "*"))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, p := range paths {
		b, err := os.ReadFile(p)
		if err != nil || hashOf(b) != filepath.Base(p) {
			t.Errorf("%s holds %d other bytes (%v)", p, len(b), err)
		}
		seen[filepath.Base(p)] = true
	}
	for _, hash := range among {
		if !seen[hash] {
			t.Errorf("%s was acknowledged and is gone", hash)
		}
	}
	for damage, err := range d.Scrub(t.Context(), nil) {
		if err != nil || damage.SHA256 != "" {
			t.Errorf("Scrub: %v, %v", damage, err)
		}
	}
}
