package blob_test

// A disk that is really full.

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"imprint/adapters/blob"
	"imprint/adapters/conformance/smalldisk"
	"imprint/domain"
	"imprint/domain/content"
)

// TestFullDisk fills a store on a small disk in each of the ways it can be full.
func TestFullDisk(t *testing.T) {
	smalldisk.Run(t, func(t *testing.T, mount smalldisk.Mount) {
		for name, options := range map[string]string{
			"no space":      "size=1m",
			"no more files": "size=64m,nr_inodes=300", // 259 are taken by the folders
		} {
			t.Run(name, func(t *testing.T) { fill(t, filepath.Join(mount(t, options), "content")) })
		}
	})
}

// fill puts content until the disk is full, then checks the refusal, that nothing
// is left of what was refused, and that a Put succeeds once there is room.
func fill(t *testing.T, dir string) {
	d := open(t, dir, blob.Options{})
	var held []string
	var full error
	for full == nil {
		var c content.Stored
		c, full = d.Put(t.Context(), bytes.NewReader(random(100_000)))
		if full == nil {
			held = append(held, c.SHA256)
		}
	}
	t.Logf("after %d: %v", len(held), full)
	var refusal *domain.Error
	if !errors.As(full, &refusal) || refusal.Kind != domain.Unavailable || refusal.Code != "disk-full" ||
		!strings.HasPrefix(refusal.Message, "content store: disk is full") || strings.Contains(refusal.Message, dir) {
		t.Errorf("a full disk is called %#v", full)
	}
	wantNoArrivals(t, dir)
	wantSound(t, d, dir, held...)
	n := 0
	for range d.All(t.Context()) {
		n++
	}
	if n != len(held) || n == 0 {
		t.Errorf("%d are held, %d were acknowledged", n, len(held))
	}
	if err := os.Remove(pathOf(dir, held[0])); err != nil {
		t.Fatal(err)
	}
	put(t, d, []byte("this fits"))
}
