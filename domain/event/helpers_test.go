package event

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
)

// keyring holds keys in memory.
type keyring struct {
	mu        sync.Mutex
	keys      map[KeyID][]byte
	destroyed map[KeyID]bool
}

func newKeyring() *keyring { return &keyring{keys: map[KeyID][]byte{}, destroyed: map[KeyID]bool{}} }

func (k *keyring) Ensure(_ context.Context, id KeyID) ([]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.destroyed[id] {
		return nil, ErrKeyDestroyed
	}
	if k.keys[id] == nil {
		k.keys[id] = make([]byte, KeySize)
		if _, err := rand.Read(k.keys[id]); err != nil {
			return nil, err
		}
	}
	return k.keys[id], nil
}

func (k *keyring) Key(ctx context.Context, id KeyID) ([]byte, error) {
	k.mu.Lock()
	_, ok := k.keys[id]
	k.mu.Unlock()
	if !ok {
		return nil, ErrKeyDestroyed
	}
	return k.Ensure(ctx, id)
}

func (k *keyring) destroy(id KeyID) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.keys, id)
	k.destroyed[id] = true
}

// signed is a provable event about a person, in its third schema: version 1 had
// one field "n", version 2 renamed it to "number", version 3 added a default.
type signed struct {
	Person string    `json:"person"`
	Name   Secret    `json:"name"`
	Number int       `json:"number"`
	At     time.Time `json:"at,omitzero"`
	Mail   Secret    `json:"mail,omitzero"`
	Terms  string    `json:"terms"`
}

func (signed) EventType() string   { return "Signed" }
func (s signed) SubjectKey() KeyID { return KeyID("person-" + s.Person) }

// plain is an event without anything personal, not provable.
type plain struct {
	Text string `json:"text"`
}

func (plain) EventType() string { return "Plain" }

// orphan has a secret and names nobody whose key could seal it.
type orphan struct {
	Name Secret `json:"name"`
}

func (orphan) EventType() string { return "Orphan" }

func renameNumber(old json.RawMessage) (json.RawMessage, error) {
	var v map[string]json.RawMessage
	if err := json.Unmarshal(old, &v); err != nil {
		return nil, err
	}
	n, ok := v["n"]
	if !ok {
		return nil, errors.New("no field n")
	}
	delete(v, "n")
	v["number"] = n
	return json.Marshal(v)
}

func addTerms(old json.RawMessage) (json.RawMessage, error) {
	var v map[string]json.RawMessage
	if err := json.Unmarshal(old, &v); err != nil {
		return nil, err
	}
	v["terms"] = json.RawMessage(`"first"`)
	return json.Marshal(v)
}

func testRegistry(t testing.TB) *Registry {
	t.Helper()
	r, err := NewRegistry([]Definition{Define[signed](true, renameNumber, addTerms)}, []Definition{Define[plain](false), Define[orphan](false)})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

var fixedID = uuid.MustParse("0198c0de-0000-7000-8000-000000000001")

func draft() Draft {
	return Draft{
		Stream: "acceptance-1", ID: fixedID,
		Payload: signed{Person: "1", Name: Personal("Ada <\"Lovelace\"> & Söhne \u2028"), Number: 7, Terms: "t"},
		Meta:    Metadata{Time: time.Date(2026, 2, 3, 4, 5, 6, 7_999, time.FixedZone("", 7200)), Actor: "a"},
	}
}

func recorded(e Event) Recorded { return Recorded{Event: e, Ordinal: 5, Stream: "acceptance-1"} }
