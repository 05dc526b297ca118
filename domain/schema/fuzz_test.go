package schema_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"imprint/domain/event"
	"imprint/domain/schema"
)

// FuzzDecode feeds arbitrary data to every type that Imprint knows, beginning
// with the golden files: what encoding/json reads there, or an error, never a panic.
func FuzzDecode(f *testing.F) {
	registry, err := schema.Registry()
	if err != nil {
		f.Fatal(err)
	}
	files, err := filepath.Glob("testdata/golden/*.json")
	if err != nil || len(files) == 0 {
		f.Fatalf("no golden files: %v", err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		name, _, _ := strings.Cut(filepath.Base(file), ".")
		f.Add(name, 1, data)
	}
	f.Fuzz(func(t *testing.T, eventType string, version int, data []byte) {
		p, err := registry.Decode(event.Recorded{Event: event.Event{Type: eventType, Data: data, Meta: event.Metadata{Schema: version}}})
		if (p == nil) == (err == nil) || err == nil && p.EventType() != eventType {
			t.Fatalf("%s as %v, %v", eventType, p, err)
		}
		example, known := examples[eventType+".v1"]
		if def, _ := registry.Lookup(eventType); !known || version != 1 || def.Schema != 1 {
			return // there is no such type, or upcasters change what is read
		}
		want := reflect.New(reflect.TypeOf(example))
		if left := json.Unmarshal(data, want.Interface()); (left == nil) != (err == nil) || err == nil && !reflect.DeepEqual(p, want.Elem().Interface()) {
			t.Fatalf("%s as %+v (%v), by encoding/json as %+v (%v)", eventType, p, err, want.Elem(), left)
		}
	})
}
