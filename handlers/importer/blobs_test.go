package importer_test

import (
	"archive/tar"
	"bytes"
	"strings"
	"testing"

	"imprint/domain"
	"imprint/handlers/importer"
)

func TestContentsAreStoredOnce(t *testing.T) {
	w := newWorld(t)
	b := archive(file{name: "./blobs/", kind: tar.TypeDir}, file{name: "./blobs/" + hashOf("a"), text: "a"}, file{name: "blobs/" + hashOf("")})
	for range 2 {
		seen := 0
		n, err := importer.StoreBlobs(t.Context(), bytes.NewReader(b), w.blobs, func(done int) { seen = done })
		if n != 2 || seen != 2 || err != nil {
			t.Errorf("%d contents are done, %d were shown, %v; want 2", n, seen, err)
		}
	}
	for _, text := range []string{"a", ""} {
		if held, err := w.blobs.Has(t.Context(), hashOf(text)); !held || err != nil {
			t.Errorf("%q is held: %v, %v", text, held, err)
		}
	}
}

func TestABadArchiveIsRefused(t *testing.T) {
	long := strings.Repeat("a", 1<<16)
	whole := archive(file{name: "blobs/" + hashOf(long), text: long}, file{name: "blobs/" + hashOf("a"), text: "a"})
	for name, c := range map[string]struct {
		archive []byte
		kind    domain.Kind
		says    string
	}{
		"no gzip":        {[]byte("PK"), domain.Invalid, "is not gzip"},
		"empty":          {nil, domain.Invalid, "is not gzip"},
		"truncated":      {whole[:len(whole)-30], domain.Invalid, "breaks off"},
		"traversal":      {archive(file{name: "blobs/../" + hashOf("a"), text: "a"}), domain.Invalid, "blobs/../"},
		"outside":        {archive(file{name: "../etc/passwd", text: "a"}), domain.Invalid, "only files blobs/"},
		"absolute":       {archive(file{name: "/blobs/" + hashOf("a"), text: "a"}), domain.Invalid, "only files blobs/"},
		"a link":         {archive(file{name: "blobs/" + hashOf("a"), kind: tar.TypeSymlink}), domain.Invalid, "only files blobs/"},
		"another's hash": {archive(file{name: "blobs/" + hashOf("b"), text: "a"}), domain.Invalid, hashOf("b")},
		"oversized":      {archive(file{name: "blobs/" + hashOf("x"), text: strings.Repeat("x", 64<<20+1)}), domain.TooLarge, "at most 67108864"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			_, err := importer.StoreBlobs(t.Context(), bytes.NewReader(c.archive), w.blobs, func(int) {})
			refused(t, err, c.kind, c.says)
			if held, err := w.blobs.Has(t.Context(), hashOf("b")); held || err != nil {
				t.Errorf("bytes are held under a hash that is not theirs: %v, %v", held, err)
			}
		})
	}
}
