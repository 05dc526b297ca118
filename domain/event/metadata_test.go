package event

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/google/uuid"
)

func TestMetadataAsWrittenIsNotLeftToEncodingJSON(t *testing.T) {
	at := time.Date(2026, 2, 3, 4, 5, 6, 7000, time.UTC)
	for name, m := range map[string]Metadata{
		"little": {Schema: 1, Time: at, Actor: "system"},
		"empty":  {},
		"everything": {
			Schema: 12, Time: at, Actor: "a", Organization: "o", Correlation: uuid.New(), Causation: uuid.New(), Request: "r",
			Commitment: "c", Salt: []byte{0, 1, 255}, SealedSalt: &Sealed{Key: "document-1", Box: []byte{9}},
		},
		"sealed without a box": {Schema: 1, Time: at, Salt: []byte{1}, SealedSalt: &Sealed{Key: "k", Box: []byte{}}},
	} {
		text, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		var got Metadata
		if !metadataForm.Read(string(text), &got) {
			t.Errorf("%s: %s is left to encoding/json", name, text)
		}
		if !reflect.DeepEqual(got, m) {
			t.Errorf("%s: %+v, not %+v", name, got, m)
		}
	}
}

// Metadata is what encoding/json reads, in whatever form it stands.
func FuzzMetadata(f *testing.F) {
	for _, text := range []string{
		`{"schema":1,"time":"2026-02-03T04:05:06.000007Z","actor":"a"}`,
		`{"schema":1,"time":"2026-02-03T04:05:06+02:00","actor":"a"}`,
		`{"schema":01,"time":"2026-02-03T04:05:06Z","actor":"a"}`,
		`{"schema":1234567890123,"time":"2026-02-03T04:05:06Z","actor":"é"}`,
		`{"schema":1,"time":"2026-02-03T04:05:06Z","actor":"\u0041","salt":"AQ=="}`,
		`{"schema":1,"time":"2026-02-03T04:05:06Z","actor":"a","$correlationId":"0198c0de-0000-7000-8000-000000000001","sealedSalt":{"key":"k","box":"AQ=="}}`,
		`{"schema":1,"time":"2026-02-03T04:05:06Z","actor":"a","salt":"A` + "\n" + `Q=="}`,
		`{"schema":1,"time":"2026-02-03T04:05:06Z","actor":"a","new":1}`, `null`, ``, `{}`, ` {"schema":2}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var got, want Metadata
		errGot, errWant := ReadMetadata(string(text), &got), json.Unmarshal(text, &want)
		if (errGot == nil) != (errWant == nil) || errWant == nil && !reflect.DeepEqual(got, want) {
			t.Errorf("%q is read as\n%+v (%v), by encoding/json as\n%+v (%v)", text, got, errGot, want, errWant)
		}
	})
}
