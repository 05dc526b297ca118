package jsonform

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"testing/quick"
	"time"

	"github.com/google/uuid"
)

// kind is a name for strings, label one that reads itself.
type kind string

type label struct{ text string }

func (l label) MarshalText() ([]byte, error) { return []byte(l.text), nil }

func (l *label) UnmarshalText(text []byte) error {
	if strings.HasPrefix(string(text), "!") {
		return errors.New("no label begins like that")
	}
	l.text = string(text)
	return nil
}

type texts map[string]string

type Embedded struct {
	Count int      `json:"count"`
	Items []string `json:"items,omitempty"`
}

type inner struct {
	Key string `json:"key"`
	Box []byte `json:"box"`
}

// everything has a field of every kind that has a form.
type everything struct {
	ID     uuid.UUID  `json:"$id"`
	Maybe  uuid.UUID  `json:"maybe,omitzero"`
	At     time.Time  `json:"at"`
	Text   string     `json:"text"`
	Kind   kind       `json:"kind,omitempty"`
	Yes    bool       `json:"yes"`
	Number int64      `json:"number"`
	Small  int8       `json:"small,omitempty"`
	Label  label      `json:"label"`
	Texts  texts      `json:"texts,omitempty"`
	List   []inner    `json:"list"`
	Lists  [][]string `json:"lists,omitempty"`
	Bytes  []byte     `json:"bytes,omitempty"`
	Inner  *inner     `json:"inner,omitempty"`
	Embedded
	Plain  string
	Unseen string `json:"-"`
	hidden string
}

var at = time.Date(2026, 2, 3, 4, 5, 6, 7_000, time.UTC)

func full() everything {
	return everything{
		ID: uuid.MustParse("0198c0de-0000-7000-8000-000000000001"), Maybe: uuid.Max, At: at, Text: "R&D <audit> \u2028 \"Prüfung\"\n\\", Kind: "k",
		Yes: true, Number: -123456789012345678, Small: -128, Label: label{"l"}, Texts: texts{"en": "a", "": "ü"},
		List: []inner{{Key: "a", Box: []byte{0, 255}}, {}, {Box: []byte{}}}, Lists: [][]string{{}, nil, {"a", "b"}},
		Bytes: []byte{1}, Inner: &inner{Key: "b"}, Embedded: Embedded{Count: 3, Items: []string{"x"}}, Plain: "p",
	}
}

// What encoding/json writes is read by the form, not left to it, and as it reads it.
func TestWhatIsWrittenIsInTheForm(t *testing.T) {
	form := Of(reflect.TypeFor[everything]())
	check := func(v everything) bool {
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		var got, want everything
		if err := json.Unmarshal(text, &want); err != nil {
			t.Fatal(err)
		}
		if !form.Read(string(text), &got) {
			t.Errorf("left to encoding/json: %.1000s", text)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%.1000s\nis read as\n%.1000s, by encoding/json as\n%.1000s", text, fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", want))
		}
		return !t.Failed()
	}
	check(full())
	check(everything{})
	err := quick.Check(func(id uuid.UUID, micros, number int64, small int8, yes bool, text, name string, named map[string]string, list []inner, lists [][]string, bytes []byte, one *inner, embedded Embedded) bool {
		embedded.Count %= 1e18
		return check(everything{
			ID: id, At: time.UnixMicro(micros % (1 << 50)).UTC(), Text: text, Kind: kind(name), Yes: yes, Number: number % 1e18, Small: small,
			Label: label{strings.TrimLeft(name, "!")}, Texts: named, List: list, Lists: lists, Bytes: bytes, Inner: one, Embedded: embedded, Plain: name,
		})
	}, nil)
	if err != nil {
		t.Errorf("%.1000s", err)
	}
}

// FuzzForm: whatever the form reads is what encoding/json reads.
func FuzzForm(f *testing.F) {
	whole, err := json.Marshal(full())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(whole))
	const time = `"at":"2026-02-03T04:05:06.000007Z"`
	for _, text := range []string{
		`null`, ``, `{}`, `{"at":"2026-02-03T04:05:06Z"}`, ` {"text":"a"}`, `{"text":"a"} `, `{"text":"a",}`, `{,"text":"a"}`, `{"text":"a""kind":"b"}`,
		`{"text":"a","text":"b"}`, `{"Text":"a"}`, `{"kind":"a","text":"b"}`, `{"text":null}`, `{"text":"a` + "\x01" + `"}`, `{"text":"` + "\xff" + `"}`,
		`{"text":"\ud83d\ude00\ud83d"}`, `{"text":"\"`, `{"text":"a`, `{"number":01}`, `{"number":-0}`, `{"number":-}`, `{"number":1.5}`, `{"number":1e2}`,
		`{"number":1234567890123456789}`, `{"small":128}`, `{"small":-129}`, `{"yes":false}`, `{"yes":truefalse}`, `{"label":"!no"}`, `{"label":null}`,
		`{"texts":{}}`, `{"texts":null}`, `{"texts":{"a":"b","a":"c"}}`, `{"texts":{"a":"b"`, `{"texts":{"a":"b",}}`, `{"texts":{"a"}}`, `{"texts":{"a":1}}`,
		`{"list":[]}`, `{"list":null}`, `{"list":[,]}`, `{"list":[{},]}`, `{"list":[{"key":"a"}{"key":"b"}]}`, `{"list":[null]}`, `{"lists":[null,[]]}`,
		`{"bytes":""}`, `{"bytes":"A"}`, `{"bytes":"AQ\n=="}`, `{"bytes":"AQ=="}`, `{"inner":null}`, `{"inner":{}}`, `{"count":1,"items":[]}`, `{"Plain":"p"}`,
		`{"-":"a"}`, `{"Unseen":"a"}`, `{"hidden":"a"}`, `{"Embedded":{"count":1}}`, `{"$id":"0198C0DE-0000-7000-8000-00000000000A"}`,
		`{"$id":"{198c0de-0000-7000-8000-00000000000}"}`, `{"$id":""}`, `{"at":"2026-02-03T04:05:06+02:00"}`, `{"at":"2026-02-03T04:05:06\u005a"}`,
		`{` + time + `,"text":"\u0041"}`, `{` + time + `,"new":1}`,
	} {
		f.Add(text)
	}
	form := Of(reflect.TypeFor[everything]())
	f.Fuzz(func(t *testing.T, text string) {
		var got, want, whole everything
		err := json.Unmarshal([]byte(text), &want)
		if form.Read(text, &got) && (err != nil || !reflect.DeepEqual(got, want)) {
			t.Errorf("%q is read as\n%+v, by encoding/json as\n%+v (%v)", text, got, want, err)
		}
		if left := form.Unmarshal(text, &whole); (left == nil) != (err == nil) || err == nil && !reflect.DeepEqual(whole, want) {
			t.Errorf("%q is unmarshalled as\n%+v (%v), by encoding/json as\n%+v (%v)", text, whole, left, want, err)
		}
	})
}

type (
	itself   struct{ Next *itself }
	raw      struct{ Raw json.RawMessage }
	float    struct{ Rate float64 }
	anything struct{ Value any }
	quoted   struct {
		Number int `json:"number,string"`
	}
	strange struct {
		Name string `json:"a<b"`
	}
	keyed struct{ Counts map[string]int }
	twice struct {
		Embedded
		Other int `json:"count"`
	}
	pointed struct{ *Embedded }
)

// Types that have no form are read all the same.
func TestWhatHasNoFormIsLeftToEncodingJSON(t *testing.T) {
	for _, c := range []struct {
		text string
		want any
	}{
		{`{"Next":{"Next":null}}`, itself{&itself{}}},
		{`{"Raw":{"a":1}}`, raw{json.RawMessage(`{"a":1}`)}},
		{`{"Rate":1.5}`, float{1.5}},
		{`{"Value":"a"}`, anything{"a"}},
		{`{"number":"7"}`, quoted{7}},
		{`{"a<b":"a"}`, strange{"a"}},
		{`{"Counts":{"a":1}}`, keyed{map[string]int{"a": 1}}},
		{`{"count":1}`, twice{Other: 1}},
		{`{"count":1}`, pointed{&Embedded{Count: 1}}},
	} {
		form, into := Of(reflect.TypeOf(c.want)), reflect.New(reflect.TypeOf(c.want))
		if form.Read(c.text, into.Interface()) {
			t.Errorf("%T has a form", c.want)
		}
		if err := form.Unmarshal(c.text, into.Interface()); err != nil || !reflect.DeepEqual(into.Elem().Interface(), c.want) {
			t.Errorf("%s is read as %+v, %v", c.text, into.Elem().Interface(), err)
		}
	}
}

func BenchmarkUnmarshal(b *testing.B) {
	text, err := json.Marshal(full())
	if err != nil {
		b.Fatal(err)
	}
	form := Of(reflect.TypeFor[everything]())
	for name, unmarshal := range map[string]func([]byte, any) error{
		"form":          func(text []byte, v any) error { return form.Unmarshal(string(text), v) },
		"encoding-json": json.Unmarshal,
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				var v everything
				if err := unmarshal(text, &v); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
