// Data keys: made, wrapped by the master key, kept and destroyed.

package work

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"sync"

	"imprint/adapters/sqlite"
	"imprint/domain"
	"imprint/domain/event"
)

// maxCachedKeys bounds the keys held in memory; beyond it one of them is
// forgotten and read again when it is next asked for.
const maxCachedKeys = 4096

// Keys is the key store of event.Keys. In the file every key is wrapped: AES-256-
// GCM (NIST SP 800-38D) under the master key, the key's id being the additional
// data, so that a row copied to another id does not open.
type Keys struct {
	db     *DB
	clock  domain.Clock
	master cipher.AEAD

	// mu guards the cache and is held while a key is read or destroyed: a key
	// that is being destroyed can not slip back into the cache.
	mu    sync.Mutex
	cache map[event.KeyID][]byte
}

var _ event.Keys = (*Keys)(nil)

// NewKeys opens the key store under a master key of event.KeySize bytes.
func NewKeys(db *DB, master []byte, clock domain.Clock) (*Keys, error) {
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
	key, err := k.find(ctx, id)
	if !errors.Is(err, sql.ErrNoRows) {
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
	if _, err := k.db.Write.ExecContext(ctx, insert, string(id), wrapped, k.clock().UnixMicro()); err != nil {
		return nil, sqlite.Explain(k.db.Path, err)
	}
	return k.find(ctx, id)
}

// Key answers an existing key; event.ErrKeyDestroyed if it is gone or never was.
func (k *Keys) Key(ctx context.Context, id event.KeyID) ([]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	key, err := k.find(ctx, id)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, event.ErrKeyDestroyed
	}
	return key, err
}

// Destroy erases a key for ever, and with it everything it sealed. One that never
// was is marked destroyed too, so that nobody makes it later. The erased bytes
// are overwritten in the file (secure_delete) and leave the write-ahead log with
// its truncation; copies in backups end with those.
func (k *Keys) Destroy(ctx context.Context, id event.KeyID) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	const destroy = `INSERT INTO data_keys (id, wrapped, created, destroyed) VALUES ($1, x'', $2, $2)
		ON CONFLICT (id) DO UPDATE SET wrapped = x'', destroyed = excluded.destroyed WHERE data_keys.destroyed = 0`
	conn, err := k.db.Write.Conn(ctx)
	if err != nil {
		return sqlite.Explain(k.db.Path, err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := conn.ExecContext(ctx, `PRAGMA secure_delete = ON`); err != nil {
		return sqlite.Explain(k.db.Path, err)
	}
	if _, err := conn.ExecContext(ctx, destroy, string(id), k.clock().UnixMicro()); err != nil {
		return sqlite.Explain(k.db.Path, err)
	}
	delete(k.cache, id)
	// The key is destroyed from here on. A reader at work keeps the write-ahead
	// log from being truncated; the next checkpoint does it then.
	if _, err := conn.ExecContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`); err != nil {
		return sqlite.Explain(k.db.Path, err)
	}
	return nil
}

// find answers a key from the cache or the file; sql.ErrNoRows where there is
// none. It is called with mu held. The bytes are a copy: the caller may clear them.
func (k *Keys) find(ctx context.Context, id event.KeyID) ([]byte, error) {
	if key, ok := k.cache[id]; ok {
		return append([]byte(nil), key...), nil
	}
	var wrapped []byte
	var destroyed int64
	const query = `SELECT wrapped, destroyed FROM data_keys WHERE id = $1`
	err := k.db.Read.QueryRowContext(ctx, query, string(id)).Scan(&wrapped, &destroyed)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, err
	case err != nil:
		return nil, sqlite.Explain(k.db.Path, err)
	case destroyed != 0:
		return nil, event.ErrKeyDestroyed
	}
	key, err := k.unwrap(id, wrapped)
	if err != nil {
		return nil, err
	}
	if len(k.cache) >= maxCachedKeys {
		for other := range k.cache { // any one: the map's order is random
			delete(k.cache, other)
			break
		}
	}
	k.cache[id] = key
	return append([]byte(nil), key...), nil
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
		return nil, fmt.Errorf("data key %s in %s is damaged: %d bytes", id, k.db.Path, len(wrapped))
	}
	key, err := k.master.Open(nil, wrapped[:n], wrapped[n:], []byte(id))
	if err != nil {
		return nil, domain.Refuse(domain.Internal, "wrong-master-key", "data key %s in %s does not open; is this the master key of this data folder?", id, k.db.Path).Because(err)
	}
	return key, nil
}
