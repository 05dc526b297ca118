// Data keys: made, wrapped by the master key, kept and destroyed.

package work

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"

	"imprint/adapters/queries"
	"imprint/domain"
	"imprint/domain/event"
)

// maxCachedKeys bounds the keys held in memory; beyond it one of them is
// forgotten and read again when it is next asked for.
const maxCachedKeys = 4096

// Keys is the key store of event.Keys. In the table every key is wrapped: AES-256-
// GCM (NIST SP 800-38D) under the master key, the key's id being the additional
// data, so that a row copied to another id does not open.
type Keys struct {
	db     Database
	clock  domain.Clock
	master cipher.AEAD

	// mu guards the cache and is held while a key is read or destroyed: a key
	// that is being destroyed can not slip back into the cache.
	mu    sync.Mutex
	cache map[event.KeyID][]byte
}

var _ event.Keys = (*Keys)(nil)

// NewKeys opens the key store under a master key of event.KeySize bytes.
func NewKeys(db Database, master []byte, clock domain.Clock) (*Keys, error) {
	if len(master) != event.KeySize {
		return nil, fmt.Errorf("the master key has %d bytes, not %d", len(master), event.KeySize)
	}
	block, err := aes.NewCipher(master)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	return &Keys{db: db, clock: clock, master: aead, cache: map[event.KeyID][]byte{}}, nil
}

// Ensure answers the key, committing a new one first where there is none.
// If we crash after the commit, a key that seals nothing remains.
func (k *Keys) Ensure(ctx context.Context, id event.KeyID) ([]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	key, found, err := k.find(ctx, id)
	if found || err != nil {
		return key, err
	}
	fresh := make([]byte, event.KeySize)
	if _, err := rand.Read(fresh); err != nil {
		return nil, fmt.Errorf("a new key: %w", err)
	}
	wrapped, err := k.wrap(id, fresh)
	if err != nil {
		return nil, err
	}
	// Another process may make the same key at this moment; the first row stands
	// and is the one that is read back.
	const insert = `INSERT INTO data_keys (id, wrapped, created) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING`
	if err := exec(ctx, k.db, insert, string(id), wrapped, k.clock().UnixMicro()); err != nil {
		return nil, err
	}
	if key, found, err = k.find(ctx, id); err == nil && !found {
		err = fmt.Errorf("data key %s is not in %s, where it was just put", id, k.db.Name())
	}
	return key, err
}

// Key answers an existing key; event.ErrKeyDestroyed if it is gone or never was.
func (k *Keys) Key(ctx context.Context, id event.KeyID) ([]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	key, found, err := k.find(ctx, id)
	if err == nil && !found {
		err = event.ErrKeyDestroyed
	}
	return key, err
}

// Load brings keys into memory, those that there are, so that Ensure and Key find
// them there: one statement instead of one for each.
func (k *Keys) Load(ctx context.Context, ids []event.KeyID) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	var missing []string
	for _, id := range ids {
		if _, cached := k.cache[id]; !cached {
			missing = append(missing, string(id))
		}
	}
	return inBatches(missing, func(list string, args []any) error {
		return queries.Each(ctx, k.db, func(scan func(...any) error) error {
			var id event.KeyID
			var wrapped []byte
			if err := scan(&id, &wrapped); err != nil {
				return err
			}
			// One that does not open is left for whoever asks for it.
			if key, err := k.unwrap(id, wrapped); err == nil {
				k.remember(id, key)
			}
			return nil
		}, `SELECT id, wrapped FROM data_keys WHERE destroyed = 0 AND id IN (`+list+`)`, args...)
	})
}

// Destroy erases a key for ever, and with it everything it sealed. One that never
// was is marked destroyed too, so that nobody makes it later. Copies in backups
// end with those.
func (k *Keys) Destroy(ctx context.Context, id event.KeyID) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	const destroy = `INSERT INTO data_keys (id, wrapped, created, destroyed) VALUES ($1, $2, $3, $3)
		ON CONFLICT (id) DO UPDATE SET wrapped = excluded.wrapped, destroyed = excluded.destroyed WHERE data_keys.destroyed = 0`
	err := k.db.Erase(ctx, func(tx Tx) error {
		_, err := tx.Exec(ctx, destroy, string(id), []byte{}, k.clock().UnixMicro())
		return err
	})
	delete(k.cache, id) // also after an error, for it may have happened
	return err
}

// find answers a key from the cache or the table; false where there is none. It is
// called with mu held. The bytes are a copy: the caller may clear them.
func (k *Keys) find(ctx context.Context, id event.KeyID) ([]byte, bool, error) {
	if key, ok := k.cache[id]; ok {
		return append([]byte(nil), key...), true, nil
	}
	var wrapped []byte
	var destroyed int64
	found, err := one(ctx, k.db, into(&wrapped, &destroyed), `SELECT wrapped, destroyed FROM data_keys WHERE id = $1`, string(id))
	switch {
	case err != nil || !found:
		return nil, false, err
	case destroyed != 0:
		return nil, false, event.ErrKeyDestroyed
	}
	key, err := k.unwrap(id, wrapped)
	if err != nil {
		return nil, false, err
	}
	k.remember(id, key)
	return append([]byte(nil), key...), true, nil
}

// remember caches a key. It is called with mu held.
func (k *Keys) remember(id event.KeyID, key []byte) {
	if len(k.cache) >= maxCachedKeys {
		for other := range k.cache { // any one: the map's order is random
			delete(k.cache, other)
			break
		}
	}
	k.cache[id] = key
}

func (k *Keys) wrap(id event.KeyID, key []byte) ([]byte, error) {
	nonce := make([]byte, k.master.NonceSize())
	if _, err := rand.Read(nonce); err != nil {
		return nil, fmt.Errorf("wrap key %s: %w", id, err)
	}
	return k.master.Seal(nonce, nonce, key, []byte(id)), nil
}

func (k *Keys) unwrap(id event.KeyID, wrapped []byte) ([]byte, error) {
	n := k.master.NonceSize()
	if len(wrapped) < n {
		return nil, fmt.Errorf("data key %s in %s is damaged: %d bytes", id, k.db.Name(), len(wrapped))
	}
	key, err := k.master.Open(nil, wrapped[:n], wrapped[n:], []byte(id))
	if err != nil {
		return nil, domain.Refuse(domain.Internal, "wrong-master-key", "data key %s in %s does not open; is this the master key of this installation?", id, k.db.Name()).Because(err)
	}
	return key, nil
}

// Check opens the newest data keys, at most limit, and answers how many there
// are. It fails where the master key is not the one that wrapped them.
func (k *Keys) Check(ctx context.Context, limit int) (opened int, err error) {
	var ids []event.KeyID
	err = queries.Each(ctx, k.db, func(scan func(...any) error) error {
		var id string
		err := scan(&id)
		ids = append(ids, event.KeyID(id))
		return err
	}, `SELECT id FROM data_keys WHERE destroyed = 0 ORDER BY created DESC LIMIT $1`, limit)
	if err != nil {
		return 0, err
	}
	for _, id := range ids {
		if _, err := k.Key(ctx, id); errors.Is(err, event.ErrKeyDestroyed) {
			continue // since it was listed
		} else if err != nil {
			return opened, err
		}
		opened++
	}
	return opened, nil
}
