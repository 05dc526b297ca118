package blob_test

// The suite of the port, and how the store is opened.

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"imprint/adapters/blob"
	"imprint/adapters/conformance/blobtest"
	"imprint/domain"
	"imprint/domain/content"
)

func TestConformance(t *testing.T) {
	blobtest.Run(t, func(t *testing.T) blobtest.Store {
		dir := t.TempDir()
		// Scrub overlooks arrivals, since a Put may be running. Here none is.
		t.Cleanup(func() { wantNoArrivals(t, dir) })
		return open(t, dir, blob.Options{MaxBytes: blobtest.Limit})
	})
}

func TestOpenMakesAPrivateDirectory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data", "content")
	open(t, dir, blob.Options{})
	err := filepath.WalkDir(filepath.Dir(dir), func(path string, e os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err == nil && info.Mode().Perm() != 0o700 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	c := put(t, open(t, dir, blob.Options{}), []byte("kept"))
	info, err := os.Stat(pathOf(dir, c.SHA256))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("content has mode %v, %v", info.Mode(), err)
	}
	if held, err := open(t, dir, blob.Options{}).Has(t.Context(), c.SHA256); !held || err != nil {
		t.Fatalf("after opening again: held %t, %v", held, err)
	}
}

func TestOpenRefuses(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("notes"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := blob.Open(file, blob.Options{}); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("a file in place of the directory: %v; want an error that names it", err)
	}
	if _, err := blob.Open(t.TempDir(), blob.Options{MaxBytes: -1}); domain.KindOf(err) != domain.Invalid {
		t.Errorf("a negative limit: %v", err)
	}
}

func TestDefaultLimit(t *testing.T) {
	dir := t.TempDir()
	d := open(t, dir, blob.Options{})
	read := 0
	_, err := d.Put(t.Context(), io.LimitReader(readerFunc(func(p []byte) (int, error) { read += len(p); return len(p), nil }), 5<<30))
	if domain.KindOf(err) != domain.TooLarge || !strings.Contains(err.Error(), "104857600 bytes") {
		t.Fatalf("5 GB: %v", err)
	}
	if read != blob.DefaultMaxBytes+1 {
		t.Fatalf("%d bytes were read", read)
	}
	wantNoArrivals(t, dir)
}

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func open(t *testing.T, dir string, opt blob.Options) *blob.Directory {
	t.Helper()
	d, err := blob.Open(dir, opt)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func put(t *testing.T, d *blob.Directory, b []byte) content.Stored {
	t.Helper()
	c, err := d.Put(t.Context(), bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func hashOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func pathOf(dir, hash string) string { return filepath.Join(dir, hash[:2], hash) }

func arrivals(t *testing.T, dir string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "incoming", "*"))
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

func wantNoArrivals(t *testing.T, dir string) {
	t.Helper()
	if left := arrivals(t, dir); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}
