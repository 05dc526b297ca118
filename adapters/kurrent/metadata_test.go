package kurrent

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/google/uuid"

	"imprint/domain/event"
)

func TestMetadataIsReadByHandAsByTheStandardLibrary(t *testing.T) {
	at := time.Date(2026, 2, 3, 4, 5, 6, 7000, time.UTC)
	for name, m := range map[string]event.Metadata{
		"little": {Schema: 1, Time: at, Actor: "system"},
		"empty":  {},
		"everything": {
			Schema: 12, Time: at, Actor: "a", Organization: "o", Correlation: uuid.New(), Causation: uuid.New(), Request: "r",
			Commitment: "c", Salt: []byte{0, 1, 255}, SealedSalt: &event.Sealed{Key: "document-1", Box: []byte{9}},
		},
		"sealed without a box": {Schema: 1, Time: at, Salt: []byte{1}, SealedSalt: &event.Sealed{Key: "k", Box: []byte{}}},
	} {
		text, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		var got event.Metadata
		if s := (scanner{rest: string(text)}); !s.metadata(&got) {
			t.Errorf("%s: %s is left to the standard library", name, text)
		}
		if !reflect.DeepEqual(got, m) {
			t.Errorf("%s: %+v, not %+v", name, got, m)
		}
	}
}

// Whatever is read by hand is what the standard library reads.
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
		var got, want event.Metadata
		errGot, errWant := readMeta(text, &got), json.Unmarshal(text, &want)
		if (errGot == nil) != (errWant == nil) || errWant == nil && !reflect.DeepEqual(got, want) {
			t.Errorf("%q is read as\n%+v (%v), by the standard library as\n%+v (%v)", text, got, errGot, want, errWant)
		}
	})
}
