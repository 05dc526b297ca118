package event

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
)

// KeyID names a key under which personal or restricted data is sealed, e.g.
// "person-0198…" or "document-0198…". Destroying the key is erasure.
type KeyID string

// ErrKeyDestroyed: the key was destroyed; what it sealed is gone for good.
var ErrKeyDestroyed = errors.New("the key has been destroyed")

// KeySize is the length of every key in bytes (AES-256).
const KeySize = 32

// Keys holds the data keys. It is owned here, by those who seal and unseal.
type Keys interface {
	// Ensure answers the key, making and committing it first where there is none,
	// so that no event is ever sealed under a key that a crash could lose.
	// ErrKeyDestroyed if it once existed.
	Ensure(ctx context.Context, id KeyID) ([]byte, error)
	// Key answers an existing key; ErrKeyDestroyed if it is gone or never was.
	Key(ctx context.Context, id KeyID) ([]byte, error)
}

// Sealed is a text encrypted with AES-256-GCM (NIST SP 800-38D), key id and
// field name being the additional data, so that it can be opened only as what it
// was sealed as. It may stand in events and rows; only edges open it.
type Sealed struct {
	Key KeyID  `json:"key"`
	Box []byte `json:"box"` // nonce (12 bytes) ‖ ciphertext ‖ tag
}

// Seal encrypts a text under a key for one field.
func Seal(ctx context.Context, keys Keys, id KeyID, field string, plain []byte) (Sealed, error) {
	key, err := keys.Ensure(ctx, id)
	if err != nil {
		return Sealed{}, fmt.Errorf("seal %s: %w", field, err)
	}
	aead, err := newAEAD(key)
	if err != nil {
		return Sealed{}, err
	}
	nonce := make([]byte, aead.NonceSize())
	if _, err := io.ReadFull(rand.Reader, nonce); err != nil {
		return Sealed{}, fmt.Errorf("seal %s: %w", field, err)
	}
	return Sealed{Key: id, Box: aead.Seal(nonce, nonce, plain, additional(id, field))}, nil
}

// Open decrypts what was sealed for this field. ErrKeyDestroyed after erasure.
func (s Sealed) Open(ctx context.Context, keys Keys, field string) ([]byte, error) {
	key, err := keys.Key(ctx, s.Key)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", field, err)
	}
	aead, err := newAEAD(key)
	if err != nil {
		return nil, err
	}
	if len(s.Box) < aead.NonceSize() {
		return nil, fmt.Errorf("open %s: %d bytes are too short for a sealed text", field, len(s.Box))
	}
	n := aead.NonceSize()
	plain, err := aead.Open(nil, s.Box[:n], s.Box[n:], additional(s.Key, field))
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", field, err)
	}
	return plain, nil
}

func newAEAD(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

func additional(id KeyID, field string) []byte { return []byte(string(id) + "\x00" + field) }

// Secret is a personal text in a payload. A decider makes it with Personal; the
// codec seals it on the way into the log; a payload read back holds it sealed.
// Its JSON is the sealed form: an unsealed Secret refuses to be written, so a
// forgotten one fails loudly instead of leaking.
type Secret struct {
	sealed *Sealed
	plain  string
	open   bool
}

// Personal wraps a text that must never stand in the log in the clear.
func Personal(plain string) Secret { return Secret{plain: plain, open: true} }

// Sealed answers the sealed form, nil where there is none.
func (s Secret) Sealed() *Sealed { return s.sealed }

// Reveal answers the text: as it was made, or opened with its key; "" where there
// is none. ErrKeyDestroyed after erasure.
func (s Secret) Reveal(ctx context.Context, keys Keys, field string) (string, error) {
	if s.sealed == nil {
		return s.plain, nil
	}
	plain, err := s.sealed.Open(ctx, keys, field)
	return string(plain), err
}

// IsZero tells whether there is neither a text nor a sealed form.
func (s Secret) IsZero() bool { return s.sealed == nil && !s.open }

// String never shows the text.
func (s Secret) String() string { return "(sealed)" }

// MarshalJSON writes the sealed form.
func (s Secret) MarshalJSON() ([]byte, error) {
	if s.open {
		return nil, errors.New("a personal text must be sealed before it is written")
	}
	return json.Marshal(s.sealed)
}

// UnmarshalJSON reads the sealed form.
func (s *Secret) UnmarshalJSON(b []byte) error {
	var sealed *Sealed
	if err := json.Unmarshal(b, &sealed); err != nil {
		return fmt.Errorf("a sealed text is an object of key and box: %w", err)
	}
	*s = Secret{sealed: sealed}
	return nil
}

// Subject is implemented by payloads with Secret fields: it names the key they
// are sealed under.
type Subject interface {
	SubjectKey() KeyID
}

// secretField is one Secret field of a payload: its index and its JSON name,
// which is the field name in the additional data.
type secretField struct {
	index int
	name  string
}

// secretsOf finds the Secret fields of a payload struct. They stand at its top
// level only, so that one look at the struct tells what is sealed.
func secretsOf(t reflect.Type) []secretField {
	if t.Kind() != reflect.Struct {
		return nil
	}
	var fields []secretField
	for i := range t.NumField() {
		if f := t.Field(i); f.Type == reflect.TypeFor[Secret]() {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			fields = append(fields, secretField{index: i, name: name})
		}
	}
	return fields
}
