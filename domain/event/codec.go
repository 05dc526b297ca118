package event

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"time"

	"github.com/google/uuid"

	"imprint/domain"
)

// saltField names a commitment's salt in the additional data when it is sealed.
const saltField = "salt"

// saltSize is 32 bytes, so that the commitment hides even a fact of few
// possible values.
const saltSize = 32

// Draft is an event that was decided and is not yet encoded.
type Draft struct {
	Stream  Stream
	ID      uuid.UUID
	Payload Payload
	Meta    Metadata // Schema, Commitment and salts are set by the codec
	// SaltKey names the key that seals the salt of a restricted or personal
	// fact; "" leaves the salt in the clear.
	SaltKey KeyID
}

// Codec encodes drafts: it commits to the fact, then seals what is personal.
type Codec struct {
	registry *Registry
	keys     Keys
}

// NewCodec makes a codec over the known event types and the key store.
func NewCodec(registry *Registry, keys Keys) *Codec { return &Codec{registry: registry, keys: keys} }

// Registry is the registry the codec encodes by.
func (c *Codec) Registry() *Registry { return c.registry }

// Encode writes a draft down. Keys it needs are committed before it returns; if
// we crash before the append, a key without events remains, which harms nobody.
func (c *Codec) Encode(ctx context.Context, d Draft) (Event, error) {
	def, ok := c.registry.Lookup(d.Payload.EventType())
	if !ok {
		return Event{}, fmt.Errorf("%w: %q cannot be written", ErrUnknownType, d.Payload.EventType())
	}
	meta := d.Meta
	meta.Schema = def.Schema
	meta.Time = domain.Moment(meta.Time)

	// The payload is copied into an addressable value so that its secrets can be
	// replaced without touching the caller's.
	v := reflect.New(def.payload)
	v.Elem().Set(reflect.ValueOf(d.Payload))

	if err := checkOpen(d, def, v.Elem()); err != nil {
		return Event{}, err
	}
	if def.Provable {
		fact, err := c.fact(d, def, meta.Time, v.Elem())
		if err != nil {
			return Event{}, err
		}
		if err := c.commit(ctx, d.SaltKey, fact, &meta); err != nil {
			return Event{}, err
		}
	}
	if err := c.seal(ctx, def, v.Elem()); err != nil {
		return Event{}, err
	}
	data, err := marshal(v.Interface())
	if err != nil {
		return Event{}, fmt.Errorf("encode %s: %w", def.Type, err)
	}
	return Event{ID: d.ID, Type: def.Type, Data: data, Meta: meta}, nil
}

// checkOpen refuses a provable payload whose personal text is sealed already: the
// codec could not commit to what it says.
func checkOpen(d Draft, def Definition, payload reflect.Value) error {
	for _, f := range def.secrets {
		secret := payload.Field(f.index).Interface().(Secret)
		if def.Provable && !secret.open && !secret.IsZero() {
			return fmt.Errorf("encode %s for %s: %s is sealed already and cannot be committed to", def.Type, d.Stream, f.name)
		}
	}
	return nil
}

// fact is the exact text that the commitment binds: JSON in fixed field order,
// without HTML escaping, the data before sealing. Its bytes are golden-tested;
// they can never change for a schema version that has been written.
func (c *Codec) fact(d Draft, def Definition, at time.Time, payload reflect.Value) ([]byte, error) {
	data, err := marshal(plainCopy(def, payload).Interface())
	if err != nil {
		return nil, fmt.Errorf("fact of %s: %w", def.Type, err)
	}
	return marshal(struct {
		ID     uuid.UUID       `json:"id"`
		Type   string          `json:"type"`
		Schema int             `json:"schema"`
		Stream Stream          `json:"stream"`
		Time   time.Time       `json:"time"`
		Data   json.RawMessage `json:"data"`
	}{d.ID, def.Type, def.Schema, d.Stream, at, data})
}

// commit draws the salt and sets the commitment.
func (c *Codec) commit(ctx context.Context, saltKey KeyID, fact []byte, meta *Metadata) error {
	salt := make([]byte, saltSize)
	if _, err := io.ReadFull(rand.Reader, salt); err != nil {
		return fmt.Errorf("salt: %w", err)
	}
	meta.Commitment = Commitment(salt, fact)
	if saltKey == "" {
		meta.Salt = salt
		return nil
	}
	sealed, err := Seal(ctx, c.keys, saltKey, saltField, salt)
	if err != nil {
		return err
	}
	meta.SealedSalt = &sealed
	return nil
}

// Commitment is SHA-256(salt ‖ fact) in hex.
func Commitment(salt, fact []byte) string {
	h := sha256.New()
	h.Write(salt)
	h.Write(fact)
	return hex.EncodeToString(h.Sum(nil))
}

// seal replaces every Secret by its sealed form.
func (c *Codec) seal(ctx context.Context, def Definition, payload reflect.Value) error {
	for _, f := range def.secrets {
		secret := payload.Field(f.index).Interface().(Secret)
		if !secret.open {
			continue
		}
		subject, ok := payload.Interface().(Subject)
		if !ok {
			return fmt.Errorf("encode %s: a payload with secrets must name its subject's key", def.Type)
		}
		sealed, err := Seal(ctx, c.keys, subject.SubjectKey(), f.name, []byte(secret.plain))
		if err != nil {
			return err
		}
		payload.Field(f.index).Set(reflect.ValueOf(Secret{sealed: &sealed}))
	}
	return nil
}

// plainCopy is the payload as a struct of the same fields in the same order, in
// which every Secret is a plain string: the data before sealing.
func plainCopy(def Definition, payload reflect.Value) reflect.Value {
	if len(def.secrets) == 0 {
		return payload
	}
	t := payload.Type()
	fields := make([]reflect.StructField, t.NumField())
	for i := range fields {
		fields[i] = t.Field(i)
		fields[i].Index, fields[i].Offset = nil, 0
	}
	for _, f := range def.secrets {
		fields[f.index].Type = reflect.TypeFor[string]()
	}
	plain := reflect.New(reflect.StructOf(fields)).Elem()
	for i := range fields {
		plain.Field(i).Set(reflect.Zero(fields[i].Type))
		if fields[i].Type != t.Field(i).Type {
			plain.Field(i).SetString(payload.Field(i).Interface().(Secret).plain)
			continue
		}
		plain.Field(i).Set(payload.Field(i))
	}
	return plain
}

// marshal is encoding/json without HTML escaping and without the final newline,
// so that other languages can reproduce the bytes.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
