package projections

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"imprint/domain"
	"imprint/domain/document"
)

// written is everything that a row may keep as JSON text, and something that is
// left to encoding/json.
type written struct {
	Texts    domain.Text      `json:"texts"`
	Maybe    domain.Text      `json:"maybe,omitempty"`
	Lists    []domain.Text    `json:"lists"`
	Words    []string         `json:"<words>,omitempty"`
	Number   int64            `json:"number,omitempty"`
	Yes      bool             `json:"yes,omitempty"`
	Files    []document.File  `json:"files"`
	Origin   *document.Origin `json:"origin,omitempty"`
	Nothing  *document.Origin `json:"nothing"`
	Embraced document.File    `json:"embraced"`
}

// odd makes strings of what has to be escaped, or replaced, and what has not.
func odd() *rapid.Generator[string] {
	return rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", "plain", `"`, `\`, "<>&", "\x00\x1f\x7f", "ü漢\u2028", "\u2029", "\xff", "\xed\xa0\x80", "\ufffd", "😀"}))
}

// TestJSONTextsAreThoseOfTheStandardLibrary holds what is written against what
// encoding/json writes.
func TestJSONTextsAreThoseOfTheStandardLibrary(t *testing.T) {
	if writerOf(reflect.TypeFor[written](), nil) == nil {
		t.Fatal("this type is left to encoding/json: the test would hold that against itself")
	}
	text := rapid.Custom(func(t *rapid.T) domain.Text {
		if rapid.Bool().Draw(t, "absent") {
			return nil
		}
		return rapid.MapOfN(odd(), odd(), 0, 6).Draw(t, "text")
	})
	file := rapid.Custom(func(t *rapid.T) document.File {
		return document.File{Locale: odd().Draw(t, "locale"), Name: odd().Draw(t, "name"), Bytes: rapid.Int64().Draw(t, "bytes")}
	})
	origin := rapid.Custom(func(t *rapid.T) *document.Origin {
		if rapid.Bool().Draw(t, "absent") {
			return nil
		}
		return &document.Origin{Source: odd().Draw(t, "source"), Label: odd().Draw(t, "label")}
	})
	rapid.Check(t, func(t *rapid.T) {
		v := written{
			Texts: text.Draw(t, "texts"), Maybe: text.Draw(t, "maybe"),
			Lists: rapid.SliceOfN(text, 0, 3).Draw(t, "lists"), Words: rapid.SliceOfN(odd(), 0, 3).Draw(t, "words"),
			Number: rapid.Int64().Draw(t, "number"), Yes: rapid.Bool().Draw(t, "yes"),
			Origin: origin.Draw(t, "origin"), Embraced: file.Draw(t, "embraced"),
		}
		if rapid.Bool().Draw(t, "with files") {
			v.Files = rapid.SliceOfN(file, 0, 3).Draw(t, "files")
		}
		want, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		got, err := jsonText(reflect.TypeFor[written]())(reflect.ValueOf(&v).Elem())
		if s, _ := got.(string); err != nil || s != string(want) && !reflect.ValueOf(v).IsZero() {
			t.Fatalf("written %s, want %s: %v", got, want, err)
		}
	})
}

// TestWhatHasAFormOfItsOwnIsLeftToTheStandardLibrary: types that write themselves,
// and what no writer is made for.
func TestWhatHasAFormOfItsOwnIsLeftToTheStandardLibrary(t *testing.T) {
	type itself struct {
		Next *itself `json:"next"`
	}
	for _, v := range []any{
		&[]uuid.UUID{uuid.Max}, &struct {
			At time.Time `json:"at"`
		}{time.Unix(1, 5).UTC()}, &[][]byte{{1, 2}}, &map[int]string{1: "x"}, &itself{&itself{}},
		&struct {
			Untagged string
			Quoted   int64   `json:"quoted,string"`
			Share    float64 `json:"share"`
		}{"a", 1, 0.5},
		&struct {
			domain.Date
		}{},
	} {
		to := reflect.ValueOf(v).Elem()
		if writerOf(to.Type(), nil) != nil {
			t.Errorf("%T has a writer", v)
		}
		want, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		got, err := jsonText(to.Type())(to)
		if err != nil || got != string(want) && !to.IsZero() {
			t.Errorf("%T is written as %v, want %s: %v", v, got, want, err)
		}
	}
}
