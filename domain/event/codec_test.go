package event

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
)

// goldenFact is the exact text bound by draft()'s commitment. It can never
// change: whoever holds a proof holds these bytes. Personal texts are in the
// clear, absent optional ones absent, HTML signs not escaped, U+2028 escaped,
// the time in UTC and whole microseconds.
const goldenFact = `{"id":"0198c0de-0000-7000-8000-000000000001","type":"Signed","schema":3,"stream":"acceptance-1",` +
	`"time":"2026-02-03T02:05:06.000007Z","data":{"person":"1","name":"Ada <\"Lovelace\"> & Söhne \u2028","number":7,"terms":"t"}}`

func TestFactGolden(t *testing.T) {
	codec := NewCodec(testRegistry(t), newKeyring())
	def, _ := codec.Registry().Lookup("Signed")
	d := draft()
	at := d.Meta.Time.UTC().Truncate(time.Microsecond)
	fact, err := codec.fact(d, def, at, reflect.ValueOf(d.Payload))
	if err != nil {
		t.Fatal(err)
	}
	if string(fact) != goldenFact {
		t.Errorf("the fact is\n%s\nnot\n%s", fact, goldenFact)
	}
}

func TestCommitmentGolden(t *testing.T) {
	salt := bytes.Repeat([]byte{0xab}, saltSize)
	// By the tool sha256sum over the same bytes.
	const want = "c30eeb8f8a29297bef141c644a1c94ee93713b69f6874367e9621460751a2c1a"
	if got := Commitment(salt, []byte(goldenFact)); got != want {
		t.Errorf("the commitment is %s", got)
	}
	if Commitment(salt, []byte("x")) == Commitment(append(salt[:31:31], 0), []byte("x")) {
		t.Error("the salt does not matter")
	}
}

func TestEncodeSealsAndCommits(t *testing.T) {
	keys := newKeyring()
	codec := NewCodec(testRegistry(t), keys)
	for name, saltKey := range map[string]KeyID{"open salt": "", "sealed salt": "document-9"} {
		t.Run(name, func(t *testing.T) {
			d := draft()
			d.SaltKey = saltKey
			e, err := codec.Encode(t.Context(), d)
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(e.Data, []byte("Lovelace")) {
				t.Errorf("the name stands in the clear: %s", e.Data)
			}
			if e.Type != "Signed" || e.ID != d.ID || e.Meta.Schema != 3 || e.Meta.Actor != "a" || !e.Meta.Time.Equal(time.Date(2026, 2, 3, 2, 5, 6, 7_000, time.UTC)) {
				t.Errorf("%+v", e)
			}
			if !d.Payload.(signed).Name.open {
				t.Error("the caller's payload was sealed")
			}

			salt := e.Meta.Salt
			if saltKey != "" {
				if salt != nil || e.Meta.SealedSalt == nil || e.Meta.SealedSalt.Key != saltKey {
					t.Fatalf("the salt is not sealed under %s: %+v", saltKey, e.Meta)
				}
				if salt, err = e.Meta.SealedSalt.Open(t.Context(), keys, saltField); err != nil {
					t.Fatal(err)
				}
			}
			def, _ := codec.Registry().Lookup("Signed")
			fact, err := codec.fact(d, def, e.Meta.Time, reflect.ValueOf(d.Payload))
			if err != nil {
				t.Fatal(err)
			}
			if len(salt) != saltSize || Commitment(salt, fact) != e.Meta.Commitment {
				t.Errorf("salt of %d bytes; the commitment does not bind the fact", len(salt))
			}

			p, err := codec.Registry().Decode(recorded(e))
			if err != nil {
				t.Fatal(err)
			}
			got := p.(signed)
			text, err := got.Name.Sealed().Open(t.Context(), keys, "name")
			if err != nil || string(text) != d.Payload.(signed).Name.plain {
				t.Errorf("the name comes back as %q, %v", text, err)
			}
			if got.Number != 7 || got.Terms != "t" || got.Mail.Sealed() != nil || !got.Mail.IsZero() {
				t.Errorf("%+v", got)
			}
			// A text that was read can be handed on in another event: it stays sealed.
			on, err := codec.Encode(t.Context(), Draft{Stream: d.Stream, ID: d.ID, Payload: orphan{Name: got.Name}, Meta: d.Meta})
			if want := encodeSealed(t, got.Name); err != nil || string(on.Data) != `{"name":`+want+`}` {
				t.Errorf("handed on: %s, %v", on.Data, err)
			}
		})
	}
}

func TestSaltsDiffer(t *testing.T) {
	codec := NewCodec(testRegistry(t), newKeyring())
	a, err := codec.Encode(t.Context(), draft())
	if err != nil {
		t.Fatal(err)
	}
	b, err := codec.Encode(t.Context(), draft())
	if err != nil {
		t.Fatal(err)
	}
	if a.Meta.Commitment == b.Meta.Commitment || bytes.Equal(a.Data, b.Data) {
		t.Error("the same fact can be recognised in two events")
	}
}

func TestEncodeRefuses(t *testing.T) {
	keys := newKeyring()
	codec := NewCodec(testRegistry(t), keys)
	if _, err := codec.Encode(t.Context(), Draft{Payload: unregistered{}}); !errors.Is(err, ErrUnknownType) {
		t.Errorf("an unknown type: %v", err)
	}
	if _, err := codec.Encode(t.Context(), Draft{Payload: orphan{Name: Personal("Ada")}}); err == nil || strings.Contains(err.Error(), "Ada") {
		t.Errorf("a secret of nobody: %v", err)
	}
	keys.destroy("person-1")
	if _, err := codec.Encode(t.Context(), draft()); !errors.Is(err, ErrKeyDestroyed) {
		t.Errorf("an erased person: %v", err)
	}
	// What is not provable carries no commitment and no salt.
	e, err := codec.Encode(t.Context(), Draft{Payload: plain{Text: "x"}, ID: fixedID, SaltKey: "k"})
	if err != nil || e.Meta.Commitment != "" || e.Meta.Salt != nil || e.Meta.SealedSalt != nil {
		t.Errorf("%+v, %v", e.Meta, err)
	}
}

func encodeSealed(t *testing.T, s Secret) string {
	t.Helper()
	b, err := s.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

type unregistered struct{}

func (unregistered) EventType() string { return "Unregistered" }
