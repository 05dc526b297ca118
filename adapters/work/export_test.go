package work

import (
	"strconv"

	"imprint/domain/event"
)

// FillCache fills the cache of data keys to its bound.
func (k *Keys) FillCache() {
	for i := range maxCachedKeys {
		k.cache[event.KeyID(strconv.Itoa(i))] = nil
	}
}

// Overfull tells whether more is cached than may be.
func (k *Keys) Overfull() bool { return len(k.cache) > maxCachedKeys }
