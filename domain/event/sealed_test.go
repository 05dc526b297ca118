package event

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestSealedOpensOnlyAsWhatItWasSealedAs(t *testing.T) {
	ctx, keys := t.Context(), newKeyring()
	s, err := Seal(ctx, keys, "person-1", "mail", []byte("ada@example.org"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := keys.Ensure(ctx, "person-2"); err != nil {
		t.Fatal(err)
	}
	keys.keys["person-3"] = keys.keys["person-1"] // the same key under another id
	if text, err := s.Open(ctx, keys, "mail"); err != nil || string(text) != "ada@example.org" {
		t.Errorf("%q, %v", text, err)
	}
	changed := append([]byte(nil), s.Box...)
	changed[len(changed)-1] ^= 1
	for name, c := range map[string]struct {
		sealed Sealed
		field  string
	}{
		"another field":     {s, "name"},
		"no field":          {s, ""},
		"another key":       {Sealed{Key: "person-2", Box: s.Box}, "mail"},
		"the key elsewhere": {Sealed{Key: "person-3", Box: s.Box}, "mail"},
		"a changed byte":    {Sealed{Key: s.Key, Box: changed}, "mail"},
		"cut":               {Sealed{Key: s.Key, Box: s.Box[:5]}, "mail"},
		"empty":             {Sealed{Key: s.Key}, "mail"},
	} {
		if text, err := c.sealed.Open(ctx, keys, c.field); err == nil || text != nil {
			t.Errorf("%s: opened as %q", name, text)
		}
	}
	if _, err := (Sealed{Key: "nobody", Box: s.Box}).Open(ctx, keys, "mail"); !errors.Is(err, ErrKeyDestroyed) {
		t.Errorf("a key that never was: %v", err)
	}
	keys.destroy("person-1")
	if _, err := s.Open(ctx, keys, "mail"); !errors.Is(err, ErrKeyDestroyed) {
		t.Errorf("after erasure: %v", err)
	}
}

func TestSecretNeverShowsItsText(t *testing.T) {
	secret := Personal("ada@example.org")
	if _, err := json.Marshal(secret); err == nil {
		t.Error("an open secret was written")
	}
	if _, err := json.Marshal(struct{ A *Secret }{&secret}); err == nil {
		t.Error("an open secret was written through a pointer")
	}
	for _, format := range []string{"%s", "%v", "%q"} {
		if text := fmt.Sprintf(format, secret); strings.Contains(text, "ada") {
			t.Errorf("%s shows %s", format, text)
		}
	}
	if secret.IsZero() || secret.Sealed() != nil {
		t.Error("an open secret is neither absent nor sealed")
	}
	if b, err := json.Marshal(Secret{}); err != nil || string(b) != "null" {
		t.Errorf("an absent secret is %s, %v", b, err)
	}
	var read Secret
	if err := json.Unmarshal([]byte("null"), &read); err != nil || !read.IsZero() {
		t.Errorf("null is read as %+v, %v", read, err)
	}
	if err := json.Unmarshal([]byte(`"ada@example.org"`), &read); err == nil {
		t.Error("a text in the clear was read as a secret")
	}
}
