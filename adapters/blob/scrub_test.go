package blob_test

// What scrubbing finds, and how damage is repaired.

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"imprint/adapters/blob"
)

func TestScrubFindsDamage(t *testing.T) {
	dir := t.TempDir()
	d := open(t, dir, blob.Options{})
	good := put(t, d, []byte("good"))
	flipped := put(t, d, []byte("flipped")).SHA256
	cut := put(t, d, bytes.Repeat([]byte("cut"), 1000)).SHA256
	emptied := put(t, d, []byte("emptied")).SHA256
	write(t, pathOf(dir, flipped), "flopped")
	write(t, pathOf(dir, cut), "cut")
	write(t, pathOf(dir, emptied), "")

	last := [2]int{}
	found := map[string]string{}
	for damage, err := range d.Scrub(t.Context(), func(done, total int) { last = [2]int{done, total} }) {
		if err != nil {
			t.Fatal(err)
		}
		found[damage.SHA256] = damage.Problem
	}
	if len(found) != 3 || last != [2]int{4, 4} {
		t.Fatalf("found %v after %v; want three damaged of four", found, last)
	}
	for hash, now := range map[string]string{flipped: "flopped", cut: "cut", emptied: ""} {
		if !strings.Contains(found[hash], hashOf([]byte(now))) {
			t.Errorf("%s: %q does not say what the bytes are now", hash, found[hash])
		}
	}
	if found[good.SHA256] != "" {
		t.Errorf("the good one: %s", found[good.SHA256])
	}
}

func TestScrubNamesWhatDoesNotBelong(t *testing.T) {
	dir := t.TempDir()
	d := open(t, dir, blob.Options{})
	hash := put(t, d, []byte("content")).SHA256
	elsewhere := "00"
	if hash[:2] == elsewhere {
		t.Fatal("choose other content")
	}
	want := []string{
		"notes.txt",
		filepath.Join("incoming", "notes.txt"),
		filepath.Join(elsewhere, hash),      // right name, wrong folder
		filepath.Join(elsewhere, "00.part"), // no hash
	}
	for _, name := range want {
		write(t, filepath.Join(dir, name), "content")
	}
	link := filepath.Join(elsewhere, strings.Repeat("0", 64))
	if err := os.Symlink(pathOf(dir, hash), filepath.Join(dir, link)); err != nil {
		t.Fatal(err)
	}
	want = append(want, link)
	var found []string
	for damage, err := range d.Scrub(t.Context(), nil) {
		if err != nil || damage.SHA256 != "" {
			t.Fatalf("%v, %v", damage, err)
		}
		found = append(found, damage.Problem)
	}
	for _, name := range want {
		if !slices.ContainsFunc(found, func(p string) bool { return strings.Contains(p, `"`+name+`"`) }) {
			t.Errorf("%s is not named in %q", name, found)
		}
	}
	if len(found) != len(want) {
		t.Errorf("found %q; want %d", found, len(want))
	}
	for h, err := range d.All(t.Context()) {
		if h != hash || err != nil {
			t.Errorf("All gives %q, %v", h, err)
		}
	}
}

func TestPuttingAgainRepairs(t *testing.T) {
	dir := t.TempDir()
	d := open(t, dir, blob.Options{})
	b := bytes.Repeat([]byte("rely on this "), 10_000)
	hash := put(t, d, b).SHA256
	for _, damage := range []string{"", "short", strings.Repeat("x", len(b))} {
		write(t, pathOf(dir, hash), damage)
		put(t, d, b)
		got, err := os.ReadFile(pathOf(dir, hash))
		if err != nil || !bytes.Equal(got, b) {
			t.Fatalf("after damage to %d bytes and another Put: %d bytes, %v", len(damage), len(got), err)
		}
	}
	before, err := os.Stat(pathOf(dir, hash))
	if err != nil {
		t.Fatal(err)
	}
	put(t, d, b)
	after, err := os.Stat(pathOf(dir, hash))
	if err != nil || !os.SameFile(before, after) {
		t.Fatalf("a sound copy was written a second time (%v)", err)
	}
	wantNoArrivals(t, dir)
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
