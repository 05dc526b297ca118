package portal

// The files that pages refer to. Their addresses carry a part of their hash, so
// that browsers keep them for ever and a new program brings new ones.

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"time"
)

type asset struct {
	path, media string
	content     []byte
}

func newAsset(name, extension, media string, content []byte) asset {
	sum := sha256.Sum256(content)
	return asset{path: "/assets/" + name + "-" + hex.EncodeToString(sum[:6]) + "." + extension, media: media, content: content}
}

func (a asset) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", a.media)
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(a.content))
}
