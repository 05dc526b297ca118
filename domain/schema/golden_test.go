// What has been written stays readable, and proofs stay provable: every event
// type has a golden file of its data for each schema version ever written, and
// every provable one a golden file of its fact, the exact bytes that commitments
// bind.

package schema_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"imprint/domain/event"
	"imprint/domain/jsonform"
	"imprint/domain/schema"
)

// update adds the golden files that are missing. It never rewrites one: what a
// golden file says has been written somewhere.
var update = flag.Bool("update", false, "add missing golden files; existing ones are never changed")

func registry(t *testing.T) *event.Registry {
	t.Helper()
	r, err := schema.Registry()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestGoldenData(t *testing.T) {
	known := registry(t)
	expected := map[string]bool{}
	for _, def := range known.Definitions() {
		for version := 1; version <= def.Schema; version++ {
			name := fmt.Sprintf("%s.v%d", def.Type, version)
			expected[name+".json"] = true
			t.Run(name, func(t *testing.T) {
				want, ok := examples[name]
				if !ok {
					t.Fatalf("examples_test.go has no example of %s", name)
				}
				for _, path := range unset(reflect.ValueOf(want), def.Type) {
					if version == def.Schema { // an older one had fewer
						t.Errorf("the example leaves %s unset, so its golden file would not hold it", path)
					}
				}
				data := golden(t, filepath.Join("golden", name+".json"), func() []byte { return encode(t, want) })
				got, err := known.Decode(event.Recorded{Event: event.Event{Type: def.Type, Data: data, Meta: event.Metadata{Schema: version}}})
				if err != nil {
					t.Fatal(err)
				}
				if !reflect.DeepEqual(got, want) {
					t.Errorf("%s\nis decoded as\n%+v\nnot as\n%+v", data, got, want)
				}
				// What Imprint has written is read without looking names up, but for
				// sealed texts, which read themselves.
				whole := reflect.TypeOf(want)
				if version < def.Schema {
					return // it had another form
				}
				if read := jsonform.Of(whole).Read(string(data), reflect.New(whole).Interface()); read == holdsSecret(whole) {
					t.Errorf("read in its form: %t", read)
				}
			})
		}
	}
	noStrangers(t, "golden", expected)
}

// TestGoldenFacts holds the bytes of every fact. Nothing but the commitment comes
// out of the codec, so the golden fact is held against that: a SHA-256 agrees on
// the very bytes or not at all.
func TestGoldenFacts(t *testing.T) {
	known := registry(t)
	codec := event.NewCodec(known, noKeys{})
	expected := map[string]bool{}
	for _, def := range known.Definitions() {
		if !def.Provable {
			continue
		}
		name := fmt.Sprintf("%s.v%d", def.Type, def.Schema)
		for version := 1; version <= def.Schema; version++ {
			expected[fmt.Sprintf("%s.v%d.json", def.Type, version)] = true
		}
		t.Run(name, func(t *testing.T) {
			draft := event.Draft{
				Stream: "document-0198c0de-0000-7000-8000-000000000001", ID: id(1), Payload: examples[name],
				Meta: event.Metadata{Time: time.Date(2026, 2, 3, 4, 5, 6, 7_999, time.FixedZone("", 3600))},
			}
			fact := golden(t, filepath.Join("fact", name+".json"), func() []byte { return expectedFact(t, draft, def) })
			e, err := codec.Encode(t.Context(), draft)
			if err != nil {
				t.Fatal(err)
			}
			if len(e.Meta.Salt) != 32 {
				t.Errorf("the salt has %d bytes", len(e.Meta.Salt))
			}
			if got := event.Commitment(e.Meta.Salt, fact); got != e.Meta.Commitment {
				t.Errorf("the commitment does not bind the golden fact\n%s\nbut, it seems,\n%s", fact, expectedFact(t, draft, def))
			}
		})
	}
	noStrangers(t, "fact", expected)
}

// expectedFact writes a fact down by hand, as another language would.
func expectedFact(t *testing.T, d event.Draft, def event.Definition) []byte {
	t.Helper()
	return fmt.Appendf(nil, `{"id":"%s","type":"%s","schema":%d,"stream":"%s","time":"2026-02-03T03:05:06.000007Z","data":%s}`,
		d.ID, def.Type, def.Schema, d.Stream, encode(t, d.Payload))
}

// golden reads a golden file, or writes it where it is missing and -update is set.
// The final newline of the file is not part of what it holds.
func golden(t *testing.T, name string, fresh func() []byte) []byte {
	t.Helper()
	path := filepath.Join("testdata", name)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) && *update {
		text = append(fresh(), '\n')
		if err = os.MkdirAll(filepath.Dir(path), 0o755); err == nil {
			err = os.WriteFile(path, text, 0o644)
		}
	}
	if err != nil {
		t.Fatalf("%v (go test ./domain/schema -update adds it)", err)
	}
	return bytes.TrimSuffix(text, []byte("\n"))
}

// noStrangers finds golden files of types or versions that the registry has
// lost: somebody's log still holds such events.
func holdsSecret(t reflect.Type) bool {
	for i := range t.NumField() {
		if t.Field(i).Type == reflect.TypeFor[event.Secret]() {
			return true
		}
	}
	return false
}

func noStrangers(t *testing.T, dir string, expected map[string]bool) {
	t.Helper()
	files, err := os.ReadDir(filepath.Join("testdata", dir))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !expected[f.Name()] {
			t.Errorf("%s/%s: the registry does not know this type or version any more", dir, f.Name())
		}
	}
}

func encode(t *testing.T, v any) []byte {
	t.Helper()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		t.Fatal(err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// unset lists the fields of a value that hold nothing, deeply.
func unset(v reflect.Value, path string) []string {
	if v.IsZero() || v.Kind() == reflect.Slice && v.Len() == 0 {
		return []string{path}
	}
	var found []string
	switch v.Kind() {
	case reflect.Pointer:
		return unset(v.Elem(), path)
	case reflect.Slice:
		for i := range v.Len() {
			found = append(found, unset(v.Index(i), fmt.Sprintf("%s[%d]", path, i))...)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() {
				found = append(found, unset(v.Field(i), path+"."+f.Name)...)
			}
		}
	}
	return found
}

// noKeys is for facts whose salt stays in the clear: nothing is sealed.
type noKeys struct{}

func (noKeys) Ensure(context.Context, event.KeyID) ([]byte, error) { return nil, event.ErrKeyDestroyed }
func (noKeys) Key(context.Context, event.KeyID) ([]byte, error)    { return nil, event.ErrKeyDestroyed }

func id(n byte) uuid.UUID {
	return uuid.MustParse("0198c0de-0000-7000-8000-" + strings.Repeat("0", 10) + fmt.Sprintf("%02x", n))
}
