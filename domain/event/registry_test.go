package event

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

func TestUpcasting(t *testing.T) {
	r := testRegistry(t)
	for name, c := range map[string]struct {
		schema int
		data   string
		want   signed
	}{
		"from 1": {1, `{"person":"1","n":4}`, signed{Person: "1", Number: 4, Terms: "first"}},
		"from 2": {2, `{"person":"1","number":4}`, signed{Person: "1", Number: 4, Terms: "first"}},
		"newest": {3, `{"person":"1","number":4,"terms":"x"}`, signed{Person: "1", Number: 4, Terms: "x"}},
	} {
		data := []byte(c.data)
		got, err := r.Decode(recorded(Event{Type: "Signed", Data: data, Meta: Metadata{Schema: c.schema}}))
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		if string(data) != c.data {
			t.Errorf("%s: the event itself was changed", name)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	r := testRegistry(t)
	if d, ok := r.Lookup("Signed"); !ok || d.Schema != 3 || !d.Provable {
		t.Errorf("%+v, %v", d, ok)
	}
	if _, err := r.Decode(recorded(Event{Type: "signed", Meta: Metadata{Schema: 1}})); !errors.Is(err, ErrUnknownType) || !strings.Contains(err.Error(), "5") {
		t.Errorf("an unknown type: %v", err)
	}
	_, err := r.Decode(recorded(Event{Type: "Signed", Data: []byte("{}"), Meta: Metadata{Schema: 4}}))
	var newer *NewerSchemaError
	if !errors.As(err, &newer) || *newer != (NewerSchemaError{Type: "Signed", Has: 4, Knows: 3, Ordinal: 5}) {
		t.Errorf("a newer schema: %v", err)
	}
	for name, e := range map[string]Event{
		"schema 0":         {Type: "Signed", Data: []byte("{}"), Meta: Metadata{Schema: 0}},
		"schema -1":        {Type: "Signed", Data: []byte("{}"), Meta: Metadata{Schema: -1}},
		"not JSON":         {Type: "Plain", Data: []byte("{"), Meta: Metadata{Schema: 1}},
		"no data":          {Type: "Plain", Meta: Metadata{Schema: 1}},
		"another shape":    {Type: "Plain", Data: []byte(`{"text":7}`), Meta: Metadata{Schema: 1}},
		"upcaster refuses": {Type: "Signed", Data: []byte(`{"person":"1"}`), Meta: Metadata{Schema: 1}},
	} {
		if p, err := r.Decode(recorded(e)); err == nil {
			t.Errorf("%s: decoded as %+v", name, p)
		}
	}
}

func TestRegistryRefusesMistakes(t *testing.T) {
	if _, err := NewRegistry([]Definition{Define[plain](false)}, []Definition{Define[plain](true)}); err == nil {
		t.Error("one name was defined twice")
	}
	if _, err := NewRegistry([]Definition{Define[number](false)}); err == nil {
		t.Error("a payload that is no struct was taken")
	}
	var names []string
	for _, d := range testRegistry(t).Definitions() {
		names = append(names, d.Type)
	}
	if !reflect.DeepEqual(names, []string{"Orphan", "Plain", "Signed"}) {
		t.Errorf("definitions come as %v", names)
	}
}

type number int

func (number) EventType() string { return "Number" }

// FuzzDecode: whatever stands in the log, decoding answers or refuses; what it
// answers is of the type that was asked for.
func FuzzDecode(f *testing.F) {
	r := testRegistry(f)
	f.Add("Signed", 1, []byte(`{"person":"1","n":4}`))
	f.Add("Signed", 3, []byte(`{"name":{"key":"k","box":"AAAA"},"at":"2026-01-02T03:04:05Z"}`))
	f.Add("Plain", 1, []byte(`null`))
	f.Add("Orphan", 1, []byte(`{"name":"x"}`))
	f.Add("Other", -5, []byte{0xff, 0})
	f.Fuzz(func(t *testing.T, eventType string, schema int, data []byte) {
		before := string(data)
		p, err := r.Decode(recorded(Event{Type: eventType, Data: data, Meta: Metadata{Schema: schema}}))
		if (p == nil) == (err == nil) {
			t.Fatalf("%v, %v", p, err)
		}
		if err == nil && p.EventType() != eventType {
			t.Errorf("a %s was decoded as a %s", eventType, p.EventType())
		}
		if string(data) != before {
			t.Error("decoding changed the event")
		}
	})
}
