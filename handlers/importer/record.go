package importer

// Here: one line of the corpus, and what is refused about it.

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path"
	"strings"
	"time"
	"unicode/utf8"

	"imprint/domain"
	"imprint/domain/content"
)

// maxLine bounds a line of the corpus in bytes.
const maxLine = 1 << 20

// maxKey bounds a document's key in bytes.
const maxKey = 1000

// Record is one version or withdrawal as the corpus tells it.
type Record struct {
	Doc         string    `json:"doc"`
	Source      string    `json:"source"`
	Series      string    `json:"series"`
	Title       string    `json:"title"`
	Version     int       `json:"version"`
	Commit      string    `json:"commit"`
	PublishedAt time.Time `json:"published_at"`
	Summary     string    `json:"summary"`
	SHA256      string    `json:"sha256"`
	Bytes       int64     `json:"bytes"`
	MediaType   string    `json:"media_type"`
	RenamedFrom string    `json:"renamed_from"`
	Withdrawn   bool      `json:"withdrawn"`
}

// ParseRecord reads one line. Errors are domain.Invalid and name the field.
func ParseRecord(line []byte) (Record, error) {
	var r Record
	if !utf8.Valid(line) {
		return Record{}, domain.Refuse(domain.Invalid, "bad-utf8", "it is not valid UTF-8; is the file damaged?")
	}
	if err := json.Unmarshal(line, &r); err != nil {
		return Record{}, domain.Refuse(domain.Invalid, "bad-corpus-line", "it is not a JSON object of the corpus' format").Because(err)
	}
	keys := []struct{ field, key string }{{"doc", r.Doc}, {"source", r.Source}, {"series", r.Series}}
	if r.RenamedFrom != "" {
		keys = append(keys, struct{ field, key string }{"renamed_from", r.RenamedFrom})
	}
	for _, k := range keys {
		if err := checkKey(k.field, k.key); err != nil {
			return Record{}, err
		}
	}
	switch {
	case r.Series != r.Source && !strings.HasPrefix(r.Series, r.Source+"/"):
		return Record{}, bad("series", "series %.100q does not lie in its source %.100q", r.Series, r.Source)
	case !strings.HasPrefix(r.Doc, r.Source+"/"):
		return Record{}, bad("doc", "doc %.100q does not begin with its source %.100q", r.Doc, r.Source)
	case r.Version < 1:
		return Record{}, bad("version", "version %d is not a number from 1 on", r.Version)
	case r.PublishedAt.IsZero():
		return Record{}, bad("published_at", "published_at is missing; write RFC 3339, such as 2026-01-31T12:00:00Z")
	case r.Withdrawn:
		return r, nil
	case r.Bytes < 0:
		return Record{}, bad("bytes", "bytes is negative")
	}
	if err := content.CheckHash(r.SHA256); err != nil {
		return Record{}, err
	}
	return r, nil
}

// fingerprint is the SHA-256 of what the line says, in hexadecimal, however it is
// written. It stands in the log: a field that is added to Record must be left out
// of the text where it is empty, or every line of old would count as changed.
func (r Record) fingerprint() string {
	r.PublishedAt = r.PublishedAt.UTC()
	text, err := json.Marshal(r)
	if err != nil {
		panic(fmt.Errorf("encode a record: %w", err)) // its year was read from JSON: cannot happen
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// checkKey refuses a key that is no clean relative path: it becomes file names
// and addresses.
func checkKey(field, key string) error {
	if err := domain.CheckLine(field, key, maxKey, false); err != nil {
		return err
	}
	if key == "" || strings.HasPrefix(key, "/") || path.Clean(key) != key || key == ".." || strings.HasPrefix(key, "../") {
		return bad(field, "%s %.100q is not a plain path below its source (no empty, \".\" or \"..\" parts)", field, key)
	}
	return nil
}

func bad(field, format string, args ...any) error {
	return domain.Refuse(domain.Invalid, "bad-corpus-line", format, args...).In(field)
}
