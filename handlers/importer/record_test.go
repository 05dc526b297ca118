package importer_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"imprint/domain"
	"imprint/handlers/importer"
)

// good is a line to which the tests do something.
func good(more fields) []byte {
	var c corpus
	c.version("a b.md", 1, "text", more)
	return []byte(c.lines[0])
}

func TestALineIsRead(t *testing.T) {
	r, err := importer.ParseRecord(good(fields{"title": "Größe 漢字", "renamed_from": "s/r/old.md", "summary": ""}))
	ok(t, err)
	want := importer.Record{
		Doc: "s/r/a b.md", Source: "s/r", Series: "s/r", Title: "Größe 漢字", Version: 1, Commit: "c1",
		PublishedAt: time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC), SHA256: hashOf("text"), Bytes: 4, MediaType: "text/plain", RenamedFrom: "s/r/old.md",
	}
	if r != want {
		t.Errorf("got %+v, want %+v", r, want)
	}
	if r, err := importer.ParseRecord(good(fields{"withdrawn": true, "sha256": "", "bytes": 0})); err != nil || !r.Withdrawn {
		t.Errorf("a withdrawal: %+v, %v", r, err)
	}
}

func TestABadLineIsRefused(t *testing.T) {
	for says, line := range map[string][]byte{
		"not a JSON object":         []byte("doc,source"),
		"not a JSON object of":      []byte(`{"doc": 7}`),
		"not a JSON":                []byte(`{"doc":"a"} {"doc":"b"}`),
		"not valid UTF-8":           []byte("{\"title\":\"\xff\"}"),
		"doc \"\" is not a plain":   good(fields{"doc": ""}),
		"doc \"/s/r/a\"":            good(fields{"doc": "/s/r/a"}),
		"doc \"s/r/../a\"":          good(fields{"doc": "s/r/../a"}),
		"renamed_from \"../a\"":     good(fields{"renamed_from": "../a"}),
		"source \"s//r\"":           good(fields{"source": "s//r"}),
		"does not begin with its":   good(fields{"doc": "other/r/a"}),
		"does not lie in its":       good(fields{"series": "other/r"}),
		"series \"\"":               good(fields{"series": ""}),
		"version 0":                 good(fields{"version": 0}),
		"published_at is missing":   good(fields{"published_at": nil}),
		"bytes is negative":         good(fields{"bytes": -1}),
		"is not the SHA-256":        good(fields{"sha256": "../../etc/passwd"}),
		"holds the control":         good(fields{"doc": "s/r/a\u0000"}),
		"not a JSON object of the ": good(fields{"published_at": "yesterday"}),
	} {
		_, err := importer.ParseRecord(line)
		refused(t, err, domain.Invalid, strings.TrimSpace(says))
	}
	_, err := importer.ParseRecord(good(fields{"doc": "s/r/" + strings.Repeat("a", 1000)}))
	refused(t, err, domain.TooLarge, "shorten it")
}

// FuzzParseRecord: no line panics, and what is accepted is safe to use as a key.
func FuzzParseRecord(f *testing.F) {
	f.Add(good(nil))
	f.Add(good(fields{"withdrawn": true}))
	f.Add(good(fields{"doc": "s/r/../../x"}))
	f.Add([]byte("null"))
	f.Fuzz(func(t *testing.T, line []byte) {
		r, err := importer.ParseRecord(line)
		if err != nil {
			if domain.KindOf(err) == domain.Internal {
				t.Fatalf("not a refusal: %v", err)
			}
			return
		}
		if !strings.HasPrefix(r.Doc, r.Source+"/") || strings.Contains("/"+r.Doc+"/", "/../") || r.Version < 1 || r.PublishedAt.IsZero() {
			t.Fatalf("accepted: %+v", r)
		}
		again, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if twice, err := importer.ParseRecord(again); err != nil || !twice.PublishedAt.Equal(r.PublishedAt) || twice.Doc != r.Doc {
			t.Fatalf("%+v is read again as %+v, %v", r, twice, err)
		}
	})
}
